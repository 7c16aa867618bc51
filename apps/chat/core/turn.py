"""The turn: from a visitor's message to the one terminal event. Pure.

Model steps and tool calls alternate until a step asks for no tool. What goes to the visitor is a numbered list of
events; the machine counts them, so that it can say from where on a broken step's text is void.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

MAX_STEPS = 10
MAX_CALLS = 24
MAX_CALLS_A_STEP = 8
MAX_TEXT = 12_000
"""Characters of a whole answer; a model that will not stop is cut here."""
MAX_SECONDS = 180.0
ATTEMPTS = 3
RETRY_DELAYS = (0.0, 0.5, 2.0)
"""Seconds before each attempt of a step."""

APOLOGY = "I’m sorry, I could not finish that. Please try again, or ask for a person."


# What comes in


@dataclass(frozen=True, slots=True)
class Opened:
    """The run exists; `data` is what the `run` event tells the client."""

    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class TextArrived:
    text: str


@dataclass(frozen=True, slots=True)
class CallAsked:
    call: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class StepEnded:
    reason: str
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True)
class StepFailed:
    code: str
    message: str
    retryable: bool


@dataclass(frozen=True, slots=True)
class CallFinished:
    """`handed_to` names the colleague who speaks from here on, when the call was a handoff."""

    call: str
    succeeded: bool
    handed_to: str | None = None


@dataclass(frozen=True, slots=True)
class StopAsked:
    pass


Event = Opened | TextArrived | CallAsked | StepEnded | StepFailed | CallFinished | StopAsked


# What goes out


@dataclass(frozen=True, slots=True)
class Publish:
    """An event for the visitor; `name` is empty for text."""

    name: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StartStep:
    """Ask the model, after `delay` seconds. Ends a step that is still running."""

    number: int
    delay: float


@dataclass(frozen=True, slots=True)
class SaveStep:
    """Store what the step said; `ended` is empty while the run goes on."""

    number: int
    text: str
    ended: str


@dataclass(frozen=True, slots=True)
class RunCall:
    """Run the tool; `key` is the same whenever this call is run for this run."""

    key: str
    call: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class End:
    """Nothing follows. Ends a step that is still running."""


Action = Publish | StartStep | SaveStep | RunCall | End
Phase = Literal["new", "model", "tools", "over"]


@dataclass
class Turn:
    """The state of one run. `agent` is the name of who speaks; `labels` what the visitor reads while a tool runs."""

    agent: str
    labels: Mapping[str, str]
    phase: Phase = "new"
    published: int = 0
    step: int = 0
    attempt: int = 0
    text: str = ""
    said: int = 0
    """Characters of the finished steps."""
    resume_at: int = 0
    """Number of the last event before the step's text."""
    calls: list[CallAsked] = field(default_factory=list)
    open_calls: dict[str, CallAsked] = field(default_factory=dict)
    calls_made: int = 0
    stopping: bool = False
    started_at: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0

    def handle(self, event: Event, now: float) -> list[Action]:
        """The actions that follow from `event` at `now` (seconds, monotonic), in order."""
        match self.phase, event:
            case "over", _:
                return []
            case "new", Opened(data):
                self.started_at = now
                return [self._publish("run", data), *self._start_step()]
            case "new", _:
                return []
            case "model", StopAsked():
                return self._finish("stopped")
            case "tools", StopAsked():
                self.stopping = True  # what a tool has begun is finished and recorded
                return []
            case "model", _ if now - self.started_at > MAX_SECONDS:
                return self._break_off("too_slow", APOLOGY, retryable=True)
            case "model", TextArrived(text):
                return self._text(text)
            case "model", CallAsked():
                if len(self.calls) < MAX_CALLS_A_STEP:
                    self.calls.append(event)
                return []
            case "model", StepEnded():
                return self._step_ended(event)
            case "model", StepFailed():
                return self._step_failed(event)
            case "tools", CallFinished():
                return self._call_finished(event)
            case _:
                return []

    def _publish(self, name: str, data: Mapping[str, Any]) -> Publish:
        self.published += 1
        return Publish(name, data)

    def _start_step(self) -> list[Action]:
        self.phase, self.attempt, self.text, self.calls = "model", 1, "", []
        self.step += 1
        self.resume_at = self.published
        return [StartStep(self.step, delay=0.0)]

    def _text(self, text: str) -> list[Action]:
        room = MAX_TEXT - self.said - len(self.text)
        cut = text[:room]
        actions: list[Action] = []
        if cut:
            # Steps are paragraphs of one answer.
            paragraph = "\n\n" if self.said and not self.text else ""
            self.text += cut
            actions.append(self._publish("", {"tok": paragraph + cut}))
        return actions if len(text) <= room else [*actions, *self._finish("length")]

    def _step_ended(self, event: StepEnded) -> list[Action]:
        self.input_tokens += event.input_tokens
        self.output_tokens += event.output_tokens
        if not self.calls:
            if not self.text:
                return self._step_failed(StepFailed("empty_answer", APOLOGY, retryable=True))
            return self._finish("length" if event.reason == "length" else "stop")
        if self.step >= MAX_STEPS or self.calls_made + len(self.calls) > MAX_CALLS:
            return self._break_off("too_many_calls", APOLOGY, retryable=False)
        actions: list[Action] = [SaveStep(self.step, self.text, ended="")]
        self.said, self.text = self.said + len(self.text), ""
        self.calls_made += len(self.calls)
        self.phase = "tools"
        for position, asked in enumerate(self.calls):
            # Two calls of one step may carry the same id, from a careless model: ours is unique.
            call = f"{self.step}.{position}"
            self.open_calls[call] = asked
            data = {
                "call": call,
                "name": asked.name,
                "status": "started",
                "label": self.labels.get(asked.name, ""),
            }
            actions.append(self._publish("tool", data))
            actions.append(RunCall(call, call, asked.name, asked.arguments))
        return actions

    def _call_finished(self, event: CallFinished) -> list[Action]:
        asked = self.open_calls.pop(event.call, None)
        if asked is None:
            return []
        status = "done" if event.succeeded else "failed"
        data = {
            "call": event.call,
            "name": asked.name,
            "status": status,
            "label": self.labels.get(asked.name, ""),
        }
        actions: list[Action] = [self._publish("tool", data)]
        if event.handed_to is not None:
            actions.append(self._publish("handoff", {"from": self.agent, "to": event.handed_to}))
            self.agent = event.handed_to
        if self.open_calls:
            return actions
        if self.stopping:
            return [*actions, *self._finish("stopped")]
        return [*actions, *self._start_step()]

    def _step_failed(self, event: StepFailed) -> list[Action]:
        if not event.retryable or self.attempt >= ATTEMPTS:
            return self._break_off(event.code, event.message, retryable=event.retryable)
        actions: list[Action] = []
        if self.text:
            actions.append(self._publish("reset", {"after": self.resume_at}))
            self.resume_at = self.published
        self.text, self.calls = "", []
        self.attempt += 1
        return [*actions, StartStep(self.step, delay=RETRY_DELAYS[self.attempt - 1])]

    def _break_off(self, code: str, message: str, *, retryable: bool) -> list[Action]:
        actions: list[Action] = [self._publish("error", {"code": code, "message": message, "retryable": retryable})]
        return actions + self._finish("error")

    def _finish(self, reason: str) -> list[Action]:
        self.phase = "over"
        usage = {"input_tokens": self.input_tokens, "output_tokens": self.output_tokens}
        return [
            SaveStep(self.step, self.text, ended=reason),  # stored first: whoever sees `done` finds the transcript
            self._publish("done", {"reason": reason, "usage": usage}),
            End(),
        ]
