"""What a second of a phone call costs us, beside what it costs the bridges that people write without us.

`python bench/voice.py` prints a table; see bench/README.md for what is measured and how. Everything runs on this
machine: the model's stand-in, one bridge at a time, and the callers.
"""

import argparse
import signal
import sys
import tempfile
from collections.abc import Mapping
from itertools import product
from pathlib import Path

import uvloop
from calls.bridges import BRIDGES, Context, model
from calls.measuring import Plan, Result, measure
from calls.report import table
from load import Refused
from processes import DidNotStart, Missing


def compare(plan: Plan, bridges: Mapping[str, Context], rounds: int, packages: Path | None) -> list[Result | str]:
    """Each bridge's result in its cheapest round, or a line that says why there is none.

    The cheapest, because all that other work on the machine can do to a round is to make it dearer; and in rounds, so
    that no bridge has all the bad minutes.
    """
    found: dict[str, Result | str] = {}
    with tempfile.TemporaryDirectory(prefix="cs-bench-") as scratch, model(Path(scratch)) as port:
        for number, (name, bridge) in product(range(rounds), bridges.items()):
            folder = Path(scratch) / f"{name}-{number}"
            folder.mkdir()
            try:
                with bridge(port, folder, packages or Path(scratch) / "packages") as running:
                    result = uvloop.run(measure(running, port, plan))
            except (Missing, DidNotStart, Refused) as reason:
                found.setdefault(name, f"{name}: {reason}")
                continue
            told = f"{name}, round {number + 1}: {result.cpu_per_second * 1e3:.1f} ms a call-second"
            print(f"{told}, {result.elsewhere:.1f} cores busy elsewhere", file=sys.stderr, flush=True)
            best = found.get(name)
            if not isinstance(best, Result) or result.cpu_per_second < best.cpu_per_second:
                found[name] = result
    return list(found.values())


def main() -> int:
    """Prints the table; 1 when ours is missing in it."""
    parser = argparse.ArgumentParser(description="CPU per second of a call, beside peers in the same run.")
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--bridges", default=",".join(BRIDGES), help="comma-separated, of: " + ", ".join(BRIDGES))
    parser.add_argument("--rounds", type=int, default=3, help="of all bridges, of which the cheapest of each counts")
    parser.add_argument("--packages", type=Path, help="a folder where the peers' packages are kept for the next run")
    given = parser.parse_args()
    names = given.bridges.split(",")
    if unknown := set(names) - set(BRIDGES):
        parser.error(f"--bridges: {', '.join(sorted(unknown))} unknown; there are {', '.join(BRIDGES)}")
    if given.calls < 1 or given.seconds < 4:
        parser.error("--calls: at least 1; --seconds: at least 4, in which each caller speaks once")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the bridges are ended, too
    packages = given.packages.absolute() if given.packages else None
    plan, bridges = Plan(given.calls, given.seconds), {name: BRIDGES[name] for name in names}
    rows = compare(plan, bridges, given.rounds, packages)
    print(table(rows))
    return 1 if any(isinstance(row, str) and row.startswith("ours") for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
