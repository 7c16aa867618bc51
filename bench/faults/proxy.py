"""A TCP proxy between client and worker that cuts connections at random."""

import asyncio
import random
import socket
import struct
from contextlib import suppress

_NO_LINGER = struct.pack("ii", 1, 0)


class Proxy:
    """Passes bytes to one port; each of its first `cuts` connections is cut within its first bytes or seconds."""

    def __init__(self, target: int, chance: random.Random, *, cuts: int) -> None:
        self.target, self.chance, self.cuts = target, chance, cuts
        self.port = 0
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            upstream = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        self.cuts, is_cut = self.cuts - 1, self.cuts > 0
        # Either side of the head's arrival, or somewhere in the stream: every stage of a request must survive it.
        seconds = self.chance.choice([0.02, 0.1, 0.5, 2.0]) * self.chance.random() if is_cut else None
        budget = self.chance.randint(1, 4_000) if is_cut and self.chance.random() < 0.5 else None
        there = asyncio.create_task(_copy(reader, upstream[1], None))
        back = asyncio.create_task(_copy(upstream[0], writer, budget))
        await asyncio.wait({there, back}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        there.cancel()
        back.cancel()
        if is_cut and self.chance.random() < 0.5:
            for side in (writer, upstream[1]):
                side.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        with suppress(OSError):
            writer.close()
        upstream[1].transport.abort()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, budget: int | None) -> None:
    """Passes bytes on until the end, or until `budget` bytes have passed."""
    with suppress(OSError):
        while data := await reader.read(65_536):
            if budget is not None:
                data = data[:budget]
                budget -= len(data)
            writer.write(data)
            await writer.drain()
            if budget == 0:
                return
