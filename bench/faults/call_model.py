"""The realtime model of the call trials: it hears which call it is in, answers by the trial's script, and breaks.

A caller's frames carry the number of their trial, so that a trial can ask for what happens to the sessions of its call.
What the model says is made of one byte for each kind of speech, so that the caller knows what was heard.
"""

import asyncio
import base64
import json
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from faults.plan import BOOKING, arguments

GREETING, HOLDING, ANSWER = 0x10, 0x20, 0x30
"""The samples of each kind of speech (mu-law)."""
QUIET = 0xFF
FRAME = 160
ID = 8
"""Bytes at the beginning of a caller's frame: the trial's number."""
SPEECH_MS = {GREETING: 600, HOLDING: 900, ANSWER: 700}
HUSH_MS = 300
"""Of quiet audio that ends a caller's turn."""
Break = Literal["abort", "close", "hang", "refuse"]


@dataclass
class Script:
    """What happens to the sessions of one call."""

    tool: str = ""
    """Arguments of the tool that is asked for at the first turn, as JSON; "" = none."""
    books: str = ""
    """A message by which somebody is registered and booked, by several tools, as in the chat (plan.py); "" = none."""
    breaks: list[tuple[float, Break]] = field(default_factory=list)
    """Of each session in turn: seconds from when it is known to whose call it belongs, and how it breaks."""


class CallModel:
    """Serves every session of every trial. `asked` counts the tools' calls that were asked for, by trial."""

    def __init__(self) -> None:
        self.port = 0
        self.scripts: dict[int, Script] = {}
        self.asked: Counter[int] = Counter()
        self.answered: Counter[str] = Counter()
        """Outputs of tools, by the call's id."""
        self.failing: Counter[str] = Counter()
        """How many of the next sessions of any call `hang` or `refuse`."""
        self._server: Server | None = None

    async def start(self) -> None:
        self._server = await serve(self._hold, "127.0.0.1", 0, compression=None, process_request=self._admit)
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        if self._server is not None:
            self._server.close()

    def _admit(self, connection: ServerConnection, request: Any) -> Any:
        if self.failing["refuse"] > 0:
            self.failing["refuse"] -= 1
            return connection.respond(503, "overloaded")
        return None

    async def _hold(self, socket: ServerConnection) -> None:
        if self.failing["hang"] > 0:
            self.failing["hang"] -= 1
            await socket.wait_closed()
            return
        with suppress(ConnectionClosed):
            await _Session(self, socket).run()


class _Session:
    def __init__(self, model: CallModel, socket: ServerConnection) -> None:
        self._model, self._socket = model, socket
        self._number = -1
        self._numbers = 0
        self._loud_ms = self._quiet_ms = 0
        self._speaking = False
        self._prompt = ""
        self._booking = ""
        self._results: list[dict[str, Any]] = []
        self._talking: asyncio.Task[None] | None = None
        self._breaking: asyncio.Task[None] | None = None

    async def run(self) -> None:
        await self._tell("session.created", session={"type": "realtime"})
        try:
            async for raw in self._socket:
                message = json.loads(raw)
                match message["type"]:
                    case "session.update":
                        self._prompt = message["session"].get("instructions", self._prompt)
                        await self._tell("session.updated", session={"type": "realtime"})
                    case "input_audio_buffer.append":
                        await self._hear(base64.b64decode(message["audio"]))
                    case "response.create":
                        await self._create(message.get("response", {}))
                    case "response.cancel":
                        await self._cancel()
                    case "conversation.item.create" if message["item"]["type"] == "function_call_output":
                        self._model.answered[message["item"]["call_id"]] += 1
                        self._results.append(json.loads(message["item"]["output"]))
        finally:
            for task in (self._talking, self._breaking):
                if task is not None:
                    task.cancel()

    async def _tell(self, kind: str, **fields: Any) -> None:
        await self._socket.send(json.dumps({"type": kind, **fields}, separators=(",", ":")))

    def _new(self, kind: str) -> str:
        self._numbers += 1
        return f"{kind}_{id(self):x}_{self._numbers}"

    async def _hear(self, audio: bytes) -> None:
        for start in range(0, len(audio), FRAME):
            frame = audio[start : start + FRAME]
            if self._number < 0 and frame[0] != QUIET:
                self._know(int(frame[:ID]))
            if frame.count(QUIET) < FRAME // 2:
                self._loud_ms, self._quiet_ms = self._loud_ms + 20, 0
            else:
                self._loud_ms, self._quiet_ms = 0, self._quiet_ms + 20
            if not self._speaking and self._loud_ms >= 60:
                self._speaking = True
                await self._tell("input_audio_buffer.speech_started", audio_start_ms=0, item_id=self._new("item"))
                await self._cancel()
            elif self._speaking and self._quiet_ms >= HUSH_MS:
                self._speaking = False
                item = self._new("item")
                await self._tell("input_audio_buffer.speech_stopped", audio_end_ms=0, item_id=item)
                kind = "conversation.item.input_audio_transcription.completed"
                await self._tell(kind, item_id=item, content_index=0, transcript="Hello, this is my question.")
                self._answer()

    def _know(self, number: int) -> None:
        self._number = number
        breaks = self._model.scripts[number].breaks
        if breaks:
            self._breaking = asyncio.create_task(self._break(*breaks.pop(0)))

    async def _break(self, after: float, how: Break) -> None:
        await asyncio.sleep(after)
        if how in ("hang", "refuse"):
            self._model.failing[how] += 1
        if how == "close":
            await self._socket.close(1011)
        else:
            self._socket.transport.abort()

    def _answer(self) -> None:
        script = self._model.scripts.get(self._number)
        if script is not None and script.tool:
            values, script.tool = script.tool, ""
            self._model.asked[self._number] += 1
            self._begin(self._ask("create_new_patient", values))
        elif script is not None and script.books:
            self._booking, script.books = script.books, ""
            self._results.clear()
            self._book()
        else:
            self._begin(self._speak(ANSWER))

    async def _create(self, wanted: dict[str, Any]) -> None:
        if self._talking is not None and not self._talking.done():
            code = "conversation_already_has_active_response"
            await self._tell("error", error={"type": "invalid_request_error", "code": code, "message": "Busy."})
            return
        words = wanted.get("instructions", "")
        if "Say exactly" in words:
            self._begin(self._speak(GREETING))
        elif "means exactly" in words:
            self._begin(self._speak(HOLDING))
        elif self._booking and len(self._results) < len(BOOKING):
            self._book()
        else:
            self._begin(self._speak(ANSWER))

    def _book(self) -> None:
        """The next tool of a booking."""
        tool = BOOKING[len(self._results)]
        self._model.asked[self._number] += 1
        self._begin(self._ask(tool, arguments(tool, self._booking, self._prompt, self._results)))

    def _begin(self, work: Any) -> None:
        if self._talking is not None:
            self._talking.cancel()
        self._talking = asyncio.create_task(work)

    async def _cancel(self) -> None:
        if self._talking is not None and not self._talking.done():
            self._talking.cancel()
            with suppress(asyncio.CancelledError):
                await self._talking

    async def _respond(self, status: str, response: str) -> None:
        await self._tell("response.done", response={"id": response, "status": status, "usage": {"input_tokens": 1}})

    async def _ask(self, tool: str, arguments: str) -> None:
        response, item = self._new("resp"), self._new("item")
        await self._tell("response.created", response={"id": response})
        call = {"type": "function_call", "id": item, "call_id": self._new("call"), "status": "completed"}
        call |= {"name": tool, "arguments": arguments}
        await self._tell("response.output_item.done", response_id=response, item=call)
        await self._respond("completed", response)

    async def _speak(self, kind: int) -> None:
        """Five times as fast as it is heard, as models do."""
        response, item = self._new("resp"), self._new("item")
        status = "cancelled"
        try:
            await self._tell("response.created", response={"id": response})
            await asyncio.sleep(0.1)
            where = {"response_id": response, "item_id": item, "content_index": 0}
            await self._tell("response.output_audio_transcript.delta", **where, delta="These are some words.")
            audio = base64.b64encode(bytes([kind]) * 8 * 100).decode()
            for _ in range(SPEECH_MS[kind] // 100):
                await self._tell("response.output_audio.delta", **where, delta=audio)
                await asyncio.sleep(0.02)
            await self._tell("response.output_audio.done", **where)
            status = "completed"
        finally:
            with suppress(ConnectionClosed):
                await self._respond(status, response)
