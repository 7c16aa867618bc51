"""What our CPU goes into while calls are under way: a sampling profile by function, in ms a call-second.

`python bench/calls_hotspots.py [--calls 20] [--seconds 15] [--audio pcmu] [--top 40]`; see sampler.py for how it
samples.
"""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
from pathlib import Path

import aiohttp
import uvloop
from calls.bridges import Bridge, model, ours
from calls.callers import CYCLE
from calls.measuring import SETTLING, Switchboard
from calls.sound import FRAME
from hotspots import SAMPLER, Stacks, collect, table
from load import Refused
from processes import DidNotStart

TALKING = 0
"""Number of the phase in which all calls are under way."""


async def _load(bridge: Bridge, model_port: int, calls: int, seconds: float) -> None:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client:
        board = Switchboard(client, bridge, model_port)
        await board.open(calls, spread=CYCLE * FRAME)
        await asyncio.sleep(SETTLING)
        os.kill(bridge.pid, signal.SIGUSR1)
        await asyncio.sleep(seconds)
        os.kill(bridge.pid, signal.SIGUSR1)
        await board.close()


def _profile(calls: int, seconds: float, audio: str) -> tuple[int, Stacks]:
    with tempfile.TemporaryDirectory(prefix="cs-bench-") as scratch:
        folder = Path(scratch)
        output = folder / "stacks.json"
        with model(folder) as port, ours(port, folder, folder, audio=audio, launcher=(SAMPLER, str(output))) as bridge:
            uvloop.run(_load(bridge, port, calls, seconds))
            return collect(bridge.pid, output, folder / "server.log")


def main() -> int:
    """Prints the profile; 1 when the product did not carry the calls."""
    parser = argparse.ArgumentParser(description="A sampling profile of CallSphere under calls.")
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--audio", default="pcmu", choices=("pcmu", "pcm16"), help="of the model's side")
    parser.add_argument("--top", type=int, default=40)
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are ended, too
    try:
        samples, stacks = _profile(given.calls, given.seconds, given.audio)
    except (DidNotStart, Refused) as reason:
        print(reason, file=sys.stderr)
        return 1
    talking = [(seconds, stack) for phase, seconds, stack in stacks if phase == TALKING]
    print(f"{samples:,} samples; without Redis, which is another process")
    print(table("Calls under way, ms a call-second", talking, 1e3 / given.seconds / given.calls, given.top))
    return 0


if __name__ == "__main__":
    sys.exit(main())
