"""Fault trials: what a visitor sees when processes die, Redis restarts, the provider breaks off or a proxy drops.

`python bench/trials.py [--faults abcdefg] [--trials 200] [--seed 1] [--lanes 4]`; see bench/README.md.
"""

import argparse
import asyncio
import signal
import sys
import time
from contextlib import suppress

from faults.batch import Batch, Row
from faults.cluster import lanes
from faults.kinds import KINDS
from faults.provider import Provider
from processes import DidNotStart

COLUMNS = (
    "fault",
    "trials",
    "runs",
    "whole",
    "error, retryable",
    "lost or doubled seq",
    "terminal missing or doubled",
    "repeated effects",
    "wrong text",
    "orphans",
    "other",
    "longest silence s",
    "worker left after s",
    "connections before → after",
    "workers' MB before → after",
)


def _cells(row: Row) -> list[str]:
    before, after = row.connections
    violations = [row.violations[kind] for kind in ("seq", "terminal", "effect", "text", "orphan", "answer")]
    return [
        row.fault,
        str(row.trials),
        str(row.outcomes.total()),
        str(row.outcomes["whole"]),
        str(row.outcomes["error"]),
        *map(str, violations),
        f"{row.silence:.1f}",
        f"{row.leaving:.1f}" if row.leaving else "–",
        "–" if before is None else f"{before} → {after}",
        " → ".join(f"{kb / 1024:.0f}" for kb in row.rss_kb),
    ]


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


async def run(given: argparse.Namespace) -> int:
    """All batches, one after the other; the number of violations."""
    provider = Provider()
    await provider.start()
    numbers = given.only or range(given.trials)
    violations = 0
    try:
        async with lanes(
            count=given.lanes, workers=given.workers, database=given.database, provider=provider
        ) as started:
            print(_line(list(COLUMNS)), _line(["---", *["--:"] * (len(COLUMNS) - 1)]), sep="\n", flush=True)
            for letter in given.faults:
                began = time.monotonic()
                batch = Batch(letter, lanes=started, provider=provider, seed=given.seed, say=_complain)
                row = await batch.run(list(numbers))
                violations += row.violations.total()
                print(_line(_cells(row)), flush=True)
                print(f"{row.fault}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    finally:
        provider.close()
    return violations


def _complain(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--faults", default="".join(KINDS), help="letters: " + str({k: v.title for k, v in KINDS.items()})
    )
    parser.add_argument("--trials", type=int, default=200, help="of each fault")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--only", type=int, action="append", help="this trial alone; may be repeated")
    parser.add_argument("--lanes", type=int, default=4, help="side by side, each with processes of its own")
    parser.add_argument("--workers", type=int, default=2, help="web processes of a lane")
    parser.add_argument("--database", choices=("postgres", "sqlite"), default="postgres")
    given = parser.parse_args()
    if unknown := set(given.faults) - set(KINDS):
        parser.error(f"no such faults: {', '.join(sorted(unknown))}")
    if given.workers < 2:
        parser.error("a run can only be taken over by a second worker: --workers 2 or more")
    return given


async def main(given: argparse.Namespace) -> int:
    """Like `run`; SIGTERM ends it as Ctrl-C does."""
    running = asyncio.ensure_future(run(given))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
    return await running


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        try:
            sys.exit(1 if asyncio.run(main(_arguments())) else 0)
        except (DidNotStart, asyncio.CancelledError) as error:
            sys.exit(f"{type(error).__name__}: {error}")
    sys.exit(130)
