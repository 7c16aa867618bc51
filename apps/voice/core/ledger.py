"""What was sent to the caller's ear, and how much of it was played. Pure.

Audio goes out in whole frames, with a mark at least every 100 ms and at the end of each piece. The carrier echoes a
mark when everything before it was played, and also when it was cleared: the marks of a generation that was cleared are
forgotten, so their echoes mean nothing. Sizes are bytes of the call's format.
"""

from dataclasses import dataclass

from apps.voice.core.actions import Action, PlaceMark, PlayAudio
from apps.voice.core.events import Persona
from apps.voice.core.formats import Format

FRAMES_A_MARK = 5
TRUST_MS = 100
"""How far playback is believed to have gone on since the last echo."""
LATE = 5.0
"""Seconds after which audio counts as played though its mark never came."""


@dataclass(slots=True, eq=False)
class Spoken:
    """One piece of the agent's speech: (item, index) of a response, or a sound of our own (no item)."""

    persona: Persona
    session: int = 0
    """Which of the call's model sessions knows the item."""
    response: str = ""
    item: str = ""
    index: int = 0
    received: int = 0
    sent: int = 0
    played: int = 0
    remainder: bytes = b""
    done: bool = False
    text: str = ""
    worded: bool = False
    """All words have come."""
    heard: int | None = None
    """Decided once: when it was played, or when it was interrupted."""
    decided_at: float = 0.0
    stored: bool = False

    @property
    def cut(self) -> bool:
        """Interrupted before all of it was heard."""
        return self.heard is not None and (self.heard < self.received or not self.done)


class Ledger:
    """Times are seconds, monotonic."""

    def __init__(self, format: Format) -> None:
        self.generation = 0
        self.due = 0.0
        """When everything sent will have been played, if playback never pauses."""
        self.idle_since = 0.0
        self._format = format
        self._frame = format.frame_bytes
        self._mark_every = self._frame * FRAMES_A_MARK
        self._rate = format.bytes_per_ms * 1000
        self._marks = 0
        self._unmarked = 0
        self._pending: dict[str, tuple[Spoken, int]] = {}
        self._playing: list[Spoken] = []
        self._echo_at = 0.0

    @property
    def idle(self) -> bool:
        """Nothing is on its way to the caller."""
        return not self._pending and not self._unmarked

    @property
    def playing(self) -> tuple[Spoken, ...]:
        """Pieces that are not finished, in the order they are played."""
        return tuple(self._playing)

    def play(self, spoken: Spoken, audio: bytes, now: float) -> list[Action]:
        """The next audio of a piece; what does not fill a frame waits for more, or for `finish`."""
        if not spoken.received:
            self._playing.append(spoken)
        spoken.received += len(audio)
        if spoken.remainder:
            audio = spoken.remainder + audio
            spoken.remainder = b""
        rest = len(audio) % self._frame
        if rest:
            spoken.remainder = audio[-rest:]
            audio = audio[:-rest]
        return self._send(spoken, audio, now) if audio else []

    def finish(self, spoken: Spoken, now: float) -> list[Action]:
        """No more audio of the piece comes: its last frame is filled with silence, and marked."""
        if spoken.done:
            return []
        spoken.done = True
        actions: list[Action] = []
        if spoken.remainder:
            missing = self._frame - len(spoken.remainder)
            audio = spoken.remainder + self._format.silence_of(missing)
            spoken.remainder = b""
            actions = self._send(spoken, audio, now)
            # The silence is no audio of the item: neither truncation nor the words' share may count it.
            spoken.sent = spoken.received
            if self._unmarked == 0:
                name = next(reversed(self._pending))
                self._pending[name] = (spoken, spoken.sent)
        if self._unmarked:
            actions.append(self._mark(spoken))
        return actions

    def echoed(self, name: str, now: float) -> bool:
        """A mark came back; False if it is unknown, cleared or counted already."""
        if name not in self._pending:
            return False
        while True:  # playback has an order: a mark vouches for those before it, should their echoes be late
            first = next(iter(self._pending))
            spoken, end = self._pending.pop(first)
            spoken.played = end
            if first == name:
                break
        self._echo_at = now
        if self.idle:
            self.idle_since = now
        return True

    def settle(self, now: float) -> None:
        """Counts as played what the carrier never told about."""
        if not self.idle and now > self.due + LATE:
            for spoken in self._playing:
                spoken.played = spoken.sent
            self._forget(now)

    def finished(self) -> list[Spoken]:
        """Takes out the pieces that were played whole."""
        count = 0
        for spoken in self._playing:
            if not spoken.done or spoken.played < spoken.sent:
                break
            count += 1
        taken, self._playing = self._playing[:count], self._playing[count:]
        return taken

    def clear(self, now: float) -> list[tuple[Spoken, int]]:
        """Ends the generation. Returns each unfinished piece with how much of it was heard."""
        trusted = int(min((now - self._echo_at) * 1000, TRUST_MS) * self._format.bytes_per_ms)
        cut = [(spoken, 0) for spoken in self._playing]
        if cut:
            first = cut[0][0]
            cut[0] = (first, min(first.sent, first.played + trusted))
        self.generation += 1
        self._playing = []
        for spoken, _ in cut:
            spoken.remainder = b""
        self._forget(now)
        return cut

    def _forget(self, now: float) -> None:
        self._pending.clear()
        self._unmarked = 0
        self.due = self.idle_since = now

    def _send(self, spoken: Spoken, audio: bytes, now: float) -> list[Action]:
        if self.idle:  # from here on time counts; the last echo belongs to something else
            self._echo_at = now
        size = len(audio)
        self.due = max(self.due, now) + size / self._rate
        actions: list[Action] = []
        start = 0
        room = self._mark_every - self._unmarked
        while size - start >= room:
            actions.append(PlayAudio(audio if room == size else audio[start : start + room]))
            spoken.sent += room
            start += room
            room = self._mark_every
            actions.append(self._mark(spoken))
        if start < size:
            actions.append(PlayAudio(audio[start:] if start else audio))
            spoken.sent += size - start
            self._unmarked += size - start
        return actions

    def _mark(self, spoken: Spoken) -> PlaceMark:
        self._marks += 1
        self._unmarked = 0
        name = f"g{self.generation}:{self._marks}"
        self._pending[name] = (spoken, spoken.sent)
        return PlaceMark(name)
