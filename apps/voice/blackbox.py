"""The black box of a call: its event log, for `manage.py replay`."""

from typing import Any

from apps.voice.core import blackbox as core
from apps.voice.core.actions import Action
from apps.voice.core.events import Event, Persona
from apps.voice.core.formats import Format
from apps.voice.core.settings import Settings
from apps.voice.spool import Spool

PIECE = 16_384
"""Bytes of lines that are handed to the disk at a time."""


class BlackBox:
    """Watches one call. Its memory is one piece, and what waits for the disk."""

    suffix = "jsonl.gz"

    def __init__(self, *, call: str, format: Format, persona: Persona, settings: Settings, audio: bool = False) -> None:
        self.spool = Spool(f"{call}.{self.suffix}", compressed=True)
        self._audio = audio
        self._lines = bytearray(core.opening(call=call, format=format, persona=persona, settings=settings, audio=audio))
        self._event: tuple[Any, ...] | None = None
        self._at = 0.0
        self._actions: list[tuple[Any, ...]] = []

    def saw(self, event: Event, now: float) -> None:
        self._end_line()
        self._event, self._at, self._actions = core.plain(event, audio=self._audio), now, []

    def did(self, action: Action, now: float) -> None:
        self._actions.append(core.plain(action, audio=self._audio))

    async def close(self) -> bool:
        """False when the file is not whole."""
        self._end_line()
        self._event = None
        self._hand_over()
        return await self.spool.close()

    def _end_line(self) -> None:
        if self._event is None:
            return
        self._lines += core.line(self._at, self._event, self._actions)
        if len(self._lines) > PIECE:
            self._hand_over()

    def _hand_over(self) -> None:
        piece = bytes(self._lines)
        self._lines.clear()
        self.spool.write(lambda: piece, size=len(piece))
