"""Calls that we make, over real sockets: with a question, with an agent, to machines, and to nobody."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.chat import demo
from apps.common.database import in_thread
from apps.conversations.models import Call
from apps.plans.models import UsageEntry
from apps.telephony import calls, listeners, placing
from apps.telephony.links import NoPublicAddress
from apps.telephony.models import PlacedCall
from apps.telephony.numbers import NoNumber
from apps.telephony.placing import InvalidNumber, OnMachine
from apps.telephony.simulated.exchange import Exchange
from apps.telephony.simulated.line import SILENCE, Caller, Leave, Person, Press
from apps.tenants.models import Tenant
from tests.conftest import make_tenant
from tests.telephony.product import FOREIGN, OURS, THEIRS, TOPIC, Notes, carrier, give_number, read, until
from tests.voice.callers import Script

QUESTION = "The heating has failed. Press 1 to take it."


@pytest.fixture
def notes(monkeypatch: pytest.MonkeyPatch) -> Notes:
    notes = Notes(answers={"1": "Thank you, it is yours."})
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


def pressing(*keys: tuple[int, str]) -> Caller:
    at = dict(keys)
    return lambda at_ms, heard: Press(at[at_ms]) if at_ms in at else SILENCE


def ask(tenant: Tenant, **how: Any) -> Any:
    return placing.ask(tenant_id=tenant.pk, to=THEIRS, question=QUESTION, topic=TOPIC, about="inc_1", **how)


async def over(exchange: Exchange, tenant: Tenant, call: PlacedCall) -> PlacedCall:
    """The call's record, when it has an outcome."""
    await asyncio.wait_for(exchange.calls[call.carrier_call].over(), 60)
    return await until(
        tenant, lambda: next((row for row in PlacedCall.objects.filter(pk=call.pk) if row.outcome), None)
    )


class TestQuestions:
    async def test_a_key_is_heard_and_answered(self, exchange: Exchange, tenant: Tenant, notes: Notes) -> None:
        exchange.people[THEIRS] = Person(pressing((4_000, "1")))
        call = await over(exchange, tenant, await ask(tenant))
        made = exchange.calls[call.carrier_call]
        assert made.said == [QUESTION, "Thank you, it is yours."]
        assert (made.from_, made.to) == (OURS, THEIRS)
        assert (notes.digits, call.digits, call.reply) == (["1"], "1", "Thank you, it is yours.")
        assert (call.outcome, call.about) == ("answered", "inc_1")
        assert call.seconds is not None
        told = [status for status, _, _ in notes.calls]
        assert sorted(set(told), key=told.index)[-2:] == ["in_progress", "completed"]
        assert notes.calls[-1] == ("completed", notes.calls[-1][1], "answered")

    async def test_a_key_that_means_nothing_brings_the_question_again(
        self, exchange: Exchange, tenant: Tenant, notes: Notes
    ) -> None:
        exchange.people[THEIRS] = Person(pressing((4_000, "7"), (8_000, "1")))
        call = await over(exchange, tenant, await ask(tenant))
        assert exchange.calls[call.carrier_call].said == [QUESTION, QUESTION, "Thank you, it is yours."]
        assert (notes.digits, call.digits) == (["7", "1"], "1")

    async def test_who_presses_nothing_is_asked_three_times(
        self, exchange: Exchange, tenant: Tenant, notes: Notes
    ) -> None:
        call = await over(exchange, tenant, await ask(tenant))
        assert exchange.calls[call.carrier_call].said == [QUESTION] * 3 + ["Goodbye."]
        assert (call.outcome, call.digits, notes.digits) == ("answered", "", [])

    async def test_a_machine_is_left_the_message_after_its_beep(
        self, exchange: Exchange, tenant: Tenant, notes: Notes
    ) -> None:
        exchange.people[THEIRS] = Person(answered_by="machine_start")
        call = await over(exchange, tenant, await ask(tenant, message="Riverside called. The heating has failed."))
        made = exchange.calls[call.carrier_call]
        assert made.said == [QUESTION, "Riverside called. The heating has failed."]
        assert (call.outcome, call.answered_by, call.message_left) == ("machine", "machine_end_beep", True)
        assert made.line.at_ms >= 3_000

    async def test_a_machine_without_a_message_is_hung_up_on(
        self, exchange: Exchange, tenant: Tenant, notes: Notes
    ) -> None:
        exchange.people[THEIRS] = Person(answered_by="machine_start")
        call = await over(exchange, tenant, await ask(tenant))
        assert exchange.calls[call.carrier_call].said == [QUESTION]
        assert (call.outcome, call.message_left) == ("machine", False)
        assert ("completed", "machine_start", "machine") in notes.calls

    async def test_a_listener_that_fails_loses_no_record(
        self, exchange: Exchange, tenant: Tenant, notes: Notes
    ) -> None:
        notes.broken = True
        exchange.people[THEIRS] = Person(lambda at_ms, heard: Leave())
        call = await over(exchange, tenant, await ask(tenant))
        assert call.outcome == "answered"


class TestNobody:
    @pytest.mark.parametrize(
        ("declines", "outcome"), [("no-answer", "no_answer"), ("busy", "busy"), ("failed", "failed")]
    )
    async def test_why_nobody_answered(
        self, exchange: Exchange, tenant: Tenant, notes: Notes, declines: str, outcome: str
    ) -> None:
        exchange.people[THEIRS] = Person(None, declines=declines)
        call = await over(exchange, tenant, await ask(tenant, ring_seconds=5))
        assert call.outcome == outcome
        assert notes.calls[-1][2] == outcome
        assert exchange.calls[call.carrier_call].said == []
        if declines == "no-answer":
            assert 5_000 <= exchange.calls[call.carrier_call].line.at_ms < 6_000

    async def test_it_is_called_off_while_it_rings(self, exchange: Exchange, tenant: Tenant, notes: Notes) -> None:
        exchange.people[THEIRS] = Person(None)
        call = await ask(tenant, ring_seconds=600)
        await until(tenant, lambda: PlacedCall.objects.filter(pk=call.pk, status="ringing").exists())
        await placing.cancel(tenant_id=tenant.pk, call_id=call.pk)
        call = await over(exchange, tenant, call)
        assert call.outcome == "canceled"
        await placing.cancel(tenant_id=tenant.pk, call_id=call.pk)  # again: it is over, and that is fine


class TestRefusals:
    async def test_the_same_key_calls_once(self, exchange: Exchange, tenant: Tenant, notes: Notes) -> None:
        first, *others = await asyncio.gather(*(ask(tenant, key="rung-1") for _ in range(4)))
        assert {call.pk for call in others} == {first.pk}
        assert len(exchange.calls) == 1

    @pytest.mark.parametrize("to", ["911", "2125550199", "+1212555019a", ""])
    async def test_a_number_that_is_none(self, exchange: Exchange, tenant: Tenant, to: str) -> None:
        with pytest.raises(InvalidNumber):
            await placing.ask(tenant_id=tenant.pk, to=to, question=QUESTION)
        assert await read(tenant, PlacedCall.objects.count) == 0

    async def test_nobody_calls_from_the_number_of_another(self, exchange: Exchange, tenant: Tenant) -> None:
        other = await in_thread(make_tenant, "harbor", "Harbor Salon")
        with pytest.raises(NoNumber):
            await placing.place_call(tenant_id=other.pk, to=THEIRS)
        await give_number(other, FOREIGN)
        with pytest.raises(NoNumber):
            await placing.place_call(tenant_id=other.pk, to=THEIRS, number=OURS)
        assert exchange.calls == {}

    async def test_without_a_public_address(self, exchange: Exchange, tenant: Tenant, settings: Any) -> None:
        settings.PUBLIC_URL = ""
        with pytest.raises(NoPublicAddress):
            await ask(tenant)
        assert await read(tenant, PlacedCall.objects.count) == 0

    async def test_a_carrier_that_refuses(self, exchange: Exchange, tenant: Tenant, notes: Notes) -> None:
        exchange.account = type(exchange.account)(exchange.account.sid, "another token")
        with pytest.raises(calls.CarrierLoginRefused):
            await ask(tenant)
        call = await read(tenant, PlacedCall.objects.get)
        assert (call.outcome, call.error) == ("failed", "carrier_login_refused 20003")
        assert notes.calls == []  # who placed it knows

    async def test_a_carrier_that_does_not_answer_leaves_it_open(
        self, exchange: Exchange, tenant: Tenant, settings: Any, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(calls, "PAUSE", 0.01)
        settings.TWILIO_API_BASE = f"http://127.0.0.1:{unused_tcp_port}"
        with pytest.raises(calls.CarrierUnavailable):
            await ask(tenant)
        await calls.gateway().aclose()
        call = await read(tenant, PlacedCall.objects.get)
        assert (call.status, call.outcome) == ("unconfirmed", "")


class TestSettling:
    """A call whose order was begun by somebody who died: with the same key again, it is found or made, once."""

    async def killed(self, tenant: Tenant, monkeypatch: pytest.MonkeyPatch, *, ordered: bool) -> PlacedCall:
        """One that was on record when its process died: before the order, or after it."""
        order = placing._order

        async def dies(call: PlacedCall, ring_seconds: int) -> PlacedCall:
            if ordered:
                await calls.gateway().start_call(placing._outbound(call, ring_seconds))
            return call

        monkeypatch.setattr(placing, "_order", dies)
        call = await ask(tenant, key="rung-1")
        monkeypatch.setattr(placing, "_order", order)
        assert (call.status, call.carrier_call) == ("unconfirmed", "")
        return call

    @pytest.mark.parametrize("ordered", [True, False])
    async def test_it_rings_once(
        self, exchange: Exchange, tenant: Tenant, monkeypatch: pytest.MonkeyPatch, ordered: bool
    ) -> None:
        exchange.people[THEIRS] = Person(None)
        earlier = await ask(tenant, ring_seconds=5)  # to the same number, about something else
        call = await self.killed(tenant, monkeypatch, ordered=ordered)
        early = await placing.settle(tenant_id=tenant.pk, call_id=call.pk)
        assert ordered or early.carrier_call == ""  # the order may be under way still
        monkeypatch.setattr(placing, "SETTLE_AFTER", timedelta(0))
        settled = [await placing.settle(tenant_id=tenant.pk, call_id=call.pk) for _ in range(2)]
        assert settled[0].carrier_call == settled[1].carrier_call != earlier.carrier_call
        assert set(exchange.calls) == {earlier.carrier_call, settled[0].carrier_call}

    async def test_it_rings_once_though_the_carrier_tells_of_it_meanwhile(
        self, exchange: Exchange, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        exchange.people[THEIRS] = Person(None)
        call = await self.killed(tenant, monkeypatch, ordered=False)
        monkeypatch.setattr(placing, "SETTLE_AFTER", timedelta(0))
        sid = await calls.gateway().start_call(placing._outbound(call, 5))
        listed = calls.gateway().calls

        async def told_meanwhile(**sought: Any) -> Any:
            answer = await listed(**sought)
            await placing._report(call, sid, "ringing")
            return answer

        monkeypatch.setattr(calls.gateway(), "calls", told_meanwhile)
        settled = await placing.settle(tenant_id=tenant.pk, call_id=call.pk)
        assert (settled.carrier_call, set(exchange.calls)) == (sid, {sid})

    async def test_two_at_once_settle_it_once(
        self, exchange: Exchange, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        call = await self.killed(tenant, monkeypatch, ordered=False)
        long_ago = timezone.now() - 2 * placing.SETTLE_AFTER
        await read(tenant, lambda: PlacedCall.objects.update(changed_at=long_ago))
        await asyncio.gather(*(placing.settle(tenant_id=tenant.pk, call_id=call.pk) for _ in range(4)))
        assert len(exchange.calls) == 1

    async def test_another_tenant_settles_nothing_of_ours(
        self, exchange: Exchange, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        call = await self.killed(tenant, monkeypatch, ordered=False)
        other = await in_thread(make_tenant, "other", "Other")
        with pytest.raises(PlacedCall.DoesNotExist):
            await placing.settle(tenant_id=other.pk, call_id=call.pk)
        assert exchange.calls == {}


async def test_who_calls_back_is_met_by_the_listener(
    exchange: Exchange, server: str, tenant: Tenant, notes: Notes
) -> None:
    notes.welcome = "Thank you for calling back, it is yours."
    exchange.people[THEIRS] = Person(None)
    await over(exchange, tenant, await ask(tenant, ring_seconds=5))
    url = f"{server}/voice/twilio/incoming"
    back = exchange.call(from_=THEIRS, to=OURS, url=url, caller=lambda at_ms, heard: SILENCE)
    await asyncio.wait_for(back.over(), 20)
    assert back.said == ["Thank you for calling back, it is yours."]


class TestAgents:
    """At the speed of speech, with the demo clinic's agent."""

    @pytest.fixture
    def tenant(self, transactional_db: None) -> Tenant:
        return next(each.tenant for each in demo.load(now=timezone.now()) if each.vertical.slug == "healthcare")

    @pytest.fixture
    async def exchange(self, settings: Any, server: str, tenant: Tenant) -> AsyncIterator[Exchange]:
        await give_number(tenant)
        async with carrier(settings, server, speed=1.0) as exchange:
            yield exchange

    async def test_who_answers_talks_to_an_agent(self, exchange: Exchange, tenant: Tenant, notes: Notes) -> None:
        exchange.people[THEIRS] = Person(Script("What are your opening hours?"))
        call = await placing.place_call(tenant_id=tenant.pk, to=THEIRS, number=OURS, topic=TOPIC)
        call = await over(exchange, tenant, call)
        assert (call.outcome, call.answered_by) == ("answered", "human")
        assert exchange.calls[call.carrier_call].errors == []
        record = await until(tenant, lambda: Call.objects.filter(status="ended").first())
        assert (record.direction, record.caller, record.number) == ("outbound", THEIRS, OURS)
        assert record.carrier_call == call.carrier_call
        assert record.ended == "caller_left"

    async def test_a_machine_hears_no_agent_for_long(self, exchange: Exchange, tenant: Tenant, notes: Notes) -> None:
        exchange.people[THEIRS] = Person(answered_by="machine_start")
        call = await placing.place_call(tenant_id=tenant.pk, to=THEIRS, number=OURS, topic=TOPIC)
        call = await over(exchange, tenant, call)
        assert call.outcome == "machine"
        assert exchange.calls[call.carrier_call].log == ["Connect"]  # no apology to a machine
        record = await until(tenant, lambda: Call.objects.filter(status="ended").first())
        assert record.ended == "answering_machine"
        assert await read(tenant, lambda: UsageEntry.objects.filter(kind="interaction").count()) == 0

    async def test_a_machine_is_left_the_agents_message(self, exchange: Exchange, tenant: Tenant) -> None:
        exchange.people[THEIRS] = Person(answered_by="machine_start")
        call = await placing.place_call(
            tenant_id=tenant.pk, to=THEIRS, number=OURS, on_machine=OnMachine.MESSAGE, message="Please call us."
        )
        call = await over(exchange, tenant, call)
        made = exchange.calls[call.carrier_call]
        assert (made.log, made.said) == (["Connect", "Say", "Hangup"], ["Please call us."])
        assert (call.outcome, call.message_left) == ("machine", True)
