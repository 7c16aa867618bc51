"""One connection to Redis on which everything that an event loop asks at about the same time travels together.

redis-py takes about 300 µs of CPU for a command alone: pool, retries, metrics, packing in Python. Here a command is
packed in C and shares its write with those that came meanwhile; about 40 µs.
"""

import asyncio
import logging
from collections.abc import Hashable
from contextlib import suppress
from typing import Any, cast

import hiredis
from redis.asyncio.connection import AbstractConnection, BaseParser
from redis.exceptions import ConnectionError, InvalidResponse, MasterDownError, ReadOnlyError, RedisError, ResponseError

logger = logging.getLogger(__name__)

Word = bytes | str | int | float
ANSWERED_WITHIN = 5.0
"""Seconds for all answers of one exchange. A server that hangs looks alive to TCP; another one may have its place."""
_READ = 65_536
_MORE = object()
"""What the parser says when an answer is not complete."""


_Command = tuple[bytes, asyncio.Future[Any] | None, Hashable]
"""Packed; who waits for its answer; the era it is for."""


class Pipe:
    """Not for commands that block, nor for transactions: everybody shares the connection."""

    def __init__(self, connection: AbstractConnection) -> None:
        self._connection = connection
        self._parser: Any = None
        """Of the connection as it stands."""
        self._waiting: list[_Command] = []
        self._task: asyncio.Task[None] | None = None
        self.losses = 0
        """Of the connection, so far."""
        self._due = 0.0
        """When the answers under way must be here, by the loop's clock; 0.0 = none are."""
        self._watching = False

    def era(self, key: str) -> Hashable:
        """Another one when what Redis acknowledged for this key before may be lost: it was killed, or replaced."""
        return self.losses

    def lane(self, key: str) -> int:
        """What has the same number may be asked for in one command."""
        return 0

    async def at(self, key: str) -> "Pipe":
        """To the server that has the key."""
        return self

    async def ready(self) -> None:
        """Returns at once: the first command connects."""

    async def call(self, *words: Word, era: Hashable = None) -> Any:
        """The answer to one command, as redis-py parses it: bytes, int, list, None.

        Args:
            era: refuse the command unless it arrives in this era.

        Raises:
            RedisError: Redis is away, refused the command, or it is another era.
        """
        future = asyncio.get_running_loop().create_future()
        self._add(words, future, era)
        return await future

    def post(self, *words: Word) -> None:
        """Like `call`, for whom the answer does not matter; a failure is logged."""
        self._add(words, None, None)

    def ask(self, *words: Word) -> asyncio.Future[Any]:
        """Like `call`: what is asked first arrives first."""
        future = asyncio.get_running_loop().create_future()
        self._add(words, future, None)
        return future

    def _add(self, words: tuple[Word, ...], future: asyncio.Future[Any] | None, era: Hashable) -> None:
        self._waiting.append((hiredis.pack_command(cast(Any, words)), future, era))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work())

    async def listeners(self, channel: str) -> int:
        """Of whom PUBLISH did not tell."""
        return 0

    async def ping(self) -> None:
        """Raises RedisError unless Redis answers."""
        await self.call("PING")

    async def _work(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                answers = await self._exchange(batch)
            except (RedisError, OSError) as error:
                reason = error if isinstance(error, RedisError) else ConnectionError(str(error))
                answers = [reason] * len(batch)
            except BaseException:
                await self._disconnect()  # half an answer may be left on it
                for _, future, _ in batch:
                    if future is not None:
                        future.cancel()
                raise
            for (_, future, _), answer in zip(batch, answers, strict=True):
                if future is None:
                    if isinstance(answer, Exception):
                        logger.warning("A command to Redis failed", extra={"reason": type(answer).__name__})
                elif not future.done():  # its caller may have left
                    if isinstance(answer, Exception):
                        future.set_exception(answer)
                    else:
                        future.set_result(answer)

    async def _exchange(self, batch: list[_Command]) -> list[Any]:
        """The answers, in order; once more over a fresh connection if Redis has closed the one we had."""
        for attempt in (1, 2):
            try:
                if not self._connection.is_connected:
                    await self._connect()
                commands = [packed for packed, _, era in batch if era is None or era == self.losses]
                self._watch()
                await self._connection.send_packed_command(commands, check_health=False)
                answers = await self._answers(len(commands))
                self._due = 0.0
            except (RedisError, OSError):
                await self._disconnect()
                if attempt == 2:
                    raise
                continue
            if len(commands) == len(batch):
                return answers
            arrived = iter(answers)
            return [
                next(arrived) if era is None or era == self.losses else ConnectionError("Another era of Redis.")
                for _, _, era in batch
            ]
        raise AssertionError("unreachable")

    async def _answers(self, count: int) -> list[Any]:
        """So many; what Redis refuses is among them, as the error it is.

        Straight from the connection's stream, because redis-py reads them one by one, through three coroutines each.
        """
        stream: Any = self._connection._reader
        answers: list[Any] = []
        while len(answers) < count:
            if (answer := self._parser.gets()) is not _MORE:
                if isinstance(answer, Exception) and is_away(answer):
                    raise answer if isinstance(answer, ConnectionError) else ConnectionError(str(answer))
                answers.append(answer)
            elif received := await stream.read(_READ):
                self._parser.feed(received)
            else:
                raise ConnectionError("Redis closed the connection.")
        return answers

    async def _connect(self) -> None:
        async with asyncio.timeout(ANSWERED_WITHIN):
            await self._connection.connect()
        self._parser = hiredis.Reader(InvalidResponse, BaseParser.parse_error, notEnoughData=_MORE)

    def _watch(self) -> None:
        """Ends the connection when its answers are not here in time. One timer for all: most are here at once."""
        loop = asyncio.get_running_loop()
        self._due = loop.time() + ANSWERED_WITHIN
        if not self._watching:
            self._watching = True
            loop.call_at(self._due, self._look)

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        self._watching = self._due > loop.time()
        if self._watching:
            loop.call_at(self._due, self._look)
        elif self._due:
            writer: Any = self._connection._writer
            if writer is not None:
                writer.transport.abort()

    async def _disconnect(self) -> None:
        self.losses += 1
        self._due = 0.0
        with suppress(RedisError, OSError):
            await self._connection.disconnect(nowait=True)


def is_away(error: Exception) -> bool:
    """Whether an answer says to ask another server, or this one later: it is a replica, or loads its data."""
    if isinstance(error, ConnectionError | ReadOnlyError | MasterDownError):
        return True
    # What a script could not write: Redis 6 tells it in the middle of the script's error.
    return isinstance(error, ResponseError) and "READONLY You can't write" in str(error)


def log_failure(future: asyncio.Future[Any]) -> None:
    """For who asked and does not wait."""
    if not future.cancelled() and (error := future.exception()) is not None:
        logger.warning("A command to Redis failed", extra={"reason": type(error).__name__})
