"""Writing logs: one producer each, and group commits. A follower sees an event only when Redis has it."""

import asyncio
import logging
from collections.abc import Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from apps.common import metrics
from apps.common.redis import pipe
from apps.live import log
from apps.live.feed import Feed

if TYPE_CHECKING:
    from apps.live.hub import Hub

logger = logging.getLogger(__name__)

SHARE = 0.003
LONGEST = 0.12
"""Seconds that a log's words gather: a SHARE for each open log, at most LONGEST. One visitor's words go out at once; a
hundred visitors' words come in fewer, fuller writes, which still follow one another within 100 ms of the model's."""
SLACK = 0.2
"""Part of that time by which a log may go earlier, to travel with others. All at once would keep newcomers waiting."""
RETRY = 0.25
PATIENCE = 30.0
"""Seconds for which appends are kept while Redis is away: longer than a replica takes to get into a master's place."""


@dataclass(eq=False, slots=True)
class Writer:
    """The one producer of a log. `append` never waits; `flushed` does."""

    hub: "Hub"
    lane: "Lane"
    feed: Feed
    position: int
    """Number of the last event given to `append`."""
    pending: list[bytes] = field(default_factory=list)
    sending: list[bytes] = field(default_factory=list)
    """The group under way. Sent again unchanged when its answer is lost, so that Redis can tell it came twice."""
    failure: Exception | None = None
    era: Hashable = None
    """Of Redis, in which the log is known to have all that was acknowledged."""

    def append(self, *events: bytes, urgent: bool = False) -> int:
        """Gives the events their numbers and sends them with the next group; the next group leaves now if `urgent`.

        Raises:
            Superseded: another process took the log over.
            RedisError: Redis stayed away longer than PATIENCE.
        """
        if self.failure is not None:
            raise self.failure
        self.pending += events
        self.position += len(events)
        self.lane.dirty(self, urgent=urgent)
        return self.position

    async def flushed(self, *, now: bool = False) -> None:
        """Returns when Redis has everything appended so far; raises like `append`. `now` does not let it gather."""
        if now and self.pending:
            self.lane.dirty(self, urgent=True)
        while self.feed.last < self.position and self.failure is None:
            await self.feed.wait()
        if self.failure is not None:
            raise self.failure

    @property
    def closed(self) -> bool:
        return self.feed.writer is not self

    def close(self) -> None:
        """The producer is done, or superseded: who still follows here follows as from another process.

        What was not sent yet never is: it would stand in the way of whoever takes the log over.
        """
        self.hub.writers -= 1
        self.feed.writer = None
        self.hub.drop_if_unused(self.feed)
        if self.feed.followers:
            self.hub.wake_reader(self.feed)


class Lane:
    """Logs that are written together: all of them, in Redis Cluster those of one slot."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self._loop = asyncio.get_running_loop()
        self._dirty: dict[Writer, float] = {}
        """Who has something to send, and when it shall go."""
        self._urgent = asyncio.Event()
        self.flusher: asyncio.Task[None] | None = None

    def dirty(self, writer: Writer, *, urgent: bool) -> None:
        """The writer has something to send."""
        if urgent:
            self._dirty[writer] = 0.0
            self._urgent.set()
        elif writer not in self._dirty:
            self._dirty[writer] = self._loop.time() + self._linger
        if self.flusher is None or self.flusher.done():
            self.flusher = asyncio.create_task(self._flush())

    @property
    def _linger(self) -> float:
        return min(LONGEST, self._hub.writers * SHARE)

    async def _gather(self) -> list[Writer]:
        """Those whose time has come, once it has."""
        while True:
            horizon = self._loop.time() + SLACK * self._linger
            if group := [writer for writer, due in self._dirty.items() if due <= horizon]:
                break
            self._urgent.clear()
            timer = self._loop.call_at(min(self._dirty.values()), self._urgent.set)
            await self._urgent.wait()
            timer.cancel()
        for writer in group:
            del self._dirty[writer]
        return [writer for writer in group if writer.failure is None and not writer.closed]

    async def _flush(self) -> None:
        away_since: float | None = None
        while self._dirty:
            group = await self._gather()
            for writer in group:
                if not writer.sending:
                    writer.sending, writer.pending = writer.pending[: log.MAX_EVENTS], writer.pending[log.MAX_EVENTS :]
            began = self._loop.time()
            try:
                era = await self._mend(group)
                refusals = await log.append(
                    [(writer.feed.key, writer.feed.last + 1, writer.sending) for writer in group], era=era
                )
            except RedisError as error:
                away_since = away_since or self._loop.time()
                for writer in group:
                    writer.era = None
                    if self._loop.time() - away_since > PATIENCE:
                        self._fail(writer, error)
                    else:
                        self._dirty[writer] = 0.0
                await asyncio.sleep(RETRY)
                continue
            except Exception as error:  # a bug of ours: no writer may wait for ever because of it
                logger.exception("A group could not be sent")
                for writer in group:
                    self._fail(writer, error)
                continue
            away_since = None
            metrics.APPEND.observe(self._loop.time() - began)
            for writer, refusal in zip(group, refusals, strict=True):
                if refusal is not None and not await self._arrived_before(writer, refusal):
                    self._fail(writer, refusal)
                if writer.failure is not None or writer.closed:
                    continue  # whoever follows a closed one here reads from Redis what arrived
                sent, writer.sending = writer.sending, []
                writer.feed.extend(sent)
                if writer.pending and writer not in self._dirty:
                    self._dirty[writer] = 0.0

    async def _mend(self, group: Sequence[Writer]) -> Hashable:
        """A Redis that was killed may come back without what it acknowledged last (up to two seconds of it, when its
        disk is slow), and a replica that takes its place may not have got it. Whoever still writes gives that again, or
        the numbers would have a hole.

        Returns:
            The era that this holds for: in another one it is to be looked at again.
        """
        await pipe().ready()
        era = pipe().era(group[0].feed.key) if group else None
        for writer in [writer for writer in group if writer.era != era]:
            feed = writer.feed
            last, _ = await log.last_event(feed.key, era=era)
            if feed.first - 1 <= last < feed.last:
                logger.warning("A log is mended", extra={"log": feed.key, "events": feed.last - last})
                lost = feed.events[last + 1 - feed.first :]
                for start in range(0, len(lost), log.MAX_EVENTS):
                    await log.append([(feed.key, last + 1 + start, lost[start : start + log.MAX_EVENTS])], era=era)
            writer.era = era
        return era

    async def _arrived_before(self, writer: Writer, refusal: Exception) -> bool:
        """Whether a refused group is in the log already, because only its answer had been lost."""
        if not isinstance(refusal, log.Superseded):
            return False
        with suppress(RedisError):
            return await log.read_after(writer.feed.key, writer.feed.last) == writer.sending
        return False

    def _fail(self, writer: Writer, error: Exception) -> None:
        logger.warning("A log cannot be written", extra={"log": writer.feed.key, "reason": type(error).__name__})
        writer.failure = error
        writer.feed.wake()
