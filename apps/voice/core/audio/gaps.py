"""Holes in what a carrier sends: its clock jumps where it had nothing to send (silence suppressed, packets lost).

A model counts time in audio, so that without silence in the holes its ends of turns come late and its times are wrong.
"""

from apps.voice.core.formats import FRAME_MS, Format

LONGEST_MS = 2_000
"""Silence for one hole. A longer one says nothing more, and would be a flood."""


class Gaps:
    """One stream of frames with the carrier's time of each. Frames that come late in a burst leave no hole."""

    def __init__(self, format: Format) -> None:
        self._per_ms = format.bytes_per_ms
        self._expected: float | None = None
        """Carrier's time of the next frame, if nothing is missing."""

    def before(self, at_ms: int, size: int) -> int:
        """How many bytes of silence belong before the audio of `size` bytes that began at `at_ms`: whole frames.

        Less than a frame is jitter, for now: it is counted, so that a slow drift becomes a frame at some time. Audio
        of before what is expected is late or doubled and fills nothing; if it is that by more than LONGEST_MS, the
        carrier has begun to count anew. `at_ms` < 0: the carrier has no clock, there is nothing to fill.
        """
        if at_ms < 0:
            return 0
        length = size / self._per_ms
        if self._expected is None:
            self._expected = at_ms + length
            return 0
        missing = at_ms - self._expected
        if not missing:  # as nearly all
            self._expected += length
            return 0
        if missing <= -LONGEST_MS or missing > LONGEST_MS:
            self._expected = at_ms + length
            return self._per_ms * LONGEST_MS if missing > 0 else 0
        if missing <= -FRAME_MS:
            return 0
        filled = int(max(missing, 0) // FRAME_MS) * FRAME_MS
        self._expected += filled + length
        return self._per_ms * filled
