"""What might grow over the run: sampled every few seconds, and its slope after the warm-up."""

import asyncio
import os
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import redis
from processes import PAGE_KB
from slope import Slope, slope

from mixed_load.site import Site

EVERY = 5.0
"""Seconds between two samples."""
WARM_UP = 0.2
"""Share of the time after which growth counts."""
ROLES = ("web", "voice", "worker")
MOST = {
    "database connections": 4.0,
    "Redis keys that never expire": 50.0,
    **{f"{role}: MB resident": 24.0 for role in ROLES},
    **{f"{role}: open files": 40.0 for role in ROLES},
}
"""What the whole cluster, or all processes of a role together, may surely have gained after the warm-up."""


@dataclass
class Samples:
    """Series of (minute, value), by name."""

    series: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    most: dict[str, float] = field(default_factory=dict)
    """The highest of each."""

    def add(self, minute: float, name: str, value: float) -> None:
        self.series[name].append((minute, value))
        self.most[name] = max(value, self.most.get(name, value))

    def measured(self, name: str) -> list[tuple[float, float]]:
        """Those after the warm-up."""
        found = self.series[name]
        return [(minute, value) for minute, value in found if minute >= WARM_UP * found[-1][0]]

    def slope(self, name: str) -> Slope:
        """A minute, after the warm-up."""
        measured = self.measured(name)
        return slope([minute for minute, _ in measured], [value for _, value in measured])

    def problems(self) -> list[str]:
        """What surely grew."""
        found = []
        for name, most in MOST.items():
            if not (measured := self.measured(name)):
                found.append(f"growth: {name} was never measured")
                continue
            grown, minutes = self.slope(name), measured[-1][0] - measured[0][0]
            if grown.low * minutes > most:
                found.append(f"growth: {name} by {grown.value:,.2f} a minute, surely by {grown.low:,.2f}")
        return found

    def table(self) -> list[list[str]]:
        """A row for each series."""
        rows = []
        for name, values in self.series.items():
            found = self.slope(name)
            moments = (values[0][1], self.measured(name)[0][1], values[-1][1], self.most[name])
            sure = f"{found.low:,.2f} to {found.high:,.2f}" if found.high < float("inf") else "too few samples"
            rows.append([name, *(f"{value:,.0f}" for value in moments), f"{found.value:,.2f}", sure])
        return rows


async def sample(site: Site, samples: Samples, *, every: float = EVERY) -> None:
    """Until it is cancelled."""
    clock = asyncio.get_running_loop().time
    began = clock()
    while True:
        await _once(site, samples, (clock() - began) / 60)
        await asyncio.sleep(every)


async def _once(site: Site, samples: Samples, minute: float) -> None:
    processes = (await site.processes()).values()
    for role in ROLES:
        own = [process for process in processes if process.role == role]
        # While one is away its share is missing, and while one leaves beside its successor there is one too many.
        if all(process.is_ready and not process.leaving for process in own):
            with suppress(OSError, IndexError):
                read = [_process(process.pid) for process in own]
                samples.add(minute, f"{role}: MB resident", sum(kb for kb, _ in read) / 1024)
                samples.add(minute, f"{role}: open files", sum(files for _, files in read))
    samples.add(minute, "database connections", await asyncio.to_thread(site.database.connections))
    with suppress(redis.RedisError):
        keys, lasting, used = await asyncio.to_thread(site.redis_keys)
        samples.add(minute, "Redis keys", keys)
        samples.add(minute, "Redis keys that never expire", lasting)
        samples.add(minute, "Redis, MB used", used / 1024**2)


def _process(pid: int) -> tuple[int, int]:
    """(kB resident, open files)"""
    proc = Path(f"/proc/{pid}")
    return int((proc / "statm").read_text().split()[1]) * PAGE_KB, len(os.listdir(proc / "fd"))
