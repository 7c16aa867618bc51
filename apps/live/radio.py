"""What matters only now: sound, and orders that somebody waits for. Redis's pub/sub, one connection a process.

Whoever is not tuned in hears nothing, and whoever is slow hears the newest: for what must not be lost there is the log.
"""

import asyncio
import logging
from collections import deque
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary

from redis.exceptions import RedisError

from apps.common.redis import listening, pipe

logger = logging.getLogger(__name__)

RETRY = 0.25
QUIET = 5.0
"""Seconds without a message after which the server is asked whether it is alive; so long it has for its answer."""
TUNED_WITHIN = 3.0
"""Seconds for Redis to say that a channel is followed."""


async def send(key: str, message: bytes) -> int:
    """Says it on the channel; how many processes hear it.

    Raises:
        RedisError: Redis is away.
    """
    heard = int(await pipe().call("PUBLISH", key, message))
    return heard or await pipe().listeners(key)


class Receiver:
    """One channel's messages. At most `most` wait; then the oldest is dropped."""

    def __init__(self, radio: "Radio", key: str, most: int) -> None:
        self.key = key
        self.dropped = 0
        self._radio = radio
        self._waiting: deque[bytes] = deque(maxlen=most)
        self._news = asyncio.Event()

    def give(self, message: bytes) -> None:
        self.dropped += len(self._waiting) == self._waiting.maxlen
        self._waiting.append(message)
        self._news.set()

    async def next(self, *, within: float | None = None) -> bytes | None:
        """The next message; None after so many seconds without one, or at a `hurry`."""
        if not self._waiting:
            self._news.clear()
            try:
                async with asyncio.timeout(within):
                    await self._news.wait()
            except TimeoutError:
                return None
        return self._waiting.popleft() if self._waiting else None

    def hurry(self) -> None:
        """Whoever waits for a message gets None, now."""
        self._news.set()

    def close(self) -> None:
        self._radio.leave(self)


class Radio:
    """One for each event loop; see `radio()`."""

    def __init__(self) -> None:
        self._pubsub: Any = listening()
        self._receivers: dict[str, list[Receiver]] = {}
        self._followed: dict[str, asyncio.Event] = {}
        """Channels that Redis was asked for; set when it said so."""
        self._changing = asyncio.Lock()
        self._reader: asyncio.Task[None] | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        self._asked = False
        """Whether the server is alive, and it has not answered yet."""

    async def tune(self, key: str, *, most: int) -> Receiver:
        """A receiver that hears everything said from now on. Close it when done.

        Raises:
            RedisError, TimeoutError: Redis is away.
        """
        receiver = Receiver(self, key, most)
        self._receivers.setdefault(key, []).append(receiver)
        try:
            async with asyncio.timeout(TUNED_WITHIN):
                async with self._changing:
                    if key not in self._followed:
                        self._followed[key] = asyncio.Event()
                        await self._pubsub.subscribe(key)
                if self._reader is None or self._reader.done():
                    self._reader = asyncio.create_task(self._read())
                await self._followed[key].wait()
        except BaseException:
            receiver.close()
            raise
        return receiver

    def leave(self, receiver: Receiver) -> None:
        receivers = self._receivers.get(receiver.key, [])
        if receiver in receivers:
            receivers.remove(receiver)
        if not receivers and self._receivers.pop(receiver.key, None) is not None:
            task = asyncio.create_task(self._unfollow(receiver.key))
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)

    async def _unfollow(self, key: str) -> None:
        async with self._changing:
            if key not in self._receivers and self._followed.pop(key, None) is not None:
                with suppress(RedisError, OSError):
                    await self._pubsub.unsubscribe(key)

    async def _read(self) -> None:
        """Ends when nothing is followed."""
        while self._followed:
            try:
                message = await self._pubsub.get_message(timeout=QUIET)
                if message is None:
                    await self._check()
            except (RedisError, OSError):  # redis-py subscribes anew when it is connected again
                self._asked = False
                await asyncio.sleep(RETRY)
                continue
            except Exception:  # nobody may be left deaf by what we did not think of
                logger.exception("The channels could not be read")
                await asyncio.sleep(RETRY)
                continue
            self._asked = self._asked and message is None
            if message is None or message["type"] == "pong":
                continue
            key = message["channel"].decode()
            if message["type"] == "message":
                for receiver in self._receivers.get(key, ()):
                    receiver.give(message["data"])
            elif message["type"] == "subscribe" and (followed := self._followed.get(key)) is not None:
                followed.set()

    async def _check(self) -> None:
        """A server that hangs looks alive to TCP; another one may have its place, and be where all is said."""
        if self._asked:
            await self._pubsub.connection.disconnect()
        self._asked = not self._asked
        if self._asked:
            await self._pubsub.ping()


_radios: WeakKeyDictionary[asyncio.AbstractEventLoop, Radio] = WeakKeyDictionary()


def radio() -> Radio:
    """This event loop's."""
    loop = asyncio.get_running_loop()
    if (found := _radios.get(loop)) is None:
        found = _radios[loop] = Radio()
    return found
