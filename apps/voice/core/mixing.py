"""What somebody who listens in hears: caller and agent at the pace of the call, as PCM16 mono 24 kHz. Pure.

The agent's audio leaves ahead of the caller's ear, so that it waits here until its time; what an interruption takes
back is taken back here, too. A supervisor's voice is kept apart, because they need not hear themselves.
"""

import numpy as np

from apps.voice.core.audio.transcoding import Transcoder
from apps.voice.core.formats import PCM16, Format

CALLER_MS, AGENT_MS, SUPERVISOR_MS = 400, 10_000, 1_000
"""Of audio that may wait for its time; then the oldest is dropped."""


class Track:
    """One voice."""

    def __init__(self, source: Format, most_ms: int) -> None:
        self._transcoder = Transcoder(source, PCM16)
        self._most = most_ms * PCM16.bytes_per_ms
        self._waiting = bytearray()

    def add(self, audio: bytes) -> None:
        self._waiting += self._transcoder.convert(audio)
        if (extra := len(self._waiting) - self._most) > 0:
            del self._waiting[:extra]

    def clear(self) -> None:
        self._waiting.clear()

    def take(self, size: int) -> bytes:
        taken = bytes(self._waiting[:size])
        del self._waiting[:size]
        return taken


class Mixer:
    """Audio goes in as the call has it.

    Args:
        on_its_way: seconds of the agent's audio that left before; for so long they are silent here.
    """

    def __init__(self, format: Format, *, on_its_way: float = 0.0) -> None:
        self.caller = Track(format, CALLER_MS)
        self.agent = Track(format, AGENT_MS)
        self.agent.add(format.silence_of(int(on_its_way * 1_000) * format.bytes_per_ms))
        self.supervisor = Track(format, SUPERVISOR_MS)

    def clear(self) -> None:
        """What was on its way to the caller is heard by nobody."""
        self.agent.clear()
        self.supervisor.clear()

    def take(self, ms: int) -> tuple[bytes, bytes]:
        """The next `ms` of the call without its supervisor, and of theirs: "" when they are silent."""
        size = ms * PCM16.bytes_per_ms
        theirs = self.supervisor.take(size)
        return mixed(self.caller.take(size), self.agent.take(size), size), theirs and theirs.ljust(size, b"\0")


def mixed(one: bytes, other: bytes, size: int) -> bytes:
    """Both at once, PCM16, `size` bytes; what is missing is silence, and what is too loud is cut."""
    if not one or not other:
        return (one or other).ljust(size, b"\0")
    both = np.frombuffer(one.ljust(size, b"\0"), "<i2").astype(np.int32)
    both += np.frombuffer(other.ljust(size, b"\0"), "<i2")
    return np.clip(both, -32_768, 32_767).astype("<i2").tobytes()
