"""A phone call, over real sockets: the simulated carrier at one end, the stand-in model at the other."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2 as httpx
import pytest
from asgiref.sync import sync_to_async
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from apps.sandbox.core.tonespeech import speak
from apps.telephony import numbers
from apps.telephony.account import configured
from apps.telephony.simulated.exchange import Exchange
from apps.telephony.simulated.line import Faults, Leave, Person
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from apps.verticals.healthcare.models import Appointment
from apps.voice.core.audio.g711 import MU_LAW
from tests.voice.callers import ended

NUMBER, CALLER = "+12125550123", "+12125550199"
BOOKING = (
    "I need to see a doctor about my knee, next Tuesday morning if possible",
    "Maria Santos, born May 4, 1985",
    "The first one, please",
    "Yes, please",
)
QUIET = b"\xff" * 160


class Script:
    """Speaks its lines one after the other, each when the agent has been silent for a second; then leaves."""

    def __init__(self, *lines: str) -> None:
        self.lines = [MU_LAW.encode(speak(line, 8_000)) for line in lines]
        self.audio = b""
        self.silent_since = 0
        self.heard_ms = 0

    def __call__(self, at_ms: int, heard: bytes) -> bytes | Leave:
        if heard.count(b"\xff") < 80:
            self.silent_since, self.heard_ms = at_ms, self.heard_ms + 20
        if not self.audio and self.heard_ms and at_ms - self.silent_since > 1_500:
            if not self.lines:
                return Leave()
            self.audio, self.heard_ms = self.lines.pop(0), 0
        frame, self.audio = self.audio[:160], self.audio[160:]
        return frame.ljust(160, b"\xff") if frame else QUIET


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


async def test_a_number_that_nobody_has_is_told_so(server: str, exchange: Exchange) -> None:
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
    # The verbs after our socket: an apology, then the business's own phone.
    assert "technical problem" in " ".join(call.said)
    assert call.dialed == [clinic.phone]
    record, _, _ = await ended(clinic)
    assert record.ended == "carrier_lost"


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
