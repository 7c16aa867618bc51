"""Audio formats of the Realtime protocol: G.711 both ways, and a resampler for whole sounds."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]
RATES = {"audio/pcmu": 8_000, "audio/pcma": 8_000, "audio/pcm": 24_000}
"""Samples per second by the format's type."""


def decoded(data: bytes, form: str) -> Samples:
    """Samples of `data`; a last odd byte of PCM16 is left out."""
    if form == "audio/pcm":
        return np.frombuffer(data[: len(data) & ~1], "<i2")
    return _expansion(form)[np.frombuffer(data, np.uint8)]


def encoded(samples: Samples, form: str) -> bytes:
    if form == "audio/pcm":
        return samples.astype("<i2").tobytes()
    return _compression(form)[samples.view(np.uint16)].tobytes()


def milliseconds(size: int, form: str) -> int:
    """Length of `size` bytes."""
    return size * 1000 // (RATES[form] * (2 if form == "audio/pcm" else 1))


def resampled(samples: Samples, rate: int, wanted: int) -> Samples:
    """A whole sound at another rate: its spectrum, cut or filled up. Not for streams."""
    if rate == wanted or not len(samples):
        return samples
    size = round(len(samples) * wanted / rate)
    spectrum = np.fft.rfft(samples)
    fitted = np.zeros(size // 2 + 1, complex)
    shared = min(len(spectrum), len(fitted))
    fitted[:shared] = spectrum[:shared]
    wave = np.fft.irfft(fitted, size) * (size / len(samples))
    return np.clip(wave, -32768, 32767).astype(np.int16)


@cache
def _expansion(form: str) -> Samples:
    """The 256 values of G.711 (ITU-T G.711, tables 1a and 2a)."""
    codes = np.arange(256)
    if form == "audio/pcmu":
        codes = ~codes & 0xFF
        size = (((codes & 15) << 3) + 132 << (codes >> 4 & 7)) - 132
        return np.where(codes & 128, -size, size).astype(np.int16)
    codes ^= 0x55
    exponent, mantissa = codes >> 4 & 7, (codes & 15) << 4
    size = np.where(exponent == 0, mantissa + 8, mantissa + 264 << np.maximum(exponent - 1, 0))
    return np.where(codes & 128, size, -size).astype(np.int16)


@cache
def _compression(form: str) -> NDArray[np.uint8]:
    """The nearest code of each of the 65,536 samples, by its bits."""
    values = _expansion(form).astype(int)
    order = np.argsort(values, kind="stable")
    borders = (values[order][1:] + values[order][:-1]) / 2
    samples = np.arange(65536, dtype=np.uint16).view(np.int16).astype(int)
    return order[np.searchsorted(borders, samples)].astype(np.uint8)
