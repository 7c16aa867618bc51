"""Reading what other processes write: one blocking XREAD over all that are followed; in Redis Cluster, one a slot."""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from apps.common.redis import blocking, pipe
from apps.live import log
from apps.live.feed import Feed

if TYPE_CHECKING:
    from apps.live.hub import Hub

BLOCK_MS = 5_000
RETRY = 0.25
KEPT = 10.0
"""Seconds for which the connection is kept while nothing is followed: opening one takes milliseconds of CPU."""


class Reader:
    """Of one lane: it has a connection of its own while somebody here follows what another process writes."""

    def __init__(self, hub: "Hub", lane: int) -> None:
        self._hub = hub
        self._lane = lane
        self._task: asyncio.Task[None] | None = None
        self._client_id: int | None = None
        self._reading: set[Feed] = set()
        self._waker: asyncio.Task[None] | None = None
        self._answered_at = 0.0
        self._resting: asyncio.Future[None] | None = None
        """Until something is followed again."""

    @property
    def silence(self) -> float:
        """Seconds since Redis last answered, which it does every BLOCK_MS; 0.0 while it is not asked."""
        return 0.0 if self._resting is not None else self._hub.loop.time() - self._answered_at

    def wake(self) -> None:
        """Makes it notice a new feed, now."""
        if self._task is None or self._task.done():
            self._answered_at = self._hub.loop.time()
            self._task = asyncio.create_task(self._read())
        elif self._resting is not None:
            if not self._resting.done():
                self._resting.set_result(None)
        elif self._waker is None or self._waker.done():
            self._waker = asyncio.create_task(self._wake())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def _remote(self) -> set[Feed]:
        return {feed for feed in self._hub.feeds.values() if feed.writer is None and feed.lane == self._lane}

    async def _wanted(self) -> set[Feed]:
        """What is to be read, within KEPT seconds; empty when nothing is."""
        if not self._remote():
            self._resting = self._hub.loop.create_future()
            try:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._resting, KEPT)
            finally:
                self._resting = None
            self._answered_at = self._hub.loop.time()
        return self._remote()

    async def _wake(self) -> None:
        """CLIENT UNBLOCK does nothing to a reader that is about to block, so it is repeated until the reader has it."""
        while self._client_id is not None and (unread := self._remote() - self._reading):
            with suppress(RedisError):
                server = await pipe().at(next(iter(unread)).key)
                await server.call("CLIENT", "UNBLOCK", self._client_id)
            await asyncio.sleep(0.002)

    async def _read(self) -> None:
        """Ends when nothing foreign has been followed for a while."""
        connection = None
        try:
            while wanted := await self._wanted():
                try:
                    connection = connection or blocking(next(iter(wanted)).key)
                    self._client_id = await connection.client_id()
                    wanted = self._reading = self._remote()
                    positions = {
                        feed.key: f"{feed.last}-0" if feed.aligned else log.entry_before(feed.last) for feed in wanted
                    }
                    answer = await connection.xread(positions, block=BLOCK_MS) if positions else []
                    self._answered_at = self._hub.loop.time()
                except RedisError:
                    for feed in self._remote():  # what is given again after an outage may be cut otherwise
                        feed.aligned = False
                    if connection is not None:
                        await connection.connection_pool.disconnect()  # another server may have its place
                    await asyncio.sleep(RETRY)
                    continue
                finally:
                    self._reading = set()
                for key, entries in answer:
                    followed = self._hub.feeds.get(key.decode())
                    # One that began meanwhile, of a log that was followed before, stands at another position.
                    if followed in wanted and followed.writer is None:
                        followed.extend(log.after(entries, followed.last))
                        followed.aligned = True
        finally:
            # Before the first await: who comes now must find no reader and start another, not wake one that leaves.
            self._task = self._client_id = None
            if self._hub.readers.get(self._lane) is self:
                del self._hub.readers[self._lane]
            if connection is not None:
                with suppress(RedisError):
                    await connection.aclose(close_connection_pool=True)
