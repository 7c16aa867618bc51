"""The model's client over real sockets: against the stand-in, and against servers that misbehave."""

import asyncio
import contextlib
import json
import socket as sockets
from base64 import b64decode
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from http import HTTPStatus
from typing import Any

import numpy as np
import pytest
import uvicorn
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from apps.sandbox.core.tonespeech import speak
from apps.sandbox.server import build_app
from apps.voice.core.actions import AnswerTool, ConfigureModel, ConnectModel, CreateResponse, SendAudio
from apps.voice.core.events import (
    AudioSpoken,
    CallerWords,
    ModelEvent,
    ModelFailed,
    ModelLost,
    ModelReady,
    Persona,
    ResponseEnded,
    ToolAsked,
    WordsSpoken,
)
from apps.voice.core.formats import PCM16
from apps.voice.core.realtime_commands import Setup
from apps.voice.realtime.client import RealtimeModel
from apps.voice.realtime.model import Model

TOOL = {"type": "function", "name": "opening_hours", "description": "Returns the opening hours.", "parameters": {}}
ADA = Persona("ada", "Ada", 1, "You are Ada.", "marin", "Hello!", json.dumps([TOOL]).encode())
OPENING = ConnectModel(ADA)

Handler = Callable[[ServerConnection], Awaitable[None]]


@pytest.fixture
async def sandbox(settings: Any, unused_port_socket: Any) -> AsyncIterator[None]:
    server = uvicorn.Server(uvicorn.Config(build_app(pace=0), lifespan="off", log_level="critical"))
    serving = asyncio.create_task(server.serve(sockets=[unused_port_socket]))
    settings.OPENAI_BASE_URL = f"http://127.0.0.1:{unused_port_socket.getsockname()[1]}/v1"
    settings.SANDBOX_ANSWERS = False
    yield
    server.should_exit = True
    await serving


@pytest.fixture
def unused_port_socket() -> Iterator[Any]:
    with sockets.create_server(("127.0.0.1", 0)) as listener:
        yield listener


@pytest.fixture
async def scripted(settings: Any) -> AsyncIterator[Callable[..., Awaitable[None]]]:
    """Serves a handler in the model's place."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(handler: Handler, **options: Any) -> None:
            server = await stack.enter_async_context(serve(handler, "127.0.0.1", 0, **options))
            settings.OPENAI_BASE_URL = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
            settings.OPENAI_API_KEY = "sk-mine"
            settings.SANDBOX_ANSWERS = False

        yield start


async def told(model: Model, opening: ConnectModel = OPENING) -> AsyncGenerator[ModelEvent | ModelLost]:
    """What a session tells, to its end."""
    got: asyncio.Queue[ModelEvent | ModelLost | None] = asyncio.Queue()
    running = asyncio.create_task(model.run(opening, got.put_nowait))
    running.add_done_callback(lambda _: got.put_nowait(None))
    try:
        while (event := await got.get()) is not None:
            yield event
        await running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def collected(model: Model, until: type[Any] = ModelLost) -> list[ModelEvent | ModelLost]:
    """What comes up to and with the first event of a type."""
    got: list[ModelEvent | ModelLost] = []
    async with asyncio.timeout(20):
        events = told(model)
        async for event in events:
            got.append(event)
            if isinstance(event, until):
                break
        await events.aclose()
    return got


async def welcomed(socket: ServerConnection) -> list[dict[str, Any]]:
    """Configures a session as the provider does; what the client sent meanwhile."""
    await socket.send('{"type":"session.created","session":{}}')
    got = [json.loads(await socket.recv())]
    await socket.send('{"type":"session.updated","session":{}}')
    return got


def model(name: str = "any", **setup: Any) -> RealtimeModel:
    return RealtimeModel(model=name, setup=Setup(**setup))


@pytest.mark.usefixtures("sandbox")
async def test_a_caller_speaks_and_is_answered() -> None:
    talking = model(format=PCM16, transcription="any")
    got: list[Any] = []
    async with asyncio.timeout(20):
        async for event in told(talking):
            got.append(event)
            if isinstance(event, ModelReady):
                audio = speak("Good morning!", 24_000) + bytes(48_000)
                for start in range(0, len(audio), 960):
                    talking.send(SendAudio(audio[start : start + 960]))
            if isinstance(event, ResponseEnded):
                await talking.close()
    assert isinstance(got[0], ModelReady)
    assert [e.text for e in got if isinstance(e, CallerWords) and e.final] == ["Good morning!"]
    assert "".join(e.text for e in got if isinstance(e, WordsSpoken))
    sound = b"".join(e.audio for e in got if isinstance(e, AudioSpoken))
    assert np.abs(np.frombuffer(sound, "<i2")).max() > 1_000
    assert got[-1].usage["output_audio_tokens"] > 0
    assert not any(isinstance(e, ModelLost) for e in got), "we left"


@pytest.mark.usefixtures("sandbox")
async def test_words_are_dictated_through_a_handoff() -> None:
    talking = model()
    said: list[str] = []
    async for event in told(talking):
        if isinstance(event, ModelReady):
            talking.send(ConfigureModel(Persona("bob", "Bob", 1, "You are Bob.", "cedar", "")))
            talking.send(CreateResponse(say='This is "Bob".'))
        if isinstance(event, WordsSpoken):
            said.append(event.text)
        if isinstance(event, ResponseEnded):
            await talking.close()
    assert "".join(said) == 'This is "Bob".'


@pytest.mark.usefixtures("sandbox")
async def test_a_tool_is_asked_and_answered() -> None:
    talking = model("any+unknowntool")
    asked: list[ToolAsked] = []
    async for event in told(talking, ConnectModel(ADA, (("user", "Hello"), ("assistant", "Hi")))):
        if isinstance(event, ModelReady):
            talking.send(CreateResponse())
        elif isinstance(event, ToolAsked):
            asked.append(event)
            talking.send(AnswerTool(event.call, '{"ok": false}'))
        elif isinstance(event, ResponseEnded | ModelFailed):
            assert isinstance(event, ResponseEnded)
            await talking.close()
    assert [(a.name, json.loads(a.arguments)) for a in asked] == [("no_such_tool", {"value": "anything"})]


@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize(
    ("name", "lost"),
    [
        ("any+429", ModelLost("status_429")),
        ("any+503", ModelLost("status_503")),
        ("any+401", ModelLost("status_401", fatal=True)),
        ("any+quota", ModelLost("insufficient_quota", fatal=True)),
    ],
)
async def test_it_cannot_begin(name: str, lost: ModelLost) -> None:
    assert await collected(model(name)) == [lost]


@pytest.mark.usefixtures("sandbox")
async def test_an_old_session_ends_as_expired() -> None:
    got = await collected(model("any+expire=0.3"))
    assert got == [
        ModelReady(),
        ModelFailed("session_expired", "Your session hit the maximum duration of 60 minutes."),
        ModelLost("session_expired", expired=True),
    ]


@pytest.mark.usefixtures("sandbox")
async def test_a_socket_that_dies_is_a_loss() -> None:
    talking = model("any+cut=3")
    got: list[Any] = []
    async for event in told(talking):
        got.append(event)
        if isinstance(event, ModelReady):
            talking.send(CreateResponse())
    assert got[-1] == ModelLost("closed_1006")


async def test_nobody_listens(settings: Any, unused_port_socket: Any) -> None:
    port = unused_port_socket.getsockname()[1]
    unused_port_socket.close()
    settings.OPENAI_BASE_URL, settings.SANDBOX_ANSWERS = f"http://127.0.0.1:{port}/v1", False
    assert await collected(model()) == [ModelLost("ConnectionRefusedError")]


async def test_no_provider_is_configured(settings: Any) -> None:
    settings.SANDBOX_ANSWERS, settings.SANDBOX_ALLOWED = True, False
    assert await collected(model()) == [ModelLost("model_refused", fatal=True)]


async def test_the_key_and_the_model_are_named(scripted: Any) -> None:
    seen: dict[str, str] = {}

    async def handler(socket: ServerConnection) -> None:
        assert socket.request
        seen.update(path=socket.request.path, key=socket.request.headers["Authorization"])
        seen["extensions"] = socket.request.headers.get("Sec-WebSocket-Extensions", "")
        (seen["first"],) = [m["type"] for m in await welcomed(socket)]

    await scripted(handler)
    assert await collected(model("gpt-realtime+x")) == [ModelReady(), ModelLost("closed_1000")]
    assert seen == {
        "path": "/v1/realtime?model=gpt-realtime%2Bx",
        "key": "Bearer sk-mine",
        "extensions": "",
        "first": "session.update",
    }


async def test_a_refusal_that_money_alone_can_lift_is_fatal(scripted: Any) -> None:
    def refuse(connection: ServerConnection, request: Request) -> Response:
        return connection.respond(HTTPStatus.TOO_MANY_REQUESTS, '{"error":{"code":"insufficient_quota"}}')

    await scripted(welcomed, process_request=refuse)
    assert await collected(model()) == [ModelLost("insufficient_quota", fatal=True)]


@pytest.mark.parametrize(
    ("code", "reason", "lost"),
    [
        (1001, "", ModelLost("closed_1001", expired=True)),
        (1011, "keepalive", ModelLost("closed_1011")),
        (4000, "invalid_request_error.invalid_api_key", ModelLost("closed_4000", fatal=True)),
    ],
)
async def test_what_a_close_means(scripted: Any, code: int, reason: str, lost: ModelLost) -> None:
    async def handler(socket: ServerConnection) -> None:
        await welcomed(socket)
        await socket.close(code, reason)

    await scripted(handler)
    assert await collected(model()) == [ModelReady(), lost]


async def test_a_session_that_is_not_accepted_is_lost(scripted: Any) -> None:
    async def handler(socket: ServerConnection) -> None:
        await socket.send('{"type":"session.created","session":{}}')
        await socket.send('{"type":"error","error":{"code":"invalid_value","message":"No.","event_id":null}}')
        await socket.wait_closed()

    await scripted(handler)
    assert await collected(model()) == [ModelLost("invalid_value")]


async def test_a_server_that_stays_silent_is_given_up(scripted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.voice.realtime.client.OPEN_SECONDS", 0.1)

    async def handler(socket: ServerConnection) -> None:
        await socket.wait_closed()

    await scripted(handler)
    assert await collected(model()) == [ModelLost("TimeoutError")]


async def test_old_audio_is_dropped_and_commands_are_not(scripted: Any) -> None:
    """A server that does not read for a while: the newest two seconds and every command arrive, in order."""
    reading = asyncio.Event()
    got: list[dict[str, Any]] = []

    async def handler(socket: ServerConnection) -> None:
        await welcomed(socket)
        await reading.wait()
        async for message in socket:
            got.append(json.loads(message))
            if got[-1]["type"] == "response.create":
                await socket.close()

    await scripted(handler, max_queue=1)
    talking = model()
    sent = 0
    async with asyncio.timeout(30):
        async for event in told(talking):
            if isinstance(event, ModelReady):
                while talking.dropped_ms < 20_000:
                    for _ in range(50):
                        talking.send(SendAudio(sent.to_bytes(4, "big") * 40))
                        sent += 1
                    await asyncio.sleep(0)
                talking.send(CreateResponse())
                reading.set()
    audio = [m for m in got if m["type"] == "input_audio_buffer.append"]
    assert len(audio) * 20 + talking.dropped_ms == sent * 20
    assert got[-1]["type"] == "response.create"
    numbers = [int.from_bytes(b64decode(m["audio"])[:4], "big") for m in audio]
    assert numbers == sorted(numbers)
    assert numbers[-100:] == list(range(sent - 100, sent)), "the newest two seconds are whole"


async def test_nothing_is_sent_after_the_end(scripted: Any) -> None:
    async def handler(socket: ServerConnection) -> None:
        await welcomed(socket)

    await scripted(handler)
    talking = model()
    talking.send(SendAudio(bytes(160)))
    await collected(talking)
    talking.send(CreateResponse())
    await talking.close()
