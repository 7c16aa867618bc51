"""One round of load, with what is to be noted at the moments that separate its phases."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from load import Readings, Refused, Target, stream_all
from provider import Answer

PATIENCE = 5.0
"""How many times longer than by the clock a round may take before it is given up."""
SETTLING = 1.0
"""Seconds after the last token until what a server still does for its answers is done and counted."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Moments(Generic[T]):
    """What was noted when."""

    before: T
    """The first request."""
    begun: T
    """Every stream has its first token."""
    ending: T
    """The first stream is over."""
    settled: T
    """All are over, and SETTLING seconds passed."""


async def warm_up(target: Target) -> None:
    """A few short answers: connections made, modules imported, caches filled.

    Raises:
        Refused: they did not end in time.
    """
    readings = Readings(10)
    try:
        async with asyncio.timeout(60):
            await stream_all(target, readings, Answer(25))
    except TimeoutError:
        raise Refused(f"{target.name} did not finish its first answers: {readings.broken!r}") from None


async def answers(
    target: Target,
    readings: Readings,
    answer: Answer,
    *,
    note: Callable[[], T],
    within: float,
    spread: float = 0.0,
) -> Moments[T]:
    """Opens `readings.streams` streams, evenly over `spread` seconds, and reads each to its end.

    Raises:
        Refused: a stream ended before each of them had begun, or not all of them ended `within` seconds.
    """
    try:
        async with asyncio.timeout(within):
            return await _answers(target, readings, answer, note, spread)
    except TimeoutError:
        ended = f"{readings.whole} of {readings.streams} answers in {within:.0f} s"
        raise Refused(f"{target.name} ended {ended}: {readings.broken!r}") from None


async def _answers(
    target: Target, readings: Readings, answer: Answer, note: Callable[[], T], spread: float
) -> Moments[T]:
    before = note()
    load = asyncio.create_task(stream_all(target, readings, answer, spread=spread))
    all_begun = asyncio.create_task(readings.all_begun.wait())
    await asyncio.wait({load, all_begun}, return_when=asyncio.FIRST_COMPLETED)
    if not all_begun.done():
        all_begun.cancel()
        await load
        raise Refused(f"{target.name} began {len(readings.firsts)} of {readings.streams} answers: {readings.broken!r}")
    begun = note()
    await readings.one_ended.wait()
    ending = note()
    await load
    await asyncio.sleep(SETTLING)
    return Moments(before, begun, ending, note())
