"""Redis Cluster: which server serves which slot, and a pipe to each of them.

The braces of a key are what is hashed, so that a tenant's keys are at one server. A server says when it is the wrong
one (MOVED) or will soon be (ASK); when one is gone, the others say who has its slots.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Hashable
from functools import partial
from typing import Any

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.crc import key_slot
from redis.exceptions import AskError, ClusterDownError, ConnectionError, MovedError, RedisError, TryAgainError

from apps.common.masters import ASKED_WITHIN, Find
from apps.common.pipe import Pipe, Word, log_failure
from apps.common.topology import Address, Topology

logger = logging.getLogger(__name__)

MOVES = 4
"""How often a command follows a slot that moves."""
AGAIN = 0.05
"""Seconds until a command of several keys is tried again while its slot is on the move."""


def slot_of(key: str | bytes) -> int:
    """0 to 16383."""
    return key_slot(key.encode() if isinstance(key, str) else key)


class Slots:
    """The map of one event loop."""

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._ranges: list[tuple[int, int, Address]] = []
        self._owners: dict[int, Address] = {}
        """Of the slots that were asked for since the map was read."""
        self.masters: set[Address] = set()
        self.servers: set[Address] = set()
        self._loading: asyncio.Task[None] | None = None

    def owner(self, slot: int) -> Address | None:
        """The server of a slot, as far as is known."""
        if (found := self._owners.get(slot)) is None:
            for first, last, address in self._ranges:
                if first <= slot <= last:
                    found = self._owners[slot] = address
        return found

    def moved(self, slot: int, address: Address) -> None:
        """A server has said so."""
        self._owners[slot] = address
        self.servers.add(address)

    async def load(self) -> None:
        """Reads the map anew; who comes meanwhile waits for the same reading. Raises RedisError: no server answers."""
        if self._loading is None or self._loading.done():
            self._loading = asyncio.create_task(self._load())
        await asyncio.shield(self._loading)

    async def serving(self, key: str) -> Address:
        """For a connection that is about to be made: the server of the key, as the Cluster says now."""
        await self.load()
        if (address := self.owner(slot_of(key))) is None:
            raise ConnectionError("No server of the Cluster has this slot.")
        return address

    async def any(self) -> Address:
        """For a connection that may go to any of the masters."""
        await self.load()
        return random.choice(sorted(self.masters))  # noqa: S311  # to spread them, nothing is secret

    async def _load(self) -> None:
        asked = [*self.servers.difference(self._topology.nodes), *self._topology.nodes]
        random.shuffle(asked)
        for address in asked:
            try:
                async with asyncio.timeout(ASKED_WITHIN):
                    ranges = await self._ask(address)
            except (RedisError, OSError):
                continue
            self._owners = {}
            self._ranges = [(first, last, servers[0]) for first, last, servers in ranges]
            self.masters = {servers[0] for _, _, servers in ranges}
            self.servers = {server for _, _, servers in ranges for server in servers}
            return
        raise ConnectionError("No server of the Cluster answers.")

    async def _ask(self, address: Address) -> list[tuple[int, int, list[Address]]]:
        """Ranges of slots with their servers, the master first."""
        client = redis.asyncio.Redis(
            host=address[0],
            port=address[1],
            protocol=2,
            ssl=self._topology.is_tls,
            retry=Retry(NoBackoff(), 0),
            **self._topology.options,
        )
        try:
            answer: Any = await client.execute_command("CLUSTER", "SLOTS")
        finally:
            await client.aclose()
        found = []
        for first, last, *servers in answer:
            # A server that does not know its own address yet gives none: it is the one that was asked.
            found.append((first, last, [(_text(host) or address[0], int(port)) for host, port, *_ in servers]))
        if not found:
            raise ConnectionError("This server of the Cluster knows no slots.")
        return found


class ClusterPipe:
    """A `Pipe` to each server. Who asks for keys of one tenant is served in order, as by one pipe."""

    def __init__(self, slots: Slots, connect: Callable[[Find], Pipe]) -> None:
        self._slots = slots
        self._connect = connect
        self._pipes: dict[Address, Pipe] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    def lane(self, key: str) -> int:
        """As of `Pipe`: its slot."""
        return slot_of(key)

    def era(self, key: str) -> Hashable:
        """As of `Pipe`; another server is another era."""
        address = self._slots.owner(slot_of(key))
        return (address, self._pipe(address).losses) if address is not None else None

    async def at(self, key: str) -> Pipe:
        """As of `Pipe`."""
        return self._pipe(await self._known(slot_of(key)))

    async def ready(self) -> None:
        """Returns when the map is known."""
        if not self._slots.masters:
            await self._slots.load()

    async def call(self, *words: Word, era: Hashable = None) -> Any:
        """As of `Pipe`. The key is the second word, that of a script the fourth."""
        slot = slot_of(_key(words))
        for _ in range(MOVES):
            address = await self._known(slot)
            if era is not None and era != (address, self._pipe(address).losses):
                raise ConnectionError("Another era of Redis.")
            try:
                return await self._pipe(address).call(*words, era=None if era is None else self._pipe(address).losses)
            except MovedError as error:
                self._slots.moved(slot, error.node_addr)
            except AskError as error:
                return await self._asking(error.node_addr, words)
            except TryAgainError:
                await asyncio.sleep(AGAIN)
            except (ConnectionError, ClusterDownError, OSError):
                # Its slots may be another's by now: whoever tries again shall know.
                self._in_background(self._slots.load())
                raise
        raise ConnectionError("A slot of the Cluster moves about.")

    def post(self, *words: Word) -> None:
        """As of `Pipe`."""
        address = self._slots.owner(slot_of(_key(words)))
        if address is None:
            self._in_background(self.call(*words))
        else:  # now, or what is asked for next would overtake it
            self._pipe(address).ask(*words).add_done_callback(partial(self._posted, words))

    async def ping(self) -> None:
        """Raises RedisError unless every master answers and every slot has one."""
        await self._slots.load()
        for address in self._slots.masters:
            state = await self._pipe(address).call("CLUSTER", "INFO")
            if b"cluster_state:ok" not in state:
                raise ConnectionError("The Cluster is down.")

    async def listeners(self, channel: str) -> int:
        """As of `Pipe`: those at other servers than the one that was told. Who cannot be asked is not counted."""
        answers = await asyncio.gather(
            *(self._pipe(address).call("PUBSUB", "NUMSUB", channel) for address in self._slots.servers),
            return_exceptions=True,
        )
        return sum(int(answer[1]) for answer in answers if not isinstance(answer, BaseException))

    async def _known(self, slot: int) -> Address:
        if self._slots.owner(slot) is None:
            await self._slots.load()
        if (address := self._slots.owner(slot)) is None:
            raise ConnectionError("No server of the Cluster has this slot.")
        return address

    def _posted(self, words: tuple[Word, ...], future: asyncio.Future[Any]) -> None:
        if not future.cancelled() and isinstance(future.exception(), MovedError | AskError | TryAgainError):
            self._in_background(self.call(*words))
        else:
            log_failure(future)

    def _in_background(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(log_failure)

    async def _asking(self, address: Address, words: tuple[Word, ...]) -> Any:
        pipe = self._pipe(address)
        pipe.ask("ASKING").add_done_callback(log_failure)  # holds for the next command of the connection
        return await pipe.ask(*words)

    def _pipe(self, address: Address) -> Pipe:
        if (found := self._pipes.get(address)) is None:

            async def find() -> Address:
                return address

            found = self._pipes[address] = self._connect(find)
        return found


def _key(words: tuple[Word, ...]) -> str | bytes:
    key = words[3] if words[0] in ("EVAL", "EVALSHA") else words[1]
    if not isinstance(key, str | bytes):
        raise TypeError("A command's key is a word.")
    return key


def _text(word: Any) -> str:
    return word.decode() if isinstance(word, bytes) else str(word or "")
