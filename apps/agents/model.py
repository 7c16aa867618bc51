"""The gateway to the chat model: OpenAI's Chat Completions, or any server that speaks them.

The openai package makes the call (authentication, retries, timeouts, errors). Its typed stream costs about 260 µs a
chunk, so the stream is read lean: lines from the raw body, decoded by msgspec into the few fields we use.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import httpx2
import msgspec
import openai
from django.conf import settings
from django.utils.module_loading import import_string

from apps.common.errors import AppError


class ModelUnavailable(AppError):
    """The provider is down, overloaded or cut the stream; the same step may succeed again."""

    code = "model_unavailable"
    status = 503
    retryable = True


class ModelRefused(AppError):
    """The provider rejects the request as such: a setting, a key or the content."""

    code = "model_refused"
    status = 502


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str


@dataclass(frozen=True, slots=True)
class ToolRequest:
    """A complete call. `arguments` is the model's text, which may not even be JSON."""

    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class StepEnd:
    """`reason` as the provider gives it: stop, tool_calls, length, content_filter."""

    reason: str
    input_tokens: int
    output_tokens: int


ModelEvent = TextDelta | ToolRequest | StepEnd


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: str | None = None


class _ToolCall(msgspec.Struct):
    index: int = 0
    id: str | None = None
    function: _Function | None = None


class _Delta(msgspec.Struct):
    content: str | None = None
    tool_calls: list[_ToolCall] | None = None


class _Choice(msgspec.Struct):
    delta: _Delta
    finish_reason: str | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Chunk(msgspec.Struct):
    choices: list[_Choice] = []
    usage: _Usage | None = None
    error: dict[str, Any] | None = None


_decode = msgspec.json.Decoder(_Chunk).decode
_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, openai.AsyncOpenAI] = WeakKeyDictionary()
TIMEOUT = httpx2.Timeout(60, connect=5)
"""Seconds: the longest silence between two chunks; and to connect."""


def base_url() -> str | None:
    """Where the provider is; None = OpenAI itself. Starts the sandbox when no provider is configured.

    Raises:
        ModelRefused: no provider is configured, and this is no demonstration.
    """
    if not settings.SANDBOX_ANSWERS:
        return settings.OPENAI_BASE_URL or None
    if not settings.SANDBOX_ALLOWED:
        raise ModelRefused("No model provider is configured: set OPENAI_API_KEY.")
    address: str = import_string(settings.SANDBOX_LAUNCHER)()
    return address


async def _client() -> openai.AsyncOpenAI:
    loop = asyncio.get_running_loop()
    if (found := _clients.get(loop)) is None:
        address = await asyncio.to_thread(base_url)  # may start a process
        found = _clients[loop] = openai.AsyncOpenAI(
            api_key=settings.OPENAI_API_KEY or "sandbox",
            base_url=address,
            timeout=TIMEOUT,
            max_retries=1,
            # aiohttp's parser is in C; reading the body through h11 was half of our cost of a token.
            http_client=openai.DefaultAioHttpClient(timeout=TIMEOUT),
        )
    return found


async def stream(
    *, model: str, messages: list[dict[str, Any]], tools: list[dict[str, Any]], max_tokens: int
) -> AsyncGenerator[ModelEvent, None]:
    """One step of the model: text as it comes, then its tool calls, then exactly one StepEnd.

    Raises:
        ModelUnavailable: before the first chunk (after the package's own retries), or when the stream was cut.
        ModelRefused: the request will not succeed as it is.
    """
    request: dict[str, Any] = {
        "model": model,
        "messages": messages,
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_completion_tokens": max_tokens,
    }
    if tools:
        request |= {"tools": tools, "parallel_tool_calls": False}
    calls: dict[int, dict[str, str]] = {}
    reason, usage = None, _Usage()
    try:
        client = await _client()
        async with client.chat.completions.with_streaming_response.create(**request) as response:
            async for data in _data_lines(response.iter_bytes()):
                chunk = _decode(data)
                if chunk.error is not None:
                    raise ModelUnavailable("The model stopped with an error.")
                usage = chunk.usage or usage
                for choice in chunk.choices:
                    if choice.delta.content:
                        yield TextDelta(choice.delta.content)
                    for part in choice.delta.tool_calls or ():
                        _gather(calls, part)
                    reason = choice.finish_reason or reason
    except openai.APIStatusError as error:
        if error.status_code == 429 or error.status_code >= 500:
            raise ModelUnavailable("The model is not answering at the moment.") from error
        raise ModelRefused("The model did not accept the request.") from error
    except (openai.APIError, httpx2.HTTPError, msgspec.DecodeError) as error:
        raise ModelUnavailable("The connection to the model was lost.") from error
    if reason is None:
        raise ModelUnavailable("The model's answer was cut.")
    for index in sorted(calls):
        yield ToolRequest(calls[index]["id"], calls[index]["name"], calls[index]["arguments"])
    yield StepEnd(reason, usage.prompt_tokens, usage.completion_tokens)


def _gather(calls: dict[int, dict[str, str]], part: _ToolCall) -> None:
    call = calls.setdefault(part.index, {"id": f"call_{part.index}", "name": "", "arguments": ""})
    if part.id:
        call["id"] = part.id
    if part.function is not None:
        call["name"] += part.function.name or ""
        call["arguments"] += part.function.arguments or ""


async def _data_lines(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The `data:` of each server-sent event, up to `[DONE]`. The provider sends one line an event."""
    rest = b""
    async for piece in body:
        lines = (rest + piece).split(b"\n")
        rest = lines.pop()
        for line in lines:
            if line.startswith(b"data:"):
                data = line[5:].strip()
                if data == b"[DONE]":
                    return
                yield data
