"""The agent's speech: played, interrupted, and written down as it was heard. Pure."""

from apps.voice.core.actions import Action, AddText, CancelResponse, ClearPlayback, DeleteItem, TruncateItem
from apps.voice.core.events import AudioDone, AudioSpoken, Persona, WordsSpoken
from apps.voice.core.formats import Format
from apps.voice.core.ledger import Ledger, Spoken
from apps.voice.core.transcript import Transcript, split

WORDS_WITHIN = 1.5
"""Seconds that a finished piece waits for its words."""
RELAY_AHEAD = 1.0
"""Seconds of a supervisor's voice that may be on their way to the caller."""


class Speech:
    """Times are seconds, monotonic."""

    def __init__(self, format: Format, persona: Persona, transcript: Transcript) -> None:
        self.ledger = Ledger(format)
        self._format = format
        self._transcript = transcript
        self._pieces: dict[tuple[str, int], Spoken] = {}
        """Of the model's present session."""
        self._current: Spoken | None = None
        self._waiting: list[Spoken] = []
        """Heard or interrupted, not stored yet."""
        self._discarded: set[str] = set()
        self.muted = False
        """Nothing that the model says is played, whatever it sends."""
        self._relayed: Spoken | None = None
        """A supervisor's voice."""
        self._persona = persona
        self._session = 0

    def speaks(self, persona: Persona, session: int) -> None:
        """Whose words the next pieces are, and which of the model's sessions makes them."""
        self._persona, self._session = persona, session

    @property
    def silent(self) -> bool:
        """No words of the agent are on their way; a sound of our own may be."""
        return not any(spoken.item for spoken in self.ledger.playing)

    def discarded(self, response: str) -> bool:
        return response in self._discarded

    def began(self, response: str) -> bool:
        """Some audio of the response has come."""
        return any(spoken.response == response and spoken.received for spoken in self._pieces.values())

    def audio(self, event: AudioSpoken, now: float) -> list[Action]:
        spoken = self._current
        actions: list[Action] = []
        if spoken is None or spoken.item != event.item or spoken.index != event.index:
            if spoken is not None and spoken.heard is None:
                actions = self.ledger.finish(spoken, now)
            spoken = self._current = self._piece(event, now, actions)
        if self.muted and spoken.heard is None:
            self._discarded.add(event.response)
            self._decide(spoken, 0, now)
            actions += self._correct(spoken, 0)
        if spoken.done:  # it was said to be whole: what comes after has no place any more
            return actions
        if spoken.heard is not None:
            spoken.received += len(event.audio)
            return actions
        if self.ledger.full:
            return actions + self._enough(spoken, now)
        played = self.ledger.play(spoken, event.audio, now)
        return actions + played if actions else played

    def audio_done(self, event: AudioDone, now: float) -> list[Action]:
        spoken = self._pieces.get((event.item, event.index))
        if spoken is None or spoken.heard is not None:
            return []
        return self.ledger.finish(spoken, now)

    def words(self, event: WordsSpoken, now: float) -> list[Action]:
        actions: list[Action] = []
        spoken = self._piece(event, now, actions)
        if spoken.stored:
            return actions
        spoken.text += event.text
        return actions if spoken.cut else actions + self._transcript.speaking(spoken)

    def response_ended(self, response: str, now: float) -> list[Action]:
        """Neither audio nor words of it come any more."""
        actions: list[Action] = []
        for spoken in self._pieces.values():
            if spoken.response == response and not spoken.worded:
                spoken.worded = True
                if spoken.heard is None and spoken.received:
                    actions += self.ledger.finish(spoken, now)
                elif spoken.heard is None:
                    self._decide(spoken, 0, now)
        return actions + self.played(now)

    def sound(self, audio: bytes, now: float) -> list[Action]:
        """A sound of our own, which the model knows nothing of."""
        own = Spoken(self._persona, self._session, worded=True)
        return self.ledger.play(own, audio, now) + self.ledger.finish(own, now)

    def relay(self, audio: bytes, now: float) -> list[Action]:
        """A supervisor's voice. Somebody who speaks now is heard now, or not at all: what cannot leave is left out."""
        if self.ledger.due - now > RELAY_AHEAD:
            return []
        own = self._relayed
        if own is None or own.done or own.heard is not None:
            own = self._relayed = Spoken(self._persona, self._session, worded=True)
        return self.ledger.play(own, audio, now)

    def relayed(self, now: float) -> list[Action]:
        """They pause, or have left."""
        own, self._relayed = self._relayed, None
        return self.ledger.finish(own, now) if own is not None and own.heard is None else []

    def mark(self, name: str, now: float) -> list[Action]:
        return self.ledger.release(now) + self.played(now) if self.ledger.echoed(name, now) else []

    def settle(self, now: float) -> list[Action]:
        """Counts what the carrier keeps silent about, and goes on."""
        self.ledger.settle(now)
        return self.ledger.release(now) + self.played(now)

    def played(self, now: float) -> list[Action]:
        """What has been heard whole, and what has waited long enough for its words, is written down."""
        for spoken in self.ledger.finished():
            self._decide(spoken, spoken.received, now)
        if not self._waiting:
            return []
        actions: list[Action] = []
        waiting: list[Spoken] = []
        for spoken in self._waiting:  # in order: nobody overtakes one whose words are late
            if not waiting and (spoken.worded or now - spoken.decided_at >= WORDS_WITHIN):
                actions += self._transcript.spoke(spoken)
            else:
                waiting.append(spoken)
        self._waiting = waiting
        return actions

    def interrupt(self, response: str, now: float, *, cancel: bool) -> list[Action]:
        """Stops what is on its way and what the active `response` ("" if none) still makes."""
        cut = self.ledger.clear(now)
        actions: list[Action] = [ClearPlayback(self.ledger.generation)]
        if response:
            self._discarded.add(response)
            if cancel:
                actions.append(CancelResponse(response))
        for spoken, heard in cut:
            if spoken.item and spoken.session == self._session:
                self._discarded.add(spoken.response)
            self._decide(spoken, heard, now)
            actions += self._correct(spoken, heard)
        for spoken in self._pieces.values():  # words without a sound yet
            if spoken.heard is None and spoken.response in self._discarded and not spoken.received:
                self._decide(spoken, 0, now)
                actions += self._correct(spoken, 0)
        return actions + self.played(now)

    def discard(self, response: str) -> None:
        """Nothing of a response that begins now shall be heard."""
        self._discarded.add(response)

    def lost(self, now: float) -> list[Action]:
        """The model's session is gone: what it made is played to its end."""
        actions: list[Action] = []
        for spoken in self._pieces.values():
            spoken.worded = True
            if spoken.heard is None and spoken.received:
                actions += self.ledger.finish(spoken, now)
        self._pieces = {}
        self._current = None
        self._discarded = set()
        return actions + self.played(now)

    def stop(self, now: float) -> list[Action]:
        """The call is over: what is not heard by now never will be."""
        for spoken, heard in self.ledger.clear(now):
            self._decide(spoken, heard, now)
        actions: list[Action] = []
        for spoken in self._waiting:
            actions += self._transcript.spoke(spoken)
        self._waiting = []
        return actions

    def pending(self) -> list[str]:
        """Words that are heard but not written down, and those on their way to the caller."""
        texts = [
            split(spoken.text, spoken.heard or 0, spoken.received)[0] if spoken.cut else spoken.text.strip()
            for spoken in self._waiting
        ]
        return [text for text in [*texts, *(spoken.text.strip() for spoken in self.ledger.playing)] if text]

    def _enough(self, spoken: Spoken, now: float) -> list[Action]:
        """A model that does not stop is stopped: what is held is said, nothing more of the response is taken."""
        self._discarded.add(spoken.response)
        made = TruncateItem(spoken.item, spoken.index, spoken.received // self._format.bytes_per_ms)
        return [CancelResponse(spoken.response), *self.ledger.finish(spoken, now), made]

    def _piece(self, event: AudioSpoken | WordsSpoken, now: float, actions: list[Action]) -> Spoken:
        key = (event.item, event.index)
        spoken = self._pieces.get(key)
        if spoken is None:
            spoken = Spoken(self._persona, self._session, event.response, event.item, event.index)
            self._pieces[key] = spoken
            if event.response in self._discarded:
                self._decide(spoken, 0, now)
                actions += self._correct(spoken, 0)
        return spoken

    def _decide(self, spoken: Spoken, heard: int, now: float) -> None:
        spoken.heard, spoken.decided_at = heard, now
        if spoken.item:
            self._waiting.append(spoken)

    def _correct(self, spoken: Spoken, heard: int) -> list[Action]:
        """Makes the model remember no more than was heard."""
        if not spoken.item or not spoken.cut:
            return []
        if spoken.session != self._session:
            words = split(spoken.text, heard, spoken.received)[0]
            return [AddText("system", f"The caller interrupted. Of your last words they heard only: “{words}”")]
        heard_ms = heard // self._format.bytes_per_ms
        if heard_ms or self._heard_before(spoken):
            return [TruncateItem(spoken.item, spoken.index, heard_ms)]
        return [DeleteItem(spoken.item)]

    def _heard_before(self, spoken: Spoken) -> bool:
        """Another part of the item was heard, so that it cannot be deleted."""
        return any(part.item == spoken.item and part.heard for part in self._pieces.values() if part is not spoken)
