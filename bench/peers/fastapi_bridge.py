"""The bridge that carriers' tutorials have: FastAPI, `websockets`, two loops, JSON parsed whole.

With AUDIO=pcm16 it transcodes with `audioop` (Python before 3.13), as bridges to models that take no mu-law do.
"""

# mypy: disable-error-code="import-not-found"
# What the benchmark installs for it is none of our packages.
import asyncio
import base64
import json
import os
import warnings
from typing import Any

import websockets
from fastapi import FastAPI, WebSocket
from fastapi.websockets import WebSocketDisconnect

if TRANSCODES := os.environ.get("AUDIO") == "pcm16":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import audioop

FORMAT = {"type": "audio/pcm", "rate": 24000} if TRANSCODES else {"type": "audio/pcmu"}
URL = os.environ["OPENAI_BASE_URL"].replace("http", "ws", 1) + "/realtime?model=gpt-realtime"
MODEL_KEY = {"Authorization": f"Bearer {os.environ['OPENAI_API_KEY']}"}

app = FastAPI()


@app.websocket("/media-stream")
async def media_stream(phone: WebSocket) -> None:
    await phone.accept()
    async with websockets.connect(URL, additional_headers=MODEL_KEY) as model:
        detection = {"type": "server_vad"}
        audio = {
            "input": {"format": FORMAT, "turn_detection": detection},
            "output": {"format": FORMAT, "voice": "alloy"},
        }
        session = {"type": "realtime", "output_modalities": ["audio"], "instructions": "Be kind.", "audio": audio}
        await model.send(json.dumps({"type": "session.update", "session": session}))
        await model.send(json.dumps({"type": "response.create"}))
        call = Call(phone, model)
        await asyncio.gather(call.from_phone(), call.to_phone())


class Call:
    def __init__(self, phone: WebSocket, model: websockets.ClientConnection) -> None:
        self.phone, self.model = phone, model
        self.stream = ""
        self.latest_ms = self.response_began_ms = 0
        self.item: str | None = None
        self.marks: list[str] = []
        self.up_state: Any = None
        self.down_state: Any = None

    async def from_phone(self) -> None:
        try:
            async for message in self.phone.iter_text():
                data = json.loads(message)
                if data["event"] == "media":
                    self.latest_ms = int(data["media"]["timestamp"])
                    audio = self.up(data["media"]["payload"])
                    await self.model.send(json.dumps({"type": "input_audio_buffer.append", "audio": audio}))
                elif data["event"] == "start":
                    self.stream = data["start"]["streamSid"]
                elif data["event"] == "mark" and self.marks:
                    self.marks.pop(0)
        except WebSocketDisconnect:
            pass
        await self.model.close()

    async def to_phone(self) -> None:
        try:
            async for message in self.model:
                response = json.loads(message)
                if response["type"] == "response.output_audio.delta":
                    payload = self.down(response["delta"])
                    await self.phone.send_json(
                        {"event": "media", "streamSid": self.stream, "media": {"payload": payload}}
                    )
                    if response["item_id"] != self.item:
                        self.response_began_ms = self.latest_ms
                        self.item = response["item_id"]
                    await self.phone.send_json(
                        {"event": "mark", "streamSid": self.stream, "mark": {"name": "responsePart"}}
                    )
                    self.marks.append("responsePart")
                elif response["type"] == "input_audio_buffer.speech_started" and self.item:
                    await self.interrupt()
        except (websockets.ConnectionClosed, WebSocketDisconnect, RuntimeError):
            pass

    async def interrupt(self) -> None:
        elapsed = self.latest_ms - self.response_began_ms
        truncate = {"item_id": self.item, "content_index": 0, "audio_end_ms": elapsed}
        await self.model.send(json.dumps({"type": "conversation.item.truncate", **truncate}))
        await self.phone.send_json({"event": "clear", "streamSid": self.stream})
        self.marks.clear()
        self.item = None

    def up(self, payload: str) -> str:
        if not TRANSCODES:
            return payload
        samples = audioop.ulaw2lin(base64.b64decode(payload), 2)
        samples, self.up_state = audioop.ratecv(samples, 2, 1, 8000, 24000, self.up_state)
        return base64.b64encode(samples).decode()

    def down(self, delta: str) -> str:
        audio = base64.b64decode(delta)
        if TRANSCODES:
            audio, self.down_state = audioop.ratecv(audio, 2, 1, 24000, 8000, self.down_state)
            audio = audioop.lin2ulaw(audio, 2)
        return base64.b64encode(audio).decode()
