"""A reply as the provider's JSON: pieces, chunks, a whole completion, usage and errors."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .request import ChatRequest

_PIECE = re.compile(r"\s*\S+")
_TOKEN = re.compile(r"\w{1,8}|[^\w\s]")


@dataclass(frozen=True)
class WireCall:
    """A tool call as sent: its arguments are text and may be broken on purpose."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class Output:
    """What is to be sent: text, or calls, with the reason why it ended."""

    text: str = ""
    calls: tuple[WireCall, ...] = ()
    finish: str = "stop"


def pieces(text: str) -> list[str]:
    """`text` word by word, spaces in front; joined again they are `text` without trailing space."""
    return _PIECE.findall(text)


def count_tokens(text: str) -> int:
    return len(_TOKEN.findall(text))


def limit(output: Output, request: ChatRequest) -> Output:
    """Apply `stop` and the token limit of the request."""
    text, finish = output.text, output.finish
    cuts = [text.find(s) for s in request.stop if s in text]
    if cuts:
        text = text[: min(cuts)]
    if request.max_tokens is not None and not output.calls:
        parts = pieces(text)
        if len(parts) > request.max_tokens:
            text, finish = "".join(parts[: request.max_tokens]), "length"
    return Output(text, output.calls, finish)


def usage(request: ChatRequest, written: str) -> dict[str, Any]:
    """Token counts; approximate, but they grow with the text as the provider's do."""
    prompt = sum(4 + count_tokens(json.dumps(m.get("content") or "")) for m in request.messages)
    prompt += sum(count_tokens(t.description) + 8 * len(t.arguments) + 8 for t in request.tools)
    completion = max(1, count_tokens(written))
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }


def written(output: Output) -> str:
    return output.text + "".join(f"{c.name} {c.arguments}" for c in output.calls)


def whole(request: ChatRequest, output: Output, ident: str, created: int) -> dict[str, Any]:
    """The body of an answer that is not streamed."""
    message: dict[str, Any] = {
        "role": "assistant",
        "content": output.text or None,
        "refusal": None,
        "annotations": [],
    }
    if output.calls:
        message["tool_calls"] = [
            {"id": c.id, "type": "function", "function": {"name": c.name, "arguments": c.arguments}}
            for c in output.calls
        ]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": output.finish}
    return {
        "id": ident,
        "object": "chat.completion",
        "created": created,
        "model": request.model,
        "choices": [choice],
        "usage": usage(request, written(output)),
        "service_tier": "default",
        "system_fingerprint": None,
    }


class Chunks:
    """The server-sent events of one streamed completion, each a `data:` line and a blank line."""

    def __init__(self, request: ChatRequest, ident: str, created: int) -> None:
        self._request = request
        self._head = {
            "id": ident,
            "object": "chat.completion.chunk",
            "created": created,
            "model": request.model,
            "service_tier": "default",
            "system_fingerprint": None,
        }
        # A piece of text is by far the most frequent event: everything around it is encoded once.
        before, _, after = self._event({"content": "\0"}).decode().partition('"\\u0000"')
        self._before, self._after = before, after

    def _event(self, delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return self._encode({**self._head, "choices": [choice], **self._no_usage()})

    def _no_usage(self) -> dict[str, Any]:
        return {"usage": None} if self._request.include_usage else {}

    @staticmethod
    def _encode(body: dict[str, Any]) -> bytes:
        return b"data: " + json.dumps(body, separators=(",", ":")).encode() + b"\n\n"

    def text(self, piece: str) -> bytes:
        return f"{self._before}{json.dumps(piece)}{self._after}".encode()

    def body(self, output: Output) -> Iterator[bytes]:
        """The opening and everything that is said or called."""
        yield self._event({"role": "assistant", "content": None if output.calls else "", "refusal": None})
        for piece in pieces(output.text):
            yield self.text(piece)
        for index, call in enumerate(output.calls):
            start = {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": ""}}
            yield self._event({"tool_calls": [{"index": index, **start}]})
            for part in _argument_pieces(call.arguments):
                yield self._event({"tool_calls": [{"index": index, "function": {"arguments": part}}]})

    def ending(self, output: Output) -> Iterator[bytes]:
        """The finish reason, the usage when it was wanted, and the end mark."""
        yield self._event({}, output.finish)
        if self._request.include_usage:
            yield self._encode({**self._head, "choices": [], "usage": usage(self._request, written(output))})
        yield b"data: [DONE]\n\n"


def _argument_pieces(text: str) -> list[str]:
    return re.findall(r".{1,12}", text, re.S)


def error(message: str, kind: str, param: str | None = None, code: str | None = None) -> dict[str, Any]:
    """An error body in the provider's form."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}
