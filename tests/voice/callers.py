"""Callers over real sockets: the browser's page as a program."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2 as httpx
from asgiref.sync import sync_to_async
from websockets.asyncio.client import ClientConnection, connect

from apps.conversations.models import Call, ToolCall, Turn
from apps.sandbox.core.tonespeech import speak
from apps.telephony.simulated.line import Leave
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from apps.voice.core.audio.g711 import MU_LAW
from apps.voice.core.formats import PCM16

FRAME = PCM16.frame_bytes
QUIET = b"\xff" * 160


@dataclass
class BrowserCaller:
    """One call. Audio is "played" as it comes, so marks are answered at once, unless `patient`."""

    socket: ClientConnection
    told: list[dict[str, Any]] = field(default_factory=list)
    heard: int = 0
    """Bytes of audio."""
    patient: bool = True
    news: asyncio.Event = field(default_factory=asyncio.Event)
    closed_with: int | None = None

    async def read(self) -> None:
        async for message in self.socket:
            if isinstance(message, bytes):
                self.heard += len(message)
                continue
            frame = json.loads(message)
            self.told.append(frame)
            self.news.set()
            if frame["type"] == "mark" and not self.patient:
                await self.socket.send(json.dumps({"type": "played", "mark": frame["name"]}))
        self.closed_with = self.socket.close_code
        self.news.set()

    def all(self, kind: str, **wanted: Any) -> list[dict[str, Any]]:
        return [
            frame
            for frame in self.told
            if frame["type"] == kind and all(frame.get(name) == value for name, value in wanted.items())
        ]

    async def until(self, kind: str, *, count: int = 1, within: float = 60.0, **wanted: Any) -> dict[str, Any]:
        """The `count`-th frame of that kind."""
        async with asyncio.timeout(within):
            while len(found := self.all(kind, **wanted)) < count:
                self.news.clear()
                await self.news.wait()
        return found[count - 1]

    async def closed(self, *, within: float = 60.0) -> int | None:
        """With which code the server has closed."""
        async with asyncio.timeout(within):
            await self.socket.wait_closed()
        return self.socket.close_code

    async def type(self, text: str) -> None:
        await self.socket.send(json.dumps({"type": "text", "text": text}))

    async def say(self, text: str) -> None:
        """Speaks at the speed of speech, and is silent for a second after it."""
        audio = speak(text, PCM16.rate) + bytes(PCM16.bytes_per_ms * 1_000)
        for start in range(0, len(audio), FRAME):
            await self.socket.send(audio[start : start + FRAME].ljust(FRAME, b"\0"))
            await asyncio.sleep(0.02)

    async def end(self) -> None:
        await self.socket.send(json.dumps({"type": "end"}))


class Script:
    """Speaks its lines one after the other, each when the agent has spoken and then been silent; then leaves.

    The notes of waiting are no speech, and neither is what the agent says over the caller's own words.
    """

    SILENCE_MS, SPEECH_MS = 1_500, 700

    def __init__(self, *lines: str) -> None:
        self.lines = [MU_LAW.encode(speak(line, 8_000)) for line in lines]
        self.audio = b""
        self.silent_since = 0
        self.heard_ms = 0

    def __call__(self, at_ms: int, heard: bytes) -> bytes | Leave:
        if self.audio:
            frame, self.audio = self.audio[:160], self.audio[160:]
            self.silent_since, self.heard_ms = at_ms, 0
            return frame.ljust(160, b"\xff")
        if heard.count(b"\xff") < 80:
            self.silent_since, self.heard_ms = at_ms, self.heard_ms + 20
        elif at_ms - self.silent_since > self.SILENCE_MS:
            if self.heard_ms > self.SPEECH_MS:
                if not self.lines:
                    return Leave()
                self.audio = self.lines.pop(0)
            self.heard_ms = 0
        return QUIET


async def ticket_of(server: str, tenant: str) -> str:
    async with httpx.AsyncClient() as client:
        answer = await client.post(f"{server}/api/voice/tickets", json={"tenant": tenant})
    answer.raise_for_status()
    return str(answer.json()["ticket"])


@asynccontextmanager
async def browser_call(server: str, ticket: str, *, patient: bool = False) -> AsyncIterator[BrowserCaller]:
    address = f"{server.replace('http', 'ws', 1)}/ws/voice/browser/?ticket={ticket}"
    async with connect(address, compression=None, max_size=None) as socket:
        caller = BrowserCaller(socket, patient=patient)
        reading = asyncio.create_task(caller.read())
        try:
            yield caller
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)


def _record(tenant: Tenant) -> tuple[Call, list[Turn], list[str]]:
    with tenant_scope(tenant.pk):
        call = Call.objects.select_related("conversation").get()
        turns = list(Turn.objects.filter(conversation=call.conversation).order_by("number"))
        return call, turns, list(ToolCall.objects.order_by("id").values_list("name", flat=True))


async def ended(tenant: Tenant) -> tuple[Call, list[Turn], list[str]]:
    """The call, its turns and the names of its tools, once it has ended on record."""
    async with asyncio.timeout(20):
        while True:
            record = await sync_to_async(_record)(tenant)
            if record[0].status == Call.Status.ENDED:
                return record
            await asyncio.sleep(0.05)
