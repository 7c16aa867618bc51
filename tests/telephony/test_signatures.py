"""Only what the carrier signed is listened to, whatever stands between it and us."""

from collections.abc import Mapping
from typing import Any

import pytest
from django.test import RequestFactory
from pytest_django import Settings
from twilio.request_validator import RequestValidator
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from apps.telephony.account import Account, configured
from apps.telephony.signatures import HEADER, BadSignature, check_request, check_upgrade, request_url, upgrade_url
from tests.server import serving

pytestmark = pytest.mark.once

URL = "https://voice.example/voice/twilio/incoming"
FIELDS = {"CallSid": "CA1", "From": "+12125550123", "To": "+12125550100", "Digits": ""}


@pytest.fixture
def account() -> Account:
    return Account("AC1", "secret")


@pytest.fixture(autouse=True)
def _plain(settings: Settings) -> None:
    settings.PUBLIC_URL = ""
    settings.TRUSTED_PROXIES = 0
    settings.SECURE_PROXY_SSL_HEADER = None


def sign(url: str, fields: Mapping[str, str], token: str = "secret") -> str:
    return str(RequestValidator(token).compute_signature(url, fields))


def post(
    signature: str,
    fields: Mapping[str, str] = FIELDS,
    *,
    path: str = "/voice/twilio/incoming",
    secure: bool = True,
    **headers: str,
) -> Any:
    meta: dict[str, Any] = {
        f"HTTP_{name.upper()}": value for name, value in {"host": "voice.example", **headers}.items()
    }
    return RequestFactory().post(path, fields, secure=secure, HTTP_X_TWILIO_SIGNATURE=signature, **meta)


def test_what_twilio_signed_is_taken(account: Account) -> None:
    check_request(post(sign(URL, FIELDS)), account=account)
    query = "/voice/twilio/gather?call=c%2F1&x="
    check_request(post(sign(f"https://voice.example{query}", FIELDS), path=query), account=account)
    port = "https://voice.example:8443/voice/twilio/incoming"
    check_request(post(sign(port, FIELDS), host="voice.example:8443"), account=account)


def test_a_get_has_no_fields(account: Account) -> None:
    request = RequestFactory().get("/voice/twilio/incoming?a=1", secure=True, HTTP_HOST="voice.example")
    request.META["HTTP_X_TWILIO_SIGNATURE"] = sign(f"{URL}?a=1", {})
    check_request(request, account=account)


@pytest.mark.parametrize(
    "request_",
    [
        post(""),
        post("x" * 28),
        post("é"),
        post(sign(URL, FIELDS, token="another")),
        post(sign(URL, FIELDS), {**FIELDS, "From": "+12125550199"}),
        post(sign(URL, FIELDS), {**FIELDS, "More": "1"}),
        post(sign(URL, FIELDS), {}),
        post(sign(URL, FIELDS), path="/voice/twilio/status"),
        post(sign(URL, FIELDS), path="/voice/twilio/incoming?a=1"),
        post(sign(URL, FIELDS), host="other.example"),
        post(sign(URL, FIELDS), secure=False),
        post(sign(URL, FIELDS), secure=False, x_forwarded_proto="https"),
        post(sign(URL, FIELDS), host="other.example", x_forwarded_host="voice.example"),
        post(sign("https://voice.example:x/", FIELDS), host="voice.example:x"),
    ],
    ids=[
        "none", "junk", "not ASCII", "another token", "changed", "added", "removed", "other path", "other query",
        "other host", "other scheme", "claimed scheme", "claimed host", "bad host",
    ],
)  # fmt: skip
def test_attacks_are_refused(account: Account, request_: Any) -> None:
    with pytest.raises(BadSignature) as refused:
        check_request(request_, account=account)
    assert refused.value.status == 403


def test_behind_our_proxies_their_word_counts_and_the_clients_does_not(account: Account, settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 1
    behind: dict[str, Any] = {
        "host": "app:8000",
        "x_forwarded_proto": "https",
        "x_forwarded_host": "evil.example, voice.example",
    }
    request = post(sign(URL, FIELDS), secure=False, **behind)
    assert request_url(request) == URL
    check_request(request, account=account)
    plain = post("", secure=False, host="voice.example", x_forwarded_proto="https")
    assert request_url(plain) == URL
    assert request_url(plain, target="/ws/", socket=True) == "wss://voice.example/ws/"


def test_the_configured_address_beats_them_all(account: Account, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://voice.example/"
    settings.TRUSTED_PROXIES = 1
    request = post(sign(URL, FIELDS), secure=False, host="10.0.0.1:8000", x_forwarded_host="other.example")
    check_request(request, account=account)


def scope(signature: str, *, path: str = "/ws/voice/twilio/", **headers: str) -> dict[str, Any]:
    named = {"host": "voice.example", "x-twilio-signature": signature}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    return {
        "type": "websocket",
        "scheme": "ws",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.encode(), value.encode("latin1")) for name, value in named.items()],
    }


class TestUpgrade:
    url = "wss://voice.example/ws/voice/twilio/"

    def test_behind_a_proxy(self, account: Account, settings: Settings) -> None:
        settings.TRUSTED_PROXIES = 1
        upgrade = scope(sign(self.url, {}), x_forwarded_proto="https")
        assert upgrade_url(upgrade) == self.url
        check_upgrade(upgrade, account=account)

    def test_with_tls_of_our_own(self, account: Account) -> None:
        check_upgrade(scope(sign(self.url, {})) | {"scheme": "wss"}, account=account)

    def test_a_query_is_signed_too(self, account: Account) -> None:
        upgrade = scope(sign(self.url + "?a=1", {})) | {"scheme": "wss", "query_string": b"a=1"}
        check_upgrade(upgrade, account=account)

    @pytest.mark.parametrize(
        "upgrade",
        [
            scope(""),
            scope(sign(url, {}, token="another")),
            scope(sign(url, {})),
            scope(sign(url, {}), x_forwarded_proto="https"),
            scope(sign(url, {}), path="/ws/voice/browser/") | {"scheme": "wss"},
            scope(sign(url, {})) | {"scheme": "wss", "query_string": b"x=1"},
            scope("\xff") | {"scheme": "wss"},
        ],
        ids=["none", "another token", "plain", "claimed scheme", "other path", "query", "not ASCII"],
    )
    def test_attacks_are_refused(self, account: Account, upgrade: dict[str, Any]) -> None:
        with pytest.raises(BadSignature):
            check_upgrade(upgrade, account=account)


def test_on_a_real_socket(account: Account) -> None:
    """The scope that the server makes is what was signed: with the port, as there is one."""

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await receive()
        try:
            check_upgrade(scope, account=account)
        except BadSignature:
            await send({"type": "websocket.close", "code": 1008})
            return
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": 1000})

    with serving(app, lifespan="off") as address:
        url = f"{address.replace('http', 'ws')}/ws/voice/twilio/"
        with connect(url, additional_headers={HEADER: sign(url, {})}, proxy=None):
            pass
        with pytest.raises(InvalidStatus):
            connect(url, additional_headers={HEADER: sign(url + "x", {})}, proxy=None)


class TestAccount:
    def test_the_configured_one(self, settings: Settings) -> None:
        settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, settings.TWILIO_API_BASE = "AC9", "tok", ""
        account = configured()
        assert account == Account("AC9", "tok", "https://api.twilio.com")
        assert "tok" not in repr(account)

    def test_the_simulated_one_is_the_same_everywhere_and_follows_the_secret(self, settings: Settings) -> None:
        settings.TWILIO_ACCOUNT_SID = settings.TWILIO_AUTH_TOKEN = settings.TWILIO_API_BASE = ""
        account = configured()
        assert account == configured()
        assert account.simulated
        assert len(account.sid) == 34
        settings.SECRET_KEY = "another secret key"
        assert configured().token != account.token
