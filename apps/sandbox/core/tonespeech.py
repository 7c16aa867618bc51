"""Speech for machines: text in the audio itself, so that a caller who is a program needs no second channel.

Each byte is a symbol of 60 ms: one of 16 low tones and one of 16 high ones, all within a telephone's band. A packet is
two sync bytes, the length (2 bytes), the text in UTF-8 and a CRC-16. Bytes after the sync are whitened, so that no
tone stands still, which noise suppression would take for noise. 16 characters a second, less the 0.4 s around them.

The decoder looks for packets at every 10 ms, so it needs no synchronization, and clocks may be off by 0.1 %.
"""

from binascii import crc_hqx
from functools import cache

import numpy as np
from numpy.typing import NDArray

SYMBOL_MS = 60
_HOP_MS = 10
_HOPS = SYMBOL_MS // _HOP_MS
_WINDOW_MS = 40
_RAMP_MS = 5
_LEVEL = 0.22  # of full scale, each of the two tones
_LOW = 600.0 + 75.0 * np.arange(16)
_HIGH = 1875.0 + 75.0 * np.arange(16)
_SYNC = (0x2D, 0xB6)
_HEAD = len(_SYNC) + 2
_MAX_TEXT = 4_000
_DRIFTS = (0.0, 0.0005, -0.0005, 0.001, -0.001)
_WHITE = (89 * np.arange(_MAX_TEXT + 8) + 37) % 256

Samples = NDArray[np.int16]


def speak(text: str, rate: int) -> bytes:
    """`text` as PCM16 (little-endian, mono) of `rate` samples a second.

    Raises:
        ValueError: the text has more than 4,000 bytes.
    """
    body = text.encode()
    if len(body) > _MAX_TEXT:
        raise ValueError(f"At most {_MAX_TEXT} bytes can be spoken at once.")
    framed = len(body).to_bytes(2, "big") + body
    framed += crc_hqx(framed, 0xFFFF).to_bytes(2, "big")
    symbols = np.array([*_SYNC, *(np.frombuffer(framed, np.uint8) ^ _WHITE[: len(framed)])])
    count = rate * SYMBOL_MS // 1000
    time = np.arange(count) / rate
    ramp = np.minimum(1.0, np.minimum(np.arange(count), np.arange(count)[::-1]) / (rate * _RAMP_MS / 1000))
    low = np.sin(2 * np.pi * _LOW[symbols >> 4, None] * time)
    high = np.sin(2 * np.pi * _HIGH[symbols & 15, None] * time)
    wave = (low + high) * ramp * (_LEVEL * 32767)
    return wave.ravel().astype("<i2").tobytes()


def understand(audio: Samples, rate: int) -> str | None:
    """The text of all packets in `audio`, joined by spaces; None, when there is none.

    A line said twice in one breath counts once: a microphone that loses a tenth of a second spoils one packet only.
    """
    heard = _symbols(audio, rate)
    texts: list[str] = []
    start = 0
    for place in np.flatnonzero(_starts(heard)):
        if place < start:
            continue
        if (packet := _packet(heard, int(place))) is not None:
            text, start = packet
            if texts[-1:] != [text]:
                texts.append(text)
    return " ".join(texts) if texts else None


def _starts(heard: NDArray[np.int_]) -> NDArray[np.bool_]:
    if len(heard) <= _HOPS:
        return np.zeros(0, bool)
    return (heard[:-_HOPS] == _SYNC[0]) & (heard[_HOPS:] == _SYNC[1])


def _packet(heard: NDArray[np.int_], place: int) -> tuple[str, int] | None:
    """Text of the packet whose sync begins at `place`, and where it ends."""
    for drift in _DRIFTS:
        stride = _HOPS * (1 + drift)
        known = _read(heard, place, stride, _HEAD)
        if known is None:
            return None
        size = int(known[-2]) << 8 | int(known[-1])
        whole = _read(heard, place, stride, _HEAD + size + 2) if size <= _MAX_TEXT else None
        if whole is None:
            continue
        framed = whole[len(_SYNC) :].astype(np.uint8).tobytes()
        if crc_hqx(framed, 0xFFFF) == 0:
            end = place + round(len(whole) * stride)
            return framed[2:-2].decode(errors="replace"), end - _HOPS // 2
    return None


def _read(heard: NDArray[np.int_], place: int, stride: float, count: int) -> NDArray[np.int_] | None:
    """`count` bytes from `place` on, sync as it is, the rest without its whitening."""
    where = np.rint(place + stride * np.arange(count)).astype(int)
    if where[-1] >= len(heard):
        return None
    found = heard[where]
    found[len(_SYNC) :] ^= _WHITE[: count - len(_SYNC)]
    return found


def _symbols(audio: Samples, rate: int) -> NDArray[np.int_]:
    """The byte that each 10 ms would be the middle of."""
    width, hop = rate * _WINDOW_MS // 1000, rate * _HOP_MS // 1000
    if len(audio) < width:
        return np.zeros(0, int)
    windows = np.lib.stride_tricks.sliding_window_view(audio, width)[::hop].astype(np.float32)
    power = np.abs(windows @ _analysis(rate)) ** 2
    return np.argmax(power[:, :16], axis=1) << 4 | np.argmax(power[:, 16:], axis=1)


@cache
def _analysis(rate: int) -> NDArray[np.complex64]:
    width = rate * _WINDOW_MS // 1000
    tones = np.exp(-2j * np.pi * np.outer(np.arange(width), np.concatenate([_LOW, _HIGH])) / rate)
    return (tones * np.hanning(width)[:, None]).astype(np.complex64)
