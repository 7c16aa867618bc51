"""Numbers: given to businesses, set up at the carrier, checked through the outside, and shown to their owners."""

import io
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from apps.common.database import in_thread
from apps.telephony import checkup, numbers, voicemails
from apps.telephony.models import PhoneNumber, PlacedCall, TextMessage, Voicemail
from apps.telephony.simulated.exchange import Exchange
from apps.tenants.models import Role, Tenant
from apps.tenants.scope import in_tenant, tenant_scope
from tests.conftest import PASSWORD, make_member, make_tenant
from tests.telephony.product import FOREIGN, OURS, THEIRS, carrier, give_number


@pytest.fixture
def tenant(transactional_db: None) -> Tenant:
    return make_tenant("riverside", "Riverside Clinic")


@pytest.fixture
async def exchange(settings: Any, server: str, tenant: Tenant) -> AsyncIterator[Exchange]:
    await give_number(tenant)
    async with carrier(settings, server) as exchange:
        yield exchange


async def phone(*arguments: str) -> str:
    """What `manage.py phone …` prints; it has an event loop of its own."""
    out = io.StringIO()
    await in_thread(call_command, "phone", *arguments, stdout=out)
    return out.getvalue()


def advice(findings: list[checkup.Finding]) -> dict[str, str]:
    return {finding.what: finding.advice for finding in findings if not finding.is_good}


class TestCommand:
    async def test_a_number_is_added_connected_and_checked(self, exchange: Exchange, server: str) -> None:
        exchange.own("+12015550177")
        out = await phone("add", "+12015550177", "--tenant", "riverside", "--agent", "triage", "--label", "Main line")
        assert "reaches Riverside Clinic" in out
        listed = (await phone("list")).splitlines()
        assert [line.split() for line in listed if "+12015550177" in line] == [
            ["+12015550177", "twilio", "riverside", "triage", "Main", "line"]
        ]
        with pytest.raises(CommandError):
            await phone("check", "+12015550177")
        assert "BAD" not in await phone("connect", "+12015550177")
        assert exchange.lines["+12015550177"]["voice_url"] == f"{server}/voice/twilio/incoming"
        assert "ok   A call comes in" in await phone("check", "+12015550177")

    async def test_a_number_of_another_carrier(self, exchange: Exchange, tenant: Tenant) -> None:
        """It rings here through that carrier alone, and we neither call nor text from it."""
        out = await phone("add", "+12015550177", "--tenant", "riverside", "--carrier", "telnyx")
        assert "at the carrier" in out
        assert await sync_to_async(numbers.route)("+12015550177") is None
        assert await sync_to_async(numbers.route)("+12015550177", carrier="telnyx") is not None
        with pytest.raises(numbers.NoNumber):
            await in_tenant(tenant.pk, lambda: numbers.own("+12015550177"))

    @pytest.mark.parametrize(
        ("arguments", "reason"),
        [
            (["add", "5550177", "--tenant", "riverside"], "E.164"),
            (["add", "+12015550177", "--tenant", "nowhere"], "no business"),
            (["add", OURS, "--tenant", "harbor"], "another business"),
            (["connect", "+12015550177"], "does not have this number"),
        ],
    )
    async def test_refusals(self, exchange: Exchange, arguments: list[str], reason: str) -> None:
        await sync_to_async(make_tenant)("harbor", "Harbor Salon")
        with pytest.raises(CommandError, match=reason):
            await phone(*arguments)


class TestCheckup:
    async def test_each_thing_on_the_way(self, exchange: Exchange, settings: Any, server: str) -> None:
        assert advice(await checkup.check(OURS)) == {"The number": "It is not one of the account's numbers."}
        exchange.own(OURS)
        exchange.lines[OURS]["sms_url"] = "https://elsewhere.example/sms"
        found = advice(await checkup.check(OURS))
        assert set(found) == set(checkup.CONSOLE.values())
        assert "elsewhere.example" in found["A message comes in"]
        assert await checkup.connect(OURS)
        assert advice(await checkup.check(OURS)) == {}

    async def test_a_wrong_address(self, exchange: Exchange, settings: Any, unused_tcp_port: int) -> None:
        reached = "Signed requests reach this server from outside"
        settings.PUBLIC_URL = ""
        assert "PUBLIC_URL" in advice(await checkup.check(OURS))["Public address"]
        settings.PUBLIC_URL = f"http://127.0.0.1:{unused_tcp_port}"
        assert "cannot be reached" in advice(await checkup.check(OURS))[reached]
        settings.PUBLIC_URL = exchange.url  # somebody else answers there
        assert "answered" in advice(await checkup.check(OURS))[reached]

    async def test_a_token_that_is_not_the_servers(self, exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
        other = type(exchange.account)(exchange.account.sid, "another token", exchange.url, True)
        monkeypatch.setattr(checkup, "configured", lambda: other)
        found = advice(await checkup.check(OURS))
        assert "signature" in found["Signed requests reach this server from outside"]
        assert "login" in found["The carrier's account"]


class TestPages:
    @pytest.fixture
    def owner(self, tenant: Tenant, settings: Any) -> Client:
        settings.PUBLIC_URL = "https://calls.example"
        with tenant_scope(tenant.pk):
            numbers.assign(number=OURS)
            Voicemail.objects.create(
                number=OURS, caller=THEIRS, carrier_call="CA1", recording="RE1", seconds=65, is_ready=True
            )
            TextMessage.objects.create(direction="inbound", number=OURS, other=THEIRS, body="Are you open?")
            PlacedCall.objects.create(number=OURS, to=THEIRS, status="busy", carrier_call="CA2")
        return self.login(make_member("alice@riverside.example", tenant))

    @staticmethod
    def login(user: Any) -> Client:
        client = Client()
        assert client.login(username=user.email, password=PASSWORD)
        return client

    def test_a_number_shows_what_to_paste(self, owner: Client, tenant: Tenant) -> None:
        with tenant_scope(tenant.pk):
            number = PhoneNumber.objects.get()
        url = reverse("admin:telephony_phonenumber_change", args=[number.pk])
        page = owner.get(url).content.decode()
        for name in ("incoming", "sms", "status"):
            assert f"https://calls.example/voice/twilio/{name}" in page
        saved = owner.post(url, {"label": "Main", "agent": "triage", "is_active": "on", "number": FOREIGN})
        assert saved.status_code == 302
        assert numbers.route(OURS)[1] == "triage"  # type: ignore[index]
        assert owner.get(reverse("admin:telephony_phonenumber_add")).status_code == 403

    def test_a_number_of_another_carrier_shows_that_carriers_addresses(self, owner: Client, tenant: Tenant) -> None:
        with tenant_scope(tenant.pk):
            number = numbers.assign(number="+12015550177", carrier="vonage")
        page = owner.get(reverse("admin:telephony_phonenumber_change", args=[number.pk])).content.decode()
        assert "In Vonage's console" in page
        assert "https://calls.example/voice/vonage/answer" in page
        assert "https://calls.example/voice/vonage/status" in page
        assert "/voice/twilio/" not in page
        assert "Check it" not in page

    def test_the_check_says_what_to_do(self, owner: Client, tenant: Tenant, settings: Any) -> None:
        settings.PUBLIC_URL = ""
        with tenant_scope(tenant.pk):
            number = PhoneNumber.objects.get()
        url = reverse("admin:telephony_phonenumber_check", args=[number.pk])
        assert owner.get(url).status_code == 405
        assert b"Set PUBLIC_URL" in owner.post(url).content
        staff = self.login(make_member("stan@riverside.example", tenant, Role.STAFF))
        assert staff.post(url).status_code == 403

    def test_a_voicemail_is_played_and_heard(
        self, owner: Client, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def sound(recording: str) -> bytes:
            return b"RIFF" + recording.encode()

        with tenant_scope(tenant.pk):
            voicemail = Voicemail.objects.get()
        url = reverse("admin:telephony_voicemail_sound", args=[voicemail.pk])
        assert owner.get(url).status_code == 404  # there is no carrier
        monkeypatch.setattr(voicemails, "sound", sound)
        assert owner.get(reverse("admin:telephony_voicemail_change", args=[voicemail.pk])).status_code == 200
        played = owner.get(url)
        assert (played.content, played["Content-Type"]) == (b"RIFFRE1", "audio/wav")
        with tenant_scope(tenant.pk):
            assert Voicemail.objects.get().heard_at is not None
        bob = self.login(make_member("bob@harbor.example", make_tenant("harbor", "Harbor Salon")))
        assert bob.get(url).status_code == 404

    def test_the_lists(self, owner: Client) -> None:
        for name, words in (
            ("voicemail", [THEIRS, "1:05", "New"]),
            ("textmessage", ["Are you open?", "Incoming"]),
            ("placedcall", [THEIRS, "Busy"]),
            ("optout", []),
            ("phonenumber", [OURS]),
        ):
            page = owner.get(reverse(f"admin:telephony_{name}_changelist"))
            assert page.status_code == 200
            for word in words:
                assert word in page.content.decode(), (name, word)


def test_each_demo_has_a_number_of_the_simulated_carrier(transactional_db: None) -> None:
    first, second = make_tenant("one", "One"), make_tenant("two", "Two")
    given = []
    for tenant in (first, second, first):
        with tenant_scope(tenant.pk):
            given.append(numbers.give_simulated())
    assert given == ["+12015550100", "+12015550101", "+12015550100"]
