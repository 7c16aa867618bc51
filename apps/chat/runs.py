"""A run: one answer, generated outside any response and logged in Redis, where any number of readers follow it.

A run outlives its process. Who generates it holds a lease; when that is lost another process takes the run up from the
last finished step (core/recovery.py). Three verbs end it: the answer is complete, somebody asks it to stop, or a person
takes the conversation over. That a reader leaves is none of them.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Any

import msgspec
from redis.exceptions import RedisError

from apps.chat import desk as desks
from apps.chat import records
from apps.chat.core import turn as core
from apps.chat.core.recovery import recover
from apps.chat.core.turn import StopReason, Turn
from apps.chat.leases import Member, ask_to_stop, leases
from apps.chat.records import Record
from apps.chat.watching import watched
from apps.common.ids import new_id
from apps.conversations.attention import State
from apps.conversations.turns import StepStored
from apps.desk.desk import Desk
from apps.live import log
from apps.live.hub import Writer, hub
from apps.plans import budgets
from apps.plans.budgets import Reservation
from apps.plans.core.budget import OUTPUT_TOKENS
from apps.tenants import keys
from apps.tenants.scope import in_tenant

logger = logging.getLogger(__name__)

HEARTBEAT = 15.0
MOST_TAKEOVERS = 3
"""A run that outlived so many processes may well be what ends them."""
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_tasks: set[asyncio.Task[None]] = set()
_running: dict[str, "Run"] = {}


def encode(name: str, data: Any) -> bytes:
    """An event as the log keeps it: its name, a line end, its data as JSON."""
    return name.encode() + b"\n" + _encode(data)


def decode(event: bytes) -> tuple[str, bytes]:
    """(name, JSON) of a logged event."""
    name, _, data = event.partition(b"\n")
    return name.decode(), data


def new_run_id() -> str:
    return new_id("run")


async def stop(*, tenant_id: str, run_id: str, reason: StopReason = "stopped") -> None:
    """Asks for the end of the generation, in whichever process it is: `stopped`, or `handoff` to a person."""
    if (run := _running.get(run_id)) is not None:
        run.stop(reason)
    else:
        await ask_to_stop(Member(tenant_id, run_id), reason)


async def follow(*, tenant_id: str, run_id: str, after: int = 0) -> AsyncGenerator[list[tuple[int, str, bytes]], None]:
    """Batches of (number, name, JSON) after position `after`, up to the terminal event.

    An empty batch after HEARTBEAT quiet seconds. Ends without a terminal event only if the run never began, or if its
    last words could not be written.
    """
    follower = hub().follow(keys.run_log(tenant_id, run_id), after=after)
    try:
        while True:
            position = follower.position
            events = await follower.next(idle=HEARTBEAT)
            if not events:
                record = await records.find(tenant_id=tenant_id, run_id=run_id)
                if record is None or record.over:
                    return
            numbered = [(number, *decode(event)) for number, event in enumerate(events, start=position + 1)]
            yield numbered
            if numbered and numbered[-1][1] == "done":
                return
    finally:
        follower.close()


async def is_told(*, tenant_id: str, run_id: str, after: int) -> bool:
    """Whether the run's terminal event is at or before position `after`."""
    number, event = await log.last_event(keys.run_log(tenant_id, run_id))
    return 0 < number <= after and decode(event)[0] == "done"


async def take_over(member: Member) -> None:
    """Goes on with a run whose process was lost; the lease is ours already."""
    record = await records.find(tenant_id=member.tenant_id, run_id=member.run_id)
    if record is None:
        await leases().release(member)
        return
    run = Run(record)
    run.go_on()


async def settled(*, within: float) -> None:
    """Waits for this process's runs to end; those that have not `within` seconds are left for others to take over."""
    leases().unwatch()
    if _tasks:
        await asyncio.wait(_tasks, timeout=within)
    for run in list(_running.values()):
        run.lose()
    if _tasks:
        await asyncio.gather(*_tasks, return_exceptions=True)
    await leases().close()


class Run:
    """The shell around the turn: performs its actions, in order, and feeds back what came of them."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.member = Member(record.tenant_id, record.run_id)
        self.desk: Desk | None = None
        self.turn = Turn(agent="", labels={})
        self.writer: Writer | None = None
        self.todo: list[core.Action] = []
        self.busy = False
        """Whether an action is under way that what follows must wait for."""
        self.waiting: asyncio.Future[None] | None = None
        """Until there is something to do. (An asyncio.Event would weigh more than all the rest of this.)"""
        self.speaking = False
        """Whether the step has said something; its first word goes out at once."""
        self.stepping: asyncio.Task[None] | None = None
        self.failure: Exception | None = None
        self.lost = False
        self.gone = False
        self.stop_asked: StopReason | None = None
        self.turn_id: str | None = None
        self.reservation: Reservation | None = None
        """What was counted for the message beforehand; its limits end the answer."""
        self.clock = asyncio.get_running_loop().time

    # What others call

    def hold(self) -> None:
        """Makes the run ours, before anybody can know it."""
        leases().hold(self.member, self)
        _running[self.member.run_id] = self

    async def withdraw(self) -> None:
        """It will not begin after all."""
        _running.pop(self.member.run_id, None)
        await leases().release(self.member)

    def begin(self, desk: Desk, *, answer: str | None = None) -> None:
        """Starts generating; or says `answer`, which stands already ("" = nothing: a person answers)."""
        self.desk = desk
        self.turn = Turn(agent=desk.agent.name, labels=desk.labels)
        if self.reservation is not None:
            self.turn.max_tokens = self.reservation.max_tokens
            self.reservation = self.reservation.taken()
        self.writer = hub().write(keys.run_log(*self.member))
        if answer == "":
            records.free(self.record)  # as in `_save`, which does not happen
        self._handle(core.Opened(_opening(self.record, desk), answer))
        if self.stop_asked:
            self._handle(core.StopAsked(self.stop_asked))
        self._start(taken_over=False)

    def go_on(self) -> None:
        """Generates where a lost process stopped; the lease is ours."""
        logger.warning("A run is taken over", extra={"run": self.member.run_id})
        leases().keep(self.member, self)
        self._start(taken_over=True)

    def _start(self, *, taken_over: bool) -> None:
        _running[self.member.run_id] = self
        generating = watched(self, self.generate(taken_over=taken_over), taken_over=taken_over)
        task = asyncio.create_task(generating, name=self.member.run_id)
        _tasks.add(task)  # the loop itself holds tasks only weakly
        task.add_done_callback(_tasks.discard)

    def stop(self, reason: StopReason) -> None:
        """The answer shall end here; said again it changes nothing."""
        if not self.stop_asked:
            self.stop_asked = reason
            self._handle(core.StopAsked(reason))

    def lose(self) -> None:
        """Another process has it, or shall have it."""
        self._fail(log.Superseded(str(self.member)))

    # Generating

    def _handle(self, *events: core.Event) -> None:
        """What can be done at once is done at once, unless something before it is still to be done."""
        for event in events:
            for action in self.turn.handle(event, self.clock()):
                if isinstance(action, core.Publish) and not self.todo and not self.busy:
                    self._publish(action)
                else:
                    self.todo.append(action)
        if self.todo:
            self._wake()

    def _publish(self, action: core.Publish) -> None:
        assert self.writer is not None
        urgent = action.name != "" or not self.speaking
        self.speaking = action.name == ""
        self.writer.append(encode(action.name, action.data), urgent=urgent)

    def _fail(self, error: Exception) -> None:
        self.failure = self.failure or error
        self._wake()

    def _wake(self) -> None:
        if self.waiting is not None and not self.waiting.done():
            self.waiting.set_result(None)

    async def generate(self, *, taken_over: bool) -> None:
        """Runs to the terminal event. Nothing that goes wrong in here leaves a reader without one."""
        try:
            if taken_over:
                await self._recover()
            await self._work()
        except (log.Superseded, RedisError) as reason:
            # Whoever has the lease, or gets it once Redis is back, goes on.
            self.lost = True
            logger.warning("A run was lost", extra={"run": self.member.run_id, "reason": type(reason).__name__})
        except desks.Gone:
            self.gone = True
        except Exception:
            logger.exception("A run failed", extra={"run": self.member.run_id})
            with suppress(Exception):
                await self._break_off()
        finally:
            await self._finish()

    async def _work(self) -> None:
        while True:
            if self.failure is not None:
                raise self.failure
            if not self.todo:
                self.waiting = asyncio.get_running_loop().create_future()
                await self.waiting
                self.waiting = None
                continue
            action = self.todo.pop(0)
            if isinstance(action, core.End):
                return
            self.busy = True
            try:
                await self._perform(action)
            finally:
                self.busy = False

    async def _perform(self, action: core.Action) -> None:
        match action:
            case core.Publish():
                self._publish(action)
            case core.StartStep():
                await self._end_step()
                self.speaking = False
                self.stepping = asyncio.create_task(self._step(action.delay))
            case core.SaveStep():
                await self._end_step()
                await self._save(action)
            case core.RunCall():
                assert self.desk is not None
                self.desk, finished = await desks.call(self.desk, action, run=self.member.run_id, turn_id=self.turn_id)
                self.turn.labels = self.desk.labels
                if self.desk.conversation.attention == State.PERSON:
                    self.stop("handoff")
                self._handle(finished)

    async def _end_step(self) -> None:
        if self.stepping is not None:
            self.stepping.cancel()
            await asyncio.gather(self.stepping, return_exceptions=True)
            self.stepping = None

    async def _step(self, delay: float) -> None:
        """One attempt at a model step; its failures are events, too."""
        assert self.desk is not None
        assert self.writer is not None
        try:
            if delay:
                await asyncio.sleep(delay)
            most = self.reservation.max_output_tokens if self.reservation else OUTPUT_TOKENS
            async with aclosing(desks.step(self.desk, max_tokens=most)) as batches:
                async for events in batches:
                    self._handle(*events)
                    # At the log's pace: what the model says meanwhile comes in one piece.
                    await self.writer.flushed()
        except Exception as error:
            self._fail(error)

    async def _save(self, action: core.SaveStep) -> None:
        """Stored when the log has all of it, so that no process that was superseded stores anything unseen."""
        assert self.desk is not None
        assert self.writer is not None
        await self.writer.flushed(now=True)
        try:
            self.turn_id = await in_tenant(
                self.member.tenant_id,
                desks.save,
                self.desk,
                action,
                run=self.member.run_id,
                now=self.desk.clock(),
                tokens=(self.turn.input_tokens, self.turn.output_tokens),
            )
        except StepStored:
            await self._recover()
            return
        if action.ended:
            # Before `done` is published: who has read it may write at once.
            records.free(self.record)

    async def _recover(self) -> None:
        """Makes the turn anew from what is logged and stored."""
        hopeless = await records.taken_over(self.record) > MOST_TAKEOVERS
        desk, self.turn_id, steps = await in_tenant(self.member.tenant_id, desks.reopen, self.record)
        self.desk = desk
        if desk.conversation.attention == State.PERSON:
            self.stop_asked = self.stop_asked or "handoff"
        self.turn, actions = recover(
            await self._take_log(),
            steps,
            opened=_opening(self.record, desk),
            labels=desk.labels,
            now=self.clock(),
            hopeless=hopeless,
        )
        self.todo = actions or [core.End()]  # nothing to do: all was said, only its record was left open
        if self.stop_asked:
            self._handle(core.StopAsked(self.stop_asked))

    async def _take_log(self) -> list[tuple[str, Any]]:
        if self.writer is not None:
            self.writer.close()
        self.writer, events = await hub().take_over(keys.run_log(*self.member))
        return [(name, _decode(data)) for name, data in map(decode, events)]

    async def _break_off(self) -> None:
        """The last words of a run that a bug of ours ends; they are not stored."""
        if self.turn.phase == "new":
            opened = {"run": self.member.run_id, "conversation": self.record.conversation_id, "agent": ""}
            self.turn, actions = recover(
                await self._take_log(), (), opened=opened, labels={}, now=self.clock(), hopeless=True
            )
        else:
            actions = self.turn.break_off("internal_error", core.APOLOGY, retryable=True)
        self.todo.clear()
        self.busy = False
        for action in actions:
            if isinstance(action, core.Publish):
                self._publish(action)

    async def _finish(self) -> None:
        await self._end_step()
        _running.pop(self.member.run_id, None)
        if not self.lost:
            try:
                await self._conclude()
            except Exception as reason:
                # Its last words are not told: somebody else must tell them once Redis is back.
                self.lost = True
                logger.warning("A run has no end", extra={"run": self.member.run_id, "reason": type(reason).__name__})
        if self.writer is not None:
            self.writer.close()
        if self.lost:
            await leases().abandon(self.member)

    async def _conclude(self) -> None:
        """All is said: nobody needs to go on with this run."""
        if self.writer is not None:
            await self.writer.flushed(now=True)
        if self.gone:
            await records.withdraw(self.record)
        else:
            records.close(self.record)
        if self.reservation is not None:
            budgets.settle(self.reservation, used=self.turn.input_tokens + self.turn.output_tokens)
        await leases().release(self.member)


def _opening(record: Record, desk: Desk) -> dict[str, Any]:
    """What the `run` event tells the client."""
    return {
        "run": record.run_id,
        "conversation": record.conversation_id,
        "token": record.visitor.token(),
        "agent": desk.agent.name,
    }
