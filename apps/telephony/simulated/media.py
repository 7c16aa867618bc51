"""One media stream: our socket is called, and spoken to as Twilio does.

https://www.twilio.com/docs/voice/media-streams/websocket-messages
"""

import asyncio
import base64
import json
import random
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from apps.telephony.simulated.line import Faults, Line
from apps.telephony.simulated.playback import Playback


class MediaStream:
    """Lives until our side closes the socket, the person hangs up, or the carrier's document is replaced."""

    def __init__(
        self,
        *,
        sid: str,
        account_sid: str,
        call_sid: str,
        parameters: Mapping[str, str],
        line: Line,
        faults: Faults,
        complain: Callable[[int], None],
    ) -> None:
        self.sid = sid
        self.playback = Playback()
        self._ids = {"accountSid": account_sid, "callSid": call_sid}
        self._parameters = dict(parameters)
        self._line = line
        self._faults = faults
        self._complain = complain
        self._began_ms = line.at_ms
        self._sequence = 0
        self._chunk = 0
        self._outbox: deque[tuple[int, str, dict[str, Any]]] = deque()
        self._echoes: deque[tuple[int, str]] = deque()
        self._chance = random.Random(faults.seed)  # noqa: S311  # faults must be repeatable

    async def run(self, url: str, headers: Mapping[str, str]) -> None:
        """Speaks until the stream ends.

        Raises:
            CallerLeft: the person has hung up.
            OSError, WebSocketException: our side cannot be reached, or refuses the socket.
        """
        socket = await connect(url, additional_headers=headers, compression=None, proxy=None, max_size=1_048_576)
        reader = asyncio.create_task(self._listen(socket))
        try:
            await socket.send('{"event":"connected","protocol":"Call","version":"1.0.0"}')
            await self._start(socket)
            while not reader.done():
                if 0 <= self._faults.drop_after_ms <= self._now:
                    socket.transport.abort()
                    return
                await self._turn(socket)
        except ConnectionClosed:
            return  # the carrier goes on with the next verb
        finally:
            reader.cancel()
            await self._leave(socket)

    @property
    def _now(self) -> int:
        return self._line.at_ms - self._began_ms

    async def _start(self, socket: ClientConnection) -> None:
        start = {
            "streamSid": self.sid,
            **self._ids,
            "tracks": ["inbound"],
            "customParameters": self._parameters,
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        }
        for _ in range(2 if self._faults.duplicate_start else 1):
            await self._send(socket, "start", start=start)

    async def _turn(self, socket: ClientConnection) -> None:
        heard, marks = self.playback.play()
        self._echo(marks)
        said, digit = await self._line.turn(heard)
        now = self._now
        self._chunk += 1
        payload = base64.b64encode(said).decode()
        media = {"track": "inbound", "chunk": str(self._chunk), "timestamp": str(now), "payload": payload}
        self._outbox.append((now + self._chance.randint(0, self._faults.jitter_ms), "media", media))
        if digit:
            self._outbox.append((now, "dtmf", {"track": "inbound_track", "digit": digit}))
        while self._outbox and self._outbox[0][0] <= now:
            _, event, body = self._outbox.popleft()
            await self._send(socket, event, **{event: body})
        while self._echoes and self._echoes[0][0] <= now:
            await self._send(socket, "mark", mark={"name": self._echoes.popleft()[1]})

    def _echo(self, marks: list[str]) -> None:
        self._echoes.extend((self._now + self._faults.late_marks_ms, name) for name in marks)

    async def _listen(self, socket: ClientConnection) -> None:
        async for message in socket:
            try:
                self._take(json.loads(message))
            except (ValueError, TypeError, KeyError, AttributeError):
                self._complain(31924)

    def _take(self, frame: Any) -> None:
        if frame["streamSid"] != self.sid:
            raise ValueError("another stream")
        match frame["event"]:
            case "media":
                if not self.playback.add(base64.b64decode(frame["media"]["payload"], validate=True)):
                    self._complain(31931)
            case "mark":
                self.playback.mark(str(frame["mark"]["name"]))
            case "clear":
                self._echo(self.playback.clear())
            case _:
                raise ValueError("unknown event")

    async def _send(self, socket: ClientConnection, event: str, **body: Any) -> None:
        self._sequence += 1
        frame = {"event": event, "sequenceNumber": str(self._sequence), "streamSid": self.sid, **body}
        await socket.send(json.dumps(frame, separators=(",", ":")))

    async def _leave(self, socket: ClientConnection) -> None:
        if not self._faults.no_stop and socket.state is State.OPEN and not socket.transport.is_closing():
            with suppress(ConnectionClosed):
                await self._send(socket, "stop", stop=self._ids)
        await socket.close()
