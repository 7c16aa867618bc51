"""What a streamed token of chat costs us, beside what it costs the routes that people write without us.

`python bench/chat.py` prints a table; see bench/README.md for what is measured and how. Everything runs on this
machine: a provider stub, one server at a time, and the load, each a process of its own.
"""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import report
import servers
import uvloop
from load import Readings, Refused, Target, probe, stream_all
from processes import DidNotStart, Usage, machine_cpu, usage
from report import Result

WARM_UP = (10, 25)
"""Streams, tokens each."""
SPREAD = 2.0
"""Seconds over which the streams open that run while single ones are probed."""
PROBING = 4.0
PROBE_EVERY = 0.1
SETTLING = 1.0
"""Seconds after the last token until what a server still does for its answers is done and counted."""
MAX_TOKENS = 1_800
"""Of one answer: ours cuts longer ones, as its visitors would want."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much load."""

    streams: int
    seconds: float
    rate: float

    @property
    def tokens(self) -> int:
        return int(self.seconds * self.rate)


@dataclass(frozen=True, slots=True)
class _Mark:
    """The state of a measurement at one moment."""

    used: Usage
    elsewhere: float
    """CPU seconds that the machine gave to others than this benchmark."""
    tokens: int
    at: float


def _mark(pid: int, readings: Readings) -> _Mark:
    return _Mark(usage(pid), machine_cpu() - usage(os.getpid()).cpu, readings.tokens, monotonic())


def _streaming(start: _Mark, end: _Mark) -> float | None:
    """CPU seconds a token between two marks; None when they are too near for the clock's ticks."""
    if end.at - start.at < 1.0 or end.tokens == start.tokens:
        return None
    return (end.used.cpu - start.used.cpu) / (end.tokens - start.tokens)


async def measure(target: Target, pid: int, plan: Plan) -> Result:
    """Puts the load on a running server.

    Raises:
        Refused: it does not answer, or not to the end in a multiple of the time.
    """
    try:
        async with asyncio.timeout(30 + 4 * (plan.seconds + SPREAD + PROBING)):
            await stream_all(target, Readings(WARM_UP[0]), tokens=WARM_UP[1])
            result = await _answers(target, pid, plan)
            result.probes = await _one_more(target, plan)
    except TimeoutError:
        raise Refused(f"{target.name} did not finish its answers in time.") from None
    return result


async def _answers(target: Target, pid: int, plan: Plan) -> Result:
    """All streams opened at once, each read from its request to its end."""
    readings = Readings(plan.streams)
    idle = _mark(pid, readings)
    load = asyncio.create_task(stream_all(target, readings, tokens=plan.tokens))
    begun = asyncio.create_task(readings.all_begun.wait())
    await asyncio.wait({load, begun}, return_when=asyncio.FIRST_COMPLETED)
    if not begun.done():
        begun.cancel()
        await load
        raise Refused(f"{target.name} began {len(readings.firsts)} of {plan.streams} answers: {readings.refused!r}")
    start = _mark(pid, readings)
    await readings.one_ended.wait()
    end = _mark(pid, readings)
    await load
    await asyncio.sleep(SETTLING)
    settled = _mark(pid, readings)

    used = settled.used.cpu - idle.used.cpu
    return Result(
        name=target.name,
        cpu_per_token=used / readings.tokens,
        redis_per_token=(settled.used.redis_cpu - idle.used.redis_cpu) / readings.tokens,
        streaming_per_token=_streaming(start, end),
        load=used / (settled.at - idle.at - SETTLING),
        elsewhere=(settled.elsewhere - idle.elsewhere) / (settled.at - idle.at),
        firsts=readings.firsts,
        gaps=readings.gaps,
        kb_per_stream=(end.used.rss - idle.used.rss) / plan.streams,
        tokens=readings.tokens,
        expected=plan.tokens * plan.streams,
        whole=readings.whole,
        streams=plan.streams,
    )


async def _one_more(target: Target, plan: Plan) -> list[float]:
    """Seconds to the first token of single streams, opened one after the other while the others run."""
    readings = Readings(plan.streams)
    tokens = int((SPREAD + PROBING) * plan.rate)
    others = asyncio.create_task(stream_all(target, readings, tokens=tokens, spread=SPREAD))
    begun = asyncio.create_task(readings.all_begun.wait())
    await asyncio.wait({others, begun}, return_when=asyncio.FIRST_COMPLETED)
    begun.cancel()
    firsts = await probe(target, every=PROBE_EVERY, until=readings.one_ended.wait())
    await others
    return firsts


Server = Callable[[int, Path], AbstractContextManager[tuple[Target, int]]]
SERVERS: dict[str, Server] = {"ours": servers.ours, "starlette": servers.starlette, "node": servers.node}


def compare(plan: Plan, names: list[str]) -> list[Result | str]:
    """The provider alone, then each server: its result, or a line that says why there is none."""
    rows: list[Result | str] = []
    with tempfile.TemporaryDirectory(prefix="cs-bench-") as folder, servers.provider(plan.rate, Path(folder)) as stub:
        target, pid = stub
        rows.append(uvloop.run(measure(target, pid, Plan(plan.streams, min(plan.seconds, 2.0), plan.rate))))
        for name in names:
            print(f"{name} …", file=sys.stderr, flush=True)
            scratch = Path(folder) / name
            scratch.mkdir()
            try:
                with SERVERS[name](target.port, scratch) as (peer, peer_pid):
                    rows.append(uvloop.run(measure(peer, peer_pid, plan)))
            except (servers.Missing, DidNotStart, Refused) as reason:
                rows.append(f"{name}: {reason}")
    return rows


def _arguments() -> tuple[Plan, list[str]]:
    parser = argparse.ArgumentParser(description="CPU per streamed token, beside peers in the same run.")
    parser.add_argument("--streams", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--rate", type=float, default=25.0, help="tokens a second of each stream")
    parser.add_argument("--servers", default=",".join(SERVERS), help="comma-separated, of: " + ", ".join(SERVERS))
    given = parser.parse_args()
    plan, names = Plan(given.streams, given.seconds, given.rate), given.servers.split(",")
    if unknown := set(names) - set(SERVERS):
        parser.error(f"--servers: {', '.join(sorted(unknown))} unknown; there are {', '.join(SERVERS)}")
    if plan.streams < 1 or plan.rate <= 0 or not 2 / plan.rate <= plan.seconds <= MAX_TOKENS / plan.rate:
        parser.error(f"--seconds × --rate: 2 to {MAX_TOKENS} tokens an answer, and at least one stream")
    return plan, names


def main() -> int:
    """Prints the table; 1 when a server lost a token."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are ended, too
    plan, names = _arguments()
    rows = compare(plan, names)
    print(report.table(rows))
    return 0 if all(row.complete for row in rows if isinstance(row, Result)) else 1


if __name__ == "__main__":
    sys.exit(main())
