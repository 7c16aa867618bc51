"""The cluster's own Redis, on a unix socket, keeping its data as production does."""

import asyncio
from pathlib import Path

from apps.common.redis import binary
from apps.operations.cluster.machine import Kind
from apps.operations.cluster.places import Places


def url(places: Places) -> str:
    return f"unix://{_socket(places)}"


def kind(places: Places) -> Kind:
    folder = _socket(places).parent
    folder.mkdir(mode=0o700, exist_ok=True)
    options = {"port": "0", "unixsocket": str(_socket(places)), "unixsocketperm": "700", "dir": str(folder)}
    options |= {"appendonly": "yes", "appendfsync": "everysec", "save": "", "maxmemory-policy": "noeviction"}

    async def answers() -> bool:
        reader, writer = await asyncio.open_unix_connection(str(_socket(places)))
        try:
            writer.write(b"PING\r\n")
            return await reader.readline() == b"+PONG\r\n"  # not while it still loads its data
        finally:
            writer.close()

    return Kind(
        name="redis",
        role="redis",
        command=[binary(), *(word for name, value in options.items() for word in (f"--{name}", value))],
        env={},
        is_ready=answers,
        cwd=folder,
        log=places.log_of("redis"),
    )


def _socket(places: Places) -> Path:
    return places.folder / "redis" / "redis.sock"
