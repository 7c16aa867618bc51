"""Fault trials of the live floor: two web processes, viewers on both, and what they show while things break.

`python bench/floor_trials.py [--faults abcdefg] [--trials 200] [--seed 1] [--viewers 4]`; see bench/README.md.

a, b: kill -9 of the first or the second web process; c: Redis is killed and comes back; d: Redis is emptied; e: a
viewer sleeps; f: a slow viewer; g: frames are dropped on the way.
"""

import argparse
import asyncio
import json
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import msgspec

sys.path.append(str(Path(__file__).resolve().parents[1]))  # for the product, beside this folder

from faults.machines import Redis, Worker
from floors.servers import Program, program
from floors.watcher import Watcher
from processes import DidNotStart
from servers import BENCH, ROOT, product_environment

from apps.dashboard.core.events import State

TOLERANCE = 5.0
"""Seconds after a commit within which a viewer that says it is live may not know of it: the longest audit interval."""
USUAL = 0.3
"""The same, when no hint was lost."""
CONVERGE_WITHIN = 30.0
ASLEEP = 5.0


class Kept(Protocol):
    """A floor that is kept in a database."""

    committed: float
    """When the last thing that happened was committed."""

    async def truth(self) -> State:
        """The floor as the database has it."""


@dataclass
class Floor:
    """What the trials break."""

    workers: list[Worker]
    redis: Redis
    desk: Program
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    committed: float = 0.0
    """When the last thing that happened was committed."""

    async def ask(self, **words: object) -> object:
        async with self.lock:
            return await self.desk.ask(**words)

    async def ticket(self) -> str:
        answer = await self.ask(tickets=1)
        return str(answer[0]) if isinstance(answer, list) and answer else ""

    async def act(self, seed: int) -> None:
        await self.ask(act=seed)
        self.committed = time.time()

    async def truth(self) -> State:
        return msgspec.convert(await self.ask(state=True), State)


Fault = Callable[[Floor, list[Watcher], random.Random], Coroutine[None, None, None]]


async def _kill(floor: Floor, number: int) -> None:
    await floor.workers[number].kill()
    await asyncio.sleep(0.5)
    await floor.workers[number].start()


async def kill_first(floor: Floor, viewers: list[Watcher], chance: random.Random) -> None:
    await _kill(floor, 0)


async def kill_second(floor: Floor, viewers: list[Watcher], chance: random.Random) -> None:
    await _kill(floor, 1)


async def restart_redis(floor: Floor, viewers: list[Watcher], chance: random.Random) -> None:
    await floor.redis.kill()
    await asyncio.sleep(chance.uniform(0.1, 1.5))
    await floor.redis.start()


async def empty_redis(floor: Floor, viewers: list[Watcher], chance: random.Random) -> None:
    await floor.redis._ask("FLUSHALL")


async def sleep(floor: Floor, viewers: list[Watcher], chance: random.Random) -> None:
    viewer = chance.choice(viewers)
    viewer.awake.clear()
    if chance.random() < 0.5 and viewer.socket is not None:
        viewer.socket.transport.abort()  # its system has closed the connection meanwhile
    await asyncio.sleep(ASLEEP)
    viewer.awake.set()


async def slow_down(floor: Floor, viewers: list[Watcher], chance: random.Random) -> None:
    viewer = chance.choice(viewers)
    for _ in range(20):
        viewer.awake.clear()
        await asyncio.sleep(chance.uniform(0.05, 0.3))
        viewer.awake.set()
        await asyncio.sleep(0.01)


async def drop(floor: Floor, viewers: list[Watcher], chance: random.Random) -> None:
    for viewer in viewers:
        viewer.drops += chance.randrange(0, 3)


FAULTS: dict[str, tuple[str, Fault]] = {
    "a": ("kill -9 of the first process", kill_first),
    "b": ("kill -9 of the second process", kill_second),
    "c": ("Redis is killed and restarted", restart_redis),
    "d": ("Redis is emptied", empty_redis),
    "e": ("a viewer sleeps", sleep),
    "f": ("a slow viewer", slow_down),
    "g": ("dropped frames", drop),
}


@dataclass
class Outcome:
    """What trials of one kind have shown."""

    trials: int = 0
    converged: int = 0
    late: int = 0
    """Samples in which a viewer said live and did not know, after USUAL, what was committed."""
    wrong: int = 0
    """The same after TOLERANCE: a violation."""
    slowest: float = 0.0
    """Seconds from the last commit until the last viewer showed it as live."""
    counts: Counter[str] = field(default_factory=Counter)


async def trial(floor: Floor, viewers: list[Watcher], fault: Fault, chance: random.Random, outcome: Outcome) -> None:
    """Things happen, something breaks, things go on; then there is quiet, and everybody must show the truth."""
    outcome.trials += 1
    breaking: asyncio.Task[None] | None = None
    steps = chance.randrange(10, 25)
    breaks_at = chance.randrange(2, steps - 2)
    for step in range(steps):
        if step == breaks_at:
            breaking = asyncio.create_task(fault(floor, viewers, chance))
        await floor.act(chance.randrange(2**31))
        await asyncio.sleep(chance.expovariate(1 / 0.05))
    assert breaking is not None
    outcome.converged += await settled(floor, viewers, outcome, breaking.done)
    await breaking


async def settled(
    floor: Kept, viewers: list[Watcher], outcome: Outcome, is_over: Callable[[], bool], within: float = CONVERGE_WITHIN
) -> bool:
    """Whether all viewers show what the database has, in time, once nothing happens any more and nothing is broken.

    Args:
        is_over: whether what breaks meanwhile is over.
    """
    truth, quiet = await floor.truth(), time.time()
    known: set[int] = set()
    while time.time() - quiet < within:
        await asyncio.sleep(0.1)
        for number, viewer in enumerate(viewers):
            knows = viewer.state == truth
            since = viewer.verified - floor.committed
            if viewer.is_live and not knows and since > USUAL:
                now = await floor.truth()  # the product's own worker may have done something, too
                if now != truth:
                    truth, floor.committed = now, time.time()
                    known.clear()
                    break
                outcome.late += 1
                outcome.wrong += since > TOLERANCE
            if viewer.is_live and knows and since > 0 and viewer.awake.is_set():
                known.add(number)
                if len(known) == len(viewers):
                    outcome.slowest = max(outcome.slowest, time.time() - floor.committed)
            else:
                known.discard(number)
        if is_over() and len(known) == len(viewers):
            return True
    return False


async def run(given: argparse.Namespace, folder: Path) -> int:
    """How many violations there were."""
    env = product_environment(9, folder)
    async with AsyncExitStack() as stack:
        redis = Redis(folder)
        env |= {"REDIS_URL": f"unix://{redis.socket}", "PYTHONPATH": f"{ROOT}:{BENCH}"}
        stack.callback(redis.destroy)
        await redis.start()
        desk = await stack.enter_async_context(
            program(
                [sys.executable, str(BENCH / "floors" / "desk.py"), "12"], log=folder / "desk.log", cwd=ROOT, env=env
            )
        )
        await desk.answer()
        workers = [Worker(sys.executable, log=folder / f"web{number}.log", env=env) for number in range(2)]
        for worker in workers:
            stack.callback(worker.destroy)
            await worker.start()
        floor = Floor(workers, redis, desk)
        ports = [worker.port for worker in workers]
        chance = random.Random(given.seed)
        viewers = [Watcher(ports, floor.ticket, random.Random(chance.random())) for _ in range(given.viewers)]
        watching = [asyncio.create_task(viewer.run()) for viewer in viewers]
        violations = 0
        print(
            "| fault | trials | converged | late samples | wrong as live | slowest s | recovered / snapshots / holes |"
        )
        print("|---|--:|--:|--:|--:|--:|--:|")
        for letter in given.faults:
            name, fault = FAULTS[letter]
            outcome = Outcome()
            before = Counter(
                {word: sum(getattr(one, word) for one in viewers) for word in ("recovered", "snapshots", "holes")}
            )
            for _ in range(given.trials):
                await trial(floor, viewers, fault, chance, outcome)
            after = Counter(
                {word: sum(getattr(one, word) for one in viewers) for word in ("recovered", "snapshots", "holes")}
            )
            seen = " / ".join(str(after[word] - before[word]) for word in ("recovered", "snapshots", "holes"))
            violations += outcome.trials - outcome.converged + outcome.wrong
            print(
                f"| {name} | {outcome.trials} | {outcome.converged} | {outcome.late} | {outcome.wrong} "
                f"| {outcome.slowest:.1f} | {seen} |",
                flush=True,
            )
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
        if given.logs:
            for path in sorted(folder.glob("*.log")):  # noqa: ASYNC240  # nothing else runs any more
                lines = path.read_text(errors="replace").splitlines()
                words = Counter(json.loads(line).get("message", "") for line in lines if line.startswith("{"))
                print(path.name, words.most_common(6), file=sys.stderr)
        return violations


def main() -> int:
    """1 when anything was not as promised."""
    parser = argparse.ArgumentParser(description="The live floor, while things break.")
    parser.add_argument("--faults", default="abcdefg")
    parser.add_argument("--trials", type=int, default=200, help="of each fault")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--viewers", type=int, default=4)
    parser.add_argument("--logs", action="store_true", help="say what the processes logged")
    given = parser.parse_args()
    if unknown := set(given.faults) - FAULTS.keys():
        parser.error(f"--faults: {', '.join(sorted(unknown))} unknown")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the processes are ended, too
    with tempfile.TemporaryDirectory(prefix="cs-t-", dir="/tmp") as folder:  # a short path: it holds a unix socket
        try:
            return 1 if asyncio.run(run(given, Path(folder))) else 0
        except DidNotStart as reason:
            print(reason, file=sys.stderr)
            return 1


if __name__ == "__main__":
    sys.exit(main())
