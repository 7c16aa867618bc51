"""Exact frames out of chunks of any size: carriers play odd-sized ones with clicks."""

from apps.voice.core.formats import Format


class Framer:
    """Cuts one stream of audio; what is no whole frame yet is carried over."""

    def __init__(self, format: Format) -> None:
        self._format = format
        self._size = format.frame_bytes
        self._rest = b""

    @property
    def carried(self) -> int:
        """Bytes that wait for the rest of their frame."""
        return len(self._rest)

    def push(self, audio: bytes) -> list[bytes]:
        """The frames, each of `Format.frame_bytes`, that `audio` completes."""
        size = self._size
        if self._rest:
            audio = self._rest + audio
        elif len(audio) == size:
            return [audio]
        whole = len(audio) - len(audio) % size
        self._rest = audio[whole:]
        return [audio[start : start + size] for start in range(0, whole, size)]

    def flush(self) -> bytes:
        """The last frame, filled up with silence; nothing when nothing waits. Half a sample at its end is dropped."""
        left = len(self._rest) - len(self._rest) % self._format.sample_bytes
        rest, self._rest = self._rest[:left], b""
        return rest + self._format.silence_of(self._size - left) if rest else b""

    def drop(self) -> None:
        """Forgets what waits."""
        self._rest = b""
