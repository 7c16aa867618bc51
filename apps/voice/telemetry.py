"""A call's spans (OpenTelemetry, the conventions for generative AI) and its part of the process's metrics."""

import time
from collections.abc import Callable
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer

from apps.common import metrics
from apps.voice.core.actions import (
    Action,
    ClearPlayback,
    CloseModel,
    ConnectModel,
    CountUsage,
    EndCall,
    PlayAudio,
)
from apps.voice.core.events import (
    CarrierStarted,
    Event,
    ModelFailed,
    ModelLost,
    ModelReady,
    Persona,
    ResponseEnded,
    ResponseStarted,
    SpeechStarted,
    SpeechStopped,
    ToolFinished,
)

PROVIDER = "openai"
MOST_ANSWERS = 200
"""Whose times are kept for the call's page."""
LONGEST_CODE = 40
"""Characters of a fault's code."""
GAP = 0.02
"""Seconds of silence within an answer from which on it is one: a frame."""


class Telemetry:
    """Watches one call. It keeps no word of it: what was said is in the transcript."""

    watches: frozenset[type]

    def __init__(
        self,
        *,
        call: str,
        conversation: str,
        channel: str,
        model: str,
        persona: Persona,
        tracer: Tracer,
        bytes_per_ms: int = 8,
    ) -> None:
        self._open = True
        self._speech_seconds = 0.0
        self._answers: list[tuple[float, float]] = []
        self._channel = channel
        self._model = model
        self._tracer = tracer
        self._usage: dict[str, int] = {}
        self._started_at: float | None = None
        self._speech_at: float | None = None
        self._waiting_since: float | None = None
        self._first: Span | None = None
        self._session: Span | None = None
        self._connected_at: float | None = None
        """Until the session's first answer."""
        self._bytes_per_second = bytes_per_ms * 1_000
        self._speaks_until: float | None = None
        """When all that was sent of the answer is played, 0.0 before its first sound; None between answers."""
        self._interruptions = 0
        self._call = self._span(
            f"invoke_agent {persona.name}",
            {
                "gen_ai.operation.name": "invoke_agent",
                "gen_ai.agent.name": persona.name,
                "gen_ai.agent.id": persona.slug,
                "gen_ai.agent.version": str(persona.version),
                "gen_ai.conversation.id": conversation,
                "gen_ai.output.type": "speech",
                "callsphere.call": call,
                "callsphere.channel": channel,
            },
            kind=SpanKind.SERVER,
            parent=None,
        )
        metrics.CALLS.labels(channel).inc()

    @property
    def context(self) -> Context:
        """In which what the call begins finds its span."""
        return trace.set_span_in_context(self._call)

    def saw(self, event: Event, now: float) -> None:
        if (look := _SAW.get(type(event))) is not None:
            look(self, event, now)

    def did(self, action: Action, now: float) -> None:
        if (look := _DID.get(type(action))) is not None:
            look(self, action, now)

    def readings(self) -> dict[str, Any]:
        """For the record: when each answer was waited for (seconds into the call), and for how many milliseconds."""
        answers = [[round(at, 2), round(wait)] for at, wait in self._answers]
        return {"answers_at": answers, "caller_spoke_s": round(self._speech_seconds, 1)}

    # The call

    def _start(self, event: CarrierStarted, now: float) -> None:
        if self._started_at is None:
            self._started_at = now
            self._first = self._span("first audio", {}, parent=self._call)

    def close(self, reason: str = "failed") -> None:
        """The call is over; the first word of why counts."""
        if not self._open:
            return
        self._open = False
        if self._first is not None:
            self._first.end()
        self._close_session()
        self._call.set_attribute("callsphere.interruptions", self._interruptions)
        self._call.set_attribute("callsphere.ended", reason)
        self._call.set_attribute("gen_ai.usage.input_tokens", self._usage.get("input_tokens", 0))
        self._call.set_attribute("gen_ai.usage.output_tokens", self._usage.get("output_tokens", 0))
        self._call.end()
        metrics.CALLS.labels(self._channel).dec()
        metrics.CALLS_ENDED.labels(self._channel, reason).inc()

    # The agent's voice

    def _played(self, action: PlayAudio, now: float) -> None:
        if self._first is not None and self._started_at is not None:
            self._first.end()
            self._first = None
            metrics.CALL_SETUP.observe(now - self._started_at)
            self._call.set_attribute("callsphere.first_audio_ms", round((now - self._started_at) * 1_000))
        if self._speaks_until is not None:
            if 0 < self._speaks_until <= now - GAP:
                metrics.AUDIO_GAPS.observe(now - self._speaks_until)
            self._speaks_until = max(now, self._speaks_until) + len(action.audio) / self._bytes_per_second
        if self._waiting_since is not None:
            waited = now - self._waiting_since
            metrics.RESPONSE.observe(waited)
            if len(self._answers) < MOST_ANSWERS:
                self._answers.append((self._waiting_since - (self._started_at or 0.0), waited * 1_000))
            self._waiting_since = None

    def _speech_started(self, event: SpeechStarted, now: float) -> None:
        self._speech_at, self._waiting_since = now, None

    def _speech_stopped(self, event: SpeechStopped, now: float) -> None:
        if self._speech_at is not None:
            self._speech_seconds += now - self._speech_at
        self._speech_at, self._waiting_since = None, now

    def _cleared(self, action: ClearPlayback, now: float) -> None:
        metrics.INTERRUPTIONS.inc()
        self._interruptions += 1
        self._speaks_until = None
        self._call.add_event("interrupted")

    # The model

    def _connect(self, action: ConnectModel, now: float) -> None:
        self._close_session()
        self._connected_at = now
        attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": PROVIDER,
            "gen_ai.request.model": self._model,
            "gen_ai.output.type": "speech",
        }
        self._session = self._span(f"chat {self._model}", attributes, kind=SpanKind.CLIENT, parent=self._call)

    def _ready(self, event: ModelReady, now: float) -> None:
        if self._session is not None:
            self._session.add_event("ready")

    def _answering(self, event: ResponseStarted, now: float) -> None:
        self._speaks_until = 0.0
        if self._session is not None and self._connected_at is not None:
            self._session.set_attribute("gen_ai.response.time_to_first_chunk", now - self._connected_at)
            self._connected_at = None

    def _answered(self, event: ResponseEnded, now: float) -> None:
        self._speaks_until = None

    def _lost(self, event: ModelLost, now: float) -> None:
        code = "expired" if event.expired else event.reason
        self._fault(code)
        if self._session is not None and not event.expired:
            self._session.set_attribute("error.type", code[:LONGEST_CODE] or "unknown")
            self._session.set_status(Status(StatusCode.ERROR))
        self._close_session()

    def _fault(self, code: str) -> None:
        metrics.FAULTS.labels(code[:LONGEST_CODE] or "unknown").inc()

    def _close_session(self) -> None:
        if self._session is not None:
            self._session.end()
            self._session = None

    def _count(self, action: CountUsage, now: float) -> None:
        for kind, count in action.usage.items():
            self._usage[kind] = self._usage.get(kind, 0) + count

    # Tools

    def _tool_finished(self, event: ToolFinished, now: float) -> None:
        """Its span is the tool runner's."""
        metrics.TOOLS.labels("yes" if event.ok else "no").inc()

    def _span(
        self, name: str, attributes: dict[str, str], *, parent: Span | None, kind: SpanKind = SpanKind.INTERNAL
    ) -> Span:
        # A call begins a trace of its own, whatever is current where its socket was opened.
        context = Context() if parent is None else trace.set_span_in_context(parent)
        return self._tracer.start_span(
            name, context=context, kind=kind, attributes=attributes, start_time=time.time_ns()
        )


_Look = Callable[[Telemetry, Any, float], None]
_SAW: dict[type, _Look] = {
    CarrierStarted: Telemetry._start,
    ModelReady: Telemetry._ready,
    ModelFailed: lambda telemetry, event, now: telemetry._fault(event.code),
    ModelLost: Telemetry._lost,
    ResponseStarted: Telemetry._answering,
    ResponseEnded: Telemetry._answered,
    SpeechStarted: Telemetry._speech_started,
    SpeechStopped: Telemetry._speech_stopped,
    ToolFinished: Telemetry._tool_finished,
}
_DID: dict[type, _Look] = {
    ConnectModel: Telemetry._connect,
    CloseModel: lambda telemetry, action, now: telemetry._close_session(),
    PlayAudio: Telemetry._played,
    ClearPlayback: Telemetry._cleared,
    CountUsage: Telemetry._count,
    EndCall: lambda telemetry, action, now: telemetry.close(action.reason),
}
Telemetry.watches = frozenset({*_SAW, *_DID})
