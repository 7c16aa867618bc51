"""The hub: what one process appends and follows, with one connection for each direction.

Appends are group commits. All logs' new events go to Redis in one round trip; while it is under way the next group
gathers. A follower sees an event only when Redis has it, so nothing it saw can be lost with this process.

A feed is a log's tail in memory, shared by everyone here who follows it. A follower is only a position in it, so a slow
one costs nothing. Feeds of logs that another process writes are filled by one blocking XREAD over all of them.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from redis.exceptions import RedisError

from apps.common.redis import async_client
from apps.live import log

logger = logging.getLogger(__name__)

LINGER = 0.01
"""Seconds to let a group gather after a quiet moment ended."""
BLOCK_MS = 5_000
RETRY = 0.25
PATIENCE = 10.0
"""Seconds for which appends are kept while Redis is away."""


@dataclass(eq=False)
class Feed:
    """The events of one log that are in memory: number `first` up to `last`."""

    key: str
    first: int = 1
    events: list[bytes] = field(default_factory=list)
    waiting: set[asyncio.Future[None]] = field(default_factory=set)
    followers: int = 0
    writer: "Writer | None" = None

    @property
    def last(self) -> int:
        return self.first + len(self.events) - 1

    def extend(self, events: Sequence[bytes]) -> None:
        self.events += events
        self.wake()

    def wake(self) -> None:
        for future in self.waiting:
            if not future.done():
                future.set_result(None)
        self.waiting.clear()


@dataclass(eq=False)
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

    def append(self, *events: bytes) -> int:
        """Gives the events their numbers and sends them with the next group.

        Raises:
            Superseded: another process took the log over.
            RedisError: Redis stayed away longer than PATIENCE.
        """
        if self.failure is not None:
            raise self.failure
        self.pending += events
        self.position += len(events)
        self.hub.dirty(self)
        return self.position

    async def flushed(self) -> None:
        """Returns when Redis has everything appended so far; raises like `append`."""
        while self.feed.last < self.position and self.failure is None:
            waiter = asyncio.get_running_loop().create_future()
            self.feed.waiting.add(waiter)
            await waiter
        if self.failure is not None:
            raise self.failure

    def close(self) -> None:
        """The producer is done; the feed stays while somebody follows it."""
        self.feed.writer = None
        self.hub.drop_if_unused(self.feed)


class Hub:
    """One for each event loop; see `hub()`."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.feeds: dict[str, Feed] = {}
        self._dirty: dict[Writer, None] = {}
        self._flusher: asyncio.Task[None] | None = None
        self._reader: asyncio.Task[None] | None = None
        self._reader_id: int | None = None
        self._reading: set[Feed] = set()
        self._waker: asyncio.Task[None] | None = None

    # Writing

    def write(self, key: str, *, after: int = 0) -> Writer:
        """Becomes the producer of the log, whose last number is `after`."""
        feed = self.feeds.setdefault(key, Feed(key, first=after + 1))
        if feed.last != after:
            raise ValueError(f"{key}: followed up to {feed.last}, cannot be written after {after}")
        feed.writer = Writer(self, feed, position=after)
        return feed.writer

    def dirty(self, writer: Writer) -> None:
        self._dirty[writer] = None
        if self._flusher is None or self._flusher.done():
            self._flusher = asyncio.create_task(self._flush())

    async def _flush(self) -> None:
        await asyncio.sleep(LINGER)
        away_since: float | None = None
        while self._dirty:
            group = list(self._dirty)
            self._dirty.clear()
            pipeline = self.client.pipeline(transaction=False)
            for writer in group:
                if not writer.sending:
                    writer.sending, writer.pending = writer.pending, []
                last = writer.feed.last + len(writer.sending)
                pipeline.execute_command(*log.command(writer.feed.key, last, writer.sending))
            try:
                results = await pipeline.execute(raise_on_error=False)
            except Exception as error:
                if not isinstance(error, RedisError):  # a bug of ours: no writer may wait for ever because of it
                    logger.exception("A group could not be sent")
                    for writer in group:
                        self._fail(writer, error)
                    continue
                away_since = away_since or asyncio.get_running_loop().time()
                for writer in group:
                    if asyncio.get_running_loop().time() - away_since > PATIENCE:
                        self._fail(writer, error)
                    else:
                        self._dirty[writer] = None
                await asyncio.sleep(RETRY)
                continue
            away_since = None
            for writer, result in zip(group, results, strict=True):
                if isinstance(result, Exception) and not await self._arrived_before(writer, result):
                    self._fail(writer, log.Superseded(writer.feed.key) if log.is_conflict(result) else result)
                    continue
                sent, writer.sending = writer.sending, []
                writer.feed.extend(sent)
                if writer.pending:
                    self._dirty[writer] = None

    async def _arrived_before(self, writer: Writer, error: Exception) -> bool:
        """Whether a refused group is in the log already, because only its answer had been lost."""
        if not log.is_conflict(error):
            return False
        with suppress(RedisError):
            return await log.read_after(self.client, writer.feed.key, writer.feed.last) == writer.sending
        return False

    def _fail(self, writer: Writer, error: Exception) -> None:
        logger.warning("A log cannot be written", extra={"log": writer.feed.key, "reason": type(error).__name__})
        writer.failure = error
        writer.feed.wake()

    # Following

    async def follow(self, key: str, *, after: int = 0, idle: float = 15.0) -> AsyncGenerator[list[bytes], None]:
        """Events after number `after`, in batches as they come; an empty batch after `idle` quiet seconds.

        Never ends by itself: the caller knows which event is the last. Close it (aclosing) when done.
        """
        feed = self.feeds.get(key)
        if feed is None:
            feed = self.feeds[key] = Feed(key, first=after + 1)
            self._wake_reader()
        feed.followers += 1
        position = after
        try:
            if position + 1 < feed.first:  # older than what is in memory
                older = await log.read_after(self.client, key, position)
                position += len(older)
                if older:
                    yield older
            while True:
                if position < feed.last:
                    batch = feed.events[max(0, position + 1 - feed.first) :]
                    position = feed.last
                    yield batch
                    continue
                waiter = asyncio.get_running_loop().create_future()
                feed.waiting.add(waiter)
                try:
                    await asyncio.wait_for(waiter, idle)
                except TimeoutError:
                    feed.waiting.discard(waiter)
                    yield []
        finally:
            feed.followers -= 1
            self.drop_if_unused(feed)

    def drop_if_unused(self, feed: Feed) -> None:
        if not feed.followers and feed.writer is None and self.feeds.get(feed.key) is feed:
            del self.feeds[feed.key]

    def _wake_reader(self) -> None:
        """Makes the reader notice a new feed, now."""
        if self._reader is None or self._reader.done():
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
            while wanted := self._remote():
                try:
                    self._reader_id = await connection.client_id()
                    wanted = self._remote()
                    self._reading = wanted
                    positions = {feed.key: f"{feed.last}-0" for feed in wanted}
                    answer = await connection.xread(positions, block=BLOCK_MS) if positions else []
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
        finally:
            # Before the first await: who comes now must find no reader and start another, not wake one that leaves.
            self._reader = self._reader_id = None
            with suppress(RedisError):
                await connection.aclose()

    async def close(self) -> None:
        """Ends the tasks; what is pending is sent first."""
        if self._flusher is not None:
            await self._flusher
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
