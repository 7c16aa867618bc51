"""A model provider that costs next to nothing: Chat Completions, streamed at a fixed pace from prebuilt bytes.

The last user message says what the answer shall be, in an Answer's words. Each token holds one MARK, so that whoever
reads the end of the chain can count tokens without parsing. The first token leaves at once; token k leaves k periods
after it.
"""

import argparse
import asyncio
import json
import re
import signal
from dataclasses import dataclass
from typing import cast

import uvloop

MARK = "~"
"""In each token once, and in nothing else that a server sends. No JSON encoder escapes it."""
WORDS = (
    "we",
    "can",
    "see",
    "you",
    "on",
    "Tuesday",
    "morning",
    "at",
    "ten",
    "for",
    "your",
    "knee",
    "with",
    "a",
    "doctor",
)
IDLE = 5.0
"""Seconds between the tokens of an idle answer; a server's heartbeats and time limits are longer."""
_ASKED = re.compile(rb"tokens=(\d+)(?: rate=([\d.]+))?(?: idle_after=(\d+))?")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a visitor's message asks of the stub; `str` gives the words."""

    tokens: int
    rate: float | None = None
    """Tokens a second; None = the stub's own rate."""
    idle_after: int | None = None
    """After so many tokens the next ones come each IDLE seconds, until SIGUSR1 ends every idle answer."""

    def __str__(self) -> str:
        rate = f" rate={self.rate:g}" if self.rate is not None else ""
        return f"tokens={self.tokens}{rate}" + (f" idle_after={self.idle_after}" if self.idle_after else "")


def _part(data: str) -> bytes:
    """One event as one chunk of HTTP/1.1."""
    event = f"data: {data}\n\n".encode()
    return b"%x\r\n%b\r\n" % (len(event), event)


def _chunk(delta: dict[str, str], finish: str | None = None, usage: dict[str, int] | None = None) -> bytes:
    """A chunk with the fields that the real provider sends, and about its size."""
    body = {
        "id": "chatcmpl-CkL2vQm8Yd0bT5rN1xWzJ7sHe4GfA",
        "object": "chat.completion.chunk",
        "created": 1795000000,
        "model": "gpt-5.4-mini-2026-03-17",
        "service_tier": "default",
        "system_fingerprint": "fp_a24b4d720c",
        "choices": [] if usage else [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}],
        "usage": usage,
        "obfuscation": "q8ZrV1",
    }
    return _part(json.dumps(body, separators=(",", ":")))


_ROLE = _chunk({"role": "assistant", "content": ""})
_TEXTS = [_chunk({"content": f" {word}{MARK}"}) for word in WORDS]
_END = (
    _chunk({}, finish="stop")
    + _chunk({}, usage={"prompt_tokens": 900, "completion_tokens": 375, "total_tokens": 1275})
    + _part("[DONE]")
    + b"0\r\n\r\n"
)


class _Answering(asyncio.Protocol):
    """A connection of the server under test; carries one request after the other."""

    def __init__(self, rate: float, idle: "set[_Answering]") -> None:
        self.rate = rate
        self.idle = idle
        self.loop = asyncio.get_running_loop()
        self.received = b""
        self.due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, end, body = self.received.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not end or (length is not None and len(body) < int(length[1])):
            return
        self.received = b""
        asked = _ASKED.findall(body) or [(b"1", b"", b"")]
        count, rate, idle_after = asked[-1]
        self.count = int(count)
        self.period = 1 / float(rate or self.rate)
        self.idle_after = int(idle_after or self.count)
        self.sent = 0
        self.closes = b"\r\nconnection: close" in head.lower()
        self.started_at = self.loop.time()
        self.transport.write(_HEAD + _ROLE)
        self._next()

    def _next(self) -> None:
        """Sends a token and sets the clock for the next one, from the start: lateness does not add up."""
        self.transport.write(_TEXTS[self.sent % len(_TEXTS)])
        self.sent += 1
        if self.sent >= self.count:
            self.end()
        elif self.sent >= self.idle_after:
            self.idle.add(self)
            self.due = self.loop.call_later(IDLE, self._next)
        else:
            self.due = self.loop.call_at(self.started_at + self.sent * self.period, self._next)

    def end(self) -> None:
        self._cancel()
        self.transport.write(_END)
        if self.closes:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel()

    def _cancel(self) -> None:
        self.idle.discard(self)
        if self.due is not None:
            self.due.cancel()
            self.due = None


async def serve(port: int, rate: float) -> None:
    """Answers on the loopback until cancelled, at `rate` tokens a second for each request."""
    idle: set[_Answering] = set()

    def end_the_idle() -> None:
        for answering in list(idle):
            answering.end()

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, end_the_idle)
    server = await loop.create_server(lambda: _Answering(rate, idle), "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True)
    given = parser.parse_args()
    uvloop.run(serve(given.port, given.rate))
