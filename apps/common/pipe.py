"""One connection to Redis on which everything that an event loop asks at about the same time travels together.

redis-py takes about 300 µs of CPU for a command alone: pool, retries, metrics, packing in Python. Here a command is
packed in C and shares its write with those that came meanwhile; about 40 µs.
"""

import asyncio
import logging
from contextlib import suppress
from typing import Any, cast

import hiredis
from redis.asyncio.connection import AbstractConnection, BaseParser
from redis.exceptions import ConnectionError, InvalidResponse, RedisError

logger = logging.getLogger(__name__)

Word = bytes | str | int | float
_READ = 65_536
_MORE = object()
"""What the parser says when an answer is not complete."""


class Pipe:
    """Not for commands that block, nor for transactions: everybody shares the connection."""

    def __init__(self, connection: AbstractConnection) -> None:
        self._connection = connection
        self._parser: Any = None
        """Of the connection as it stands."""
        self._waiting: list[tuple[bytes, asyncio.Future[Any] | None]] = []
        self._task: asyncio.Task[None] | None = None

    async def call(self, *words: Word) -> Any:
        """The answer to one command, as redis-py parses it: bytes, int, list, None.

        Raises:
            RedisError: Redis is away, or refused the command.
        """
        future = asyncio.get_running_loop().create_future()
        self._add(words, future)
        return await future

    def post(self, *words: Word) -> None:
        """Like `call`, for whom the answer does not matter; a failure is logged."""
        self._add(words, None)

    def _add(self, words: tuple[Word, ...], future: asyncio.Future[Any] | None) -> None:
        self._waiting.append((hiredis.pack_command(cast(Any, words)), future))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work())

    async def _work(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                answers = await self._exchange([packed for packed, _ in batch])
            except (RedisError, OSError) as error:
                reason = error if isinstance(error, RedisError) else ConnectionError(str(error))
                answers = [reason] * len(batch)
            except BaseException:
                await self._disconnect()  # half an answer may be left on it
                for _, future in batch:
                    if future is not None:
                        future.cancel()
                raise
            for (_, future), answer in zip(batch, answers, strict=True):
                if future is None:
                    if isinstance(answer, Exception):
                        logger.warning("A command to Redis failed", extra={"reason": type(answer).__name__})
                elif not future.done():  # its caller may have left
                    if isinstance(answer, Exception):
                        future.set_exception(answer)
                    else:
                        future.set_result(answer)

    async def _exchange(self, commands: list[bytes]) -> list[Any]:
        """The answers, in order; once more over a fresh connection if Redis has closed the one we had."""
        for attempt in (1, 2):
            try:
                if not self._connection.is_connected:
                    await self._connection.connect()
                    self._parser = hiredis.Reader(InvalidResponse, BaseParser.parse_error, notEnoughData=_MORE)
                await self._connection.send_packed_command(commands, check_health=False)
                return await self._answers(len(commands))
            except (RedisError, OSError):
                await self._disconnect()
                if attempt == 2:
                    raise
        raise AssertionError("unreachable")

    async def _answers(self, count: int) -> list[Any]:
        """So many; what Redis refuses is among them, as the error it is.

        Straight from the connection's stream, because redis-py reads them one by one, through three coroutines each.
        """
        stream: Any = self._connection._reader
        answers: list[Any] = []
        while len(answers) < count:
            if (answer := self._parser.gets()) is not _MORE:
                if isinstance(answer, ConnectionError):  # such as: it is still loading its data
                    raise answer
                answers.append(answer)
            elif received := await stream.read(_READ):
                self._parser.feed(received)
            else:
                raise ConnectionError("Redis closed the connection.")
        return answers

    async def _disconnect(self) -> None:
        with suppress(RedisError, OSError):
            await self._connection.disconnect(nowait=True)
