"""What the live floor costs, and how late it is, beside Socket.IO with its Redis adapter in the same run.

`python bench/floor.py` prints the tables; see bench/README.md for what is measured and how.
"""

import argparse
import asyncio
import signal
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import uvloop

sys.path.append(str(Path(__file__).resolve().parents[1]))  # for the product, beside this folder

from floors.reconnecting import come_back
from floors.servers import Server, bare, ours, socketio
from processes import DidNotStart, Missing
from servers import BENCH

AGENTS = 37
TICK = 0.2
"""Seconds between two deltas: of ours (apps/dashboard/keeper.py), and so of the bare frames."""
TICKING = str(BENCH / "floors" / "ticking.py")
WARM_UP = 2.0
SETTLING = 1.0
"""Seconds after the last event until the last viewer has it."""


@dataclass(frozen=True, slots=True)
class Load:
    """Events of all agents together: so many in one transaction, each so many seconds."""

    name: str
    viewers: int
    events: int
    every: float

    @property
    def rate(self) -> float:
        return self.events / self.every


@dataclass(frozen=True, slots=True)
class Result:
    name: str
    load: Load
    cpu: float
    """Seconds, of the web process and Redis, while `written` events were."""
    seconds: float
    written: int
    frames: int
    delivered: float
    """Part of the events that the sampled viewers have seen."""
    holes: int
    latencies: list[float]

    @property
    def cpu_per_event(self) -> float:
        """Of one event to one viewer, in microseconds."""
        return self.cpu / (self.written * self.load.viewers * max(self.delivered, 0.01)) * 1e6

    @property
    def cpu_per_frame(self) -> float:
        """In microseconds."""
        return self.cpu / max(1, self.frames) * 1e6

    def percentile(self, percent: int) -> float:
        """Of the latencies, in milliseconds."""
        ordered = sorted(self.latencies) or [float("nan")]
        return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] * 1e3

    def row(self) -> str:
        return (
            f"| {self.name} | {self.load.name} | {self.cpu / self.seconds * 1e3:,.0f} | {self.cpu_per_event:.2f} "
            f"| {self.cpu_per_frame:.1f} | {self.percentile(50):.0f} / {self.percentile(99):.0f} "
            f"| {self.delivered:.1%} | {self.holes} |"
        )


HEAD = (
    "| server | load | CPU ms a second | µs an event and viewer | µs a frame | p50 / p99 ms | delivered | holes |\n"
    "|---|---|--:|--:|--:|--:|--:|--:|"
)


async def measure(server: Server, load: Load, seconds: float) -> Result:
    """Puts the load on a running server."""
    crowd = await server.crowd(load.viewers)
    try:
        await server.writer.ask(events=load.events, every=load.every, seconds=WARM_UP)
        await asyncio.sleep(SETTLING)
        crowd.forget()
        cpu, began = server.cpu, time.monotonic()
        written = (await server.writer.ask(events=load.events, every=load.every, seconds=seconds))["written"]
        await asyncio.sleep(SETTLING)
        return Result(
            name=server.name,
            load=load,
            cpu=server.cpu - cpu,
            seconds=time.monotonic() - began,
            written=written,
            frames=crowd.frames,
            delivered=statistics.mean(crowd.events) / written,
            holes=crowd.holes,
            latencies=list(crowd.latencies),
        )
    finally:
        crowd.leave()
        await asyncio.sleep(SETTLING)


async def memory(server: Server, viewers: int) -> float:
    """kB of the web process for each of so many viewers."""
    first = await server.crowd(20)
    await asyncio.sleep(SETTLING)
    before = server.rss
    crowd = await server.crowd(viewers)
    await asyncio.sleep(3 * SETTLING)
    try:
        return (server.rss - before) / viewers
    finally:
        crowd.leave()
        first.leave()
        await asyncio.sleep(SETTLING)


async def run(given: argparse.Namespace, folder: Path) -> bool:
    """Whether everything could be measured."""
    rush = Load(f"{AGENTS} × 10/s to 200", 200, AGENTS, 0.1)
    crowd = Load("20/s to 1,000", 1_000, 2, 0.1)
    equal = Load("20/s to 1,000, one by one", 1_000, 1, 0.05)
    curve = [Load(f"{10 * n}/s to 200", 200, n, 0.1) for n in (1, 4, 16, 64)]
    parts = set(given.parts.split(","))
    rows: list[str] = []

    def told(result: Result) -> None:
        rows.append(result.row())
        print(result.row(), file=sys.stderr, flush=True)

    for number in range(given.rounds):
        for name in ("ours", "bare", "socketio", "tick-0"):
            place = folder / f"{name}-{number}"
            place.mkdir()
            if name == "ours" and parts & set("abdm"):
                async with ours(place, agents=AGENTS) as server:
                    for load, part in ((rush, "a"), (crowd, "b"), *((one, "d") for one in curve)):
                        if part in parts:
                            told(await measure(server, load, given.seconds))
                    if "m" in parts:
                        rows.append(
                            f"| {server.name} | memory | {await memory(server, 1_000):.1f} kB a viewer | | | | | |"
                        )
            elif name == "bare" and parts & set("ab"):
                async with bare(place, tick=TICK) as server:
                    for load, part in ((rush, "a"), (crowd, "b")):
                        if part in parts:
                            told(await measure(server, load, given.seconds))
            elif name == "socketio" and parts & set("abcm"):
                async with socketio(place, given.packages or folder / "packages") as server:
                    for load, part in ((rush, "a"), (crowd, "b"), (equal, "c")):
                        if part in parts:
                            told(await measure(server, load, given.seconds))
                    if "m" in parts:
                        rows.append(
                            f"| {server.name} | memory | {await memory(server, 1_000):.1f} kB a viewer | | | | | |"
                        )
            elif name == "tick-0" and "c" in parts:
                async with ours(place, agents=AGENTS, launcher=(TICKING, "0")) as server:
                    told(await measure(server, equal, given.seconds))
        if "r" in parts:
            place = folder / f"return-{number}"
            place.mkdir()
            back = await come_back(place, viewers=1_000, agents=AGENTS)
            rows.append(
                f"| CallSphere | {back.viewers} come back | half {back.half:.1f} s, all {back.all:.1f} s | | | | | |"
            )
    print(HEAD, *rows, sep="\n")
    return True


def main() -> int:
    """Prints the tables; 1 when something is missing in them."""
    parser = argparse.ArgumentParser(description="The live floor's CPU and lateness, beside Socket.IO in the same run.")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument(
        "--parts", default="a,b,c,d,m,r", help="a, b: load; c: equal frames; d: the curve; m: memory; r: returning"
    )
    parser.add_argument("--packages", type=Path, help="a folder where the peer's packages are kept for the next run")
    given = parser.parse_args()
    given.packages = given.packages.absolute() if given.packages else None
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are ended, too
    with tempfile.TemporaryDirectory(prefix="cs-bench-") as folder:
        try:
            return 0 if uvloop.run(run(given, Path(folder))) else 1
        except (Missing, DidNotStart, TimeoutError) as reason:
            print(f"Not measured: {reason!r}", file=sys.stderr)
            return 1


if __name__ == "__main__":
    sys.exit(main())
