"""What the inbox's page follows: its tenant's log, and the answer that is being written."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import msgspec

from apps.chat import runs
from apps.common import drain, sse
from apps.common.database import in_thread
from apps.inbox import seats
from apps.live import log
from apps.live.hub import hub
from apps.tenants import keys
from apps.tenants.sessions import Person

HEARTBEAT = 15.0
GATHER = 0.2
"""Seconds for which what happens is gathered: one word about a conversation, however much happens in it."""
_encode = msgspec.json.Encoder().encode


class _Event(msgspec.Struct):
    """Of any event of `conversations.events`, what the page is told."""

    type: str
    conversation: str = ""


_decode = msgspec.json.Decoder(_Event).decode


async def of_tenant(person: Person, *, still: Callable[[], bool]) -> AsyncGenerator[bytes, None]:
    """`ready` at first; then `changed` with `{"conversation", "what": [types]}`. Ends when `still` says no (sync)."""
    tenant_id = person.tenant.pk
    key = keys.floor_log(tenant_id)
    loop = asyncio.get_running_loop()
    position, _ = await log.last_event(key)
    follower = hub().follow(key, after=position)
    try:
        await seats.look(tenant_id)
        checked = loop.time()
        yield sse.event("ready", b"0", b"{}")
        while True:
            events = await follower.next(idle=HEARTBEAT)
            if drain.draining():
                yield drain.goodbye()
                return
            if loop.time() - checked >= HEARTBEAT:
                checked = loop.time()
                if not await in_thread(still):
                    return
                await seats.look(tenant_id)
            if not events:
                yield sse.KEEP_ALIVE
                continue
            await asyncio.sleep(GATHER)
            yield b"".join(
                sse.event("changed", b"%d" % follower.position, _encode({"conversation": each, "what": what}))
                for each, what in _gathered(events).items()
            )
    finally:
        follower.close()


def _gathered(events: list[bytes]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for event in events:
        try:
            told = _decode(event)
        except msgspec.DecodeError:  # of a newer process
            continue
        if told.conversation:
            what = found.setdefault(told.conversation, [])
            if told.type not in what:
                what.append(told.type)
    return found


async def of_run(tenant_id: str, run_id: str) -> AsyncGenerator[bytes, None]:
    """A run's words and tools from its beginning: `tok`, `tool`, `handoff`, `reset`, `done`. Its `run` event, which
    carries the visitor's own token, is not for the team."""
    yield sse.KEEP_ALIVE
    async with aclosing(runs.follow(tenant_id=tenant_id, run_id=run_id)) as batches:
        async for batch in batches:
            if drain.draining():
                yield drain.goodbye()
                return
            told = [sse.event(name or "tok", b"%d" % number, data) for number, name, data in batch if name != "run"]
            yield b"".join(told) or sse.KEEP_ALIVE
