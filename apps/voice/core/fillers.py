"""What the caller hears while a tool takes its time, or the model is away: words, or a sound. Pure."""

from array import array
from functools import cache
from itertools import cycle
from math import pi, sin

from apps.voice.core.audio.g711 import LAWS
from apps.voice.core.formats import Format

FIRST = ("One moment, please. I am {doing}.", "Just a second, I am {doing}.")
AGAIN = (
    "I am still {doing}. Thank you for waiting.",
    "Please bear with me, I am still {doing}.",
    "This takes a little longer than usual. I am still {doing}.",
)
_NOTES = ((0.0, 392.0), (0.22, 523.25))
"""Seconds from the beginning, and hertz."""
_NOTE_SECONDS, _SECONDS = 0.2, 0.5
_AMPLITUDE = 1_000
"""-30 dBFS: heard, and no louder than the line itself."""


class Fillers:
    """One call's. No sentence comes twice in a row: each kind takes turns."""

    def __init__(self) -> None:
        self._first, self._again = cycle(FIRST), cycle(AGAIN)

    def next(self, label: str, *, again: bool) -> str:
        """A sentence for a tool that is shown as `label`, such as "Checking free times"."""
        doing = label[:1].lower() + label[1:] if label else "working on it"
        return next(self._again if again else self._first).format(doing=doing)


@cache
def waiting_sound(format: Format) -> bytes:
    """Half a second of two soft notes."""
    samples = array("h", bytes(2 * int(_SECONDS * format.rate)))
    length = int(_NOTE_SECONDS * format.rate)
    for start, pitch in _NOTES:
        begin = int(start * format.rate)
        for place in range(length):
            edge = sin(pi * place / length) ** 2
            samples[begin + place] = round(_AMPLITUDE * edge * sin(2 * pi * pitch * place / format.rate))
    pcm = samples.tobytes()
    return LAWS[format].encode(pcm) if format in LAWS else pcm
