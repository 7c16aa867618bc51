"""The call's session: events of the carrier, the model and the product in, actions out. Pure.

It only routes. What is on its way to the caller's ear is in `speech` and its ledger, who may speak in the `sequencer`,
the caller's audio in `hearing`, the model's connection in `line`, the end in `closing`; `call` holds them together and
`watch` does what time demands.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

from apps.voice.core import supervision
from apps.voice.core.actions import (
    Action,
    AddText,
    AnswerTool,
    CountUsage,
    CreateResponse,
    RunTool,
    Show,
)
from apps.voice.core.call import Call, EndReason
from apps.voice.core.events import (
    AudioDone,
    AudioHeard,
    AudioSpoken,
    BargedIn,
    CallerWords,
    CarrierStarted,
    CarrierStopped,
    DigitPressed,
    EndAsked,
    Event,
    HandedBack,
    Interrupted,
    MarkPlayed,
    ModelFailed,
    ModelLost,
    ModelReady,
    MuteChanged,
    Persona,
    ResponseEnded,
    ResponseStarted,
    SpeechStarted,
    SpeechStopped,
    SupervisorSpoke,
    SupervisorTyped,
    TakenOver,
    TextTyped,
    Tick,
    ToolAsked,
    ToolFinished,
    Whispered,
    WordsSpoken,
)
from apps.voice.core.formats import Format
from apps.voice.core.settings import Settings
from apps.voice.core.watch import tick

TAKEN_OVER = {
    "ok": False,
    "say": "A supervisor has the call now.",
    "error": {"code": "taken_over", "message": "A supervisor has taken the call over, nothing can be started."},
}
ENDING = {
    "ok": False,
    "say": "The call is ending.",
    "error": {"code": "call_ending", "message": "The call is ending, nothing can be started any more."},
}


class Session:
    """One call. `handle` gets every event in order, with the time in seconds (monotonic), and says what to do.

    It is deterministic: the same events at the same times give the same actions.
    """

    def __init__(self, format: Format, persona: Persona, settings: Settings) -> None:
        self._call = Call(format, persona, settings)
        self._format = format
        self._born: float | None = None
        self._deaf_until = 0.0
        self._shown = ""

    @property
    def over(self) -> bool:
        """The call has ended; nothing will be done any more."""
        return self._call.over

    @property
    def steerable(self) -> bool:
        """A supervisor may step in: the call has begun, and nobody has said goodbye."""
        return self._call.steerable

    @property
    def supervised(self) -> str:
        """What a supervisor does in the call: barge or takeover; empty = nobody is in it."""
        return self._call.supervised.mode

    def on_its_way(self, now: float) -> float:
        """Seconds of audio that have left and are not heard yet."""
        return self._call.speech.ledger.on_its_way(now)

    @property
    def persona(self) -> Persona:
        """Who speaks now."""
        return self._call.persona

    @property
    def dropped_ms(self) -> float:
        """Of the caller's audio that no model was there to hear."""
        return self._format.ms(self._call.hearing.dropped)

    def handle(self, event: Event, now: float) -> Sequence[Action]:
        """What to do about an event, in order."""
        call = self._call
        if call.over:
            return []
        if isinstance(event, AudioHeard):
            return call.hearing.heard(event, now)
        if isinstance(event, AudioSpoken):
            call.sequencer.touched(now)
            return call.speech.audio(event, now)
        actions = [*_HANDLERS[type(event)](self, event, now)]
        if not call.over:
            actions += self._ask(now)
            actions += self._show_state()
        return actions

    def _ask(self, now: float) -> list[Action]:
        """Has the model speak, if something is to be said and it may."""
        call = self._call
        if call.line.state != "ready" or call.hearing.speaking or call.supervised.holds(now):
            return []
        request = call.sequencer.again(now) or call.sequencer.next(now)
        return [request] if request else []

    def _show_state(self) -> list[Action]:
        call = self._call
        if not call.started:
            return []
        if call.closing.begun:
            name = "ending"
        elif call.line.state != "ready":
            name = "connecting"
        elif call.hearing.speaking:
            name = "hearing"
        elif not call.speech.silent:
            name = "speaking"
        elif call.tools.running:
            name = "tool"
        else:
            name = "listening" if call.sequencer.quiet else "thinking"
        if name == self._shown:
            return []
        self._shown = name
        return [Show("state", {"name": name})]

    # The carrier

    def _carrier_started(self, event: CarrierStarted, now: float) -> list[Action]:
        call = self._call
        if call.started:
            return []
        call.started = True
        call.hearing.last_at = now
        call.patience.start(now)
        return [call.show_agent(), *call.connect(now)]

    def _carrier_stopped(self, event: CarrierStopped, now: float) -> list[Action]:
        call = self._call
        left: EndReason = "carrier_lost" if event.reason == "lost" else "caller_left"
        return call.end(call.closing.reason or (left if call.started else "never_started"), now, hang_up=False)

    def _digit_pressed(self, event: DigitPressed, now: float) -> list[Action]:
        call = self._call
        if call.closing.begun:
            return []
        call.caller_acts(now)
        actions = self._interrupt(now, cancel=True)
        digits = call.keypad.press(event.digit, now)
        return actions + (call.wrote(f"The caller pressed {digits}.", now) if digits else [])

    def _text_typed(self, event: TextTyped, now: float) -> list[Action]:
        call = self._call
        text = event.text.strip()
        if call.closing.begun or not text:
            return []
        call.caller_acts(now)
        return self._interrupt(now, cancel=True) + call.wrote(text, now)

    def _interrupt(self, now: float, *, cancel: bool) -> list[Action]:
        """The caller stops the agent; a supervisor they do not stop."""
        return [] if self._call.supervised.holds(now) else self._call.interrupt(now, cancel=cancel)

    # The caller's voice

    def _speech_started(self, event: SpeechStarted, now: float) -> list[Action]:
        call = self._call
        if call.closing.begun or now < self._deaf_until:
            return []
        actions = self._interrupt(now, cancel=not call.settings.server_interrupts)
        call.hearing.speaking = True
        call.caller_acts(call.hearing.when(event.at_ms, now))
        return actions

    def _speech_stopped(self, event: SpeechStopped, now: float) -> list[Action]:
        call = self._call
        if call.closing.begun:
            return []
        call.hearing.speaking, call.hearing.unanswered = False, True
        call.patience.active(call.hearing.when(event.at_ms, now))
        if call.settings.server_responds:
            call.sequencer.expect(now)
        else:
            call.sequencer.want("answer", CreateResponse(), now)
        return []

    def _caller_words(self, event: CallerWords, now: float) -> list[Action]:
        if event.final and event.text.strip():
            self._call.hearing.unanswered = False
        return self._call.transcript.caller(event)

    # The model

    def _response_started(self, event: ResponseStarted, now: float) -> list[Action]:
        call = self._call
        ours = call.sequencer.started(event.response, now)
        call.hearing.unanswered = False
        if (unwanted := supervision.response_started(call, event.response, now)) is not None:
            return unwanted
        if ours and call.sequencer.kind == "greeting":
            self._deaf_until = now + call.settings.deaf_ms / 1000
        if ours and call.hearing.speaking:
            # Asked for before the caller began to speak, and not yet there for their speech to cancel it.
            return call.cancel(event.response)
        return []

    def _words_spoken(self, event: WordsSpoken, now: float) -> list[Action]:
        self._call.sequencer.touched(now)
        return self._call.speech.words(event, now)

    def _response_ended(self, event: ResponseEnded, now: float) -> list[Action]:
        call = self._call
        goodbye = call.sequencer.kind == "goodbye"
        broken = event.status == "failed" or (goodbye and event.status == "cancelled")
        failed = broken and not call.speech.began(event.response) and not call.speech.discarded(event.response)
        if not call.sequencer.ended(event.response, now, failed=failed):
            return []
        if goodbye and not failed:
            call.closing.said()
        actions: list[Action] = [CountUsage(event.usage)] if event.usage else []
        actions += call.speech.response_ended(event.response, now)
        return actions + call.follow_up(event.response, now)

    def _model_failed(self, event: ModelFailed, now: float) -> list[Action]:
        if event.fatal:
            return self._call.lost(ModelLost(event.code, fatal=True), now)
        if event.busy:
            self._call.sequencer.refused(now)
        return []

    # The product

    def _tool_asked(self, event: ToolAsked, now: float) -> list[Action]:
        call = self._call
        call.sequencer.touched(now)
        if not call.tools.asked(event, call.line.session, now):
            return []
        if call.closing.begun or call.supervised.mode == "takeover":
            call.tools.finished(event.call)
            return [AnswerTool(event.call, json.dumps(ENDING if call.closing.begun else TAKEN_OVER))]
        return [RunTool(event.call, event.name, event.arguments), self._tool_shown(event.name, "started")]

    def _tool_finished(self, event: ToolFinished, now: float) -> list[Action]:
        call = self._call
        finished = call.tools.finished(event.call)
        if finished is None:
            return []
        actions = [self._tool_shown(finished.name, "done" if event.ok else "failed")]
        output = json.dumps(dict(event.output), ensure_ascii=False)
        note = f"The result of {finished.name}, which was asked for before: {output}"
        if event.handoff is not None:
            call.handoff = (event.handoff, note)
        if finished.session == call.line.session and call.line.state == "ready":
            return [*actions, AnswerTool(event.call, output), *call.follow_up(finished.response, now)]
        if call.closing.begun:
            return actions
        if call.handoff is not None:
            return actions + call.hand_over(now)
        call.sequencer.want("answer", CreateResponse(), now)
        return actions + call.line.tell(AddText("system", note))

    def _tool_shown(self, name: str, status: str) -> Action:
        label = self._call.persona.labels.get(name, "")
        return Show("tool", {"name": name, "label": label, "status": status})

    def _end_asked(self, event: EndAsked, now: float) -> list[Action]:
        call = self._call
        if event.now:
            return call.end(event.reason, now, hang_up=True)
        return [] if call.closing.begun else call.close(event.reason, event.words, now)

    def _tick(self, event: Tick, now: float) -> list[Action]:
        call = self._call
        if self._born is None:
            self._born = now
        if call.started or call.closing.begun:
            return tick(call, now)
        if now - self._born >= call.settings.start_within:
            return call.end("never_started", now, hang_up=True)
        return []


_HANDLERS: dict[type, Callable[[Session, Any, float], Sequence[Action]]] = {
    CarrierStarted: Session._carrier_started,
    MarkPlayed: lambda session, event, now: session._call.speech.mark(event.name, now),
    DigitPressed: Session._digit_pressed,
    TextTyped: Session._text_typed,
    MuteChanged: lambda session, event, now: session._call.hearing.mute(event.muted),
    CarrierStopped: Session._carrier_stopped,
    ModelReady: lambda session, event, now: session._call.ready(now),
    SpeechStarted: Session._speech_started,
    SpeechStopped: Session._speech_stopped,
    CallerWords: Session._caller_words,
    ResponseStarted: Session._response_started,
    AudioDone: lambda session, event, now: session._call.speech.audio_done(event, now),
    WordsSpoken: Session._words_spoken,
    ToolAsked: Session._tool_asked,
    ResponseEnded: Session._response_ended,
    ModelFailed: Session._model_failed,
    ModelLost: lambda session, event, now: session._call.lost(event, now),
    ToolFinished: Session._tool_finished,
    EndAsked: Session._end_asked,
    Interrupted: lambda session, event, now: session._call.interrupt(now, cancel=True),
    Whispered: lambda session, event, now: supervision.whispered(session._call, event, now),
    BargedIn: lambda session, event, now: supervision.barged_in(session._call, event, now),
    TakenOver: lambda session, event, now: supervision.taken_over(session._call, event, now),
    HandedBack: lambda session, event, now: supervision.handed_back(session._call, event, now),
    SupervisorSpoke: lambda session, event, now: supervision.spoke(session._call, event, now),
    SupervisorTyped: lambda session, event, now: supervision.typed(session._call, event, now),
    Tick: Session._tick,
}
"""What is done about an event. Bound methods would be a cycle, which keeps a call in memory until it is collected."""
