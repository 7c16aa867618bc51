"""A call that nobody holds is ended on record; one that somebody holds is not."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from apps.common.redis import pipe
from apps.conversations import calls
from apps.conversations.models import Call, ToolCall
from apps.tenants import keys
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from apps.voice import under_way
from apps.voice.under_way import UnderWay


@pytest.fixture
async def watching(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[UnderWay]:
    for name, seconds in (("RENEW", 0.05), ("SWEEP", 0.2), ("SETTLED", -1.0)):
        monkeypatch.setattr(under_way, name, seconds)
    ours = UnderWay()
    yield ours
    await ours.close()


def begin(tenant: Tenant) -> str:
    with tenant_scope(tenant.pk):
        return calls.begin(agent="front", channel="phone", carrier="twilio", now=timezone.now()).pk


def reason(tenant: Tenant, call: str) -> str:
    with tenant_scope(tenant.pk):
        return Call.objects.get(pk=call).ended


async def ended(tenant: Tenant, call: str) -> str:
    async with asyncio.timeout(30):
        while True:
            if why := await sync_to_async(reason)(tenant, call):
                return why
            await asyncio.sleep(0.05)


async def test_a_call_whose_process_died_before_it_could_say_so(watching: UnderWay, clinic: Tenant) -> None:
    lost, held = [await sync_to_async(begin)(clinic) for _ in range(2)]
    await pipe().call("ZADD", keys.calls(), int(time.time() * 1000) + 60_000, f"{clinic.pk}/{held}")
    watching.watch()
    assert await ended(clinic, lost) == "process_lost"
    assert await sync_to_async(reason)(clinic, held) == ""
    await pipe().call("ZREM", keys.calls(), f"{clinic.pk}/{held}")


def carry_out(tenant: Tenant, call: str, key: str, status: str) -> None:
    with tenant_scope(tenant.pk):
        conversation = Call.objects.get(pk=call).conversation
        ToolCall.objects.create(conversation=conversation, key=key, name="find_slots", arguments="{}", status=status)


def outcomes(tenant: Tenant) -> dict[str, str]:
    with tenant_scope(tenant.pk):
        return dict(ToolCall.objects.values_list("key", "status"))


async def test_what_a_lost_process_was_carrying_out_has_failed(watching: UnderWay, clinic: Tenant) -> None:
    lost, held = [await sync_to_async(begin)(clinic) for _ in range(2)]
    await pipe().call("ZADD", keys.calls(), int(time.time() * 1000) + 60_000, f"{clinic.pk}/{held}")
    for call, key, status in ((lost, "cut off", "started"), (lost, "whole", "done"), (held, "going on", "started")):
        await sync_to_async(carry_out)(clinic, call, key, status)
    watching.watch()
    assert await ended(clinic, lost) == "process_lost"
    assert await sync_to_async(outcomes)(clinic) == {"cut off": "failed", "whole": "done", "going on": "started"}
    await pipe().call("ZREM", keys.calls(), f"{clinic.pk}/{held}")


async def test_a_call_whose_process_has_not_renewed_it(watching: UnderWay, clinic: Tenant) -> None:
    call = await sync_to_async(begin)(clinic)
    await pipe().call("ZADD", keys.calls(), int(time.time() * 1000) - 1, f"{clinic.pk}/{call}")
    watching.watch()
    assert await ended(clinic, call) == "process_lost"
    assert not await pipe().call("ZSCORE", keys.calls(), f"{clinic.pk}/{call}")
