"""The header of a WAV file with two channels (RIFF; G.711 as registered in RFC 2361). Pure."""

import struct

from apps.voice.core.formats import L16, PCM16, PCMA, PCMU, Format

_TAGS = {PCM16: 1, L16: 1, PCMA: 6, PCMU: 7}
CHANNELS = 2


def header(format: Format, size: int) -> bytes:
    """What stands before `size` bytes of interleaved samples; as long for every size."""
    block = format.sample_bytes * CHANNELS
    fields = (_TAGS[format], CHANNELS, format.rate, format.rate * block, block, format.sample_bytes * 8, 0)
    chunks = b"fmt " + struct.pack("<IHHIIHHH", 18, *fields)
    chunks += b"fact" + struct.pack("<II", 4, size // block)
    return (
        b"RIFF" + struct.pack("<I", 4 + len(chunks) + 8 + size) + b"WAVE" + chunks + b"data" + struct.pack("<I", size)
    )
