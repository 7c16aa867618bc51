"""The turn: from a visitor's message to the one terminal event. Pure.

Model steps and tool calls alternate until a step asks for no tool. What goes to the visitor is a numbered list of
events; the machine counts them, so that it can say from where on a broken step's text is void.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

MAX_STEPS = 10
MAX_CALLS = 24
MAX_CALLS_A_STEP = 8
MAX_TEXT = 12_000
"""Characters of a whole answer; a model that will not stop is cut here."""
PARAGRAPH = "\n\n"
"""What stands between the steps of an answer in the log."""
MAX_ARGUMENTS = 8_192
"""Characters of a call's arguments; longer ones are refused, and not shown."""
MAX_SECONDS = 180.0
ATTEMPTS = 3
RETRY_DELAYS = (0.0, 0.5, 2.0)
"""Seconds before each attempt of a step."""

APOLOGY = "I’m sorry, I could not finish that. Please try again, or ask for a person."


# What comes in


@dataclass(frozen=True, slots=True)
class Opened:
    """The run exists; `data` is what the `run` event tells the client.

    `answer` is told without asking the model; None = the model is asked, "" = a person of the business answers.
    """

    data: Mapping[str, Any]
    answer: str | None = None


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
    """`output` is what the visitor may know of the result; `handed_to` the colleague who speaks from here on."""

    call: str
    succeeded: bool
    output: Mapping[str, Any] = field(default_factory=dict)
    handed_to: str | None = None


StopReason = Literal["stopped", "handoff"]


@dataclass(frozen=True, slots=True)
class StopAsked:
    """The visitor has heard enough (`stopped`), or a person of the business goes on (`handoff`)."""

    reason: StopReason = "stopped"


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
class RunCall:
    """Run the tool. `call` is unique in the run, and the same whenever the run is taken up again."""

    call: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class SaveStep:
    """Store what the step said and asked for; `ended` is empty while the run goes on."""

    number: int
    text: str
    ended: str
    calls: tuple[RunCall, ...] = ()
    input_tokens: int = 0
    output_tokens: int = 0
    counts: bool = True
    """Whether it is an agent's answer, as the plan counts them."""
    first_word_ms: int | None = field(default=None, compare=False)
    """With the last step: from the run's beginning to its first word, where this process saw both."""


@dataclass(frozen=True, slots=True)
class End:
    """Nothing follows. Ends a step that is still running."""


Action = Publish | StartStep | SaveStep | RunCall | End
Phase = Literal["new", "model", "tools", "over"]


@dataclass(slots=True)
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
    open_calls: list[RunCall] = field(default_factory=list)
    """Those of the step that have no result yet; the first one runs."""
    calls_made: int = 0
    ended: str = ""
    """Why it is over, where this process has seen it."""
    stopping: str = ""
    """Why the run shall end when the tool that runs has finished."""
    started_at: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    step_tokens: tuple[int, int] = (0, 0)
    max_tokens: int = 0
    """Read and written tokens after which no step begins; 0 = no limit."""
    awaited: bool = False
    """Whether the first word is still to come, and its wait is measured."""
    first_word_ms: int | None = None

    def handle(self, event: Event, now: float) -> list[Action]:
        """The actions that follow from `event` at `now` (seconds, monotonic), in order."""
        match self.phase, event:
            case "over", _:
                return []
            case "new", Opened(data, answer):
                self.started_at, self.awaited = now, answer is None
                return [self.publish("run", data), *(self.start_step() if answer is None else self._recite(answer))]
            case "new", _:
                return []
            case "model", StopAsked(reason):
                return self.finish(reason)
            case "tools", StopAsked(reason):
                self.stopping = reason  # what a tool has begun is finished and recorded
                return []
            case "model", _ if now - self.started_at > MAX_SECONDS:
                return self.break_off("too_slow", APOLOGY, retryable=True)
            case "model", TextArrived(text):
                if self.awaited:
                    self.awaited, self.first_word_ms = False, round((now - self.started_at) * 1_000)
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

    def publish(self, name: str, data: Mapping[str, Any]) -> Publish:
        self.published += 1
        return Publish(name, data)

    def _recite(self, answer: str) -> list[Action]:
        if not answer:
            return self.close("handoff")  # nothing was said, so there is nothing to store
        said = SaveStep(1, answer, "stop", counts=False)
        return [self.publish("", {"tok": answer}), said, *self.close("stop")]

    def start_step(self) -> list[Action]:
        """Asks the model for the next step."""
        self.phase, self.attempt, self.text, self.calls = "model", 1, "", []
        self.step += 1
        self.step_tokens = (0, 0)
        self.resume_at = self.published
        return [StartStep(self.step, delay=0.0)]

    def _text(self, text: str) -> list[Action]:
        room = MAX_TEXT - self.said - len(self.text)
        cut = text[:room]
        actions: list[Action] = []
        if cut:
            paragraph = PARAGRAPH if self.said and not self.text else ""
            self.text += cut
            actions.append(self.publish("", {"tok": paragraph + cut}))
        return actions if len(text) <= room else [*actions, *self.finish("length")]

    def _step_ended(self, event: StepEnded) -> list[Action]:
        self.input_tokens += event.input_tokens
        self.output_tokens += event.output_tokens
        self.step_tokens = (self.step_tokens[0] + event.input_tokens, self.step_tokens[1] + event.output_tokens)
        if not self.calls:
            if not self.text:
                return self._step_failed(StepFailed("empty_answer", APOLOGY, retryable=True))
            return self.finish("length" if event.reason == "length" else "stop")
        if 0 < self.max_tokens <= self.input_tokens + self.output_tokens:
            return self.finish("length")
        if self.step >= MAX_STEPS or self.calls_made + len(self.calls) > MAX_CALLS:
            return self.break_off("too_many_calls", APOLOGY, retryable=False)
        self.calls_made += len(self.calls)
        # Two calls of one step may carry the same id, from a careless model: ours is unique.
        self.open_calls = [RunCall(f"{self.step}.{n}", c.name, c.arguments) for n, c in enumerate(self.calls)]
        saved = SaveStep(self.step, self.text, "", tuple(self.open_calls), *self.step_tokens)
        self.said, self.text = self.said + len(self.text), ""
        self.phase = "tools"
        return [saved, *self.next_call()]

    def next_call(self) -> list[Action]:
        """One after the other: the second may need what the first did."""
        return [self.announce(self.open_calls[0]), self.open_calls[0]]

    def announce(self, call: RunCall) -> Publish:
        """The visitor reads that the tool starts."""
        return self._tool(call, "started", input=_arguments(call.arguments))

    def conclude(self, call: RunCall, finished: CallFinished) -> list[Action]:
        """The visitor reads what came of it."""
        status = "done" if finished.succeeded else "failed"
        actions: list[Action] = [self._tool(call, status, output=finished.output)]
        if finished.handed_to is not None:
            actions.append(self.publish("handoff", {"from": self.agent, "to": finished.handed_to}))
            self.agent = finished.handed_to
        return actions

    def _tool(self, call: RunCall, status: str, **more: Mapping[str, Any]) -> Publish:
        label = self.labels.get(call.name, "")
        return self.publish("tool", {"call": call.call, "name": call.name, "status": status, "label": label, **more})

    def _call_finished(self, event: CallFinished) -> list[Action]:
        if event.call != self.open_calls[0].call:
            return []
        actions = self.conclude(self.open_calls.pop(0), event)
        if self.open_calls:
            return [*actions, *self.next_call()]
        if self.stopping:
            self.step, self.step_tokens = self.step + 1, (0, 0)  # the step before is stored
            return [*actions, *self.finish(self.stopping)]
        return [*actions, *self.start_step()]

    def _step_failed(self, event: StepFailed) -> list[Action]:
        if not event.retryable or self.attempt >= ATTEMPTS:
            return self.break_off(event.code, event.message, retryable=event.retryable)
        actions: list[Action] = []
        if self.text:
            actions.append(self.publish("reset", {"after": self.resume_at}))
            self.resume_at = self.published
        self.text, self.calls = "", []
        self.attempt += 1
        return [*actions, StartStep(self.step, delay=RETRY_DELAYS[self.attempt - 1])]

    def break_off(self, code: str, message: str, *, retryable: bool) -> list[Action]:
        """Ends the run with an error."""
        return [
            self.publish("error", {"code": code, "message": message, "retryable": retryable}),
            *self.finish("error"),
        ]

    def finish(self, reason: str) -> list[Action]:
        """Ends the run. Stored first: whoever sees `done` finds the transcript."""
        last = SaveStep(self.step, self.text, reason, (), *self.step_tokens, first_word_ms=self.first_word_ms)
        return [last, *self.close(reason)]

    def close(self, reason: str) -> list[Action]:
        """The terminal event, and nothing after it."""
        self.phase, self.ended = "over", reason
        usage = {"input_tokens": self.input_tokens, "output_tokens": self.output_tokens}
        return [self.publish("done", {"reason": reason, "usage": usage}), End()]


def _arguments(written: str) -> Mapping[str, Any]:
    """A call's arguments as an object; empty when the model wrote something else."""
    try:
        given = json.loads(written) if len(written) <= MAX_ARGUMENTS else {}
    except (ValueError, RecursionError):
        return {}
    return given if isinstance(given, dict) else {}
