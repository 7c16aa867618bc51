"""Fault trials of calls: what a caller hears and what is on record when sockets, tools or processes fail.

`python bench/call_trials.py [--faults abcdef] [--trials 200] [--seed 1] [--together 8]`; see bench/README.md.
"""

import argparse
import asyncio
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from faults.call_kinds import KINDS, Result, Trial, World
from faults.call_model import CallModel
from faults.callers import NUMBER
from faults.cluster import environment, prepare
from faults.database import Sqlite
from faults.machines import ROOT, Redis, Worker
from processes import DidNotStart

from apps.telephony.account import Account
from apps.telephony.simulated.exchange import Exchange

ACCOUNT = Account("AC" + "0" * 32, "trials")
SERVER = str(Path(__file__).parent / "faults" / "call_server.py")
COLUMNS = (
    "fault",
    "calls",
    "whole",
    "next verb",
    "cut off",
    "turned away",
    "longest silence s",
    "over 3 s silent",
    "on record as ended after s",
    "without an owner after 30 s",
    "tools run twice",
)
VIOLATIONS = ("silence", "orphan", "tool")


class Server(Worker):
    """`manage.py serve`, with tools that can be slow."""

    def __init__(self, python: str, *, log: Path, env: dict[str, str]) -> None:
        super().__init__(python, log=log, env=env)
        self.command = [python, SERVER, "--port", str(self.port)]


@asynccontextmanager
async def world(workers: int) -> AsyncIterator[World]:
    """A carrier, a model, and processes that share a Redis and a database. Raises DidNotStart."""
    model = CallModel()
    await model.start()
    with tempfile.TemporaryDirectory(prefix="cs-c-", dir="/tmp") as name:
        folder = Path(name)
        database, redis = Sqlite(folder / "db.sqlite3"), Redis(folder)
        machines: list[Server] = []
        async with Exchange(ACCOUNT) as exchange:
            env = environment(folder, model.port, database)
            env |= {"TWILIO_ACCOUNT_SID": ACCOUNT.sid, "TWILIO_AUTH_TOKEN": ACCOUNT.token}
            env |= {"TWILIO_API_BASE": exchange.url}
            try:
                await redis.start()
                await asyncio.to_thread(prepare, env)
                number = await asyncio.create_subprocess_exec(
                    sys.executable, SERVER, "number", NUMBER, env=env, cwd=ROOT
                )
                if await number.wait():
                    raise DidNotStart("the clinic got no number")
                machines += [Server(sys.executable, log=folder / f"worker{n}.log", env=env) for n in range(workers)]
                await asyncio.gather(*(machine.start() for machine in machines))
                yield World(exchange, model, list(machines), [machine.port for machine in machines], database)
            finally:
                for machine in [*machines, redis]:
                    machine.destroy()
                model.close()


async def batch(letter: str, at: World, given: argparse.Namespace) -> list[Result]:
    """All trials of one kind, some at a time."""
    title, perform = KINDS[letter]
    results: list[Result] = []
    for first in range(0, given.trials, given.together):
        at.model.failing.clear()  # what was meant for calls that ended before
        trials = []
        for number in range(first, min(first + given.together, given.trials)):
            name = f"{given.seed}/{letter}/{number}"
            trials.append(Trial(name, (ord(letter) - 97) * 100_000 + number + 1, at, random.Random(name)))
        for trial, result in zip(trials, await perform(trials), strict=True):
            results.append(result)
            for kind, words in result.problems:
                print(f"{title} {trial.name}: {kind}: {words}", file=sys.stderr, flush=True)
    return results


def cells(title: str, results: list[Result]) -> list[str]:
    """A row of the table."""
    outcomes = Counter(result.outcome for result in results)
    kinds = Counter(kind for result in results for kind, _ in result.problems)
    silence = max((result.silence_ms for result in results), default=0) / 1000
    ended = max((result.ended_after for result in results), default=0.0)
    shown = [outcomes[name] for name in ("whole", "next verb", "cut off", "turned away")]
    return [
        title,
        str(len(results)),
        *map(str, shown),
        f"{silence:.1f}",
        str(kinds["silence"]),
        f"{ended:.1f}",
        str(kinds["orphan"]),
        str(kinds["tool"]),
    ]


def _line(row: list[str]) -> str:
    return f"| {' | '.join(row)} |"


async def run(given: argparse.Namespace) -> int:
    """All kinds, one after the other; the number of violations."""
    violations = 0
    async with world(given.workers) as at:
        print(_line(list(COLUMNS)), _line(["---", *["--:"] * (len(COLUMNS) - 1)]), sep="\n", flush=True)
        for letter in given.faults:
            began = time.monotonic()
            results = await batch(letter, at, given)
            print(_line(cells(KINDS[letter][0], results)), flush=True)
            print(f"{KINDS[letter][0]}: {time.monotonic() - began:.0f} s", file=sys.stderr)
            violations += sum(kind in VIOLATIONS for result in results for kind, _ in result.problems)
    return violations


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    titles = {letter: title for letter, (title, _) in KINDS.items()}
    parser.add_argument("--faults", default="".join(KINDS), help=f"letters: {titles}")
    parser.add_argument("--trials", type=int, default=200, help="calls of each fault")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--together", type=int, default=8, help="calls at a time; one kill ends so many")
    parser.add_argument("--workers", type=int, default=2, help="web processes")
    given = parser.parse_args()
    if unknown := set(given.faults) - set(KINDS):
        parser.error(f"no such faults: {', '.join(sorted(unknown))}")
    if given.workers < 2:
        parser.error("a call of a dead process is ended by another one: --workers 2 or more")
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
