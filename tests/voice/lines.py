"""Telnyx, Plivo and Vonage as programs: each signs its requests, obeys our document and speaks its own wire."""

import asyncio
import base64
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlencode
from xml.etree.ElementTree import fromstring

import httpx2 as httpx
import jwt
import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from apps.telephony.dialects import plivo
from apps.telephony.simulated.line import Caller, CallerLeft, Line
from apps.telephony.simulated.playback import Playback
from apps.voice.core.audio.g711 import MU_LAW

CALL = "call-1"
KEY = Ed25519PrivateKey.from_private_bytes(b"telnyx signs with this one alone")
TELNYX_PUBLIC_KEY = base64.b64encode(KEY.public_key().public_bytes_raw()).decode()
PLIVO_AUTH_TOKEN = "the token of an account at plivo"
VONAGE_SIGNATURE_SECRET = "a signature secret of an account at vonage"


@dataclass(frozen=True)
class Post:
    """A request: all but its address."""

    body: bytes
    headers: dict[str, str]


@dataclass(frozen=True)
class Opening:
    """How our document wants the socket opened; `after` is what the carrier asks when it is over."""

    url: str
    after: str
    token: str
    headers: dict[str, str] = field(default_factory=dict)


class Wire(Protocol):
    """One carrier."""

    name: str
    incoming: str

    def post(self, url: str, *, call: str = CALL, called: str, caller: str, status: str = "ringing") -> Post: ...
    def over(self, url: str, *, call: str = CALL, called: str, caller: str) -> Post:
        """Of what is asked after the stream."""

    def opening(self, document: str) -> Opening: ...
    def start(self, token: str, *, call: str = CALL) -> str: ...
    def audio(self, frame: bytes, number: int) -> str | bytes:
        """20 ms of mu-law."""

    def read(self, message: str | bytes) -> bytes | str | None:
        """What our side says: mu-law to play, the name of a mark, or None = clear."""

    def played(self, name: str) -> str: ...
    def stop(self) -> str | None: ...


def _form(fields: dict[str, str]) -> bytes:
    return urlencode(fields).encode()


class Telnyx:
    name, incoming = "telnyx", "/voice/telnyx/incoming"

    def post(
        self,
        url: str,
        *,
        call: str = CALL,
        called: str,
        caller: str,
        status: str = "ringing",
        key: Ed25519PrivateKey = KEY,
        age: int = 0,
    ) -> Post:
        body = _form({"CallSid": call, "To": called, "From": caller, "CallStatus": status})
        at = str(int(time.time()) - age)
        signature = base64.b64encode(key.sign(f"{at}|".encode() + body)).decode()
        headers = {"telnyx-timestamp": at, "telnyx-signature-ed25519": signature}
        return Post(body, {**headers, "Content-Type": "application/x-www-form-urlencoded"})

    def over(self, url: str, *, call: str = CALL, called: str, caller: str) -> Post:
        return self.post(url, call=call, called=called, caller=caller, status="in-progress")

    def opening(self, document: str) -> Opening:
        connect_, redirect = fromstring(document)
        stream = connect_[0]
        assert (stream.attrib["bidirectionalMode"], stream.attrib["bidirectionalCodec"]) == ("rtp", "PCMU")
        return Opening(stream.attrib["url"], redirect.text or "", stream.attrib["url"].partition("token=")[2])

    def start(self, token: str, *, call: str = CALL) -> str:
        media_format = {"encoding": "PCMU", "sample_rate": 8000, "channels": 1}
        start = {"call_control_id": call, "call_session_id": "s", "media_format": media_format}
        return json.dumps({"event": "start", "sequence_number": "1", "stream_id": "tx-1", "start": start})

    def audio(self, frame: bytes, number: int) -> str:
        media = {"track": "inbound", "chunk": str(number), "timestamp": str(number * 20)}
        media["payload"] = base64.b64encode(frame).decode()
        return json.dumps({"event": "media", "stream_id": "tx-1", "media": media})

    def read(self, message: str | bytes) -> bytes | str | None:
        frame = json.loads(message)
        if frame["event"] == "media":
            return base64.b64decode(frame["media"]["payload"])
        return str(frame["mark"]["name"]) if frame["event"] == "mark" else None

    def played(self, name: str) -> str:
        return json.dumps({"event": "mark", "stream_id": "tx-1", "mark": {"name": name}})

    def stop(self) -> str | None:
        return json.dumps({"event": "stop", "stream_id": "tx-1", "stop": {"call_control_id": CALL}})


class Plivo:
    name, incoming = "plivo", "/voice/plivo/incoming"

    def post(
        self,
        url: str,
        *,
        call: str = CALL,
        called: str,
        caller: str,
        status: str = "ringing",
        token: str = PLIVO_AUTH_TOKEN,
    ) -> Post:
        numbers = {"To": called.removeprefix("+"), "From": caller.removeprefix("+")}
        fields = {"CallUUID": call, **numbers, "CallStatus": status, "Event": "StartApp"}
        lists = {name: [value] for name, value in fields.items()}
        return Post(
            _form(fields),
            {
                "X-Plivo-Signature-V3": plivo.signature(token, url=url, nonce="n-1", fields=lists),
                "X-Plivo-Signature-V3-Nonce": "n-1",
                "Content-Type": "application/x-www-form-urlencoded",
            },
        )

    def over(self, url: str, *, call: str = CALL, called: str, caller: str) -> Post:
        return self.post(url, call=call, called=called, caller=caller, status="in-progress")

    def opening(self, document: str) -> Opening:
        stream, redirect = fromstring(document)
        assert (stream.attrib["bidirectional"], stream.attrib["keepCallAlive"]) == ("true", "true")
        url = stream.text or ""
        signed = {"X-Plivo-Signature-V3": plivo.signature(PLIVO_AUTH_TOKEN, url=url, nonce="n-2")}
        headers = {**signed, "X-Plivo-Signature-V3-Nonce": "n-2"}
        return Opening(url, redirect.text or "", stream.attrib["extraHeaders"].removeprefix("token="), headers)

    def start(self, token: str, *, call: str = CALL) -> str:
        media_format = {"encoding": "audio/x-mulaw", "sampleRate": 8000}
        start = {"callId": call, "streamId": "pl-1", "tracks": ["inbound"], "mediaFormat": media_format}
        return json.dumps({"event": "start", "start": start, "extra_headers": f"token={token}"})

    def audio(self, frame: bytes, number: int) -> str:
        media = {"track": "inbound", "timestamp": str(1_700_000_000_000 + number * 20), "chunk": number}
        media["payload"] = base64.b64encode(frame).decode()
        return json.dumps({"event": "media", "streamId": "pl-1", "media": media, "extra_headers": ""})

    def read(self, message: str | bytes) -> bytes | str | None:
        frame = json.loads(message)
        if frame["event"] == "playAudio":
            return base64.b64decode(frame["media"]["payload"])
        return str(frame["name"]) if frame["event"] == "checkpoint" else None

    def played(self, name: str) -> str:
        return json.dumps({"event": "playedStream", "streamId": "pl-1", "name": name})

    def stop(self) -> str | None:
        return None  # the socket closes


class Vonage:
    name, incoming = "vonage", "/voice/vonage/answer"

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}

    def post(
        self,
        url: str,
        *,
        call: str = CALL,
        called: str,
        caller: str,
        status: str = "ringing",
        secret: str = VONAGE_SIGNATURE_SECRET,
        algorithm: str = "HS256",
        age: int = 0,
        of: bytes | None = None,
        **more: Any,
    ) -> Post:
        fields = {"uuid": call, "to": called.removeprefix("+"), "from": caller.removeprefix("+"), "status": status}
        body = json.dumps({**fields, **more}, separators=(",", ":")).encode()
        claims = {"iss": "Vonage", "iat": int(time.time()) - age, "jti": "j", "api_key": "k"}
        claims["payload_hash"] = hashlib.sha256(body if of is None else of).hexdigest()
        token = jwt.encode(claims, secret if algorithm != "none" else "", algorithm=algorithm)
        return Post(body, {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})

    def over(self, url: str, *, call: str = CALL, called: str, caller: str) -> Post:
        ours = {"uuid": call, "called": called, "caller": caller}
        leg: dict[str, Any] = {"call": "the socket's own leg", "called": "wss://socket", "caller": called}
        return self.post(url, **leg, status="disconnected", headers=ours)

    def opening(self, document: str) -> Opening:
        (action,) = json.loads(document)
        assert (action["action"], action["eventType"]) == ("connect", "synchronous")
        (socket,) = action["endpoint"]
        assert socket["content-type"] == "audio/l16;rate=16000"
        self.headers = socket["headers"]
        return Opening(socket["uri"], action["eventUrl"][0], socket["uri"].partition("token=")[2])

    def start(self, token: str, *, call: str = CALL) -> str:
        opened = {"event": "websocket:connected", "content-type": "audio/l16;rate=16000"}
        return json.dumps({**opened, **(self.headers or {"uuid": call})})

    def audio(self, frame: bytes, number: int) -> bytes:
        samples = np.frombuffer(MU_LAW.decode(frame), "<i2")
        return np.repeat(samples, 2).astype("<i2").tobytes()

    def read(self, message: str | bytes) -> bytes | str | None:
        if isinstance(message, bytes):
            assert len(message) == 640
            return MU_LAW.encode(np.frombuffer(message, "<i2")[::2].tobytes())
        frame = json.loads(message)
        return str(frame["payload"]["name"]) if frame["action"] == "notify" else None

    def played(self, name: str) -> str:
        return json.dumps({"event": "websocket:notify", "payload": {"name": name}})

    def stop(self) -> str | None:
        return None


WIRES: list[Callable[[], Wire]] = [Telnyx, Plivo, Vonage]


async def ask(server: str, path: str, post: Post) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.post(f"{server}{path}", content=post.body, headers=post.headers)


def dial(opening: Opening) -> connect:
    """The socket that our document asks for. Its queue has no bound: unread audio would hold up our closing frame."""
    return connect(opening.url, additional_headers=opening.headers, compression=None, max_queue=None)


async def talk(wire: Wire, opening: Opening, caller: Caller, *, stops: bool = True) -> int:
    """Carries the call until somebody ends it; the code with which we closed."""
    async with dial(opening) as socket:
        await socket.send(wire.start(opening.token))
        playback, line = Playback(), Line(caller, speed=1.0)
        hearing = asyncio.create_task(_hear(wire, socket, playback))
        number = 0
        try:
            while not hearing.done():
                heard, marks = playback.play()
                for name in marks:
                    await socket.send(wire.played(name))
                said, _ = await line.turn(heard)
                number += 1
                await socket.send(wire.audio(said, number))
        except CallerLeft:
            if stops and (stop := wire.stop()) is not None:
                await socket.send(stop)
            else:
                await socket.close()
        except ConnectionClosed:
            pass
        await hearing
    return socket.close_code or 1006


async def _hear(wire: Wire, socket: ClientConnection, playback: Playback) -> None:
    async for message in socket:
        match wire.read(message):
            case bytes(audio):
                playback.add(audio)
            case str(name):
                playback.mark(name)
            case None:
                playback.clear()
