"""The gateway to the chat model: OpenAI's Chat Completions and Embeddings, or any server that speaks them.

The openai package makes the call (authentication, retries, timeouts, errors). Its typed request costs about 2 ms, an
untyped one still 1, and its typed stream about 260 µs a chunk. So what it sent once is sent again with other content
(`Transport.stream`), and the stream is read lean: lines from the raw body, decoded by msgspec into a few fields.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import aiohttp
import httpx2
import msgspec
import numpy as np
import openai
from django.conf import settings
from django.utils.module_loading import import_string
from numpy.typing import NDArray

from apps.agents.transport import Transport, pieces
from apps.agents.watching import Asked
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


@dataclass(frozen=True, slots=True)
class AnswerSchema:
    """The form of an answer that is JSON: a strict JSON schema, by a name."""

    name: str
    schema: dict[str, Any]


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
    model: str | None = None
    usage: _Usage | None = None
    error: dict[str, Any] | None = None


NO_TOOLS = b"[]"
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Chunk).decode
_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[openai.AsyncOpenAI, Transport]] = WeakKeyDictionary()


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


async def _connected() -> tuple[openai.AsyncOpenAI, Transport]:
    loop = asyncio.get_running_loop()
    if (found := _clients.get(loop)) is None:
        address = await asyncio.to_thread(base_url)  # may start a process
        if (found := _clients.get(loop)) is not None:  # somebody else was as quick
            return found
        transport = Transport()
        client = openai.AsyncOpenAI(
            api_key=settings.OPENAI_API_KEY or "sandbox",
            base_url=address,
            max_retries=1,
            http_client=httpx2.AsyncClient(transport=transport),
        )
        found = _clients[loop] = client, transport
    return found


async def close() -> None:
    """Closes this event loop's connections to the provider."""
    client, _ = _clients.pop(asyncio.get_running_loop(), (None, None))
    if client is not None:
        await client.close()


async def stream(
    *,
    model: str,
    messages: list[dict[str, Any]],
    tools: bytes,
    max_tokens: int,
    answer: AnswerSchema | None = None,
) -> AsyncGenerator[list[ModelEvent], None]:
    """One step of the model, in batches as they come: text, then its tool calls, then exactly one StepEnd.

    Args:
        tools: JSON array of their schemas.
        answer: the form that the text shall have.

    Raises:
        ModelUnavailable: before the first chunk (after the package's own retries), or when the stream was cut.
        ModelRefused: the request will not succeed as it is.
    """
    request = _request(model, messages, tools, max_tokens, answer)
    made, lines, asked = _Answer(), _Lines(), Asked("chat", model=model, max_tokens=max_tokens)
    try:
        client, transport = await _connected()
        body = await _completion(client, transport, _encode(request))
        del request, messages  # some 30 kB that would stay as long as the answer streams
        try:
            async for piece in pieces(body):
                if asked.waits:
                    asked.heard()
                if text := made.read(lines.of(piece)):
                    yield [TextDelta(text)]
                if lines.over:
                    break
        finally:
            body.release()
        ended = made.end()
        asked.answered(
            model=made.model,
            reason=made.reason or "",
            input_tokens=made.usage.prompt_tokens,
            output_tokens=made.usage.completion_tokens,
        )
    except openai.APIStatusError as error:
        raise asked.failed(_told(error)) from error
    except (openai.APIError, aiohttp.ClientError, msgspec.DecodeError) as error:
        raise asked.failed(ModelUnavailable("The connection to the model was lost.")) from error
    except ModelUnavailable as error:
        raise asked.failed(error) from None
    finally:
        asked.close()
    yield ended


def _request(
    model: str, messages: list[dict[str, Any]], tools: bytes, max_tokens: int, answer: AnswerSchema | None
) -> dict[str, Any]:
    request: dict[str, Any] = {
        "model": model,
        "messages": messages,
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_completion_tokens": max_tokens,
    }
    if tools != NO_TOOLS:
        request |= {"tools": msgspec.Raw(tools), "parallel_tool_calls": False}
    if answer is not None:
        form = {"name": answer.name, "strict": True, "schema": answer.schema}
        request["response_format"] = {"type": "json_schema", "json_schema": form}
    return request


async def _completion(client: openai.AsyncOpenAI, transport: Transport, content: bytes) -> aiohttp.ClientResponse:
    async def ask() -> httpx2.Response:
        answer: Any = await client.post(
            "/chat/completions",
            content=content,
            cast_to=httpx2.Response,
            stream=True,
            stream_cls=openai.AsyncStream[Any],
            options={"headers": {"Accept-Encoding": "identity"}},  # the body is read as it is
        )
        found: httpx2.Response = answer
        return found

    return await transport.stream(content, ask)


async def embed(*, model: str, texts: Sequence[str]) -> list[NDArray[np.float32]]:
    """The vector of each text.

    Raises:
        ModelUnavailable: it may succeed later.
        ModelRefused: it will not succeed as it is; many servers know no embeddings.
    """
    asked = Asked("embeddings", model=model)
    try:
        client, _ = await _connected()
        answer = await client.embeddings.create(model=model, input=list(texts))
        asked.succeeded()
    except openai.APIStatusError as error:
        raise asked.failed(_told(error)) from error
    except (openai.OpenAIError, aiohttp.ClientError, ValueError) as error:
        raise asked.failed(ModelUnavailable("The connection to the model was lost.")) from error
    finally:
        asked.close()
    rows = sorted(answer.data, key=lambda row: row.index)
    if [row.index for row in rows] != list(range(len(texts))):
        raise ModelRefused("The model did not answer every text.")
    return [np.asarray(row.embedding, np.float32) for row in rows]


def _told(error: openai.APIStatusError) -> ModelUnavailable | ModelRefused:
    if error.status_code == 429 or error.status_code >= 500:
        return ModelUnavailable("The model is not answering at the moment.")
    return ModelRefused("The model did not accept the request.")


class _Answer:
    """What has come so far of one step."""

    __slots__ = ("calls", "model", "reason", "usage")

    def __init__(self) -> None:
        self.calls: dict[int, dict[str, str]] = {}
        self.reason: str | None = None
        self.model = ""
        self.usage = _Usage()

    def read(self, lines: list[bytes]) -> str:
        """The text of some chunks, which came together and so stay together; parts of tool calls are gathered."""
        texts: list[str] = []
        for data in lines:
            chunk = _decode(data)
            if chunk.error is not None:
                raise ModelUnavailable("The model stopped with an error.")
            self.model = chunk.model or self.model
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


class _Lines:
    """The `data:` of the server-sent events, up to `[DONE]`. The provider sends one line an event."""

    __slots__ = ("_rest", "over")

    def __init__(self) -> None:
        self._rest = b""
        self.over = False

    def of(self, piece: bytes) -> list[bytes]:
        """Those that a read completes."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        found = [line[5:].strip() for line in lines if line.startswith(b"data:")]
        if b"[DONE]" in found:
            self.over = True
            del found[found.index(b"[DONE]") :]
        return found
