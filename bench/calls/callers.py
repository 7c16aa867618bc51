"""Callers as Twilio brings them: a WebSocket each, frames of 20 ms at the pace of speech, a clock that plays.

A caller speaks for a second of every four, in pulses (sound.py), and so interrupts the agent, who answers until then.
"""

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from uuid import uuid4

import aiohttp
import msgspec

from calls.sound import FRAME, FRAMES_A_PULSE, PCMU, Ear

CYCLE = 200
"""Frames."""
SPEECH = range(150, 200)
"""Of these in a cycle the caller speaks."""
BYTES_A_SECOND = 8_000


@dataclass(frozen=True, slots=True)
class Line:
    """How to reach a bridge for one call."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)


Dial = Callable[[aiohttp.ClientSession, str], Awaitable[Line]]
"""The line for a call with this id."""


class _Media(msgspec.Struct):
    payload: str


class _Name(msgspec.Struct):
    name: str


class _Frame(msgspec.Struct):
    event: str
    media: _Media | None = None
    mark: _Name | None = None


@dataclass
class Noted:
    """What one caller did and heard. Times are of the machine's monotonic clock."""

    said: list[list[float]] = field(default_factory=list)
    """When each pulse of each of the caller's turns was sent."""
    heard: list[float] = field(default_factory=list)
    """When each pulse of the agent came."""
    cleared: list[float] = field(default_factory=list)
    began: float = 0.0
    ended: float = 0.0


class Caller:
    """One call. `ahead` frames of the first cycle are skipped, so that the caller speaks so much sooner."""

    def __init__(self, client: aiohttp.ClientSession, dial: Dial, *, ahead: int = 0) -> None:
        self.noted = Noted()
        self.answered = asyncio.Event()
        """The agent has been heard."""
        self.failed = ""
        self._client, self._dial, self._ahead = client, dial, ahead
        self._stream = f"MZ{uuid4().hex}"
        self._leaving = asyncio.Event()
        self._says_so = True
        self._plays_until = 0.0
        self._ear = Ear(PCMU)
        self._marks: deque[str] = deque()
        """Not played yet, in order; two may have one name."""
        self._timers: deque[asyncio.TimerHandle] = deque()
        self._sending: set[asyncio.Task[None]] = set()

    def leave(self, *, says_so: bool = True) -> None:
        """Hangs up; without `says_so` the socket just closes."""
        self._says_so = says_so
        self._leaving.set()

    async def run(self) -> None:
        """Until `leave`, or until the other side ends it, which counts as failed."""
        call = f"CA{uuid4().hex}"
        try:
            line = await self._dial(self._client, call)
            async with self._client.ws_connect(line.url, headers=line.headers, max_msg_size=0) as socket:
                self._socket = socket
                await self._begin(call, line)
                reading = asyncio.create_task(self._read())
                try:
                    await self._speak(reading)
                finally:
                    reading.cancel()
                    self.noted.ended = monotonic()
                    for timer in self._timers:
                        timer.cancel()
        except (aiohttp.ClientError, OSError, ValueError) as error:
            self.failed = self.failed or repr(error)

    async def _begin(self, call: str, line: Line) -> None:
        form = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
        start = {
            "streamSid": self._stream,
            "accountSid": "AC1",
            "callSid": call,
            "tracks": ["inbound"],
            "customParameters": dict(line.parameters),
            "mediaFormat": form,
        }
        await self._socket.send_str('{"event":"connected","protocol":"Call","version":"1.0.0"}')
        message = {"event": "start", "sequenceNumber": "1", "streamSid": self._stream, "start": start}
        await self._socket.send_str(json.dumps(message))

    async def _speak(self, reading: "asyncio.Task[None]") -> None:
        began, frame = monotonic(), 0
        self.noted.began = began
        tail = f'"}},"streamSid":"{self._stream}"}}'
        while not self._leaving.is_set():
            if reading.done():
                self.failed = "The other side ended the call."
                return
            await asyncio.sleep(max(0.0, began + frame * FRAME - monotonic()))
            number = str(frame + 2)
            head = f'{{"event":"media","sequenceNumber":"{number}","media":{{"track":"inbound","chunk":"{number}",'
            audio = self._audio(frame)
            await self._socket.send_str(f'{head}"timestamp":"{frame * 20}","payload":"{audio}{tail}')
            frame += 1
        if not self._says_so:
            return
        with suppress(aiohttp.ClientError, ConnectionError):
            stop = {"event": "stop", "streamSid": self._stream, "stop": {"accountSid": "AC1", "callSid": "CA1"}}
            await self._socket.send_str(json.dumps(stop))

    def _audio(self, frame: int) -> str:
        place = (self._ahead + frame) % CYCLE
        if place not in SPEECH or place % FRAMES_A_PULSE:
            return PCMU.silence
        if place == SPEECH.start:
            self.noted.said.append([])
        self.noted.said[-1].append(monotonic())
        return PCMU.pulse

    async def _read(self) -> None:
        decode = msgspec.json.Decoder(_Frame).decode
        async for received in self._socket:
            if received.type is not aiohttp.WSMsgType.TEXT:
                return
            frame = decode(received.data)
            if frame.media:
                self._play(frame.media.payload)
            elif frame.mark:
                self._mark(frame.mark.name)
            elif frame.event == "clear":
                self._clear()

    def _play(self, audio: str) -> None:
        now = monotonic()
        if begun := self._ear.hear(audio):
            self.noted.heard += [now] * begun
            self.answered.set()
        size = len(audio) * 3 // 4 - audio.endswith("=") - audio.endswith("==")
        self._plays_until = max(now, self._plays_until) + size / BYTES_A_SECOND

    def _mark(self, name: str) -> None:
        wait = max(0.0, self._plays_until - monotonic())
        self._marks.append(name)
        self._timers.append(asyncio.get_running_loop().call_later(wait, self._echo))

    def _echo(self) -> None:
        self._timers.popleft().cancel()
        message = {"event": "mark", "streamSid": self._stream, "mark": {"name": self._marks.popleft()}}
        if not self._socket.closed:
            task = asyncio.ensure_future(self._send(json.dumps(message)))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _send(self, message: str) -> None:
        with suppress(aiohttp.ClientError, ConnectionError):
            await self._socket.send_str(message)

    def _clear(self) -> None:
        self.noted.cleared.append(monotonic())
        self._plays_until = 0.0
        while self._marks:
            self._echo()
