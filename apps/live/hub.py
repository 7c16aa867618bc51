"""The hub: what one process appends and follows, with one connection for each direction.

Appends are group commits. All logs' new events go to Redis in one round trip; while it is under way the next group
gathers (writing.py). A follower sees an event only when Redis has it, so nothing it saw can be lost with this process.

A feed is a log's tail in memory, shared by everyone here who follows it. A follower is only a position in it, so a slow
one costs nothing. Feeds of logs that another process writes are filled by one blocking XREAD over all of them
(reading.py). Redis Cluster takes no command for several slots: there each slot, so each tenant, is a lane of its own.
"""

import asyncio
from math import inf
from weakref import WeakKeyDictionary

from apps.common.redis import pipe
from apps.live import log
from apps.live.feed import Feed
from apps.live.reading import Reader
from apps.live.writing import Lane, Writer

CLOCK = 1.0
"""Seconds between looks at who has waited long enough."""


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
            events = await log.read_after(feed.key, self.position)
        else:
            events = feed.events[self.position + 1 - feed.first :]
        self.position += len(events)
        return events

    def close(self) -> None:
        self._feed.followers -= 1
        self._hub.drop_if_unused(self._feed)


class Hub:
    """One for each event loop; see `hub()`."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.feeds: dict[str, Feed] = {}
        self.writers = 0
        self.lanes: dict[int, Lane] = {}
        self.readers: dict[int, Reader] = {}
        self._clock: asyncio.TimerHandle | None = None

    # Writing

    def write(self, key: str) -> Writer:
        """Becomes the producer of a new log."""
        return self._write(key, [])

    async def take_over(self, key: str) -> tuple[Writer, list[bytes]]:
        """Becomes the producer of a log that somebody else wrote, and gives what is in it.

        Should they still write, one of the two is refused at its next append.
        """
        events = await log.read_after(key, 0)
        return self._write(key, events), events

    def _write(self, key: str, events: list[bytes]) -> Writer:
        lane = pipe().lane(key)
        feed = self.feeds.setdefault(key, Feed(key, first=len(events) + 1, lane=lane))
        feed.extend(events[feed.last :])
        feed.writer = Writer(
            self, self.lanes.setdefault(lane, Lane(self)), feed, position=feed.last, era=pipe().era(key)
        )
        self.writers += 1
        return feed.writer

    # Following

    def follow(self, key: str, *, after: int = 0) -> Follower:
        """A follower of the log from number `after` on, whoever writes it."""
        feed = self.feeds.get(key)
        if feed is None:
            feed = self.feeds[key] = Feed(key, first=after + 1, lane=pipe().lane(key))
            self.wake_reader(feed)
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

    def wake_reader(self, feed: Feed) -> None:
        """Makes the feed's reader notice it, now."""
        if (reader := self.readers.get(feed.lane)) is None:
            reader = self.readers[feed.lane] = Reader(self, feed.lane)
        reader.wake()

    @property
    def silence(self) -> float:
        """Seconds since Redis last answered the slowest reader; 0.0 while nothing is read."""
        return max((reader.silence for reader in self.readers.values()), default=0.0)

    async def close(self) -> None:
        """Ends the tasks; what is pending is sent first."""
        for lane in list(self.lanes.values()):
            if lane.flusher is not None:
                await lane.flusher
        if self._clock is not None:
            self._clock.cancel()
        for reader in list(self.readers.values()):
            await reader.close()


_hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, Hub] = WeakKeyDictionary()


def hub() -> Hub:
    """This event loop's hub."""
    loop = asyncio.get_running_loop()
    if (found := _hubs.get(loop)) is None:
        found = _hubs[loop] = Hub()
    return found
