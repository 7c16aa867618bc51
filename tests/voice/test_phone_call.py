"""A phone call, over real sockets: the simulated carrier at one end, the stand-in model at the other."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2 as httpx
import pytest
from asgiref.sync import sync_to_async
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from apps.agents.models import AgentVersion
from apps.telephony import numbers
from apps.telephony.account import configured
from apps.telephony.simulated.exchange import Exchange
from apps.telephony.simulated.line import Faults, Leave, Person
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from apps.verticals.healthcare.models import Appointment
from apps.voice import sockets
from apps.voice.core.actions import ConnectModel
from apps.voice.core.events import ModelEvent, ModelLost
from apps.voice.core.formats import PCM16
from apps.voice.core.listening import Listening
from apps.voice.core.realtime_commands import Setup
from apps.voice.realtime.client import RealtimeModel
from tests.voice.callers import QUIET, Script, ended

NUMBER, CALLER = "+12125550123", "+12125550199"
BOOKING = (
    "I need to see a doctor about my knee, next Tuesday morning if possible",
    "Maria Santos, born May 4, 1985",
    "The first one, please",
    "Yes, please",
)


@pytest.fixture
async def exchange(settings: Any, clinic: Tenant) -> AsyncIterator[Exchange]:
    def assign() -> None:
        with tenant_scope(clinic.pk):
            numbers.assign(number=NUMBER)

    await sync_to_async(assign)()
    async with Exchange(configured()) as exchange:
        settings.TWILIO_API_BASE = exchange.url
        yield exchange


async def test_a_caller_is_answered(server: str, clinic: Tenant, exchange: Exchange) -> None:
    call = exchange.call(
        from_=CALLER,
        to=NUMBER,
        url=f"{server}/voice/twilio/incoming",
        caller=Script("What are your opening hours?"),
        status_callback=f"{server}/voice/twilio/status",
    )
    async with asyncio.timeout(60):
        await call.over()
    record, turns, tools = await ended(clinic)
    assert not call.errors
    assert tools == ["get_office_hours"]
    assert [turn.role for turn in turns] == ["agent", "visitor", "agent"]
    assert turns[1].text == "What are your opening hours?"
    assert "AM" in turns[2].text
    assert (record.ended, record.caller, record.number) == ("caller_left", CALLER, NUMBER)


async def test_the_agent_decides_what_the_model_hears_of_a_phone_call(
    server: str, clinic: Tenant, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    """24 kHz made of the telephone's 8, both ways, and understood by both."""
    opened: list[tuple[Setup, ConnectModel]] = []

    class Noted(RealtimeModel):
        def __init__(self, *, model: str, setup: Setup) -> None:
            super().__init__(model=model, setup=setup)
            self.setup = setup

        async def run(self, opening: ConnectModel, tell: Callable[[ModelEvent | ModelLost], None]) -> None:
            opened.append((self.setup, opening))
            await super().run(opening, tell)

    def decide() -> None:
        with tenant_scope(clinic.pk):
            AgentVersion.objects.update(line_audio="pcm16", silence_ms=700)

    monkeypatch.setattr(sockets, "RealtimeModel", Noted)
    await sync_to_async(decide)()
    call = exchange.call(
        from_=CALLER,
        to=NUMBER,
        url=f"{server}/voice/twilio/incoming",
        caller=Script("What are your opening hours?"),
        status_callback=f"{server}/voice/twilio/status",
    )
    async with asyncio.timeout(60):
        await call.over()
    _, turns, tools = await ended(clinic)
    assert not call.errors
    assert tools == ["get_office_hours"]
    assert turns[1].text == "What are your opening hours?"
    ((setup, opening),) = opened
    assert setup.format == PCM16
    assert opening.persona.listening == Listening(silence_ms=700)


async def test_a_number_that_nobody_has_is_told_so(server: str, exchange: Exchange) -> None:
    exchange.speed = 20.0  # no media: the carrier itself speaks
    call = exchange.call(
        from_=CALLER, to="+12125550000", url=f"{server}/voice/twilio/incoming", caller=lambda at_ms, heard: QUIET
    )
    async with asyncio.timeout(30):
        await call.over()
    assert "not in service" in " ".join(call.said)


async def test_a_socket_that_breaks_ends_the_call_on_record(server: str, clinic: Tenant, exchange: Exchange) -> None:
    exchange.people[clinic.phone] = Person(lambda at_ms, heard: Leave())
    call = exchange.call(
        from_=CALLER,
        to=NUMBER,
        url=f"{server}/voice/twilio/incoming",
        caller=Script("What are your opening hours?"),
        faults=Faults(drop_after_ms=3_000),
    )
    async with asyncio.timeout(100):
        await call.over()
    # The verbs after our socket: what happens, then the business's own phone.
    assert "putting you through" in " ".join(call.said)
    assert call.dialed == [clinic.phone]
    record, _, _ = await ended(clinic)
    assert record.ended == "carrier_lost"


class Patient(Script):
    """Says their lines, and holds on."""

    def __call__(self, at_ms: int, heard: bytes) -> bytes | Leave:
        said = super().__call__(at_ms, heard)
        return QUIET if isinstance(said, Leave) else said


@pytest.mark.parametrize("is_there", [True, False])
async def test_who_asks_for_a_person_is_put_through(
    server: str, clinic: Tenant, exchange: Exchange, is_there: bool
) -> None:
    """Who has talked with one waits no longer; whom nobody answered still does."""
    exchange.people[clinic.phone] = Person((lambda at_ms, heard: Leave()) if is_there else None)
    call = exchange.call(
        from_=CALLER,
        to=NUMBER,
        url=f"{server}/voice/twilio/incoming",
        caller=Patient("I want to talk to a real person"),
    )
    async with asyncio.timeout(100):
        await call.over()
    record, turns, tools = await ended(clinic)
    assert tools == ["request_human"], [(turn.role, turn.text) for turn in turns]
    assert any("putting you through" in turn.text for turn in turns)
    assert (record.ended, call.dialed) == ("transfer", [clinic.phone])
    assert record.conversation.attention == ("" if is_there else "waiting")


@pytest.mark.parametrize("path", ["incoming", "status"])
async def test_a_webhook_that_twilio_did_not_sign_is_refused(server: str, exchange: Exchange, path: str) -> None:
    async with httpx.AsyncClient() as client:
        for headers in ({}, {"X-Twilio-Signature": "Zm9yZ2Vk"}):
            answer = await client.post(f"{server}/voice/twilio/{path}", data={"To": NUMBER}, headers=headers)
            assert answer.status_code == 403


async def test_a_media_socket_that_twilio_did_not_sign_is_refused(server: str, exchange: Exchange) -> None:
    with pytest.raises(InvalidStatus):
        async with connect(f"{server.replace('http', 'ws', 1)}/ws/voice/twilio/"):
            pass


@pytest.mark.timeout(240)
async def test_a_caller_books_an_appointment(server: str, clinic: Tenant, exchange: Exchange) -> None:
    call = exchange.call(
        from_=CALLER,
        to=NUMBER,
        url=f"{server}/voice/twilio/incoming",
        caller=Script(*BOOKING),
        status_callback=f"{server}/voice/twilio/status",
    )
    async with asyncio.timeout(110):
        await call.over()
    _, turns, tools = await ended(clinic)
    assert not call.errors
    assert tools[-1] == "schedule_appointment", [turn.text for turn in turns]
    assert await sync_to_async(_booked)(clinic) == 1


def _booked(clinic: Tenant) -> int:
    with tenant_scope(clinic.pk):
        rows = Appointment.objects.filter(booking__contact__family_key="santos", booking__status="scheduled")
        return rows.filter(reason__icontains="knee").count()
