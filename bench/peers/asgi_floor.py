"""What nobody writes by hand, and nothing beats by much: bare ASGI, aiohttp's client, msgspec; no framework, no SDK."""

import os
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import msgspec


class _Delta(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    delta: _Delta


class _Chunk(msgspec.Struct):
    choices: list[_Choice] = []


_decode = msgspec.json.Decoder(_Chunk).decode
_encode = msgspec.json.encode
_URL = f"{os.environ['OPENAI_BASE_URL']}/chat/completions"
_KEY = {"Authorization": f"Bearer {os.environ['OPENAI_API_KEY']}"}
_sessions: list[aiohttp.ClientSession] = []


def _session() -> aiohttp.ClientSession:
    """The one session; it can be made only where a loop runs, and daphne has no lifespan."""
    if not _sessions:
        _sessions.append(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
    return _sessions[0]


async def app(
    scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[..., Awaitable[None]]
) -> None:
    if scope["type"] != "http":
        raise NotImplementedError(scope["type"])  # how an ASGI application says that it has no lifespan
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    asked = {"role": "user", "content": msgspec.json.decode(body)["message"]}
    request = {"model": "gpt-5.4-mini", "messages": [asked], "stream": True}
    headers = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-cache")]
    async with _session().post(_URL, json=request, headers=_KEY) as answer:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        rest = b""
        async for piece in answer.content.iter_any():
            *lines, rest = (rest + piece).split(b"\n")
            if events := b"".join(map(_event, lines)):
                await send({"type": "http.response.body", "body": events, "more_body": True})
    await send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})


def _event(line: bytes) -> bytes:
    if not line.startswith(b"data: {"):
        return b""
    choices = _decode(line[6:]).choices
    text = choices[0].delta.content if choices else None
    return b'data: {"tok":%b}\n\n' % _encode(text) if text else b""
