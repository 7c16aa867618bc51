"""The end of the line that a person holds, and the clock that both ends live by."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

FRAME_MS = 20
FRAME_BYTES = 160
SILENCE = b"\xff" * FRAME_BYTES
RING_MS = 400
"""Before a person answers, or declines."""
MAX_LAG = 0.1
"""Seconds by which a call may be late and catch up; more is lost, as while a webhook is waited for."""


@dataclass(frozen=True, slots=True)
class Press:
    """A key of the phone."""

    digit: str


@dataclass(frozen=True, slots=True)
class Leave:
    """Hangs up."""


Caller = Callable[[int, bytes], bytes | Press | Leave]
"""Given the milliseconds since the call was answered and the 160 bytes of mu-law heard in the last 20 of them, what
is said in the next 20: as many bytes, a key, or the end of it."""


def silent(at_ms: int, heard: bytes) -> bytes:
    """A caller who says nothing and stays."""
    return SILENCE


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong on the way between the carrier and us. Times in milliseconds of the stream."""

    duplicate_start: bool = False
    no_stop: bool = False
    drop_after_ms: int = -1
    """The socket breaks without a closing handshake; -1 = never."""
    late_marks_ms: int = 0
    """Echoes of marks come so much later."""
    jitter_ms: int = 0
    """Frames of the caller are held back up to so long, and then come together, in order."""
    seed: int = 0


NO_FAULTS = Faults()


@dataclass(frozen=True, slots=True)
class Person:
    """Who answers when a number is called. Without a caller nobody does."""

    caller: Caller | None = silent
    answered_by: str = "human"
    """The verdict of answering-machine detection."""
    greeting_ms: int = 3000
    """How long a machine speaks before its beep."""
    declines: str = "no-answer"
    """What the carrier says when nobody answers: that, `busy` or `failed`."""
    faults: Faults = NO_FAULTS


class CallerLeft(Exception):
    """The person has hung up."""


class Line:
    """A person's end. Each turn takes 20 ms of the call, which are 20 / speed of the clock on the wall."""

    def __init__(self, caller: Caller, *, speed: float) -> None:
        self.at_ms = 0
        self._caller = caller
        self._pace = FRAME_MS / 1000 / speed
        self._due = asyncio.get_running_loop().time()

    async def turn(self, heard: bytes = SILENCE) -> tuple[bytes, str]:
        """What the person says while they hear that, and the key they press or "".

        Raises:
            CallerLeft: they have hung up.
        """
        now = asyncio.get_running_loop().time()
        self._due = max(self._due, now - MAX_LAG) + self._pace
        await asyncio.sleep(max(0.0, self._due - now))
        answer = self._caller(self.at_ms, heard)
        self.at_ms += FRAME_MS
        if isinstance(answer, Leave):
            raise CallerLeft
        return (SILENCE, answer.digit) if isinstance(answer, Press) else (answer, "")

    async def wait(self, milliseconds: float) -> str:
        """Lets time pass, up to the first key, which is returned; "" = none was pressed.

        Raises:
            CallerLeft: they have hung up.
        """
        end = self.at_ms + milliseconds
        while self.at_ms < end:
            _, digit = await self.turn()
            if digit:
                return digit
        return ""
