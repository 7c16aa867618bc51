"""One bridge under load: what a second of a call costs, what a call weighs, how much later everything arrives."""

import asyncio
import os
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import inf
from time import monotonic

import aiohttp
import msgspec
from load import Refused
from processes import Usage, machine_cpu, usage

from calls.bridges import Bridge
from calls.callers import CYCLE, Caller, Noted
from calls.model import Report
from calls.sound import FRAME

BEGIN_WITHIN = 20.0
TRIES, TRY_AGAIN_AFTER = 10, 1.0
"""A bridge may turn a call away for a moment, as ours does when its event loop is late."""
WARM_UP = 3
"""Calls before those that count."""
SETTLING = 2.0
"""Seconds after the last call's beginning, and after the end of all."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much load."""

    calls: int
    seconds: float


@dataclass
class Result:
    """Times in seconds, CPU of the bridge's whole process tree, memory in kB."""

    name: str
    calls: int
    cpu_per_second: float
    """For each second of a call, while all are under way."""
    redis_per_second: float
    """The part of an embedded Redis."""
    cpu_per_call: float
    """Beyond that: beginning and ending it."""
    load: float
    """Cores kept busy by the bridge while all calls are under way."""
    elsewhere: float
    """Cores kept busy by what is no part of the benchmark."""
    kb_per_call: float
    to_model: list[float] = field(default_factory=list)
    """Of each pulse, from the caller's socket to the model's."""
    to_caller: list[float] = field(default_factory=list)
    clears: list[float] = field(default_factory=list)
    """From the model's `speech_started` to the caller's `clear`."""
    said: int = 0
    """Pulses that callers sent; those that are not among `to_model` were lost, or ran into each other."""
    spoken: int = 0
    interrupted: int = 0


@dataclass(frozen=True, slots=True)
class _Mark:
    used: Usage
    elsewhere: float
    at: float


def _mark(pid: int) -> _Mark:
    return _Mark(usage(pid), machine_cpu() - usage(os.getpid()).cpu, monotonic())


class Switchboard:
    """Callers that are put through one after the other, so that the model's sessions are in their order."""

    def __init__(self, client: aiohttp.ClientSession, bridge: Bridge, model_port: int) -> None:
        self.callers: list[Caller] = []
        self._client, self._bridge = client, bridge
        self._model = f"http://127.0.0.1:{model_port}"
        self._tasks: list[asyncio.Task[None]] = []

    async def open(self, calls: int, *, spread: float = 0.0) -> None:
        """Begins so many calls, evenly over `spread` seconds; each is answered before the next one is dialed.

        Raises:
            Refused: one was not answered.
        """
        begun = monotonic()
        for number in range(calls):
            await asyncio.sleep(max(0.0, begun + number * spread / calls - monotonic()))
            for _ in range(TRIES):
                failed = await self._dial()
                if not failed:
                    break
                await asyncio.sleep(TRY_AGAIN_AFTER)
            else:
                raise Refused(f"{self._bridge.name} did not answer call {number + 1}: {failed}")

    async def _dial(self) -> str:
        """One more call; why it was turned away, or ""."""
        caller = Caller(self._client, self._bridge.dial)
        task, answered = asyncio.create_task(caller.run()), asyncio.create_task(caller.answered.wait())
        await asyncio.wait({task, answered}, timeout=BEGIN_WITHIN, return_when=asyncio.FIRST_COMPLETED)
        answered.cancel()
        if task.done():
            return caller.failed
        self.callers.append(caller)
        self._tasks.append(task)
        if not caller.answered.is_set():
            raise Refused(f"{self._bridge.name} took a call and said nothing for {BEGIN_WITHIN:.0f} s")
        return ""

    async def close(self) -> list[Report]:
        """Hangs up; what the model noted of each call, in their order.

        Raises:
            Refused: a call had ended before.
        """
        for caller in self.callers:
            caller.leave()
        await asyncio.gather(*self._tasks)
        if failed := [caller.failed for caller in self.callers if caller.failed]:
            raise Refused(f"{self._bridge.name} lost {len(failed)} calls: {failed[0]}")
        async with self._client.get(f"{self._model}/report") as answer:
            return msgspec.json.decode(await answer.read(), type=list[Report])


async def measure(bridge: Bridge, model_port: int, plan: Plan) -> Result:
    """Puts the load on a running bridge.

    Raises:
        Refused: it does not carry the calls.
    """
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client:
        warm = Switchboard(client, bridge, model_port)
        await warm.open(WARM_UP)
        await asyncio.sleep(CYCLE * FRAME + SETTLING)
        await warm.close()
        await asyncio.sleep(SETTLING)
        idle = _mark(bridge.pid)
        board = Switchboard(client, bridge, model_port)
        await board.open(plan.calls, spread=CYCLE * FRAME)
        await asyncio.sleep(SETTLING)
        start = _mark(bridge.pid)
        await asyncio.sleep(plan.seconds)
        end = _mark(bridge.pid)
        reports = await board.close()
        await asyncio.sleep(SETTLING)
        settled = _mark(bridge.pid)
    per_second = (end.used.cpu - start.used.cpu) / (end.at - start.at) / plan.calls
    talked = sum(caller.noted.ended - caller.noted.began for caller in board.callers)
    result = Result(
        name=bridge.name,
        calls=plan.calls,
        cpu_per_second=per_second,
        redis_per_second=(end.used.redis_cpu - start.used.redis_cpu) / (end.at - start.at) / plan.calls,
        cpu_per_call=max(0.0, settled.used.cpu - idle.used.cpu - per_second * talked) / plan.calls,
        load=per_second * plan.calls,
        elsewhere=(end.elsewhere - start.elsewhere) / (end.at - start.at),
        kb_per_call=(end.used.rss - idle.used.rss) / plan.calls,
    )
    for caller, report in zip(board.callers, reports, strict=True):
        _add(result, caller.noted, report, (start.at, end.at))
    return result


def _add(result: Result, noted: Noted, report: Report, window: tuple[float, float]) -> None:
    """What one call shows of the time between two moments."""
    said = [turn for turn in noted.said if window[0] <= turn[0] and turn[-1] <= window[1]]
    spoken = [answer for answer in report.spoken if answer and window[0] <= answer[0] and answer[-1] <= window[1]]
    interrupted = [at for at in report.interrupted if window[0] <= at <= window[1]]
    result.to_model += delays(said, report.heard)
    result.to_caller += delays(spoken, noted.heard)
    result.clears += delays([[at] for at in interrupted], noted.cleared)
    result.said += sum(map(len, said))
    result.spoken += sum(map(len, spoken))
    result.interrupted += len(interrupted)


def delays(sent: Sequence[Sequence[float]], came: Sequence[float]) -> list[float]:
    """From each pulse to its arrival. Pulses come in turns with a pause between; the n-th of one is the n-th to come.

    A turn's arrivals are those before the next one begins. What has none is left out.
    """
    found = []
    for turn, following in pairwise([*sent, [inf]]):
        arrived = came[bisect_left(came, turn[0]) : bisect_left(came, following[0])]
        found += [at - began for began, at in zip(turn, arrived, strict=False)]
    return found
