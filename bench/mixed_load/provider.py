"""The model provider of the mixed load: the chat's and the calls' models of the trials, under one address."""

import asyncio
from contextlib import suppress

from faults.call_model import CallModel
from faults.provider import Provider

_HEAD = 65_536


class Models:
    """Whoever asks for `/v1/realtime` talks to the calls' model, everybody else to the chat's."""

    def __init__(self) -> None:
        self.chat, self.calls = Provider(), CallModel()
        self.port = 0
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        await self.chat.start()
        await self.calls.start()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2**20, backlog=1_024)
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
        self.chat.close()
        self.calls.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            first = await reader.readuntil(b"\r\n")
            port = self.calls.port if b" /v1/realtime" in first else self.chat.port
            behind, before = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
            before.write(first)
            ways = [asyncio.create_task(_pipe(reader, before)), asyncio.create_task(_pipe(behind, writer))]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                before.close()
        writer.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(_HEAD):
            writer.write(data)
            await writer.drain()
