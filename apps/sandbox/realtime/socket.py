"""The Realtime protocol on an ASGI WebSocket: carries messages between a client and a pure session."""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from ..core.faults import Fault
from ..core.realtime import Close, Frame, Session
from ..core.realtime_reply import Pace
from .voice import speak

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


def model_of(query: bytes) -> str:
    """The model's name; a "+" that was not escaped arrives as a space."""
    return parse_qs(query.decode("latin-1")).get("model", [""])[0].replace(" ", "+")


def pace_of(words_per_second: float, faults: dict[str, Fault]) -> Pace:
    """How fast a session's responses come. Without a pace everything comes at once."""
    usual = Pace() if words_per_second > 0 else Pace(think=0.0, speed=0.0)
    slow, late = faults.get("slow"), faults.get("late")
    return Pace(
        think=(2.0 if slow.value is None else slow.value) if slow else usual.think,
        speed=0.0 if "burst" in faults else usual.speed,
        stall=(0.5 if late.value is None else late.value) if late else 0.0,
        reorder="reorder" in faults,
    )


def deny(send: Send) -> Send:
    """A `send` for an HTTP answer instead of the handshake's (the ASGI extension, which uvicorn has)."""

    async def translated(message: Message) -> None:
        await send({**message, "type": f"websocket.{message['type']}"})

    return translated


async def hold(model: str, faults: dict[str, Fault], pace: Pace, receive: Receive, send: Send) -> None:
    """Accept, and serve the session until either side ends it."""
    await send({"type": "websocket.accept", "headers": [(b"x-callsphere-sandbox", b"1")]})
    session = Session(
        model=model,
        seed=secrets.token_hex(6),
        today=datetime.now(UTC),
        opened=time.monotonic(),
        speaker=speak,
        pace=pace,
        faults=faults,
    )
    await _Line(session, receive, send).run()


class _Line:
    """One connection. A message and a tick never interleave what they send."""

    def __init__(self, session: Session, receive: Receive, send: Send) -> None:
        self._session, self._receive, self._send = session, receive, send
        self._turn = asyncio.Lock()
        self._changed = asyncio.Event()

    async def run(self) -> None:
        if not await self._forward(self._session.open()):
            return
        reading, ticking = asyncio.create_task(self._read()), asyncio.create_task(self._tick())
        try:
            await asyncio.wait({reading, ticking}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (reading, ticking):
                task.cancel()
            await asyncio.gather(reading, ticking, return_exceptions=True)

    async def _read(self) -> None:
        while (message := await self._receive())["type"] == "websocket.receive":
            async with self._turn:
                before = self._session.due
                data = message.get("text") or message.get("bytes") or b""
                if not await self._forward(self._session.receive(data, time.monotonic())):
                    return
                if self._session.due != before:
                    self._changed.set()

    async def _tick(self) -> None:
        while True:
            wait = max(0.0, self._session.due - time.monotonic())
            try:
                async with asyncio.timeout(wait):
                    await self._changed.wait()
                self._changed.clear()
            except TimeoutError:
                async with self._turn:
                    if not await self._forward(self._session.tick(time.monotonic())):
                        return

    async def _forward(self, frames: list[Frame]) -> bool:
        """Send; False = that was the end."""
        for frame in frames:
            if isinstance(frame, Close):
                if frame.code is not None:
                    await self._send({"type": "websocket.close", "code": frame.code, "reason": frame.reason})
                return False
            await self._send({"type": "websocket.send", "text": frame})
        return True
