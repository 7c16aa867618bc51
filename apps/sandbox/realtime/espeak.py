"""espeak-ng through its C interface (speak_lib.h), from the library that `espeakng_loader` packages."""

import ctypes
from importlib import import_module
from zlib import crc32

import numpy as np

from ..core.sound import Samples

_SYNCHRONOUS = 2  # the callback gets the sound, and the call returns when all is said
_UTF8 = 1
_RATE_PARAMETER = 1
_WORDS_PER_MINUTE = 170
_VOICES = ("en-us", "en-us+f3", "en-gb", "en-us+f2", "en-us+m3", "en-gb+f4")
_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class Espeak:
    """The library has one state for the whole process: one instance, used by one thread.

    Raises:
        ImportError: the package is not installed.
        OSError: the library does not load or does not start.
    """

    def __init__(self) -> None:
        package = import_module("espeakng_loader")
        self._library = ctypes.CDLL(package.get_library_path())
        data = package.get_data_path().encode()
        self.rate: int = self._library.espeak_Initialize(_SYNCHRONOUS, 0, data, 0)
        if self.rate <= 0:
            raise OSError("espeak-ng does not start")
        self._parts: list[bytes] = []
        self._callback = _Callback(self._take)  # must outlive the library's use of it
        self._library.espeak_SetSynthCallback(self._callback)
        self._library.espeak_SetParameter(_RATE_PARAMETER, _WORDS_PER_MINUTE, 0)

    def sound(self, text: str, voice: str) -> Samples:
        """`text` as samples of `rate` a second."""
        self._parts = []
        self._library.espeak_SetVoiceByName(_VOICES[crc32(voice.encode()) % len(_VOICES)].encode())
        raw = text.encode()
        self._library.espeak_Synth(raw, ctypes.c_size_t(len(raw) + 1), 0, 0, 0, _UTF8, None, None)
        self._library.espeak_Synchronize()
        return np.frombuffer(b"".join(self._parts), np.int16)

    def _take(self, wave: "ctypes._Pointer[ctypes.c_short]", count: int, _events: int) -> int:
        if wave and count:
            self._parts.append(ctypes.string_at(wave, count * 2))
        return 0
