"""One server under the load of chat.py: what its answers cost, how soon one more begins, what a stream weighs."""

import asyncio
import os
from dataclasses import dataclass
from functools import partial
from time import monotonic

from load import Readings, Refused, Target, stream, stream_all
from memory import kb_per_stream
from processes import Usage, machine_cpu, usage
from provider import Answer
from report import Result
from rounds import PATIENCE, SETTLING, answers, warm_up

SPREAD = 2.0
"""Seconds over which the streams open that run while single ones are probed."""
PROBES = 120
"""Single streams: enough for a 99th percentile that is not the worst of them all."""
PROBE_EVERY = 0.1


@dataclass(frozen=True, slots=True)
class Plan:
    """How much load."""

    streams: int
    seconds: float
    rate: float
    weighed: tuple[int, ...] = ()
    """Numbers of idle streams at which memory is read; none = it is not."""

    @property
    def tokens(self) -> int:
        return int(self.seconds * self.rate)


@dataclass(frozen=True, slots=True)
class Mark:
    """The state of a measurement at one moment."""

    used: Usage
    elsewhere: float
    """CPU seconds that the machine gave to others than this benchmark."""
    tokens: int
    gaps: int
    at: float


def mark(pid: int, readings: Readings) -> Mark:
    """Now, for the server with this process id."""
    elsewhere = machine_cpu() - usage(os.getpid()).cpu
    return Mark(usage(pid), elsewhere, readings.tokens, len(readings.gaps), monotonic())


def cpu_per_token(start: Mark, end: Mark) -> float | None:
    """CPU seconds a token between two marks; None when they are too near for the clock's ticks."""
    if end.at - start.at < 1.0 or end.tokens == start.tokens:
        return None
    return (end.used.cpu - start.used.cpu) / (end.tokens - start.tokens)


async def measure(target: Target, pid: int, provider_pid: int, plan: Plan) -> Result:
    """Puts the load on a running server.

    Raises:
        Refused: it does not answer, or not to the end in a multiple of the time.
    """
    try:
        async with asyncio.timeout(120 + PATIENCE * (plan.seconds + SPREAD + PROBES * PROBE_EVERY)):
            await warm_up(target)
            result = await _answers(target, pid, plan)
            result.probes = await _one_more(target, plan)
            if plan.weighed:
                result.kb_per_stream = await kb_per_stream(target, pid, provider_pid, plan.weighed)
    except TimeoutError:
        raise Refused(f"{target.name} did not finish its answers in time.") from None
    return result


async def _answers(target: Target, pid: int, plan: Plan) -> Result:
    """All streams opened at once, each read from its request to its end."""
    readings = Readings(plan.streams)
    within = 30 + PATIENCE * plan.seconds
    at = await answers(target, readings, Answer(plan.tokens), note=partial(mark, pid, readings), within=within)
    used = at.settled.used.cpu - at.before.used.cpu
    return Result(
        name=target.name,
        cpu_per_token=used / readings.tokens,
        redis_per_token=(at.settled.used.redis_cpu - at.before.used.redis_cpu) / readings.tokens,
        streaming_per_token=cpu_per_token(at.begun, at.ending),
        load=used / (at.settled.at - at.before.at - SETTLING),
        elsewhere=(at.settled.elsewhere - at.before.elsewhere) / (at.settled.at - at.before.at),
        firsts=readings.firsts,
        gaps=readings.gaps,
        tokens=readings.tokens,
        expected=plan.tokens * plan.streams,
        whole=readings.whole,
        streams=plan.streams,
    )


async def _one_more(target: Target, plan: Plan) -> list[float]:
    """Seconds to the first token of single short streams, opened by the clock while the others run.

    By the clock, not one after the other: a slow answer must not keep others from being seen slow.
    """
    readings = Readings(plan.streams)
    tokens = int((SPREAD + (PROBES + 1) * PROBE_EVERY) * plan.rate)
    others = asyncio.create_task(stream_all(target, readings, Answer(tokens), spread=SPREAD))
    begun = asyncio.create_task(readings.all_begun.wait())
    await asyncio.wait({others, begun}, return_when=asyncio.FIRST_COMPLETED)
    begun.cancel()
    probes = Readings(0)
    async with asyncio.TaskGroup() as group:
        for _ in range(PROBES):
            if readings.one_ended.is_set():
                break
            group.create_task(stream(target, probes, Answer(2)))
            await asyncio.sleep(PROBE_EVERY)
    await others
    return probes.firsts
