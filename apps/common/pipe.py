"""One connection to Redis on which everything that an event loop asks at about the same time travels together.

redis-py takes about 300 µs of CPU for a command alone: pool, retries, metrics, packing in Python. Here a command is
packed in C and shares its write with those that came meanwhile; about 40 µs.
"""

import asyncio
import logging
from collections.abc import Hashable
from contextlib import suppress
from typing import Any, NamedTuple, cast

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


class _Command(NamedTuple):
    packed: bytes
    future: asyncio.Future[Any]
    era: Hashable


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
        return await self.ask(*words, era=era)

    def post(self, *words: Word) -> None:
        """Like `call`, for whom the answer does not matter; a failure is logged."""
        self.ask(*words).add_done_callback(log_failure)

    def ask(self, *words: Word, era: Hashable = None) -> asyncio.Future[Any]:
        """Like `call`: what is asked first arrives first."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.append(_Command(hiredis.pack_command(cast(Any, words)), future, era))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work())
        return future

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
                for command in batch:
                    command.future.cancel()
                raise
            for command, answer in zip(batch, answers, strict=True):
                if not command.future.done():  # its caller may have left
                    if isinstance(answer, Exception):
                        command.future.set_exception(answer)
                    else:
                        command.future.set_result(answer)

    async def _exchange(self, batch: list[_Command]) -> list[Any]:
        """The answers, in order; once more over a fresh connection if Redis has closed the one we had."""
        for attempt in (1, 2):
            commands = [each.packed for each in batch if each.era is None or each.era == self.losses]
            try:
                async with asyncio.timeout(ANSWERED_WITHIN):
                    if not self._connection.is_connected:
                        await self._connection.connect()
                        self._parser = hiredis.Reader(InvalidResponse, BaseParser.parse_error, notEnoughData=_MORE)
                    await self._connection.send_packed_command(commands, check_health=False)
                    answers = await self._answers(len(commands))
            except (RedisError, OSError):
                await self._disconnect()
                if attempt == 2:
                    raise
                continue
            if len(commands) == len(batch):
                return answers
            arrived = iter(answers)
            return [
                next(arrived)
                if each.era is None or each.era == self.losses
                else ConnectionError("Another era of Redis.")
                for each in batch
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

    async def _disconnect(self) -> None:
        self.losses += 1
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
