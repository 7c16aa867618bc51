"""A live floor under the mixed load: things happen, supervisors command, and every page must come to show the truth."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
from faults.client import Again, request
from faults.database import Database
from floor_trials import Outcome, settled
from floors.servers import Program
from floors.watcher import Ack, Watcher

from apps.dashboard.core.events import State
from mixed_load.breaking import Journal

ANSWERED_WITHIN = 60.0
"""Seconds in which a command must have its answer."""
CONVERGE_WITHIN = 30.0
"""Seconds after the last thing that happened, and after what was broken is there again, in which all pages show it."""
PACE = 0.25
"""Seconds between two things that happen, in the mean."""
_CSRF = "m" * 32


@dataclass
class LiveFloor:
    """The floor of the desk's tenant, watched through the edge."""

    desk: Program
    port: int
    session: str
    committed: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def ticket(self) -> str:
        """As the page asks for it. Raises OSError when there is none."""
        host_only = "__Host-" if self.session.startswith("__Host-") else ""  # with DEBUG off
        headers = {"Cookie": f"{self.session}; {host_only}csrftoken={_CSRF}", "X-CSRFToken": _CSRF}
        headers |= {"Origin": f"http://127.0.0.1:{self.port}"}
        try:
            response = await request(self.port, "POST", "/api/dashboard/tickets", headers=headers, body={})
        except Again as again:
            raise OSError(str(again)) from None
        answer = await response.words()
        response.close()
        if response.status != 200 or not isinstance(answer, dict):
            raise OSError(f"{response.status} {answer}")
        return str(answer["ticket"])

    async def act(self, seed: int) -> None:
        """One thing happens; or not, while it cannot be written."""
        async with self.lock:
            await self.desk.ask(act=seed)
        self.committed = time.time()

    async def truth(self) -> State:
        while True:
            async with self.lock:
                answer = await self.desk.ask(state=True)
            if answer is not None:
                return msgspec.convert(answer, State)
            await asyncio.sleep(0.2)


@dataclass
class Seen:
    """What the pages showed, and what came of the commands."""

    outcome: Outcome = field(default_factory=Outcome)
    acks: list[tuple[str, Ack]] = field(default_factory=list)
    """(target, answer) of each command."""
    violations: list[str] = field(default_factory=list)
    holes: int = 0
    """Deltas that did not come: the page knows, and fetches the state."""

    @property
    def codes(self) -> Counter[str]:
        return Counter("ok" if ack.ok else ack.code for _, ack in self.acks)


async def keep(
    floor: LiveFloor,
    viewers: list[Watcher],
    seen: Seen,
    journal: Journal,
    chance: random.Random,
    is_over: Callable[[], bool],
) -> None:
    """Rounds: things happen for some seconds, then there is quiet until every page shows the truth."""
    clock = asyncio.get_running_loop().time
    while not is_over():
        seen.outcome.trials += 1
        commanding = [asyncio.create_task(_command(viewer, seen, chance)) for viewer in viewers]
        for _ in range(chance.randrange(8, 20)):
            await floor.act(chance.randrange(2**31))
            await asyncio.sleep(chance.expovariate(1 / PACE))
        await asyncio.gather(*commanding)
        floor.committed = time.time()
        quiet = clock()
        while not await settled(floor, viewers, seen.outcome, lambda: True, CONVERGE_WITHIN):
            since = max([quiet, *(fault.done for fault in journal.faults)])
            if clock() - since > CONVERGE_WITHIN:
                seen.violations.append(f"floor: not all pages show the truth {clock() - since:.0f} s later")
                break
        else:
            seen.outcome.converged += 1
    if seen.outcome.wrong:
        seen.violations.append(f"floor: {seen.outcome.wrong} times a page said live and was wrong")
    seen.holes = sum(viewer.holes for viewer in viewers)


async def _command(viewer: Watcher, seen: Seen, chance: random.Random) -> None:
    """Some of those who watch pause an agent, or let one go on."""
    await asyncio.sleep(chance.uniform(0, 3))
    if viewer.state is None or not viewer.state.agents or chance.random() < 0.3:
        return
    agent = chance.choice(sorted(viewer.state.agents.values(), key=lambda agent: agent.id))
    name = "agent.resume" if agent.paused else "agent.pause"
    try:
        async with asyncio.timeout(ANSWERED_WITHIN):
            seen.acks.append((agent.id, await viewer.command(name, agent.id, agent.version)))
    except TimeoutError:
        seen.violations.append(f"floor: a command had no answer within {ANSWERED_WITHIN:.0f} s")


def check(seen: Seen, *, database: Database) -> list[str]:
    """What is wrong in the database with what the supervisors were told."""
    found = list(seen.violations)
    stored: dict[str, list[bool]] = {}
    for key, ack in database.rows("SELECT key, ack FROM dashboard_command"):
        stored.setdefault(key, []).append(bool(ack.get("ok")))
    for target, ack in seen.acks:
        rows = stored.get(ack.id, [])
        if rows != [True] if ack.ok else any(rows):
            found.append(f"effect: a command for {target} was answered {ack.ok} {ack.code}, on record is {rows}")
    won = Counter((target, ack.version) for target, ack in seen.acks if ack.ok)
    found += [f"effect: {count} commands won version {key}" for key, count in won.items() if count > 1]
    return found
