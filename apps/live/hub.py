"""The hub: what one process appends and follows, with one connection for each direction.

Appends are group commits. All logs' new events go to Redis in one round trip; while it is under way the next group
gathers. A follower sees an event only when Redis has it, so nothing it saw can be lost with this process.

A feed is a log's tail in memory, shared by everyone here who follows it. A follower is only a position in it, so a slow
one costs nothing. Feeds of logs that another process writes are filled by one blocking XREAD over all of them.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf
from typing import Any
from weakref import WeakKeyDictionary

from redis.exceptions import RedisError

from apps.common import metrics
from apps.common.redis import async_client
from apps.live import log

logger = logging.getLogger(__name__)

SHARE = 0.003
LONGEST = 0.1
"""Seconds that a log's words gather: a SHARE for each open log, at most LONGEST. One visitor's words go out at once; a
hundred visitors' words come in fewer, fuller writes."""
SLACK = 0.2
"""Part of that time by which a log may go earlier, to travel with others. All at once would keep newcomers waiting."""
BLOCK_MS = 5_000
RETRY = 0.25
PATIENCE = 10.0
"""Seconds for which appends are kept while Redis is away."""
TAIL = 64
"""Events of a log that stay in memory; who is further behind reads them from Redis."""
CLOCK = 1.0
"""Seconds between looks at who has waited long enough."""


@dataclass(eq=False, slots=True)
class Feed:
    """The events of one log that are in memory: number `first` up to `last`."""

    key: str
    first: int = 1
    events: list[bytes] = field(default_factory=list)
    waiting: dict[asyncio.Future[None], float] = field(default_factory=dict)
    """Who waits for more, and until when (the loop's clock)."""
    followers: int = 0
    writer: "Writer | None" = None
    aligned: bool = False
    """Whether `last` is known to be the end of an entry."""

    @property
    def last(self) -> int:
        return self.first + len(self.events) - 1

    def extend(self, events: Sequence[bytes]) -> None:
        self.events += events
        if (extra := len(self.events) - 2 * TAIL) > 0:
            del self.events[: extra + TAIL]
            self.first += extra + TAIL
        self.wake()

    def wake(self, *, due: float = inf) -> None:
        """Wakes everyone who does not want to wait beyond `due`."""
        for future in [each for each, until in self.waiting.items() if until <= due]:
            del self.waiting[future]
            if not future.done():
                future.set_result(None)

    async def wait(self, until: float = inf) -> None:
        """Returns at the next events, or (up to CLOCK late) at `until`."""
        future = asyncio.get_running_loop().create_future()
        self.waiting[future] = until
        try:
            await future
        finally:
            self.waiting.pop(future, None)


@dataclass(eq=False, slots=True)
class Writer:
    """The one producer of a log. `append` never waits; `flushed` does."""

    hub: "Hub"
    feed: Feed
    position: int
    """Number of the last event given to `append`."""
    pending: list[bytes] = field(default_factory=list)
    sending: list[bytes] = field(default_factory=list)
    """The group under way. Sent again unchanged when its answer is lost, so that Redis can tell it came twice."""
    failure: Exception | None = None
    outages: int = 0
    """Of Redis, after which the log is known to have all that was acknowledged."""

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
        self.hub.dirty(self, urgent=urgent)
        return self.position

    async def flushed(self, *, now: bool = False) -> None:
        """Returns when Redis has everything appended so far; raises like `append`. `now` does not let it gather."""
        if now and self.pending:
            self.hub.dirty(self, urgent=True)
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
            self.hub.wake_reader()


class Follower:
    """A position in a log. Close it when done."""

    def __init__(self, hub: "Hub", feed: Feed, after: int) -> None:
        self._hub = hub
        self._feed = feed
        self.position = after

    async def next(self, *, idle: float) -> list[bytes]:
        """The events after `position`, which moves past them; an empty list after `idle` quiet seconds."""
        feed = self._feed
        if self.position >= feed.last:
            await feed.wait(self._hub.loop.time() + idle)
        if self.position + 1 < feed.first:  # older than what is in memory
            events = await log.read_after(self._hub.client, feed.key, self.position)
        else:
            events = feed.events[self.position + 1 - feed.first :]
        self.position += len(events)
        return events

    def close(self) -> None:
        self._feed.followers -= 1
        self._hub.drop_if_unused(self._feed)


class Hub:
    """One for each event loop; see `hub()`."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.loop = asyncio.get_running_loop()
        self.feeds: dict[str, Feed] = {}
        self.writers = 0
        self._dirty: dict[Writer, float] = {}
        """Who has something to send, and when it shall go."""
        self._outages = 0
        self._urgent = asyncio.Event()
        self._flusher: asyncio.Task[None] | None = None
        self._reader: asyncio.Task[None] | None = None
        self._reader_id: int | None = None
        self._answered_at = 0.0
        self._reading: set[Feed] = set()
        self._waker: asyncio.Task[None] | None = None
        self._clock: asyncio.TimerHandle | None = None

    # Writing

    def write(self, key: str) -> Writer:
        """Becomes the producer of a new log."""
        return self._write(key, [])

    async def take_over(self, key: str) -> tuple[Writer, list[bytes]]:
        """Becomes the producer of a log that somebody else wrote, and gives what is in it.

        Should they still write, one of the two is refused at its next append.
        """
        events = await log.read_after(self.client, key, 0)
        return self._write(key, events), events

    def _write(self, key: str, events: list[bytes]) -> Writer:
        feed = self.feeds.setdefault(key, Feed(key, first=len(events) + 1))
        feed.extend(events[feed.last :])
        feed.writer = Writer(self, feed, position=feed.last, outages=self._outages)
        self.writers += 1
        return feed.writer

    def dirty(self, writer: Writer, *, urgent: bool) -> None:
        if urgent:
            self._dirty[writer] = 0.0
            self._urgent.set()
        elif writer not in self._dirty:
            self._dirty[writer] = self.loop.time() + self._linger
        if self._flusher is None or self._flusher.done():
            self._flusher = asyncio.create_task(self._flush())

    @property
    def _linger(self) -> float:
        return min(LONGEST, self.writers * SHARE)

    async def _gather(self) -> list[Writer]:
        """Those whose time has come, once it has."""
        while True:
            horizon = self.loop.time() + SLACK * self._linger
            if group := [writer for writer, due in self._dirty.items() if due <= horizon]:
                break
            self._urgent.clear()
            timer = self.loop.call_at(min(self._dirty.values()), self._urgent.set)
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
            began = self.loop.time()
            try:
                await self._mend(group)
                refusals = await log.append(
                    [(writer.feed.key, writer.feed.last + 1, writer.sending) for writer in group]
                )
            except RedisError as error:
                away_since = away_since or self.loop.time()
                self._outages += 1
                for writer in group:
                    if self.loop.time() - away_since > PATIENCE:
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
            metrics.APPEND.observe(self.loop.time() - began)
            for writer, refusal in zip(group, refusals, strict=True):
                if refusal is not None and not await self._arrived_before(writer, refusal):
                    self._fail(writer, refusal)
                if writer.failure is not None or writer.closed:
                    continue  # whoever follows a closed one here reads from Redis what arrived
                sent, writer.sending = writer.sending, []
                writer.feed.extend(sent)
                if writer.pending and writer not in self._dirty:
                    self._dirty[writer] = 0.0

    async def _mend(self, group: Sequence[Writer]) -> None:
        """A Redis that was killed may come back without what it acknowledged last (up to two seconds of it, when its
        disk is slow). Whoever still writes gives that again, or the numbers would have a hole."""
        for writer in [writer for writer in group if writer.outages != self._outages]:
            feed, known = writer.feed, self._outages
            last, _ = await log.last_event(self.client, feed.key)
            if feed.first - 1 <= last < feed.last:
                logger.warning("A log is mended", extra={"log": feed.key, "events": feed.last - last})
                lost = feed.events[last + 1 - feed.first :]
                for start in range(0, len(lost), log.MAX_EVENTS):
                    await log.append([(feed.key, last + 1 + start, lost[start : start + log.MAX_EVENTS])])
            writer.outages = known

    async def _arrived_before(self, writer: Writer, refusal: Exception) -> bool:
        """Whether a refused group is in the log already, because only its answer had been lost."""
        if not isinstance(refusal, log.Superseded):
            return False
        with suppress(RedisError):
            return await log.read_after(self.client, writer.feed.key, writer.feed.last) == writer.sending
        return False

    def _fail(self, writer: Writer, error: Exception) -> None:
        logger.warning("A log cannot be written", extra={"log": writer.feed.key, "reason": type(error).__name__})
        writer.failure = error
        writer.feed.wake()

    # Following

    def follow(self, key: str, *, after: int = 0) -> Follower:
        """A follower of the log from number `after` on, whoever writes it."""
        feed = self.feeds.get(key)
        if feed is None:
            feed = self.feeds[key] = Feed(key, first=after + 1)
            self.wake_reader()
        feed.followers += 1
        if self._clock is None:
            self._clock = self.loop.call_later(CLOCK, self._tick)
        return Follower(self, feed, after)

    def _tick(self) -> None:
        """One timer for everyone who waits; one for each wait would cost more than the wait."""
        self.wake(due=self.loop.time())
        self._clock = self.loop.call_later(CLOCK, self._tick) if self.feeds else None

    def wake(self, *, due: float = inf) -> None:
        """Gives every follower a look at the world, though nothing came, unless they want to wait beyond `due`."""
        for feed in self.feeds.values():
            feed.wake(due=due)

    def drop_if_unused(self, feed: Feed) -> None:
        if not feed.followers and feed.writer is None and self.feeds.get(feed.key) is feed:
            del self.feeds[feed.key]

    @property
    def silence(self) -> float:
        """Seconds since Redis last answered the reader, which it does every BLOCK_MS; 0.0 while it reads nothing."""
        return self.loop.time() - self._answered_at if self._reader is not None else 0.0

    def wake_reader(self) -> None:
        """Makes the reader notice a new feed, now."""
        if self._reader is None or self._reader.done():
            self._answered_at = self.loop.time()
            self._reader = asyncio.create_task(self._read())
        elif self._waker is None or self._waker.done():
            self._waker = asyncio.create_task(self._wake())

    def _remote(self) -> set[Feed]:
        return {feed for feed in self.feeds.values() if feed.writer is None}

    async def _wake(self) -> None:
        """CLIENT UNBLOCK does nothing to a reader that is about to block, so it is repeated until the reader has it."""
        while self._reader_id is not None and self._remote() - self._reading:
            with suppress(RedisError):
                await self.client.client_unblock(self._reader_id)
            await asyncio.sleep(0.002)

    async def _read(self) -> None:
        """The one blocking reader; ends when nothing foreign is followed."""
        connection = self.client.client()
        try:
            while self._remote():
                try:
                    self._reader_id = await connection.client_id()
                    wanted = self._reading = self._remote()
                    positions = {
                        feed.key: f"{feed.last}-0" if feed.aligned else log.entry_before(feed.last) for feed in wanted
                    }
                    answer = await connection.xread(positions, block=BLOCK_MS) if positions else []
                    self._answered_at = self.loop.time()
                except RedisError:
                    await asyncio.sleep(RETRY)
                    continue
                finally:
                    self._reading = set()
                for key, entries in answer:
                    feed = self.feeds.get(key.decode())
                    # One that began meanwhile, of a log that was followed before, stands at another position.
                    if feed in wanted and feed.writer is None:
                        feed.extend(log.after(entries, feed.last))
                        feed.aligned = True
        finally:
            # Before the first await: who comes now must find no reader and start another, not wake one that leaves.
            self._reader = self._reader_id = None
            with suppress(RedisError):
                await connection.aclose()

    async def close(self) -> None:
        """Ends the tasks; what is pending is sent first."""
        if self._flusher is not None:
            await self._flusher
        if self._clock is not None:
            self._clock.cancel()
        if self._reader is not None:
            self._reader.cancel()
            with suppress(asyncio.CancelledError):
                await self._reader


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """This event loop's hub."""
    loop = asyncio.get_running_loop()
    if (found := _hubs.get(loop)) is None:
        found = _hubs[loop] = Hub(async_client())
    return found
