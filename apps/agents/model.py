"""The gateway to the chat model: OpenAI's Chat Completions, or any server that speaks them.

The openai package makes the call (authentication, retries, timeouts, errors). Its typed request costs about 2 ms and
its typed stream about 260 µs a chunk, so the request is given as bytes and the stream is read lean: lines from the raw
body, decoded by msgspec into the few fields we use.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import aiohttp
import httpx2
import msgspec
import openai
from django.conf import settings
from django.utils.module_loading import import_string

from apps.agents.transport import Transport, bare, pieces
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


NO_TOOLS = b"[]"
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Chunk).decode
_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, openai.AsyncOpenAI] = WeakKeyDictionary()


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
            max_retries=1,
            http_client=httpx2.AsyncClient(transport=Transport()),
        )
    return found


async def close() -> None:
    """Closes this event loop's connections to the provider."""
    if (client := _clients.pop(asyncio.get_running_loop(), None)) is not None:
        await client.close()


async def stream(
    *, model: str, messages: list[dict[str, Any]], tools: bytes, max_tokens: int
) -> AsyncGenerator[list[ModelEvent], None]:
    """One step of the model, in batches as they come: text, then its tool calls, then exactly one StepEnd.

    Args:
        tools: JSON array of their schemas.

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
    if tools != NO_TOOLS:
        request |= {"tools": msgspec.Raw(tools), "parallel_tool_calls": False}
    answer = _Answer()
    try:
        client = await _client()
        posted: Any = await client.post(
            "/chat/completions",
            content=_encode(request),
            cast_to=httpx2.Response,
            stream=True,
            stream_cls=openai.AsyncStream[Any],
            options={"headers": {"Accept-Encoding": "identity"}},  # the body is read as it is
        )
        body = bare(posted)
        del posted, request, messages  # some 30 kB that would stay as long as the answer streams
        try:
            async for lines in _data_lines(pieces(body)):
                if text := answer.read(lines):
                    yield [TextDelta(text)]
        finally:
            body.release()
    except openai.APIStatusError as error:
        if error.status_code == 429 or error.status_code >= 500:
            raise ModelUnavailable("The model is not answering at the moment.") from error
        raise ModelRefused("The model did not accept the request.") from error
    except (openai.APIError, aiohttp.ClientError, msgspec.DecodeError) as error:
        raise ModelUnavailable("The connection to the model was lost.") from error
    yield answer.end()


class _Answer:
    """What has come so far of one step."""

    def __init__(self) -> None:
        self.calls: dict[int, dict[str, str]] = {}
        self.reason: str | None = None
        self.usage = _Usage()

    def read(self, lines: list[bytes]) -> str:
        """The text of some chunks, which came together and so stay together; parts of tool calls are gathered."""
        texts: list[str] = []
        for data in lines:
            chunk = _decode(data)
            if chunk.error is not None:
                raise ModelUnavailable("The model stopped with an error.")
            if chunk.usage is not None:
                self.usage = chunk.usage
            for choice in chunk.choices:
                if choice.delta.content:
                    texts.append(choice.delta.content)
                for part in choice.delta.tool_calls or ():
                    _gather(self.calls, part)
                self.reason = choice.finish_reason or self.reason
        return "".join(texts)

    def end(self) -> list[ModelEvent]:
        """The tool calls, complete, and the end."""
        if self.reason is None:
            raise ModelUnavailable("The model's answer was cut.")
        asked = [ToolRequest(call["id"], call["name"], call["arguments"]) for _, call in sorted(self.calls.items())]
        return [*asked, StepEnd(self.reason, self.usage.prompt_tokens, self.usage.completion_tokens)]


def _gather(calls: dict[int, dict[str, str]], part: _ToolCall) -> None:
    call = calls.setdefault(part.index, {"id": f"call_{part.index}", "name": "", "arguments": ""})
    if part.id:
        call["id"] = part.id
    if part.function is not None:
        call["name"] += part.function.name or ""
        call["arguments"] += part.function.arguments or ""


async def _data_lines(body: AsyncIterator[bytes]) -> AsyncIterator[list[bytes]]:
    """The `data:` of the server-sent events of each read, up to `[DONE]`. The provider sends one line an event."""
    rest = b""
    async for piece in body:
        *lines, rest = (rest + piece).split(b"\n")
        found = [line[5:].strip() for line in lines if line.startswith(b"data:")]
        if b"[DONE]" in found:
            yield found[: found.index(b"[DONE]")]
            return
        if found:
            yield found
