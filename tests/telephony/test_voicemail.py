"""When nobody can talk: the ladder's last rung, over real sockets."""

import asyncio
import io
from collections.abc import AsyncIterator
from typing import Any

import pytest
from django.utils import timezone

from apps.plans.subscriptions import start_trial
from apps.telephony import listeners, voicemails
from apps.telephony.calls import CallOver
from apps.telephony.models import Voicemail
from apps.telephony.simulated.exchange import Exchange
from apps.telephony.simulated.line import Caller, Leave, Person
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from tests.conftest import make_tenant
from tests.telephony.product import OURS, THEIRS, Notes, carrier, give_number, read, until

TONE = b"\x10" * 160
HUMAN = "+12125550177"


@pytest.fixture
def tenant(transactional_db: None) -> Tenant:
    tenant = make_tenant("riverside", "Riverside Clinic")  # its vertical has no agent here: nobody answers

    with tenant_scope(tenant.pk):
        Tenant.objects.update(phone=HUMAN)
        start_trial(now=timezone.now())
    return tenant


@pytest.fixture
async def exchange(settings: Any, server: str, tenant: Tenant) -> AsyncIterator[Exchange]:
    await give_number(tenant)
    async with carrier(settings, server, speed=100) as exchange:
        yield exchange


@pytest.fixture
def notes(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> Notes:
    notes = Notes()
    monkeypatch.setitem(listeners._listeners, tenant.vertical, notes)
    return notes


def leaving(after_ms: int) -> Caller:
    return lambda at_ms, heard: Leave() if at_ms > after_ms else TONE


async def dial(exchange: Exchange, server: str, caller: Caller) -> Any:
    call = exchange.call(from_=THEIRS, to=OURS, url=f"{server}/voice/twilio/incoming", caller=caller)
    await asyncio.wait_for(call.over(), 60)
    return call


async def test_nobody_at_all_takes_the_call(exchange: Exchange, server: str, tenant: Tenant, notes: Notes) -> None:
    exchange.people[HUMAN] = Person(None)
    call = await dial(exchange, server, leaving(60_000))
    assert call.log == ["Say", "Dial", "Say", "Record"]
    assert call.dialed == [HUMAN]
    assert "leave a message" in call.said[1]
    voicemail = await until(tenant, lambda: Voicemail.objects.filter(is_ready=True).first())
    assert (voicemail.carrier_call, voicemail.caller, voicemail.number) == (call.sid, THEIRS, OURS)
    assert voicemail.seconds == len(call.recordings[0]) // 8000
    assert notes.voicemails == [voicemail.recording]
    with io.BytesIO(await voicemails.sound(voicemail.recording)) as sound:
        header, data = sound.read(44), sound.read()
    assert (header[:4], header[20:22], data) == (b"RIFF", b"\x07\x00", call.recordings[0])
    with pytest.raises(CallOver):
        await voicemails.sound("RE0")


async def test_a_person_who_talks_leaves_no_voicemail(exchange: Exchange, server: str, tenant: Tenant) -> None:
    exchange.people[HUMAN] = Person()
    call = await dial(exchange, server, leaving(120_000))
    assert call.log == ["Say", "Dial", "Hangup"]
    assert await read(tenant, Voicemail.objects.count) == 0


async def test_who_hangs_up_at_the_tone_has_left_nothing(exchange: Exchange, server: str, tenant: Tenant) -> None:
    exchange.people[HUMAN] = Person(None, declines="busy")

    def caller(at_ms: int, heard: bytes) -> bytes | Leave:
        return Leave() if exchange.calls and "Record" in next(iter(exchange.calls.values())).log else TONE

    call = await dial(exchange, server, caller)
    assert call.log[-1] == "Record"
    assert await read(tenant, Voicemail.objects.count) == 0
