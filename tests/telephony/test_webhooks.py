"""Who may tell us things: every webhook of the carrier, forged, replayed, and about another business's calls."""

from collections.abc import Callable
from typing import Any

import httpx2 as httpx
import pytest
from twilio.request_validator import RequestValidator

from apps.telephony import numbers
from apps.telephony.account import configured
from apps.telephony.models import PlacedCall, TextMessage, Voicemail
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from apps.voice import urls
from tests.conftest import make_tenant
from tests.telephony.product import FOREIGN, OURS, THEIRS

NAMES = sorted(str(entry.pattern) for entry in urls.urlpatterns)
Post = Callable[..., httpx.Response]


class Rows:
    """A business with a call that was made, a text that was sent, and a number."""

    def __init__(self, slug: str, number: str) -> None:
        self.tenant: Tenant = make_tenant(slug, slug.title())
        with tenant_scope(self.tenant.pk):
            self.line = numbers.assign(number=number)
            self.call = PlacedCall.objects.create(
                number=number, to=THEIRS, question="Press 1.", carrier_call=f"CA-{slug}", status="ringing"
            )
            self.text = TextMessage.objects.create(
                direction="outbound",
                number=number,
                other=THEIRS,
                body="hi",
                carrier_message=f"SM-{slug}",
                status="sent",
            )

    def state(self) -> list[Any]:
        with tenant_scope(self.tenant.pk):
            return [
                *PlacedCall.objects.values_list("pk", "status", "answered_by", "digits", "message_left"),
                *TextMessage.objects.values_list("pk", "status"),
                *Voicemail.objects.values_list("pk", "recording", "is_ready"),
            ]


@pytest.fixture
def mine(transactional_db: None) -> Rows:
    return Rows("riverside", OURS)


@pytest.fixture
def theirs(transactional_db: None) -> Rows:
    return Rows("harbor", FOREIGN)


@pytest.fixture
def post(server: str) -> Post:
    """Posts a form to `name?query`, signed with `token` for `signed_for`, or with `signature`."""

    def send(
        name: str, fields: dict[str, str], *, token: str = "", signed_for: str = "", signature: str | None = None
    ) -> httpx.Response:
        url = f"{server}/voice/twilio/{name}"
        if signature is None:
            validator = RequestValidator(token or configured().token)
            signature = str(validator.compute_signature(signed_for or url, fields))
        headers = {"X-Twilio-Signature": signature} if signature else {}
        return httpx.post(url, data=fields, headers=headers)

    return send


def told(rows: Rows) -> dict[str, tuple[str, dict[str, str]]]:
    """By webhook: its address and fields, of something that happens to the business."""
    call, text, line = rows.call, rows.text, rows.line
    about = {"CallSid": call.carrier_call, "From": THEIRS, "To": line.number}
    recording = {"RecordingSid": "RE1", "RecordingDuration": "4", "RecordingStatus": "completed"}
    return {
        "incoming": ("incoming", about | {"CallStatus": "ringing"}),
        "outgoing": (f"outgoing?call={call.pk}", about),
        "status": (f"status?call={call.pk}", about | {"CallStatus": "busy"}),
        "amd": (f"amd?call={call.pk}", about | {"AnsweredBy": "human"}),
        "gather": (f"gather?call={call.pk}&attempt=1", about | {"Digits": "1"}),
        "after-dial": (f"after-dial?line={line.pk}", about | {"DialCallStatus": "busy"}),
        "voicemail": (f"voicemail?line={line.pk}", about | recording),
        "recording": (f"recording?line={line.pk}", about | recording),
        "sms": ("sms", {"MessageSid": "SM1", "From": THEIRS, "To": line.number, "Body": "hello"}),
        "sms-status": (
            f"sms-status?text={text.pk}",
            {"MessageSid": text.carrier_message, "MessageStatus": "delivered"},
        ),
    }


def test_every_webhook_is_tried(mine: Rows) -> None:
    assert sorted(told(mine)) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_signed_it_is_taken(mine: Rows, post: Post, name: str) -> None:
    """Or the refusals below would prove nothing."""
    assert post(*told(mine)[name]).status_code in (200, 204)


@pytest.mark.parametrize("name", NAMES)
def test_attacks_are_refused_and_change_nothing(mine: Rows, server: str, post: Post, name: str) -> None:
    before = mine.state()
    address, fields = told(mine)[name]
    other_query = f"{address}{'&' if '?' in address else '?'}x=1"
    attacks = {
        "missing": post(address, fields, signature=""),
        "wrong": post(address, fields, signature="Zm9yZ2Vk"),
        "another account's token": post(address, fields, token="another account's token"),
        "replayed for another address": post(address, fields, signed_for=f"{server}/voice/twilio/other"),
        "replayed for another query": post(other_query, fields, signed_for=f"{server}/voice/twilio/{address}"),
        "another host": post(address, fields, signed_for=f"https://elsewhere.example/voice/twilio/{address}"),
    }
    good = RequestValidator(configured().token).compute_signature(f"{server}/voice/twilio/{address}", fields)
    attacks["other fields"] = post(address, fields | {"From": "+12125550000"}, signature=str(good))
    attacks["more fields"] = post(address, fields | {"Digits": "9", "Body": "x"}, signature=str(good))
    assert {what: answer.status_code for what, answer in attacks.items()} == dict.fromkeys(attacks, 403)
    assert mine.state() == before
    assert httpx.get(f"{server}/voice/twilio/{address}").status_code == 405


@pytest.mark.parametrize("name", ["outgoing", "status", "amd", "gather"])
def test_a_call_of_ours_is_told_of_by_its_own_calls_only(mine: Rows, theirs: Rows, post: Post, name: str) -> None:
    """Signed, but about another business's call, by the sid of one's own; and about no call."""
    before = theirs.state()
    _, fields = told(mine)[name]
    query = told(theirs)[name][0].partition("?")[2]
    assert post(f"{name}?{query}", fields).status_code == 404
    for call in ("out_00000000000000000000", "out_'--", "", "%00"):
        assert post(f"{name}?call={call}", fields).status_code == 404
    fields.pop("CallSid")
    assert post(f"{name}?{query}", fields).status_code == 404
    assert theirs.state() == before


@pytest.mark.parametrize("name", ["after-dial", "voicemail", "recording"])
def test_a_number_that_is_none(mine: Rows, post: Post, name: str) -> None:
    _, fields = told(mine)[name]
    for line in ("num_00000000000000000000", "num_'--", "", "%00"):
        assert post(f"{name}?line={line}", fields).status_code == 404


def test_a_text_of_ours_is_told_of_by_its_own_sid_only(mine: Rows, theirs: Rows, post: Post) -> None:
    before = theirs.state()
    _, fields = told(mine)["sms-status"]
    assert post(f"sms-status?text={theirs.text.pk}", fields).status_code == 404
    assert theirs.state() == before


def test_what_comes_to_one_business_is_not_the_others(mine: Rows, theirs: Rows, post: Post) -> None:
    before = theirs.state()
    for name in NAMES:
        assert post(*told(mine)[name]).status_code in (200, 204)
    assert theirs.state() == before
    assert mine.state() != before
    with tenant_scope(mine.tenant.pk):
        assert PlacedCall.objects.get().outcome == "busy"
        assert TextMessage.objects.filter(direction="inbound").count() == 1
        assert Voicemail.objects.get().is_ready


@pytest.mark.parametrize("order", [("voicemail", "recording"), ("recording", "voicemail")])
def test_a_recording_is_told_of_in_any_order_and_twice(mine: Rows, post: Post, order: tuple[str, str]) -> None:
    for name in order * 2:
        assert post(*told(mine)[name]).status_code in (200, 204)
    with tenant_scope(mine.tenant.pk):
        voicemail = Voicemail.objects.get()
    assert (voicemail.seconds, voicemail.caller, voicemail.is_ready) == (4, THEIRS, True)


def test_late_reports_change_nothing(mine: Rows, post: Post) -> None:
    address, fields = told(mine)["status"]
    for status in ("completed", "ringing", "no-answer", "in-progress", "nonsense", ""):
        assert post(address, fields | {"CallStatus": status, "CallDuration": "12"}).status_code == 204
    with tenant_scope(mine.tenant.pk):
        call = PlacedCall.objects.get()
    assert (call.status, call.seconds) == ("completed", 12)
