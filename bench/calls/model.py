"""A realtime model that costs next to nothing: OpenAI's Realtime protocol (GA), spoken from prebuilt audio.

Each session detects the caller's pulses (sound.py) as a server's voice detection would, answers when they are over, and
speaks in frames of 20 ms at the pace of speech until it is interrupted. It notes when it heard and said what: `GET
/report` gives that of all sessions, in the order in which they were opened. Times are of the machine's monotonic clock.
"""

import argparse
import asyncio
import gc
from collections.abc import Callable
from time import monotonic
from typing import Any

import msgspec
import uvloop
from aiohttp import WSMsgType, web

from calls.sound import FRAME, FRAMES_A_PULSE, PCM16, PCMU, Ear

HANGOVER = 0.3
"""Seconds without a pulse after which the caller's turn is over."""
LONGEST = 20.0
"""Seconds of one answer."""
WORD_EVERY = 10
"""Frames."""


class _Settings(msgspec.Struct):
    audio: dict[str, Any] = {}


class _Message(msgspec.Struct):
    type: str
    audio: str = ""
    item_id: str = ""
    session: _Settings | None = None


class Report(msgspec.Struct):
    """What one session noted."""

    heard: list[float] = []
    """When each pulse of the caller came."""
    interrupted: list[float] = []
    """When `speech_started` was sent while an answer was heard."""
    spoken: list[list[float]] = []
    """When each pulse of each answer was sent."""
    is_open: bool = True


class Session:
    """One socket."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self.report = Report()
        self._socket = socket
        self._sound = PCMU
        self._ear = Ear(PCMU)
        self._speaking = False
        self._loud_at = 0.0
        self._answering: asyncio.Task[None] | None = None
        self._answers = self._turns = 0
        self._handlers: dict[str, Callable[[_Message], Any]] = {
            "input_audio_buffer.append": self._hear,
            "session.update": self._configure,
            "response.create": self._begin,
            "response.cancel": self._cancel,
            "conversation.item.truncate": self._truncate,
        }

    async def run(self) -> None:
        await self._tell("session.created", session={"type": "realtime"})
        decode = msgspec.json.Decoder(_Message).decode
        async for received in self._socket:
            if received.type is not WSMsgType.TEXT:
                break
            message = decode(received.data)
            if handler := self._handlers.get(message.type):
                await handler(message)
        self.report.is_open = False
        if self._answering:
            self._answering.cancel()

    async def _tell(self, kind: str, **fields: Any) -> None:
        if not self._socket.closed:
            await self._socket.send_str(msgspec.json.encode({"type": kind, "event_id": "event_1", **fields}).decode())

    async def _configure(self, message: _Message) -> None:
        audio = message.session.audio if message.session else {}
        if form := audio.get("input", {}).get("format"):
            self._sound = PCM16 if form["type"] == "audio/pcm" else PCMU
            self._ear = Ear(self._sound)
        await self._tell("session.updated", session={"type": "realtime"})

    async def _hear(self, message: _Message) -> None:
        begun = self._ear.hear(message.audio)
        now = monotonic()
        self.report.heard += [now] * begun
        if self._ear.is_loud:
            self._loud_at = now
            if not self._speaking:
                await self._start_of_speech()
        elif self._speaking and now - self._loud_at > HANGOVER:
            await self._end_of_speech()

    async def _start_of_speech(self) -> None:
        self._speaking = True
        self._turns += 1
        answering, self._answering = self._answering, None
        if answering:
            answering.cancel()
            if len(self.report.spoken) == self._answers and self.report.spoken[-1]:
                self.report.interrupted.append(monotonic())
        item = f"heard_{self._turns}"
        await self._tell("input_audio_buffer.speech_started", audio_start_ms=0, item_id=item)
        if answering:
            await self._done("cancelled")

    async def _end_of_speech(self) -> None:
        self._speaking = False
        item = f"heard_{self._turns}"
        await self._tell("input_audio_buffer.speech_stopped", audio_end_ms=0, item_id=item)
        await self._tell("input_audio_buffer.committed", item_id=item, previous_item_id=None)
        kind = "conversation.item.input_audio_transcription.completed"
        await self._tell(kind, item_id=item, content_index=0, transcript="When can a doctor see my knee?")
        await self._begin(None)

    async def _begin(self, _: _Message | None) -> None:
        if self._answering is None:
            self._answers += 1
            self._answering = asyncio.create_task(self._answer())

    async def _cancel(self, _: _Message) -> None:
        if self._answering:
            self._answering.cancel()
            self._answering = None
            await self._done("cancelled")

    async def _truncate(self, message: _Message) -> None:
        await self._tell("conversation.item.truncated", item_id=message.item_id, content_index=0, audio_end_ms=0)

    async def _answer(self) -> None:
        response, item = f"resp_{self._answers}", f"item_{self._answers}"
        whole = {"id": item, "type": "message", "role": "assistant", "status": "in_progress", "content": []}
        await self._tell("response.created", response={"id": response, "status": "in_progress"})
        await self._tell("response.output_item.added", response_id=response, output_index=0, item=whole)
        where = {"response_id": response, "item_id": item, "output_index": 0, "content_index": 0}
        delta = {"type": "response.output_audio.delta", "event_id": "event_1", **where}
        head = msgspec.json.encode(delta)[:-1].decode()
        pulse, silence = (f'{head},"delta":"{audio}"}}' for audio in (self._sound.pulse, self._sound.silence))
        spoken: list[float] = []
        self.report.spoken.append(spoken)
        begun = monotonic()
        for frame in range(round(LONGEST / FRAME)):
            await asyncio.sleep(max(0.0, begun + frame * FRAME - monotonic()))
            if frame % WORD_EVERY == 0:
                await self._tell("response.output_audio_transcript.delta", **where, delta="tomorrow ")
            if frame % FRAMES_A_PULSE == 0:
                spoken.append(monotonic())
                await self._socket.send_str(pulse)
            else:
                await self._socket.send_str(silence)
        await self._tell("response.output_audio.done", **where)
        await self._tell("response.output_item.done", response_id=response, item=whole | {"status": "completed"})
        self._answering = None
        await self._done("completed")

    async def _done(self, status: str) -> None:
        usage = {"input_tokens": 100, "output_tokens": 100, "total_tokens": 200}
        await self._tell("response.done", response={"id": f"resp_{self._answers}", "status": status, "usage": usage})


def application() -> web.Application:
    """The server's routes."""
    sessions: list[Session] = []

    async def converse(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        session = Session(socket)
        sessions.append(session)
        await session.run()
        return socket

    async def count(request: web.Request) -> web.Response:
        return web.Response(text=str(len(sessions)))

    async def report(request: web.Request) -> web.Response:
        """All, and forgets them."""
        told = [session.report for session in sessions]
        sessions.clear()
        return web.Response(body=msgspec.json.encode(told), content_type="application/json")

    app = web.Application()
    app.router.add_get("/v1/realtime", converse)
    app.router.add_get("/count", count)
    app.router.add_get("/report", report)
    return app


async def _serve(port: int) -> None:
    runner = web.AppRunner(application(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    gc.freeze()
    gc.set_threshold(100_000)
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A realtime model for benchmarks.")
    parser.add_argument("--port", type=int, required=True)
    uvloop.run(_serve(parser.parse_args().port))
