"""Does a process grow with the calls it has had? It should not.

`python bench/calls_growth.py [--calls 2000] [--lanes 12]`: short calls through one process of ours, in which caller and
agent speak; see bench/README.md.
"""

import argparse
import asyncio
import random
import signal
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import uvloop
from calls.bridges import Bridge, model, ours
from calls.callers import SPEECH, Caller
from calls.sound import FRAME
from load import Refused
from processes import DidNotStart, usage
from report import markdown
from slope import slope

MOST = {"memory kB": 8_192, "files": 20, "threads": 4}
"""What the process may surely have gained from the end of the warm-up to the last call."""
WARM_UP = 0.2
"""Share of the calls after which growth counts: pools, caches and the allocator fill up first."""
SAMPLES = 100
QUIET = 0.4
"""Seconds of the agent's greeting before the caller speaks over it."""
LENGTH = (1.0, 3.0)
"""Seconds of a call once it is answered."""
ANSWER_WITHIN = 30.0
REFUSED = 0.2
"""Share of the calls that may be turned away; each is dialed again."""
DROPPED = 0.2
"""Share of the calls whose socket just closes."""
AT_REST = 5.0
"""Seconds after the last call until the last sample."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The process after so many calls."""

    calls: int
    values: dict[str, int]


def _sample(pid: int, calls: int) -> Sample:
    process = Path(f"/proc/{pid}")
    status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    files = len(list((process / "fd").iterdir()))
    return Sample(calls, {"memory kB": usage(pid).rss, "files": files, "threads": int(status["Threads"])})


async def _call(client: aiohttp.ClientSession, bridge: Bridge, chance: random.Random) -> str:
    """One call; why it was not answered, or "". A process whose event loop is late turns calls away, as it should."""
    caller = Caller(client, bridge.dial, ahead=SPEECH.start - int(QUIET / FRAME))
    task = asyncio.create_task(caller.run())
    answered = asyncio.create_task(caller.answered.wait())
    try:
        await asyncio.wait({task, answered}, timeout=ANSWER_WITHIN, return_when=asyncio.FIRST_COMPLETED)
        if caller.answered.is_set():
            await asyncio.sleep(chance.uniform(*LENGTH))
    finally:
        answered.cancel()
        caller.leave(says_so=chance.random() >= DROPPED)
        await task
    if caller.answered.is_set() and caller.failed:
        raise Refused(f"A call was lost: {caller.failed}")
    return "" if caller.answered.is_set() else caller.failed or f"nothing came for {ANSWER_WITHIN:.0f} s"


async def _calls(bridge: Bridge, model_port: int, calls: int, lanes: int) -> list[Sample]:
    """Samples at even distances, the last one at rest."""
    chance = random.Random(calls)
    numbers: Iterator[int] = iter(range(1, calls + 1))
    every = max(1, calls // SAMPLES)
    refused = 0
    samples = [_sample(bridge.pid, 0)]
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client:

        async def lane() -> None:
            nonlocal refused
            for number in numbers:
                while reason := await _call(client, bridge, chance):
                    refused += 1
                    if refused > REFUSED * calls:
                        raise Refused(f"Too many calls were not answered. The last one: {reason}")
                    await asyncio.sleep(1.0)
                if number % every == 0:
                    samples.append(_sample(bridge.pid, number))
                    async with client.get(f"http://127.0.0.1:{model_port}/report") as forgotten:
                        await forgotten.read()

        working = [asyncio.create_task(lane()) for _ in range(lanes)]
        try:
            await asyncio.gather(*working)
        finally:
            for task in working:
                task.cancel()
            await asyncio.gather(*working, return_exceptions=True)
    await asyncio.sleep(AT_REST)
    samples.append(_sample(bridge.pid, calls))
    print(f"{calls} calls; {refused} more were turned away, and dialed again")
    return samples


def verdict(samples: list[Sample]) -> tuple[str, bool]:
    """A table of what grew, and whether it did for sure."""
    *_, before_rest, at_rest = samples
    calls = before_rest.calls
    measured = [sample for sample in samples[:-1] if sample.calls >= WARM_UP * calls]
    rows, grows = [], False
    for name, most in MOST.items():
        found = slope([sample.calls for sample in measured], [float(sample.values[name]) for sample in measured])
        surely = found.low * (calls - measured[0].calls)
        grows = grows or surely > most
        interval = f"{found.value * 1e3:+.1f} ({found.low * 1e3:+.1f} to {found.high * 1e3:+.1f})"
        ends = [f"{sample.values[name]:,}" for sample in (samples[0], measured[0], before_rest, at_rest)]
        rows.append([name, *ends, interval, "yes" if surely > most else "no"])
    columns = ("", "first", "after the warm-up", "last", "at rest", "for 1,000 calls (95 %)", "grows")
    return markdown(columns, rows), grows


def main() -> int:
    """Prints the table; 1 when something grows, or a call was lost."""
    parser = argparse.ArgumentParser(description="Short calls through one process, and what it keeps of them.")
    parser.add_argument("--calls", type=int, default=2_000)
    parser.add_argument("--lanes", type=int, default=12, help="calls at a time")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are ended, too
    try:
        with tempfile.TemporaryDirectory(prefix="cs-bench-") as scratch:
            folder = Path(scratch)
            with model(folder) as port, ours(port, folder, folder) as bridge:
                samples = uvloop.run(_calls(bridge, port, given.calls, given.lanes))
    except (DidNotStart, Refused) as reason:
        print(reason, file=sys.stderr)
        return 1
    table, grows = verdict(samples)
    print(table)
    return 1 if grows else 0


if __name__ == "__main__":
    sys.exit(main())
