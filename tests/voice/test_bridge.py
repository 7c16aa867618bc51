"""The shell of one call, with a carrier's socket that takes its time."""

import asyncio
import gc
import json
import weakref
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from opentelemetry import trace

from apps.voice.bridge import Bridge
from apps.voice.core.actions import ConnectModel, EndCall
from apps.voice.core.carriers.twilio import Twilio
from apps.voice.core.events import (
    AudioSpoken,
    CarrierStarted,
    EndAsked,
    ModelEvent,
    ModelLost,
    ModelReady,
    ResponseStarted,
    SpeechStarted,
)
from apps.voice.core.formats import PCMU
from apps.voice.core.session import Session
from apps.voice.core.settings import Settings
from apps.voice.telemetry import Telemetry
from tests.voice.simulated import PERSONA

START = {
    "event": "start",
    "streamSid": "MZ1",
    "start": {
        "callSid": "CA1",
        "customParameters": {},
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
    },
}


class ScriptedModel:
    """Says what it is given."""

    dropped_ms = 40.0

    def __init__(self) -> None:
        self.queue: asyncio.Queue[ModelEvent | ModelLost] = asyncio.Queue()

    async def run(self, opening: ConnectModel, tell: Callable[[ModelEvent | ModelLost], None]) -> None:
        tell(ModelReady())
        while True:
            tell(await self.queue.get())

    def send(self, action: Any) -> None:
        pass

    async def close(self) -> None:
        pass


class Office:
    def __init__(self) -> None:
        self.call = SimpleNamespace(pk="voc_1")
        self.closed: tuple[EndCall, dict[str, float]] | None = None

    def perform(self, action: Any, answer: Any) -> None:
        pass

    async def close(self, ended: EndCall, *, timings: dict[str, float]) -> None:
        self.closed = ended, timings


class SlowCarrier:
    """Takes one frame, then nothing until it is told to."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.said: asyncio.Queue[str | None] = asyncio.Queue()
        self.frames: list[tuple[float, dict[str, Any]]] = []

    async def send(self, frame: str | bytes) -> None:
        self.frames.append((asyncio.get_running_loop().time(), json.loads(frame)))
        await self.open.wait()

    async def receive(self) -> str | None:
        return await self.said.get()


async def begun() -> tuple[Bridge, ScriptedModel, SlowCarrier, Office, "asyncio.Task[None]"]:
    model, carrier, office, codec = ScriptedModel(), SlowCarrier(), Office(), Twilio()
    [started] = codec.read(json.dumps(START))
    assert isinstance(started, CarrierStarted)
    bridge = Bridge(
        carrier=codec,
        send=carrier.send,
        session=Session(PCMU, PERSONA, Settings()),
        office=office,  # type: ignore[arg-type]
        connect=lambda: model,
        model_format=PCMU,
    )
    bridge.feed(started)
    running = asyncio.create_task(bridge.run(carrier.receive))
    model.queue.put_nowait(ResponseStarted("r1"))
    for _ in range(40):
        model.queue.put_nowait(AudioSpoken("r1", "i1", 0, b"\x10" * 800))
    return bridge, model, carrier, office, running


async def until(condition: Any) -> None:
    async with asyncio.timeout(30):
        while True:
            if condition():
                return
            await asyncio.sleep(0.001)


async def test_an_interruption_overtakes_what_a_slow_socket_has_not_taken_yet() -> None:
    bridge, model, carrier, _, running = await begun()
    await until(lambda: carrier.frames and model.queue.empty())
    assert len(carrier.frames) == 1
    model.queue.put_nowait(SpeechStarted("caller"))
    await until(lambda: bridge.stopwatch.clears)
    assert max(bridge.stopwatch.clears) < 5.0, "milliseconds from the caller's first word"
    carrier.open.set()
    bridge.end(EndAsked("supervisor", now=True))
    await running
    assert [frame["event"] for _, frame in carrier.frames] == ["media", "clear"]


async def test_clear_leaves_within_milliseconds_of_the_callers_first_word() -> None:
    bridge, model, carrier, _, running = await begun()
    carrier.open.set()
    await until(lambda: len(carrier.frames) >= 80)
    begun_at = asyncio.get_running_loop().time()
    model.queue.put_nowait(SpeechStarted("caller"))
    await until(lambda: carrier.frames[-1][1]["event"] == "clear")
    assert carrier.frames[-1][0] - begun_at < 0.05, "5 ms on a machine that has nothing else to do"
    bridge.end(EndAsked("supervisor", now=True))
    await running


async def test_a_carrier_that_takes_nothing_does_not_keep_the_call() -> None:
    bridge, _, carrier, office, running = await begun()
    await until(lambda: carrier.frames)
    bridge.end(EndAsked("supervisor", now=True))
    async with asyncio.timeout(30):
        await running
    assert office.closed is not None
    ended, timings = office.closed
    assert ended.reason == "supervisor"
    assert timings["unheard_ms"] == 40


async def test_a_socket_that_breaks_while_sending_ends_the_call() -> None:
    bridge, _, carrier, office, running = await begun()

    async def broken(frame: str | bytes) -> None:
        raise OSError

    bridge._send = broken
    carrier.open.set()
    async with asyncio.timeout(30):
        await running
    assert office.closed is not None
    assert office.closed[0].reason == "carrier_lost"


async def test_a_caller_who_hangs_up_while_we_send_is_no_lost_call() -> None:
    bridge, _, carrier, office, running = await begun()

    async def closed(frame: str | bytes) -> None:
        carrier.said.put_nowait(json.dumps({"event": "stop", "streamSid": "MZ1", "stop": {"callSid": "CA1"}}))
        raise OSError

    bridge._send = closed
    carrier.open.set()
    async with asyncio.timeout(30):
        await running
    assert office.closed is not None
    assert office.closed[0].reason == "caller_left"


async def test_a_call_that_is_over_is_gone_at_once() -> None:
    """Without a cycle: garbage that waits to be collected is memory that the process never gives back."""
    bridge, model, carrier, _, running = await begun()
    telemetry = Telemetry(
        call="voc_1", conversation="c", channel="phone", model="m", persona=PERSONA, tracer=trace.get_tracer("tests")
    )
    bridge.book.add(telemetry)
    carrier.open.set()
    frames = carrier.frames
    await until(lambda: len(frames) >= 40)
    bridge.end(EndAsked("supervisor", now=True))
    await running
    gone = [weakref.ref(each) for each in (bridge, bridge.session, telemetry)]
    gc.disable()
    try:
        del bridge, model, carrier, running, telemetry
        await asyncio.sleep(0)  # the loop lets go of its tasks
        assert [each() for each in gone] == [None] * 3
    finally:
        gc.enable()
