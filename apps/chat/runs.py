"""A run: one answer, generated outside any response and logged in Redis, where any number of readers follow it."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any

import msgspec
from redis.exceptions import RedisError

from apps.chat.core import turn as core
from apps.chat.core.turn import Turn
from apps.chat.desk import Desk, call, save, step
from apps.chat.leases import leases
from apps.common.ids import new_id
from apps.common.redis import async_client
from apps.live import log
from apps.live.hub import Writer, hub
from apps.tenants import keys
from apps.tenants.scope import in_tenant

logger = logging.getLogger(__name__)

KEPT = 3_600
"""Seconds for which a finished run's log can be resumed; after that the transcript has the answer."""
HEARTBEAT = 15.0
_encode = msgspec.json.Encoder().encode
_tasks: set[asyncio.Task[None]] = set()
_running: dict[str, "_Run"] = {}


@dataclass(frozen=True, slots=True)
class RunInfo:
    """A run as a reader finds it in Redis."""

    run_id: str
    conversation_id: str
    visitor: str
    over: bool


def encode(name: str, data: Any) -> bytes:
    """An event as the log keeps it: its name, a line end, its data as JSON."""
    return name.encode() + b"\n" + _encode(data)


def decode(event: bytes) -> tuple[str, bytes]:
    """(name, JSON) of a logged event."""
    name, _, data = event.partition(b"\n")
    return name.decode(), data


async def begin(
    *,
    desk: Desk,
    visitor: str,
    run_id: str,
    opened: dict[str, Any],
) -> None:
    """Starts generating; returns when the run exists for every reader. `opened` is the `run` event's data."""
    tenant_id = desk.tenant.pk
    state = {"conversation": desk.conversation.pk, "visitor": visitor, "over": 0}
    pipeline = async_client().pipeline(transaction=True)
    pipeline.hset(keys.run_state(tenant_id, run_id), mapping=state)
    pipeline.expire(keys.run_state(tenant_id, run_id), KEPT)
    await pipeline.execute()
    run = _Run(desk, run_id, hub().write(keys.run_log(tenant_id, run_id)))
    await leases().hold(tenant_id, run_id, on_stop=run.stop)
    _running[run_id] = run
    task = asyncio.create_task(run.generate(opened), name=run_id)
    _tasks.add(task)  # the loop itself holds tasks only weakly
    task.add_done_callback(_tasks.discard)


def new_run_id() -> str:
    return new_id("run")


async def find(*, tenant_id: str, run_id: str) -> RunInfo | None:
    """The run, if it is of this tenant and not yet forgotten."""
    state = await async_client().hgetall(keys.run_state(tenant_id, run_id))
    if not state:
        return None
    return RunInfo(run_id, state[b"conversation"].decode(), state[b"visitor"].decode(), state[b"over"] == b"1")


async def last_position(*, tenant_id: str, run_id: str) -> int:
    """Number of the log's last event; 0 when there is none."""
    entries = await async_client().xrevrange(keys.run_log(tenant_id, run_id), count=1)
    return log.events_of(entries[0])[0] if entries else 0


async def active(*, tenant_id: str, conversation_id: str) -> str | None:
    """The run that the conversation is in, if its process lives."""
    run_id = await async_client().get(keys.active_run(tenant_id, conversation_id))
    if run_id is None or not await async_client().exists(keys.run_lease(tenant_id, run_id.decode())):
        return None
    return str(run_id.decode())


async def stop(*, tenant_id: str, run_id: str) -> None:
    """Asks for the end of the generation, in whichever process it is."""
    if (run := _running.get(run_id)) is not None:
        run.stop()
    else:
        await async_client().set(keys.run_stop(tenant_id, run_id), 1, ex=KEPT)


async def follow(*, tenant_id: str, run_id: str, after: int = 0) -> AsyncGenerator[list[tuple[int, str, bytes]], None]:
    """Batches of (number, name, JSON) after position `after`, up to the terminal event.

    An empty batch after HEARTBEAT quiet seconds. A run whose process died gets its terminal events here.
    """
    key = keys.run_log(tenant_id, run_id)
    position = after
    async with aclosing(hub().follow(key, after=after, idle=HEARTBEAT)) as batches:
        async for events in batches:
            if not events and not await _alive(tenant_id, run_id):
                await _end_abandoned(tenant_id, run_id)
            numbered = [(position + n, *decode(event)) for n, event in enumerate(events, start=1)]
            position += len(events)
            yield numbered
            if numbered and numbered[-1][1] == "done":
                return


async def _alive(tenant_id: str, run_id: str) -> bool:
    try:
        return bool(await async_client().exists(keys.run_lease(tenant_id, run_id)))
    except RedisError:
        return True  # Redis is away: nobody can tell


async def _end_abandoned(tenant_id: str, run_id: str) -> None:
    """Writes the terminal events of a run without an owner; the log takes them once, whoever is first."""
    client = async_client()
    with suppress(RedisError):
        stored = await log.read_after(client, keys.run_log(tenant_id, run_id), 0)
        if stored and decode(stored[-1])[0] == "done":
            return
        error = {
            "code": "interrupted",
            "message": "The answer was interrupted. Please try again.",
            "retryable": True,
        }
        terminal = [encode("error", error), encode("done", {"reason": "error", "usage": {}})]
        await client.execute_command(*log.command(keys.run_log(tenant_id, run_id), len(stored) + 2, terminal))
        await _close(tenant_id, run_id)


async def _close(tenant_id: str, run_id: str) -> None:
    """Marks the run as over and lets its log expire."""
    client = async_client()
    conversation_id = await client.hget(keys.run_state(tenant_id, run_id), "conversation")
    if conversation_id is not None:
        await _free(tenant_id, conversation_id.decode(), run_id)
    pipeline = client.pipeline(transaction=True)
    pipeline.hset(keys.run_state(tenant_id, run_id), "over", 1)
    pipeline.expire(keys.run_state(tenant_id, run_id), KEPT)
    pipeline.expire(keys.run_log(tenant_id, run_id), KEPT)
    await pipeline.execute()


async def _free(tenant_id: str, conversation_id: str, run_id: str) -> None:
    """Lets the conversation take the next message, unless another run has taken it over."""
    key = keys.active_run(tenant_id, conversation_id)
    if await async_client().get(key) == run_id.encode():
        await async_client().delete(key)


class _Run:
    """The shell around the turn: performs its actions, in order, and feeds back what came of them."""

    def __init__(self, desk: Desk, run_id: str, writer: Writer) -> None:
        self.tenant_id = desk.tenant.pk
        self.conversation_id = desk.conversation.pk
        self.run_id = run_id
        self.writer = writer
        self.desk = desk
        self.inbox: asyncio.Queue[core.Event] = asyncio.Queue()
        self.stopping = False
        self.work: asyncio.Task[None] | None = None
        self.turn_id: str | None = None

    def stop(self) -> None:
        if not self.stopping:
            self.stopping = True
            self.inbox.put_nowait(core.StopAsked())

    async def generate(self, opened: dict[str, Any]) -> None:
        """Runs to the terminal event. Nothing that goes wrong in here leaves a reader without one."""
        turn = Turn(agent=self.desk.agent.name, labels=self.desk.labels)
        clock = asyncio.get_running_loop().time
        try:
            event: core.Event = core.Opened(opened)
            while True:
                for action in turn.handle(event, clock()):
                    if isinstance(action, core.End):
                        return
                    await self._perform(turn, action)
                event = await self.inbox.get()
        except log.Superseded:
            logger.warning("A run was taken over", extra={"run": self.run_id})
        except Exception:
            logger.exception("A run failed", extra={"run": self.run_id})
            error = {"code": "internal_error", "message": core.APOLOGY, "retryable": True}
            with suppress(Exception):
                if turn.phase == "new":
                    self.writer.append(encode("run", opened))
                self.writer.append(encode("error", error), encode("done", {"reason": "error", "usage": {}}))
        finally:
            await self._finish()

    async def _finish(self) -> None:
        if self.work is not None:
            self.work.cancel()
            await asyncio.gather(self.work, return_exceptions=True)
        with suppress(Exception):
            await self.writer.flushed()
        with suppress(RedisError):
            await _close(self.tenant_id, self.run_id)
        _running.pop(self.run_id, None)
        await leases().release(self.tenant_id, self.run_id)
        self.writer.close()

    async def _perform(self, turn: Turn, action: core.Action) -> None:
        match action:
            case core.Publish(name, data):
                self.writer.append(encode(name, data))
            case core.StartStep():
                await self._replace_work(self._step(action))
            case core.SaveStep(_, text, ended):
                await self._replace_work(None)
                await self._save(turn, text, ended)
            case core.RunCall():
                previous, self.work = self.work, None
                self.work = asyncio.create_task(self._call(turn, action, after=previous))

    async def _replace_work(self, work: Any) -> None:
        if self.work is not None:
            self.work.cancel()
            await asyncio.gather(self.work, return_exceptions=True)
        self.work = asyncio.create_task(work) if work is not None else None

    async def _step(self, action: core.StartStep) -> None:
        """One attempt at a model step; its failures are events, too."""
        if action.delay:
            await asyncio.sleep(action.delay)
        async with aclosing(step(self.tenant_id, self.desk)) as events:
            async for event in events:
                self.inbox.put_nowait(event)

    async def _save(self, turn: Turn, text: str, ended: str) -> None:
        self.turn_id = await in_tenant(
            self.tenant_id,
            save,
            self.desk,
            run=self.run_id,
            text=text,
            ended=ended,
            now=self.desk.clock(),
            tokens=(turn.input_tokens, turn.output_tokens) if ended else None,
        )
        if ended:
            with suppress(RedisError):
                # Before `done` is published: who has read it may write at once.
                await _free(self.tenant_id, self.conversation_id, self.run_id)

    async def _call(self, turn: Turn, action: core.RunCall, *, after: asyncio.Task[None] | None) -> None:
        """Calls of one step run one after the other: the second may need what the first did."""
        if after is not None:
            await after
        finished, self.desk = await call(self.tenant_id, self.desk, action, run=self.run_id, turn_id=self.turn_id)
        turn.labels = self.desk.labels
        self.inbox.put_nowait(finished)
