"""A call in simulated time: a carrier with a playback clock, a realtime model, and the session between them.

Each item's audio is made of one byte of its own, so that the carrier's truth (what was played, and until when) can be
compared with what the session believes.
"""

import heapq
import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from apps.voice.core.actions import (
    Action,
    AnswerTool,
    CancelResponse,
    ClearPlayback,
    CloseModel,
    ConnectModel,
    CreateResponse,
    EndCall,
    PlaceMark,
    PlayAudio,
    RunTool,
    TruncateItem,
)
from apps.voice.core.events import (
    AudioDone,
    AudioSpoken,
    CallerWords,
    CarrierStarted,
    Event,
    MarkPlayed,
    ModelFailed,
    ModelReady,
    Persona,
    ResponseEnded,
    ResponseStarted,
    SpeechStarted,
    SpeechStopped,
    Tick,
    ToolAsked,
    WordsSpoken,
)
from apps.voice.core.formats import PCMU, Format
from apps.voice.core.session import Session
from apps.voice.core.settings import Settings

PERSONA = Persona(
    "front", "Ava", 3, "Be kind.", "marin", "Riverside Clinic, how can I help?", labels={"find": "Looking"}
)
WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen")


@dataclass
class Piece:
    """What the model made of one item."""

    response: str
    item: str
    made: int = 0
    text: str = ""


@dataclass
class Chunk:
    audio: bytes
    start: float
    end: float


@dataclass
class Network:
    """Delays in seconds; a direction keeps its order."""

    chance: random.Random
    base: float = 0.02
    jitter: float = 0.0
    _last: dict[str, float] = field(default_factory=dict)

    def arrival(self, way: str, now: float) -> float:
        at = max(self._last.get(way, 0.0), now + self.base + self.chance.random() * self.jitter)
        self._last[way] = at
        return at


class Carrier:
    """Plays what it gets in real time, and echoes marks when it has, or when they were cleared."""

    def __init__(self, call: "SimulatedCall") -> None:
        self.call = call
        self.chunks: list[Chunk] = []
        self.marks: list[tuple[float, str]] = []
        self.free_at = 0.0
        self.late = 0.0
        """Seconds by which echoes may be late."""

    def play(self, audio: bytes) -> None:
        start = max(self.call.now, self.free_at)
        self.free_at = start + len(audio) / self.call.format.bytes_per_ms / 1000
        self.chunks.append(Chunk(audio, start, self.free_at))

    def mark(self, name: str) -> None:
        at = max(self.call.now, self.free_at)
        self.marks.append((at, name))
        self.call.at(at, lambda: self._reached(at, name))

    def clear(self) -> None:
        now = self.call.now
        self.chunks = [chunk for chunk in self.chunks if chunk.start < now]
        for chunk in self.chunks:
            chunk.end = min(chunk.end, now)
        self.free_at = now
        dropped, self.marks = self.marks, []
        for _, name in dropped:
            self._echo(name)

    def _reached(self, at: float, name: str) -> None:
        if (at, name) in self.marks:
            self.marks.remove((at, name))
            self._echo(name)

    def _echo(self, name: str) -> None:
        late = self.call.chance.random() * self.late
        self.call.at(self.call.now + late, lambda: self.call.send("echo", MarkPlayed(name)))

    def heard(self, item: str, until: float) -> float:
        """Milliseconds of an item that were played."""
        code, total = self.call.model.codes[item], 0.0
        frame = self.call.format.frame_bytes
        for chunk in self.chunks:
            for place in range(0, len(chunk.audio), frame):
                if chunk.audio[place] == code:
                    start = chunk.start + self.call.format.ms(place) / 1000
                    total += max(0.0, min(start + 0.02, chunk.end, until) - start) * 1000
        return total


class Model:
    """Answers each response with one item of speech; scripts say what else."""

    def __init__(self, call: "SimulatedCall") -> None:
        self.call = call
        self.codes: dict[str, int] = {}
        self.pieces: dict[str, Piece] = {}
        self.active = ""
        self.mute = False
        """It gets everything and answers nothing."""
        self.tools: list[tuple[str, str, str]] = []
        """(call, name, arguments) that the next response asks for, instead of speaking."""
        self.seconds = 3.0
        self.burst = True
        self.words_late = False
        self.requests: list[CreateResponse] = []
        self.answers: list[AnswerTool] = []
        self.truncations: list[tuple[TruncateItem, int]] = []
        self.busy = 0
        self._numbers = itertools.count(1)
        self._timers: list[list[bool]] = []

    def request(self, wanted: CreateResponse) -> None:
        self.requests.append(wanted)
        if self.mute:
            return
        if self.active:
            self.busy += 1
            self.call.send("model", ModelFailed("conversation_already_has_active_response", "", busy=True))
        else:
            self.respond()

    def respond(self) -> None:
        number = next(self._numbers)
        response, item = f"resp_{number}", f"item_{number}"
        self.active = response
        self.call.send("model", ResponseStarted(response))
        if self.tools:
            for name, tool, arguments in self.tools:
                self.call.send("model", ToolAsked(response, f"{item}_{name}", name, tool, arguments))
            self.tools = []
            self._end(response, "completed")
            return
        self._speak(response, item, number)

    def _speak(self, response: str, item: str, number: int) -> None:
        chance = self.call.chance
        self.codes[item] = number % 200 + 1
        piece = self.pieces[item] = Piece(response, item)
        total = int(self.seconds * 1000) * self.call.format.bytes_per_ms
        text = " ".join(chance.choice(WORDS) for _ in range(max(1, int(self.seconds * 3))))
        alive = [True]
        self._timers.append(alive)
        at, made = self.call.now + 0.05, 0
        sized = self.call.format.sample_bytes
        if not self.words_late:
            self._later(at, alive, lambda: self._words(piece, text))
        while made < total:
            size = min(total - made, chance.randint(1, 4000) * sized)
            audio = bytes([self.codes[item]]) * size
            self._later(at, alive, partial(self._audio, piece, audio))
            made += size
            at += 0.002 if self.burst else self.call.format.ms(size) / 1000
        if self.words_late:
            self._later(at, alive, lambda: self._words(piece, text))
        self._later(at, alive, lambda: self.call.send("model", AudioDone(response, item, 0)))
        self._later(at, alive, lambda: self._end(response, "completed"))

    def _later(self, at: float, alive: list[bool], do: Callable[[], None]) -> None:
        self.call.at(at, lambda: do() if alive[0] else None)

    def _audio(self, piece: Piece, audio: bytes) -> None:
        piece.made += len(audio)
        self.call.send("model", AudioSpoken(piece.response, piece.item, 0, audio))

    def _words(self, piece: Piece, text: str) -> None:
        piece.text = text
        self.call.send("model", WordsSpoken(piece.response, piece.item, 0, text))

    def _end(self, response: str, status: str) -> None:
        self.active = ""
        usage = {"input_tokens": 10, "output_tokens": 20}
        self.call.send("model", ResponseEnded(response, status, usage=usage))  # type: ignore[arg-type]

    def stop(self) -> None:
        """Makes nothing more of what it was making."""
        for alive in self._timers:
            alive[0] = False
        self._timers = []

    def cancel(self, response: str = "") -> None:
        if self.active and response in ("", self.active):
            self.stop()
            self._end(self.active, "cancelled")

    def speech(self, seconds: float, text: str = "I need an appointment", answer: bool = True) -> None:
        """The caller speaks, as the model's detection hears it."""
        item = f"heard_{next(self._numbers)}"
        self.call.send("model", SpeechStarted(item))
        self.cancel()

        def stopped() -> None:
            self.call.send("model", SpeechStopped(item))
            self.call.send("model", CallerWords(item, text, True))
            if answer and not self.active and not self.mute:
                self.respond()

        self.call.at(self.call.now + seconds, stopped)

    def truncate(self, action: TruncateItem) -> None:
        self.truncations.append((action, self.pieces[action.item].made))


class SimulatedCall:
    def __init__(
        self,
        seed: int = 1,
        *,
        format: Format = PCMU,
        persona: Persona = PERSONA,
        settings: Settings | None = None,
        jitter: float = 0.0,
        connect: bool = True,
    ) -> None:
        self.format = format
        self.now = 0.0
        self.chance = random.Random(seed)
        self.session = Session(format, persona, settings or Settings())
        self.network = Network(self.chance, jitter=jitter)
        self.carrier = Carrier(self)
        self.model = Model(self)
        self.connects = connect
        """The model becomes ready by itself when it is connected."""
        self.events: list[tuple[float, Event]] = []
        self.actions: list[tuple[float, Action]] = []
        self.answers: list[tuple[float, Event, Sequence[Action]]] = []
        self._heap: list[tuple[float, int, Callable[[], object]]] = []
        self._order = itertools.count()
        self._model_session = 0
        self.at(0.0, lambda: self.feed(CarrierStarted("MZ1", "CA1")))
        self.at(0.05, self._tick)

    def at(self, when: float, do: Callable[[], object]) -> None:
        heapq.heappush(self._heap, (when, next(self._order), do))

    def run(self, seconds: float) -> "SimulatedCall":
        until = self.now + seconds
        while self._heap and self._heap[0][0] <= until:
            when, _, do = heapq.heappop(self._heap)
            self.now = max(self.now, when)
            do()
        self.now = until
        return self

    def send(self, way: str, event: Event) -> None:
        """An event travels to the session; what an earlier session of the model sends is lost."""
        session = self._model_session
        at = self.network.arrival(way, self.now)
        self.at(at, lambda: self.feed(event) if way != "model" or session == self._model_session else None)

    def feed(self, event: Event) -> Sequence[Action]:
        """The session gets an event now."""
        self.events.append((self.now, event))
        actions = self.session.handle(event, self.now)
        self.answers.append((self.now, event, actions))
        for action in actions:
            self.actions.append((self.now, action))
            self._perform(action)
        return actions

    def done(self, kind: type) -> list[Action]:
        return [action for _, action in self.actions if isinstance(action, kind)]

    @property
    def ended(self) -> str:
        ends = [action.reason for _, action in self.actions if isinstance(action, EndCall)]
        return ",".join(ends)

    def _tick(self) -> None:
        if not self.session.over:
            self.feed(Tick())
            self.at(self.now + 0.1, self._tick)

    def _perform(self, action: Action) -> None:
        match action:
            case PlayAudio(audio):
                self._travel("out", lambda: self.carrier.play(audio))
            case PlaceMark(name):
                self._travel("out", lambda: self.carrier.mark(name))
            case ClearPlayback():
                self._travel("out", self.carrier.clear)
            case ConnectModel():
                self._model_session += 1
                self.model.active = ""
                self.model.stop()
                if self.connects:
                    self.at(self.now + 0.2, lambda: self.send("model", ModelReady()))
            case CloseModel():
                self._model_session += 1
            case CreateResponse():
                self._travel("ask", lambda: self.model.request(action))
            case CancelResponse(response):
                self._travel("ask", lambda: self.model.cancel(response))
            case TruncateItem():
                self.model.truncate(action)
            case AnswerTool():
                self.model.answers.append(action)
            case RunTool():
                pass

    def _travel(self, way: str, do: Callable[[], None]) -> None:
        self.at(self.network.arrival(way, self.now), do)
