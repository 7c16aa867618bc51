"""What the carrier has buffered of our audio, and the marks in it."""

from collections import deque

from apps.telephony.simulated.line import FRAME_BYTES, SILENCE

MAX_BYTES = 10 * 60 * 8000
"""Ten minutes; more is error 31931."""


class Playback:
    """Audio is played in the order in which it came; a mark is reached when all before it has been played."""

    def __init__(self) -> None:
        self._queue: deque[bytes | str] = deque()
        self.buffered = 0
        """Bytes that are not played yet."""

    def add(self, audio: bytes) -> bool:
        """False when there is no room for it."""
        if self.buffered + len(audio) > MAX_BYTES:
            return False
        if audio:
            self._queue.append(audio)
            self.buffered += len(audio)
        return True

    def mark(self, name: str) -> None:
        self._queue.append(name)

    def clear(self) -> list[str]:
        """Drops everything; the marks that were in it."""
        marks = [item for item in self._queue if isinstance(item, str)]
        self._queue.clear()
        self.buffered = 0
        return marks

    def play(self) -> tuple[bytes, list[str]]:
        """The next 20 ms, filled up with silence, and the marks that they reach."""
        played, marks = b"", []
        while self._queue:
            item = self._queue[0]
            if isinstance(item, str):
                marks.append(item)
                self._queue.popleft()
                continue
            room = FRAME_BYTES - len(played)
            if not room:
                break
            played += item[:room]
            self._queue.popleft()
            if len(item) > room:
                self._queue.appendleft(item[room:])
        self.buffered -= len(played)
        return played + SILENCE[len(played) :], marks
