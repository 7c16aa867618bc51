"""A soak: steady random load on one process, and whether its memory, files or connections grow.

`python bench/soak.py [--minutes 60] [--visitors 60]`; see bench/README.md.
"""

import argparse
import asyncio
import random
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path

from faults.cluster import Lane, lanes
from faults.provider import Provider
from faults.visiting import Load, Place, visit
from processes import DidNotStart
from slope import Slope, slope

MOST = {"server_kb": 8_192, "files": 20, "threads": 4, "connections": 2}
"""What the server may surely have gained from the end of the warm-up to the end: memory in kB, the others in number."""
WARM_UP = 0.2
"""Share of the time after which growth counts: pools, caches and the allocator fill up first."""
REDIS_BYTES = 65_536
"""Memory of Redis for each run whose log is still kept."""
HOUR = 3_600.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One moment. Memory in kB."""

    minute: float
    server_kb: int
    redis_kb: int
    files: int
    threads: int
    connections: int


async def _sample(lane: Lane, minute: float) -> Sample:
    [worker] = lane.workers
    connections = await asyncio.to_thread(lane.database.connections)
    memory = await lane.redis.used_memory() // 1024
    return Sample(minute, worker.rss_kb(), memory, worker.open_files(), worker.threads(), connections or 0)


@dataclass(frozen=True, slots=True)
class Soak:
    """What was measured. `at_rest` is the last sample, two seconds after the last message; `samples` is the others."""

    samples: list[Sample]
    at_rest: Sample
    load: Load
    kept: int
    """Runs of the last hour, whose logs Redis still has."""

    @property
    def measured(self) -> list[Sample]:
        """Those after the warm-up."""
        return [sample for sample in self.samples if sample.minute >= WARM_UP * self.samples[-1].minute]

    def slope(self, name: str) -> Slope:
        """A minute, after the warm-up."""
        measured = self.measured
        return slope([sample.minute for sample in measured], [float(getattr(sample, name)) for sample in measured])

    @property
    def redis_bytes(self) -> float:
        """For each run that Redis keeps."""
        return (self.at_rest.redis_kb - self.samples[0].redis_kb) * 1024 / max(self.kept, 1)


async def soak(given: argparse.Namespace) -> Soak:
    """Loads one worker for the time given; a sample every ten seconds, more often in a short run."""
    provider = Provider()
    await provider.start()
    load, samples = Load(), []
    clock = asyncio.get_running_loop().time
    try:
        async with lanes(count=1, workers=1, database=given.database, provider=provider) as [lane]:
            place = Place(lane.ports, lane.database, provider)
            began = clock()
            until = began + given.minutes * 60
            async with asyncio.TaskGroup() as group:
                for number in range(given.visitors):
                    chance = random.Random(f"{given.seed}/{number}")
                    group.create_task(visit(place, load, chance, lambda: clock() >= until))
                while clock() < until:
                    samples.append(await _sample(lane, (clock() - began) / 60))
                    await asyncio.sleep(min(10.0, given.minutes))
            await asyncio.sleep(2)
            at_rest = await _sample(lane, (clock() - began) / 60)
            return Soak(samples, at_rest, load, kept=sum(clock() - ended < HOUR for ended in load.ended_at))
    finally:
        provider.close()


def table(soaked: Soak) -> str:
    """The measurements as a Markdown table."""
    titles = {
        "server_kb": "server, kB resident",
        "redis_kb": "Redis, kB used",
        "files": "open files",
        "threads": "threads",
        "connections": "database connections",
    }
    lines = [
        f"{soaked.load.outcomes.total():,} messages: {dict(soaked.load.outcomes)}\n",
        "| | first | after the warm-up | last | at rest | slope a minute | 95 % confidence |",
        "| --- | --: | --: | --: | --: | --: | --: |",
    ]
    moments = (soaked.samples[0], soaked.measured[0], soaked.samples[-1], soaked.at_rest)
    for name, title in titles.items():
        found = soaked.slope(name)
        cells = [title, *(f"{getattr(sample, name):,}" for sample in moments)]
        cells += [f"{found.value:,.1f}", f"{found.low:,.1f} to {found.high:,.1f}"]
        lines.append(f"| {' | '.join(cells)} |")
    lines.append(
        f"\nRedis keeps {soaked.redis_bytes:,.0f} bytes for each of the {soaked.kept:,} runs of the last hour."
    )
    return "\n".join(lines)


def problems(soaked: Soak) -> list[str]:
    """Why the soak failed; empty when it passed."""
    found = list(soaked.load.violations)
    minutes = soaked.measured[-1].minute - soaked.measured[0].minute
    for name, most in MOST.items():
        grown = soaked.slope(name)
        if grown.low * minutes > most:
            found.append(f"{name} grows by {grown.value:,.1f} a minute, surely by {grown.low:,.1f}")
    if soaked.redis_bytes > REDIS_BYTES:
        found.append(f"Redis keeps {soaked.redis_bytes:,.0f} bytes a run")
    if not soaked.load.outcomes["whole"]:
        found.append("no message was answered")
    return found


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--visitors", type=int, default=60)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--database", choices=("postgres", "sqlite"), default="postgres")
    parser.add_argument("--samples", type=Path, help="write all samples to this file, as CSV")
    return parser.parse_args()


async def main(given: argparse.Namespace) -> int:
    """The exit status. SIGTERM ends it as Ctrl-C does."""
    running = asyncio.ensure_future(soak(given))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
    soaked = await running
    if given.samples:
        names = [column.name for column in fields(Sample)]
        rows = [[str(getattr(sample, name)) for name in names] for sample in soaked.samples]
        given.samples.write_text("".join(",".join(row) + "\n" for row in [names, *rows]))
    print(table(soaked))
    found = problems(soaked)
    for words in found[:40]:
        print(words, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        try:
            sys.exit(asyncio.run(main(_arguments())))
        except (DidNotStart, asyncio.CancelledError) as error:
            sys.exit(f"{type(error).__name__}: {error}")
    sys.exit(130)
