"""What was sent to the caller's ear, and how much of it was played. Pure.

Audio goes out in whole frames, with a mark at least every 100 ms and at the end of each piece. The carrier echoes a
mark when everything before it was played, and also when it was cleared: the marks of a generation that was cleared are
forgotten, so their echoes mean nothing. Sizes are bytes of the call's format.

Models speak faster than they are heard: what is AHEAD_MS before the ear is held here until marks come back, so that
neither the carrier's socket nor its buffer takes a burst.
"""

from collections import deque
from dataclasses import dataclass

from apps.voice.core.actions import Action, PlaceMark, PlayAudio
from apps.voice.core.events import Persona
from apps.voice.core.formats import Format

FRAMES_A_MARK = 5
TRUST_MS = 100
"""How far playback is believed to have gone on since the last echo."""
LATE = 5.0
"""Seconds after which audio counts as played though its mark never came."""
AHEAD_MS = 5_000
"""Of audio that is sent before it is known to be played."""
MOST_HELD_MS = 120_000
"""Of audio that waits behind it; nobody listens to more in one breath."""


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
        self.idle_since = 0.0
        self._format = format
        self._frame = format.frame_bytes
        self._mark_every = self._frame * FRAMES_A_MARK
        self._rate = format.bytes_per_ms * 1000
        self._ahead = AHEAD_MS * format.bytes_per_ms
        self._marks = 0
        self._unmarked = 0
        self._sent = self._vouched = 0
        """All that ever left, and how much of it the echoes have told of."""
        self._due = 0.0
        self._pending: dict[str, tuple[Spoken, int, int]] = {}
        """Marks on their way: the piece, how much of it, and of all that was sent, is before them."""
        self._held: deque[tuple[Spoken, bytes]] = deque()
        self._held_size = 0
        self._last: Spoken | None = None
        """Whose audio left last."""
        self._playing: list[Spoken] = []
        self._echo_at = 0.0

    @property
    def idle(self) -> bool:
        """Nothing is on its way to the caller."""
        return not self._pending and not self._unmarked and not self._held

    @property
    def due(self) -> float:
        """When everything will have been played, if playback never pauses."""
        return self._due + self._held_size / self._rate

    def on_its_way(self, now: float) -> float:
        """Seconds of audio that have left and are not heard yet."""
        return max(0.0, self._due - now)

    @property
    def full(self) -> bool:
        """More is held than anybody would listen to."""
        return self._held_size > MOST_HELD_MS * self._format.bytes_per_ms

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
        return self._offer(spoken, audio, now) if audio else []

    def finish(self, spoken: Spoken, now: float) -> list[Action]:
        """No more audio of the piece comes: its last frame is filled with silence, and marked."""
        if spoken.done:
            return []
        spoken.done = True
        if not spoken.remainder:
            return self._end(spoken)
        audio = spoken.remainder + self._format.silence_of(self._frame - len(spoken.remainder))
        spoken.remainder = b""
        return self._offer(spoken, audio, now)

    def release(self, now: float) -> list[Action]:
        """What was held and may leave now."""
        actions: list[Action] = []
        while self._held and self._sent - self._vouched + len(self._held[0][1]) <= self._ahead:
            spoken, audio = self._held.popleft()
            self._held_size -= len(audio)
            actions += self._send(spoken, audio, now)
        return actions

    def echoed(self, name: str, now: float) -> bool:
        """A mark came back; False if it is unknown, cleared or counted already."""
        if name not in self._pending:
            return False
        while True:  # playback has an order: a mark vouches for those before it, should their echoes be late
            first = next(iter(self._pending))
            spoken, end, self._vouched = self._pending.pop(first)
            spoken.played = end
            if first == name:
                break
        self._echo_at = now
        if self.idle:
            self.idle_since = now
        return True

    def settle(self, now: float) -> None:
        """Counts as played what the carrier never told about."""
        if not self.idle and now > self._due + LATE:
            for spoken in self._playing:
                spoken.played = spoken.sent
            self._forget(now)

    def finished(self) -> list[Spoken]:
        """Takes out the pieces that were played whole."""
        count = 0
        for spoken in self._playing:
            if not spoken.done or spoken.played < spoken.received:
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
        self._held.clear()
        self._held_size = 0
        self._forget(now)
        return cut

    def _forget(self, now: float) -> None:
        self._pending.clear()
        self._unmarked = 0
        self._vouched = self._sent
        self._due = self.idle_since = now

    def _offer(self, spoken: Spoken, audio: bytes, now: float) -> list[Action]:
        """Whole frames: sent at once, or held."""
        if not self._held and self._sent - self._vouched + len(audio) <= self._ahead:
            return self._send(spoken, audio, now)
        step = self._mark_every
        self._held.extend((spoken, audio[start : start + step]) for start in range(0, len(audio), step))
        self._held_size += len(audio)
        return self.release(now)

    def _send(self, spoken: Spoken, audio: bytes, now: float) -> list[Action]:
        if not self._pending and self.idle:  # from here on time counts; the last echo belongs to something else
            self._echo_at = now
        size = len(audio)
        self._last = spoken
        self._due = max(self._due, now) + size / self._rate
        actions: list[Action] = []
        start = 0
        while start < size:
            room = min(self._mark_every - self._unmarked, size - start)
            actions.append(PlayAudio(audio if room == size else audio[start : start + room]))
            start += room
            # The silence that fills a last frame is no audio of the item: neither truncation nor words may count it.
            spoken.sent = min(spoken.sent + room, spoken.received)
            self._sent += room
            self._unmarked += room
            if self._unmarked == self._mark_every:
                actions.append(self._mark(spoken))
        return actions + self._end(spoken) if spoken.done else actions

    def _end(self, spoken: Spoken) -> list[Action]:
        """A finished piece's last mark, when all of it has left."""
        left = self._last is spoken and not (self._held and self._held[0][0] is spoken)
        return [self._mark(spoken)] if left and self._unmarked else []

    def _mark(self, spoken: Spoken) -> PlaceMark:
        self._marks += 1
        self._unmarked = 0
        name = f"g{self.generation}:{self._marks}"
        self._pending[name] = (spoken, spoken.sent, self._sent)
        return PlaceMark(name)
