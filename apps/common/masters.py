"""Connections to a server that may be another one the next time: whoever connects asks first which one it is."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import redis.asyncio
from redis.asyncio.connection import Connection, ConnectionPool, SSLConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError, RedisError

from apps.common.topology import Address, Topology

ASKED_WITHIN = 1.0
"""Seconds for one Sentinel, or one server of a Cluster, to say where to go."""
CONNECTED_WITHIN = 3.0
Find = Callable[[], Awaitable[Address]]


class _Sought:
    """`find` tells the address at each connect; with `is_master` the server must say that it is one.

    Without that, a master that was replaced and comes back would be written to until it learns of it.
    """

    host: str
    port: int

    def __init__(self, *, find: Find, is_master: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self._find = find
        self._is_master = is_master

    async def _connect(self) -> None:
        self.host, self.port = await self._find()
        await super()._connect()  # type: ignore[misc]  # of redis-py's class beside this one

    async def on_connect_check_health(self, check_health: bool = True) -> None:
        try:
            async with asyncio.timeout(CONNECTED_WITHIN):
                await super().on_connect_check_health(check_health=check_health)  # type: ignore[misc]
                if self._is_master:
                    await self._check_role()
        except TimeoutError:  # it hangs: its port is open, and nobody is behind
            raise ConnectionError("This Redis does not answer.") from None

    async def _check_role(self) -> None:
        await self.send_command("ROLE")  # type: ignore[attr-defined]
        role = await self.read_response()  # type: ignore[attr-defined]
        if role[0] not in (b"master", "master"):
            raise ConnectionError("This Redis is not the master.")


class _Plain(_Sought, Connection):
    pass


class _Secure(_Sought, SSLConnection):
    pass


def pool(topology: Topology, find: Find, **options: Any) -> ConnectionPool:
    """Connections to what `find` names."""
    return ConnectionPool(
        connection_class=_Secure if topology.is_tls else _Plain,
        find=find,
        is_master=topology.kind == "sentinel",
        socket_connect_timeout=CONNECTED_WITHIN,
        **topology.options,
        **options,
    )


class Sentinels:
    """Where the master is, as the first Sentinel says that answers."""

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._addresses = list(topology.nodes)

    async def __call__(self) -> Address:
        """Raises ConnectionError: none of them answers, or knows the master."""
        for address in list(self._addresses):
            try:
                async with asyncio.timeout(ASKED_WITHIN):
                    found = await self._ask(address)
            except (RedisError, OSError):
                continue
            if found is not None:
                self._addresses.remove(address)  # and the first one the next time
                self._addresses.insert(0, address)
                return found
        raise ConnectionError("No Sentinel knows where the master is.")

    async def _ask(self, address: Address) -> Address | None:
        client = redis.asyncio.Redis(
            host=address[0],
            port=address[1],
            protocol=2,
            ssl=self._topology.is_tls,
            retry=Retry(NoBackoff(), 0),
            **self._topology.guard_options,
        )
        try:
            found: Any = await client.execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", self._topology.service)
        finally:
            await client.aclose()
        return (_text(found[0]), int(found[1])) if found else None


def _text(word: bytes | str) -> str:
    return word.decode() if isinstance(word, bytes) else word
