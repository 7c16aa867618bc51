"""A call's parts, and what is done with several of them at once: interrupt, connect, hand over, end. Pure."""

from typing import Literal

from apps.voice.core.actions import (
    Action,
    AddText,
    CancelResponse,
    CloseModel,
    ConfigureModel,
    CreateResponse,
    DropInput,
    EndCall,
    HangUp,
    Show,
)
from apps.voice.core.closing import Closing, Reason
from apps.voice.core.events import ModelLost, Persona
from apps.voice.core.fillers import Fillers
from apps.voice.core.formats import Format
from apps.voice.core.hearing import Hearing
from apps.voice.core.keypad import Keypad
from apps.voice.core.line import Line
from apps.voice.core.patience import Patience
from apps.voice.core.sequencer import Kind, Sequencer
from apps.voice.core.settings import Settings
from apps.voice.core.speech import Speech
from apps.voice.core.supervised import Supervised
from apps.voice.core.tools import Tools
from apps.voice.core.transcript import Transcript

LONGEST_HISTORY = 200
"""Turns that a model which joins later is told."""
ON_WITHOUT_US = frozenset({"no_model", "transfer"})
"""Ends after which a phone call goes on: the carrier runs its next verb."""
EndReason = Reason | Literal["caller_left", "carrier_lost", "never_started"]


class Call:
    """Times are seconds, monotonic."""

    def __init__(self, format: Format, persona: Persona, settings: Settings) -> None:
        self.persona = persona
        """Who speaks now."""
        self.settings = settings
        self.transcript = Transcript()
        self.speech = Speech(format, persona, self.transcript)
        self.sequencer = Sequencer(settings.respond_within)
        self.hearing = Hearing(format, settings)
        self.tools = Tools()
        self.fillers = Fillers()
        self.line = Line(settings)
        self.patience = Patience(settings)
        self.keypad = Keypad()
        self.closing = Closing()
        self.supervised = Supervised()
        self.started = False
        self.over = False
        self.handoff: tuple[Persona, str] | None = None
        """Who takes over as soon as the response that asked for it is done, and what they are told."""
        self._on_ready: tuple[Kind, CreateResponse] | None = None
        """What to say first in a model's session that goes on with the call."""
        self._greeted = False
        self._typed = 0

    @property
    def calm(self) -> bool:
        """Nobody speaks, and nobody is waited for but the caller."""
        return (
            self.line.state == "ready"
            and self.sequencer.quiet
            and self.speech.ledger.idle
            and not self.hearing.speaking
            and not self.tools.running
        )

    @property
    def steerable(self) -> bool:
        """Somebody may step in."""
        return self.started and not self.over and not self.closing.begun

    def note(self, text: str) -> list[Action]:
        """Tells the model something, also one that joins later."""
        self.transcript.history.append(("system", text))
        return self.line.tell(AddText("system", text))

    def show_agent(self) -> Action:
        return Show("agent", {"slug": self.persona.slug, "name": self.persona.name})

    # The caller

    def caller_acts(self, now: float) -> None:
        """What was to be said into their silence need not be said any more."""
        self.patience.active(now)
        self.sequencer.forget("greeting", "holding", "prompt", "introduce", "resume")

    def interrupt(self, now: float, *, cancel: bool) -> list[Action]:
        """Stops the agent's words, unless it is the goodbye. Without `cancel` the model's server stops by itself."""
        if self.closing.begun:
            return []
        active = self.sequencer.response
        if self.speech.discarded(active):
            active = ""
        if not active and self.speech.ledger.idle:
            return []
        actions: list[Action] = []
        for action in self.speech.interrupt(active, now, cancel=cancel):
            actions += self.line.tell(action) if isinstance(action, AddText) else [action]
        return actions

    def wrote(self, text: str, now: float) -> list[Action]:
        """The caller's words, not spoken."""
        self._typed += 1
        self.sequencer.want("answer", CreateResponse(), now)
        return [*self.line.tell(AddText("user", text)), *self.transcript.typed(text, f"typed-{self._typed}")]

    # The model

    def cancel(self, response: str) -> list[Action]:
        """Nothing of a response that begins now shall be heard."""
        self.speech.discard(response)
        return [CancelResponse(response)]

    def go_on(self, kind: Kind, action: CreateResponse, now: float) -> None:
        """Has the model speak: now, or first of all when it is there."""
        if self.line.state == "ready":
            self.sequencer.want(kind, action, now)
        else:
            self._greeted, self._on_ready = True, (kind, action)

    def connect(self, now: float) -> list[Action]:
        history = self.transcript.history + [("assistant", text) for text in self.speech.pending()]
        told = tuple(history[-LONGEST_HISTORY:])
        connect = self.line.connect(self.persona, told, now, mute=self.sequencer.muted)
        self.speech.speaks(self.persona, self.line.session)
        return [connect]

    def reconnect(self, now: float) -> list[Action]:
        """Another session of the model for the same call."""
        close: list[Action] = [CloseModel()] if self.line.open else []
        return [*close, *self._without_model(now), *self.connect(now)]

    def ready(self, now: float) -> list[Action]:
        if self.line.state != "connecting":
            return []
        actions = [*self.line.ready(now, mute=self.sequencer.muted), *self.hearing.open()]
        first, self._on_ready = self._on_ready, None
        if self.closing.begun:
            return actions
        if not self._greeted:
            self._greeted = True
            if self.persona.greeting:
                self.sequencer.want("greeting", CreateResponse(say=self.persona.greeting), now)
        elif self.hearing.unanswered and not self.hearing.missed:
            self.sequencer.expect(now)
        elif first is not None and self.sequencer.quiet:
            self.sequencer.want(*first, now)
        elif self.hearing.missed:
            self.sequencer.want("resume", CreateResponse(instructions=self.settings.say_again), now)
        return actions

    def lost(self, event: ModelLost, now: float) -> list[Action]:
        if not self.line.open:
            return []
        cut_off = not self.sequencer.quiet
        again = self.line.lost(event)
        actions = self._without_model(now)
        if self.closing.begun:
            self.closing.said()
            return actions
        if not again:  # a supervisor who has the call does not need the model
            return actions if self.sequencer.muted else actions + self.close("no_model", "", now)
        if cut_off and self._on_ready is None:
            self._on_ready = ("resume", CreateResponse(instructions=self.settings.resume))
        if self.handoff is not None:
            return actions + self.hand_over(now)
        return actions + self.connect(now)

    def hand_over(self, now: float) -> list[Action]:
        """The next specialist speaks. A session's voice cannot change, so that another voice needs another session."""
        if self.handoff is None or self.closing.begun:
            return []
        (persona, note), self.handoff = self.handoff, None
        same = persona.voice == self.persona.voice and self.line.state == "ready"
        self.persona = persona
        introduction = CreateResponse(instructions=self.settings.introduce)
        if same:
            self.speech.speaks(persona, self.line.session)
            self.sequencer.want("introduce", introduction, now)
            return [self.show_agent(), ConfigureModel(persona)]
        self._on_ready = ("introduce", introduction)
        return [self.show_agent(), *self.reconnect(now), *self.line.tell(AddText("system", note))]

    def follow_up(self, response: str, now: float) -> list[Action]:
        """The model goes on when all calls of a response are answered and it has ended."""
        if self.closing.begun or not self.sequencer.has_ended(response) or not self.tools.follow_up(response):
            return []
        if self.handoff is not None:
            return self.hand_over(now)
        self.sequencer.want("answer", CreateResponse(), now)
        return []

    def _without_model(self, now: float) -> list[Action]:
        self.sequencer.reset()
        self.tools.lost()
        self.hearing.close()
        return self.speech.lost(now)

    # The end

    def close(self, reason: Reason, words: str, now: float) -> list[Action]:
        """Says goodbye; from here on nothing interrupts."""
        if not self.line.open or self.sequencer.muted:
            words = ""
        self.closing.begin(reason, now, words=bool(words))
        self.sequencer.drop_all()
        if words:
            self.sequencer.want("goodbye", CreateResponse(say=words), now)
        self.hearing.stop()
        return [DropInput()] if self.line.state == "ready" else []

    def end(self, reason: EndReason, now: float, *, hang_up: bool) -> list[Action]:
        self.over = True
        actions: list[Action] = [HangUp(final=reason not in ON_WITHOUT_US)] if hang_up else []
        if self.line.open:
            actions.append(CloseModel())
        return [*actions, *self.speech.stop(now), *self.transcript.stop(), EndCall(reason)]
