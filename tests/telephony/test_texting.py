"""Texts over real sockets: sent, received, stopped."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from apps.common.database import in_thread
from apps.common.errors import InvalidInput
from apps.telephony import calls, listeners, placing, texting
from apps.telephony.core.keywords import keyword_of
from apps.telephony.core.progress import CALL_OVER, TEXT_OVER, call_after, text_after
from apps.telephony.models import OptOut, TextMessage
from apps.telephony.simulated.exchange import Exchange
from apps.telephony.simulated.line import Leave, Person
from apps.telephony.texting import OptedOut
from apps.tenants.models import Tenant
from tests.conftest import make_tenant
from tests.telephony.product import FOREIGN, OURS, THEIRS, TOPIC, Notes, carrier, give_number, read, until


@pytest.fixture
def notes(monkeypatch: pytest.MonkeyPatch) -> Notes:
    notes = Notes(replies={"ACK": "It is yours.", "quiet": ""})
    monkeypatch.setitem(listeners._listeners, TOPIC, notes)
    return notes


@pytest.fixture
def tenant(transactional_db: None) -> Tenant:
    return make_tenant("riverside", "Riverside Clinic")


@pytest.fixture
async def exchange(settings: Any, server: str, tenant: Tenant) -> AsyncIterator[Exchange]:
    await give_number(tenant)
    async with carrier(settings, server) as exchange:
        yield exchange


def send(tenant: Tenant, body: str = "The heating has failed. Reply ACK.", **how: Any) -> Any:
    how = {"topic": TOPIC, "about": "inc_1"} | how
    return texting.send_text(tenant_id=tenant.pk, to=THEIRS, body=body, **how)


class Phone:
    """Theirs. `write` sends an SMS, and returns what is answered at once."""

    def __init__(self, exchange: Exchange, server: str) -> None:
        self.exchange, self.url = exchange, f"{server}/voice/twilio/sms"

    async def write(self, body: str, *, sid: str = "") -> str:
        before = len(self.exchange.messages)
        assert await self.exchange.text(from_=THEIRS, to=OURS, body=body, url=self.url, sid=sid) is not None
        return " ".join(message["body"] for message in self.exchange.messages[before:])


@pytest.fixture
def phone(exchange: Exchange, server: str) -> Phone:
    return Phone(exchange, server)


class TestOut:
    async def test_it_is_followed_to_its_arrival(self, exchange: Exchange, tenant: Tenant, notes: Notes) -> None:
        text = await send(tenant)
        await until(tenant, lambda: TextMessage.objects.filter(pk=text.pk, status="delivered").exists())
        (message,) = exchange.messages
        assert (message["from"], message["to"], message["body"]) == (OURS, THEIRS, "The heating has failed. Reply ACK.")
        assert message["sid"] == text.carrier_message
        assert notes.statuses[-1] == "delivered"

    async def test_the_same_key_sends_once(self, exchange: Exchange, tenant: Tenant) -> None:
        texts = await asyncio.gather(*(send(tenant, key="rung-1") for _ in range(4)))
        assert len({text.pk for text in texts}) == len(exchange.messages) == 1

    @pytest.mark.parametrize("body", ["", "x" * 1601])
    async def test_what_is_no_text(self, exchange: Exchange, tenant: Tenant, body: str) -> None:
        with pytest.raises(InvalidInput):
            await send(tenant, body)
        assert exchange.messages == []

    async def test_a_number_that_is_none(self, exchange: Exchange, tenant: Tenant) -> None:
        with pytest.raises(placing.InvalidNumber):
            await texting.send_text(tenant_id=tenant.pk, to="911", body="hi")

    async def test_a_carrier_that_refuses(self, exchange: Exchange, tenant: Tenant) -> None:
        exchange.account = type(exchange.account)(exchange.account.sid, "another token")
        with pytest.raises(calls.CarrierLoginRefused):
            await send(tenant)
        text = await read(tenant, TextMessage.objects.get)
        assert (text.status, text.error) == ("failed", "carrier_login_refused 20003")

    async def test_what_the_carrier_knows_to_be_stopped_is_stopped(self, exchange: Exchange, tenant: Tenant) -> None:
        exchange.stopped.add(THEIRS)
        with pytest.raises(OptedOut):
            await send(tenant)
        assert await read(tenant, lambda: OptOut.objects.get().number) == THEIRS


class TestIn:
    async def test_a_listener_answers_to_its_own_text(self, tenant: Tenant, phone: Phone, notes: Notes) -> None:
        await send(tenant)
        assert await phone.write("ACK") == "It is yours."
        assert notes.texts == [("ACK", "inc_1")]
        assert await phone.write("quiet") == ""

    async def test_or_to_its_call(self, exchange: Exchange, tenant: Tenant, phone: Phone, notes: Notes) -> None:
        exchange.people[THEIRS] = Person(lambda at_ms, heard: Leave())
        await placing.ask(tenant_id=tenant.pk, to=THEIRS, question="?", topic=TOPIC, about="inc_2")
        assert await phone.write("ACK") == "It is yours."
        assert notes.texts == [("ACK", "inc_2")]

    async def test_out_of_the_blue_the_industrys_listener_hears_it(
        self, tenant: Tenant, phone: Phone, notes: Notes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(listeners._listeners, tenant.vertical, notes)
        assert await phone.write("ACK") == "It is yours."
        assert notes.texts == [("ACK", "")]

    async def test_the_same_message_again_counts_once(self, tenant: Tenant, phone: Phone, notes: Notes) -> None:
        await send(tenant)
        for _ in range(2):
            assert await phone.write("ACK", sid="SM1") == "It is yours."
        assert notes.texts == [("ACK", "inc_1")]
        assert await read(tenant, lambda: TextMessage.objects.filter(direction="inbound").count()) == 1

    async def test_without_a_listener_they_are_told_whom_to_call_once_a_day(self, tenant: Tenant, phone: Phone) -> None:
        def with_phone() -> None:
            Tenant.objects.update(phone="+12125550100")

        await read(tenant, with_phone)
        first = await phone.write("Do you have time at 5?")
        assert first == (
            "Thank you for your message. Riverside Clinic will get back to you, or call us +1 212-555-0100."
        )
        assert await phone.write("Hello?") == ""
        with time_machine.travel(timezone.now() + timedelta(hours=25)):
            assert await phone.write("Hello again") == first

    async def test_a_number_that_nobody_has(self, exchange: Exchange, server: str) -> None:
        url = f"{server}/voice/twilio/sms"
        assert await exchange.text(from_=THEIRS, to="+12125550000", body="hi", url=url) is None


class TestStop:
    async def test_who_stops_is_never_texted_until_they_start(
        self, exchange: Exchange, tenant: Tenant, phone: Phone, notes: Notes
    ) -> None:
        assert "no more texts from Riverside Clinic" in await phone.write(" Stop. ")
        sent = len(exchange.messages)
        with pytest.raises(OptedOut):
            await send(tenant)
        assert await phone.write("ACK") == ""  # heard, and not answered
        assert notes.texts == []  # nobody has written to them about anything
        assert await phone.write("Do you have time?") == ""
        assert len(exchange.messages) == sent
        assert "again" in await phone.write("START")
        await send(tenant)
        assert exchange.messages[-1]["body"] == "The heating has failed. Reply ACK."

    async def test_what_they_write_still_counts(self, tenant: Tenant, phone: Phone, notes: Notes) -> None:
        await send(tenant)
        await phone.write("STOP")
        assert await phone.write("ACK") == ""
        assert notes.texts == [("ACK", "inc_1")]

    async def test_help_names_the_business(self, phone: Phone, notes: Notes) -> None:
        assert (await phone.write("help")).startswith("Riverside Clinic. Reply STOP")

    async def test_it_stops_one_business(self, tenant: Tenant, phone: Phone) -> None:
        other = await in_thread(make_tenant, "harbor", "Harbor Salon")
        await give_number(other, FOREIGN)
        await phone.write("STOP")
        await send(other)
        assert await read(other, OptOut.objects.count) == 0


@pytest.mark.once
class TestCore:
    @pytest.mark.parametrize(
        ("body", "keyword"),
        [
            ("STOP", "stop"),
            (" stop! ", "stop"),
            ("Stop  All", "stop"),
            ("“Unsubscribe”", "stop"),
            ("please stop by at 5", None),
            ("start", "start"),
            ("Yes", None),
            ("INFO?", "help"),
            ("", None),
        ],
    )
    def test_keywords(self, body: str, keyword: str | None) -> None:
        assert keyword_of(body, opted_out=False) == keyword

    def test_yes_resumes_only_who_has_stopped(self) -> None:
        assert keyword_of("yes", opted_out=True) == "start"

    @given(st.text(max_size=40))
    def test_a_keyword_is_a_whole_message(self, body: str) -> None:
        assert keyword_of(f"{body} stop me", opted_out=False) is None

    @given(st.permutations(["queued", "initiated", "ringing", "in-progress", "completed"]), st.data())
    def test_reports_in_any_order_end_the_same(self, reports: list[str], data: st.DataObject) -> None:
        repeated = reports + data.draw(st.lists(st.sampled_from(reports)))
        status = "unconfirmed"
        for told in repeated:
            after = call_after(status, told)
            assert status not in CALL_OVER or after == status
            status = after
        assert status == "completed"

    @given(st.lists(st.sampled_from([*TEXT_OVER, "sent", "sending", "queued", "received", "nonsense"]), min_size=1))
    def test_a_text_ends_as_it_ended_first(self, reports: list[str]) -> None:
        status = "unconfirmed"
        for told in reports:
            status = text_after(status, told)
        ends = [told for told in reports if told in TEXT_OVER]
        assert status == ends[0] if ends else status not in TEXT_OVER
