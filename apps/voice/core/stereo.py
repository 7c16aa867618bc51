"""A call on two tracks, the caller left and the agent right, as it was heard. Pure.

The caller's audio is placed by the carrier's clock, the agent's when a mark's echo says that it was played: what an
interruption cut off is in neither track. Positions are bytes of one track since the first sound.
"""

from collections import deque

import numpy as np

from apps.voice.core.formats import Format
from apps.voice.core.ledger import TRUST_MS

SETTLED = 3.0
"""Seconds after which nothing is placed any more: echoes are back long before."""
DRIFT = 0.1
"""Seconds that played audio may lie beside the clock before it is moved: smaller ones would be audible as gaps."""
STALLED = 2.0
"""Seconds that the caller's audio may be behind; beyond, it was lost and not late."""
MOST_PENDING = 120.0
"""Seconds of sent audio that wait for an echo; a carrier that never says is believed after them."""


class Stereo:
    """Times are seconds, monotonic."""

    def __init__(self, format: Format) -> None:
        self._format = format
        self._rate = format.bytes_per_ms * 1_000
        self._origin: float | None = None
        self._base = 0
        """Where the tracks begin; what lies before was taken."""
        self._left = bytearray()
        self._right = bytearray()
        self._pending: deque[bytes | str] = deque()
        """What was sent and not heard of yet: audio, and marks by their names."""
        self._marks: set[str] = set()
        self._waiting = 0
        self._echo_at = 0.0
        self._clock_at: int | None = None
        """Where the carrier's clock has its zero."""

    def heard(self, audio: bytes, now: float, at_ms: int = -1) -> None:
        """The caller's next audio; `at_ms` is the carrier's clock, -1 where it has none."""
        clock = self._position(now) - len(audio)
        end = self._base + len(self._left)
        start = max(clock, end) if clock - end > STALLED * self._rate else end
        if at_ms >= 0:
            offset = at_ms * self._format.bytes_per_ms
            if self._clock_at is None or abs(self._clock_at + offset - clock) > STALLED * self._rate:
                self._clock_at = max(clock, end) - offset
            start = max(self._clock_at + offset, end)
        self._place(self._left, audio, start)

    def sent(self, audio: bytes, now: float) -> None:
        """Audio is on its way to the caller."""
        self._position(now)
        if not self._pending:
            self._echo_at = now
        self._pending.append(audio)
        self._waiting += len(audio)
        while self._waiting > MOST_PENDING * self._rate:
            self._play(self._pop(), self._base + len(self._right))

    def marked(self, name: str) -> None:
        self._pending.append(name)
        self._marks.add(name)

    def played(self, name: str, now: float) -> None:
        """Everything before the mark was heard; unknown and cleared marks say nothing."""
        if name not in self._marks:
            return
        audio = b""
        while name in self._marks:
            audio += self._pop()
        self._play(audio, self._position(now) - len(audio))
        self._echo_at = now

    def cleared(self, now: float) -> None:
        """What is not heard by now never will be."""
        trusted = int(min((now - self._echo_at) * 1_000, TRUST_MS)) * self._format.bytes_per_ms
        audio = b"".join(piece for piece in self._pending if isinstance(piece, bytes))[:trusted]
        self._pending.clear()
        self._marks.clear()
        self._waiting = 0
        if audio:
            self._play(audio, self._position(now) - len(audio))

    def take(self, now: float, *, rest: bool = False) -> tuple[bytes, bytes]:
        """Both tracks as far as they are settled, equally long; the whole `rest` at the end."""
        ends = [self._base + len(track) for track in (self._left, self._right)]
        until = max(ends) if rest else max(self._base, self._position(now - SETTLED))
        taken = []
        for track in (self._left, self._right):
            missing = until - self._base - len(track)
            if missing > 0:
                track += self._format.silence_of(missing)
            taken.append(bytes(track[: until - self._base]))
            del track[: until - self._base]
        self._base = until
        return taken[0], taken[1]

    def _position(self, now: float) -> int:
        if self._origin is None:
            self._origin = now
        size = self._format.sample_bytes
        return max(0, int((now - self._origin) * self._rate / size) * size)

    def _pop(self) -> bytes:
        piece = self._pending.popleft()
        if isinstance(piece, str):
            self._marks.discard(piece)
            return b""
        self._waiting -= len(piece)
        return piece

    def _play(self, audio: bytes, start: int) -> None:
        end = self._base + len(self._right)
        self._place(self._right, audio, start if start - end > DRIFT * self._rate else end)

    def _place(self, track: bytearray, audio: bytes, start: int) -> None:
        missing = start - self._base - len(track)
        if missing > 0:
            track += self._format.silence_of(missing)
        track += audio


def interleave(left: bytes, right: bytes, format: Format) -> bytes:
    """Two equally long tracks as one of two channels."""
    kind = "u1" if format.sample_bytes == 1 else "<i2"
    pairs = np.empty((len(left) // format.sample_bytes, 2), kind)
    pairs[:, 0], pairs[:, 1] = np.frombuffer(left, kind), np.frombuffer(right, kind)
    return pairs.tobytes()
