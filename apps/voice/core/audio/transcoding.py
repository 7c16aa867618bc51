"""Audio in one format, to the same in another."""

from collections.abc import Callable

from apps.voice.core.audio.g711 import LAWS
from apps.voice.core.audio.resampling import Resampler
from apps.voice.core.formats import Format


class Transcoder:
    """One direction of one call. Chunks may be of any size: what is not enough for a sample waits for more.

    Raises:
        ValueError: there is no way from `source` to `target`, because a rate is none of `resampling.RATES`.
    """

    def __init__(self, source: Format, target: Format) -> None:
        self._decode: Callable[[bytes], bytes] | None = None
        self._resampler: Resampler | None = None
        self._encode: Callable[[bytes], bytes] | None = None
        if source == target:
            return
        decoder, encoder = LAWS.get(source), LAWS.get(target)
        if source.rate != target.rate:
            self._resampler = Resampler(source.rate, target.rate)
        elif decoder and encoder:
            codes = encoder.encode(decoder.decode(bytes(range(256))))
            self._decode = lambda audio: audio.translate(codes)
            return
        if decoder:
            self._decode = decoder.decode
        if encoder:
            self._encode = encoder.encode

    def convert(self, audio: bytes) -> bytes:
        """`audio` itself, when the formats are equal."""
        if self._decode:
            audio = self._decode(audio)
        if self._resampler:
            audio = self._resampler.process(audio)
        if self._encode:
            audio = self._encode(audio)
        return audio

    def flush(self) -> bytes:
        """The last milliseconds, which the resampler still holds. Another stream may begin after it."""
        if not self._resampler:
            return b""
        tail = self._resampler.flush()
        return self._encode(tail) if self._encode else tail
