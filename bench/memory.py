"""What an open stream weighs: the slope of resident memory over the number of idle streams."""

import asyncio
import os
import signal
from collections.abc import Sequence
from statistics import linear_regression

from load import Readings, Refused, Target, stream
from processes import usage
from provider import Answer

HELD = 60
"""Tokens that each stream has brought before it idles: what a server keeps of an answer under way is in the weight."""
OPENING = 20
"""Streams that may be without a first token at once, so that a slow server is not drowned."""
SETTLING = 1.0


async def kb_per_stream(target: Target, pid: int, provider_pid: int, counts: Sequence[int]) -> float:
    """The slope by least squares through resident memory (without Redis) at `counts` streams, in ascending order.

    A slope, because memory that earlier load left free takes up the first streams, and the noise of a single reading is
    as large as a hundred of them.

    Raises:
        Refused: an answer was not whole in the end.
    """
    readings = Readings(counts[-1])
    answer = Answer(2 * HELD, idle_after=HELD)
    weights = []
    tasks: list[asyncio.Task[None]] = []
    try:
        for count in counts:
            while len(tasks) < count:
                if len(tasks) - len(readings.firsts) < OPENING:
                    tasks.append(asyncio.create_task(stream(target, readings, answer)))
                await asyncio.sleep(0.005)
            await _reached(target, readings, count * HELD)
            await asyncio.sleep(SETTLING)
            weights.append(usage(pid).rss)
        os.kill(provider_pid, signal.SIGUSR1)
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
    if readings.whole != readings.streams:
        raise Refused(f"{target.name} ended {readings.whole} of {readings.streams} idle answers: {readings.broken!r}")
    return linear_regression(counts, weights).slope


async def _reached(target: Target, readings: Readings, tokens: int) -> None:
    while readings.tokens < tokens:
        if readings.one_ended.is_set():
            raise Refused(f"{target.name} ended an answer before it was idle: {readings.broken!r}")
        await asyncio.sleep(0.05)
