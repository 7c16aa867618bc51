"""Who calls in the call trials: over the stand-in carrier, or over a bare socket that is left without a word."""

import asyncio
import base64
import json
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from apps.telephony.simulated.exchange import Exchange
from apps.telephony.simulated.line import FRAME_MS, Leave
from faults.call_model import ANSWER, FRAME, GREETING, ID, QUIET

TURN_AFTER_MS = 400
"""Of quiet after the agent's words until the caller speaks."""
SPEECH_MS = 500
SOUND = FRAME // 4
"""Samples that are not quiet, from which on a frame is heard."""
NUMBER, CALLER = "+12125550123", "+12125550199"


@dataclass
class Caller:
    """Hears the greeting, asks once, hears the answer, and leaves; or is silent all the time.

    It waits from the beginning until it is greeted, and from its question until it is answered: then silence counts.
    """

    number: int
    longest_ms: int = 0
    """Of silence while it waited."""
    heard: set[int] = field(default_factory=set)
    """Kinds of speech."""
    stays_ms: int = 0
    """How long it stays after the answer."""
    at_ms: int = 0
    spoken_to: Sequence[str] = ()
    """What the carrier itself has said: whoever hears that leaves."""
    log: list[tuple[int, str]] = field(default_factory=list)
    _waits: bool = True
    _quiet_ms: int = 0
    _speaks_ms: int = 0
    _speech: int = QUIET

    def __call__(self, at_ms: int, heard: bytes) -> bytes | Leave:
        self.at_ms = at_ms
        if self.spoken_to:
            return Leave()
        self._listen(heard)
        frame = f"{self.number:0{ID}}".encode().ljust(FRAME, b"\xff")
        if self._speaks_ms > 0:
            self._speaks_ms -= FRAME_MS
            return frame[:ID] + b"\x40" * (FRAME - ID)
        if self._speech == GREETING and self._quiet_ms >= TURN_AFTER_MS:
            self.log.append((at_ms, "speaks"))
            self._speech, self._waits, self._speaks_ms, self._quiet_ms = QUIET, True, SPEECH_MS, -SPEECH_MS
        elif self._speech == ANSWER and self._quiet_ms >= TURN_AFTER_MS + self.stays_ms:
            self.log.append((at_ms, "leaves"))
            return Leave()
        return frame

    def _listen(self, heard: bytes) -> None:
        if len(heard) - heard.count(QUIET) < SOUND:
            self._quiet_ms += FRAME_MS
            if self._waits:
                self.longest_ms = max(self.longest_ms, self._quiet_ms)
            return
        kind = heard[0] if heard[0] in (GREETING, ANSWER) else QUIET
        if kind != QUIET:
            if kind not in self.heard:
                self.log.append((self.at_ms, "greeting" if kind == GREETING else "answer"))
            self.heard.add(kind)
            if not (kind == GREETING and ANSWER in self.heard):
                self._speech, self._waits = kind, False
        self._quiet_ms = 0


async def desert(exchange: Exchange, port: int, caller: Caller, *, after_ms: int, stays: float) -> str:
    """A carrier that vanishes: after so much of the call nothing comes any more, and the socket stays open.

    Returns:
        The carrier's id of the call, when our side has closed the socket; "" when no stream was offered.

    Raises:
        TimeoutError: it has not within `stays` seconds.
    """
    url = f"http://127.0.0.1:{port}/voice/twilio/incoming"
    call = exchange.new_sid("CA")
    fields = {
        "CallSid": call,
        "AccountSid": exchange.account.sid,
        "From": CALLER,
        "To": NUMBER,
        "CallStatus": "ringing",
    }
    document = await exchange.post(url, fields) or ""
    found = re.search(r'url="([^"]+)".*name="token" value="([^"]+)"', document)
    if found is None:
        return ""
    stream = exchange.new_sid("MZ")
    body = {"streamSid": stream, "callSid": call, "customParameters": {"token": found[2]}}
    body |= {"mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}}
    headers = {"x-twilio-signature": exchange.sign(found[1], {})}
    with suppress(ConnectionClosed, InvalidHandshake):
        async with connect(found[1], additional_headers=headers, compression=None, ping_interval=None) as socket:
            await socket.send(json.dumps({"event": "start", "sequenceNumber": "1", "streamSid": stream, "start": body}))
            for at in range(0, after_ms, FRAME_MS):
                said = caller(at, b"\xff" * FRAME)
                payload = base64.b64encode(said if isinstance(said, bytes) else b"\xff" * FRAME).decode()
                media = {"track": "inbound", "timestamp": str(at), "payload": payload}
                await socket.send(json.dumps({"event": "media", "streamSid": stream, "media": media}))
                await asyncio.sleep(FRAME_MS / 1000)
            async with asyncio.timeout(stays):
                while True:
                    await socket.recv()
    return call
