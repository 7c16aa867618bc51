"""The model provider of the trials: Chat Completions, streamed, on a real socket, and cut off where a trial says so."""

import asyncio
import json
import socket
import struct
from collections import Counter, defaultdict, deque
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from faults.plan import Plan, Step, arguments, plan_of

_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
_OVERLOADED = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n"
_NO_LINGER = struct.pack("ii", 1, 0)
CutKind = Literal["reset", "truncated", "error", "unfinished", "refused"]


@dataclass(frozen=True, slots=True)
class Cut:
    """One failure: in which step, after how many of its words, and how."""

    step: int
    after: int
    kind: CutKind


class Provider:
    """Answers every conversation by its plan.

    Attributes:
        cuts: by message, the failures still to come, in order.
        oddities: by message, what it was told that no correct server says.
        asked: how many times each (message, step) was asked for.
    """

    def __init__(self) -> None:
        self.cuts: defaultdict[str, deque[Cut]] = defaultdict(deque)
        self.oddities: defaultdict[str, list[str]] = defaultdict(list)
        self.asked: Counter[tuple[str, int]] = Counter()
        self.port = 0
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2**20, backlog=1_024)
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A server that dies or stops an answer closes its connection: that is the end of it, not an error.
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
                request = json.loads(await reader.readexactly(length))
                if not await self._answer(request["messages"], writer):
                    break
        writer.close()

    async def _answer(self, messages: list[dict[str, Any]], writer: asyncio.StreamWriter) -> bool:
        """Streams the step that comes next in the conversation; whether the connection can be used again."""
        last = max(n for n, message in enumerate(messages) if message["role"] == "user")
        message = messages[last]["content"]
        plan = plan_of(message)
        number = self._next_step(message, plan, messages[last + 1 :])
        step = plan.steps[number]
        self.asked[message, number] += 1
        cut = None
        if (cuts := self.cuts.get(message)) and cuts[0].step == number:
            cut = cuts.popleft()
        if cut is not None and cut.kind == "refused":
            writer.write(_OVERLOADED)
            await writer.drain()
            return True
        writer.write(_HEAD)
        await _speak(writer, step, words=len(step.words) if cut is None else cut.after)
        if cut is not None:
            return await _break_off(writer, cut.kind)
        results = [json.loads(given["content"]) for given in messages[last + 1 :] if given["role"] == "tool"]
        called = arguments(step.call, message, messages[0]["content"], results) if step.call else ""
        _finish(writer, step, called, call_id=f"call_{number}")
        await writer.drain()
        return True

    def _next_step(self, message: str, plan: Plan, after: list[dict[str, Any]]) -> int:
        """Which step comes after what the run has said and done; notes what cannot be."""
        calls = [call["function"]["name"] for said in after for call in said.get("tool_calls") or ()]
        results = sum(said["role"] == "tool" for said in after)
        odd = self.oddities[message]
        if tuple(calls) != plan.calls[: len(calls)]:
            odd.append(f"shown the calls {calls}, the plan has {list(plan.calls)}")
        if results != len(calls):
            odd.append(f"shown {len(calls)} calls with {results} results")
        if any(said["role"] == "assistant" and not said.get("tool_calls") for said in after):
            odd.append("shown a step of this run without its call")
        for said, step in zip((said for said in after if said.get("tool_calls")), plan.steps, strict=False):
            if (said["content"] or "") != step.text:
                odd.append(f"shown {said['content']!r} for the step {step.text!r}")
        return min(len(calls), len(plan.steps) - 1)


def _chunk(**fields: Any) -> bytes:
    event = f"data: {json.dumps(fields)}\n\n".encode()
    return b"%x\r\n%b\r\n" % (len(event), event)


def _delta(delta: dict[str, Any], finish: str | None = None) -> bytes:
    return _chunk(id="chatcmpl-trial", choices=[{"index": 0, "delta": delta, "finish_reason": finish}])


async def _speak(writer: asyncio.StreamWriter, step: Step, *, words: int) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    writer.write(_delta({"role": "assistant", "content": ""}))
    for number, word in enumerate(step.words[:words]):
        if (wait := began + number * step.pace - loop.time()) > 0.002:
            await asyncio.sleep(wait)
        writer.write(_delta({"content": f" {word}" if number else word}))
        await writer.drain()


def _finish(writer: asyncio.StreamWriter, step: Step, called: str, *, call_id: str) -> None:
    if step.call:
        function = {"name": step.call, "arguments": called}
        writer.write(_delta({"tool_calls": [{"index": 0, "id": call_id, "type": "function", "function": function}]}))
    writer.write(_delta({}, finish="tool_calls" if step.call else "stop"))
    writer.write(_chunk(choices=[], usage={"prompt_tokens": 100, "completion_tokens": len(step.words)}))
    writer.write(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")


async def _break_off(writer: asyncio.StreamWriter, kind: CutKind) -> bool:
    """Ends an answer as it must not end; whether the connection can be used again."""
    await writer.drain()
    if kind == "error":
        writer.write(_chunk(error={"message": "The server had an error.", "type": "server_error"}) + b"0\r\n\r\n")
    elif kind == "unfinished":
        writer.write(b"0\r\n\r\n")
    elif kind == "truncated":
        writer.write(b"40\r\ndata: {")
    elif kind == "reset":
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        writer.transport.abort()
    return kind in ("error", "unfinished")
