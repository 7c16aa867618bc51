"""Mixed load under faults: chat, calls, the live floor, the API and the admin on the cluster, while things break.

`python bench/mixed.py [--minutes 30] [--every 20] [--seed 1]`; see bench/README.md.
"""

import argparse
import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from mixed_load.report import printed
from mixed_load.running import Plan, Report, Run, stage
from processes import DidNotStart

from apps.operations.cluster import ClusterError

SHOWN = 40
"""Broken promises that are written out."""


async def mixed(plan: Plan) -> Report:
    """The whole run. Raises DidNotStart, ClusterError."""
    async with stage(plan) as at:
        return await Run(plan, at, _say).perform()


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def _arguments() -> Plan:
    usual = Plan()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=usual.minutes)
    parser.add_argument("--every", type=float, default=usual.every, help="seconds from fault to fault")
    parser.add_argument("--seed", default=usual.seed)
    parser.add_argument("--once", action="store_true", help="each kind of fault once, and then the end")
    parser.add_argument(
        "--sentinels", action="store_true", help="a Redis with a replica and Sentinels, which fails over"
    )
    for name in ("visitors", "callers", "viewers", "programs", "readers", "agents"):
        parser.add_argument(f"--{name}", type=int, default=getattr(usual, name))
    return Plan(**vars(parser.parse_args()))


async def main(plan: Plan) -> int:
    """The exit status. SIGTERM ends it as Ctrl-C does."""
    running = asyncio.ensure_future(mixed(plan))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
    before = os.getloadavg()[0]
    report = await running
    print(printed(report))
    print(f"\nLoad of the machine: {before:.1f} before, {os.getloadavg()[0]:.1f} at the end, {os.cpu_count()} cores.")
    for words in report.problems[:SHOWN]:
        print(words, file=sys.stderr)
    return 1 if report.problems else 0


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        try:
            sys.exit(asyncio.run(main(_arguments())))
        except (DidNotStart, ClusterError, asyncio.CancelledError) as error:
            sys.exit(f"{type(error).__name__}: {error}")
    sys.exit(130)
