"""What a second of call audio is made of."""

from dataclasses import dataclass, field

FRAME_MS = 20
"""Of one frame on the wire, both ways."""


@dataclass(frozen=True, slots=True)
class Format:
    """An encoding of mono audio without a header. `silence` is one sample of it."""

    name: str
    rate: int
    sample_bytes: int
    silence: bytes
    bytes_per_ms: int = field(init=False)
    frame_bytes: int = field(init=False)

    def __post_init__(self) -> None:
        size = self.rate * self.sample_bytes // 1000
        object.__setattr__(self, "bytes_per_ms", size)
        object.__setattr__(self, "frame_bytes", size * FRAME_MS)

    def ms(self, size: int) -> float:
        """Milliseconds of `size` bytes."""
        return size / self.bytes_per_ms

    def silence_of(self, size: int) -> bytes:
        """`size` bytes of silence."""
        return self.silence * (size // self.sample_bytes)


PCMU = Format("pcmu", 8_000, 1, b"\xff")
"""G.711 mu-law, what North American and Japanese carriers speak."""
PCMA = Format("pcma", 8_000, 1, b"\xd5")
"""G.711 A-law, what the other ones speak."""
PCM16 = Format("pcm16", 24_000, 2, b"\0\0")
"""Linear, little-endian, 24 kHz: browsers, and models that want it."""
L16 = Format("l16", 16_000, 2, b"\0\0")
"""Linear, little-endian, 16 kHz: Vonage."""
