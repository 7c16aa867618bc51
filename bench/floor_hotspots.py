"""What our CPU goes into while a floor is watched: a sampling profile by function, in ms a second.

`python bench/floor_hotspots.py [--viewers 200] [--events 37] [--every 0.1] [--seconds 10] [--top 40]`; see sampler.py
for how it samples.
"""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
from pathlib import Path

import uvloop
from floor import AGENTS, SETTLING, WARM_UP, Load
from floors.servers import ours
from hotspots import SAMPLER, Stacks, collect, table
from processes import DidNotStart

WATCHED = 0
"""Number of the phase in which events come."""


async def _profile(load: Load, seconds: float, folder: Path) -> tuple[int, Stacks]:
    output = folder / "stacks.json"
    async with ours(folder, agents=AGENTS, launcher=(SAMPLER, str(output))) as server:
        crowd = await server.crowd(load.viewers)
        await server.writer.ask(events=load.events, every=load.every, seconds=WARM_UP)
        await asyncio.sleep(SETTLING)
        os.kill(server.web, signal.SIGUSR1)
        await server.writer.ask(events=load.events, every=load.every, seconds=seconds)
        os.kill(server.web, signal.SIGUSR1)
        crowd.leave()
        return await asyncio.to_thread(collect, server.web, output, folder / "server.log")


def main() -> int:
    """Prints the profile; 1 when the product did not start."""
    parser = argparse.ArgumentParser(description="A sampling profile of CallSphere under a floor that is watched.")
    parser.add_argument("--viewers", type=int, default=200)
    parser.add_argument("--events", type=int, default=AGENTS, help="turns in one transaction")
    parser.add_argument("--every", type=float, default=0.1, help="seconds between two transactions")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--top", type=int, default=40)
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are ended, too
    load = Load("", given.viewers, given.events, given.every)
    try:
        with tempfile.TemporaryDirectory(prefix="cs-bench-") as folder:
            samples, stacks = uvloop.run(_profile(load, given.seconds, Path(folder)))
    except (DidNotStart, TimeoutError) as reason:
        print(repr(reason), file=sys.stderr)
        return 1
    watched = [(seconds, stack) for phase, seconds, stack in stacks if phase == WATCHED]
    print(f"{samples:,} samples; without Redis, which is another process")
    print(table("A floor that is watched, ms a second", watched, 1e3 / given.seconds, given.top))
    return 0


if __name__ == "__main__":
    sys.exit(main())
