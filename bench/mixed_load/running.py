"""One run of the mixed load: everybody at once, and something that breaks every few seconds."""

import asyncio
import json
import random
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from faults.call_kinds import World
from faults.callers import NUMBER
from faults.client import Told
from faults.cluster import WIDGET_KEY
from faults.visiting import Load, Place, visit
from floors.servers import program
from floors.watcher import Watcher
from processes import DidNotStart
from servers import BENCH, ROOT

from apps.operations.cluster import Cluster
from apps.telephony.account import Account
from apps.telephony.simulated.exchange import Exchange
from mixed_load import floor as floors
from mixed_load import office as offices
from mixed_load.breaking import Journal, Kind, aimed, deck, kinds_of, strike
from mixed_load.calls import Calls, ring
from mixed_load.floor import LiveFloor, Seen
from mixed_load.office import Office
from mixed_load.probes import Probes
from mixed_load.provider import Models
from mixed_load.samples import Samples, sample
from mixed_load.site import Site
from tests.redis_topologies import sentinel

ACCOUNT = Account("AC" + "0" * 32, "trials")
NAME = "mixed"
AUDIT_WITHIN = 60.0
"""Seconds for which the audit of a message asks the API, of which something may be broken just then."""
ENDED_WITHIN = 60.0
"""Seconds after the load in which no run, no call and no transaction may be under way any more."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of what. `once` = every kind of fault once, in the seed's order, whatever `minutes` says."""

    minutes: float = 30.0
    every: float = 20.0
    seed: str = "1"
    visitors: int = 12
    callers: int = 4
    viewers: int = 6
    programs: int = 3
    readers: int = 2
    agents: int = 12
    once: bool = False
    sentinels: bool = False
    """A Redis with a replica and three Sentinels, which fails over, in place of the cluster's own."""

    @property
    def kinds(self) -> tuple[Kind, ...]:
        return kinds_of(sentinels=self.sentinels)


@dataclass
class Report:
    """What was seen, and what was not as promised."""

    seconds: float = 0.0
    journal: Journal = field(default_factory=Journal)
    chat: Load = field(default_factory=Load)
    calls: Calls = field(default_factory=Calls)
    floor: Seen = field(default_factory=Seen)
    office: offices.Done = field(default_factory=offices.Done)
    samples: Samples = field(default_factory=Samples)
    logged: dict[str, int] = field(default_factory=dict)
    """What the processes logged as errors, and how often."""
    broken: list[str] = field(default_factory=list)
    """What was not as promised, beside what chat and calls found themselves."""

    @property
    def problems(self) -> list[str]:
        return [
            *(f"chat: {words}" for words in self.chat.violations),
            *self.calls.violations,
            *self.broken,
            *self.samples.problems(),
        ]


@dataclass
class Stage:
    """What a run needs, started."""

    site: Site
    models: Models
    exchange: Exchange
    floor: LiveFloor
    office: Office


@asynccontextmanager
async def stage(plan: Plan) -> AsyncIterator[Stage]:
    """The cluster, with a clinic and a sales floor, a carrier and a model. Ends them all. Raises DidNotStart."""
    models = Models()
    await models.start()
    with tempfile.TemporaryDirectory(prefix="cs-m-", dir="/tmp") as name:  # a short path: it holds unix sockets
        async with AsyncExitStack() as stack:
            exchange = await stack.enter_async_context(Exchange(ACCOUNT))
            watched = stack.enter_context(sentinel()) if plan.sentinels else None
            env = {
                "OPENAI_BASE_URL": f"http://127.0.0.1:{models.port}/v1",
                "OPENAI_API_KEY": "trials",
                "TWILIO_ACCOUNT_SID": ACCOUNT.sid,
                "TWILIO_AUTH_TOKEN": ACCOUNT.token,
                "TWILIO_API_BASE": exchange.url,
                "LOG_LEVEL": "WARNING",
                "API_REQUESTS_PER_MINUTE": "100000",
                **dict.fromkeys(("DATABASE_URL", "DATABASE_OWNER_URL"), ""),  # its own, never the caller's
                "REDIS_URL": watched.url if watched else "",
            }
            cluster = Cluster(Path(name), env=env, debug=False)
            try:
                await asyncio.to_thread(cluster.start)
                site = Site(cluster, watched)
                clinic = json.loads(await _script("mixed_load/opening.py", WIDGET_KEY, NUMBER, env=env | site.env))
                own = env | site.env | {"PYTHONPATH": f"{ROOT}:{BENCH}"}
                command = [sys.executable, str(BENCH / "floors" / "desk.py"), str(plan.agents), "--migrated"]
                async with program(command, log=Path(name) / "log" / "desk.log", cwd=ROOT, env=own) as desk:
                    await desk.answer()
                    session = str(await desk.ask(session=True))
                    work = Office(site.port, clinic["api_key"], clinic["session"], NAME)
                    yield Stage(site, models, exchange, LiveFloor(desk, site.port, session), work)
            finally:
                models.close()
                await asyncio.to_thread(cluster.stop)


async def _script(path: str, *arguments: str, env: dict[str, str]) -> str:
    """What a script of bench prints, run on the cluster's data. Raises DidNotStart."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(BENCH / path),
        *arguments,
        env=env | {"PYTHONPATH": f"{ROOT}:{BENCH}", "DJANGO_SETTINGS_MODULE": "callsphere.settings"},
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    if process.returncode:
        raise DidNotStart(f"{path} failed:\n{errors.decode()[-2000:]}")
    return output.decode().splitlines()[-1]


class Run:
    """The load and the faults on a stage."""

    def __init__(self, plan: Plan, at: Stage, say: Callable[[str], None]) -> None:
        self._plan, self._at, self._say = plan, at, say
        self._clock = asyncio.get_running_loop().time
        self.report = Report(office=at.office.done)
        self._over = False

    async def perform(self) -> Report:
        """Returns when everybody has left and everything has been looked into."""
        began = self._clock()
        before = await self._appointments()
        async with asyncio.TaskGroup() as group:
            sampling = group.create_task(sample(self._at.site, self.report.samples))
            for one in self._loads():
                group.create_task(one)
            await self._break()
            self._over = True
            self.report.seconds = self._clock() - began
            sampling.cancel()
        await self._check(before)
        return self.report

    def _chance(self, who: str) -> random.Random:
        return random.Random(f"{self._plan.seed}/{who}")

    def _is_over(self) -> bool:
        return self._over

    def _loads(self) -> list[Coroutine[Any, Any, None]]:
        plan, at, report = self._plan, self._at, self.report
        place = Place(at.site.ports, at.site.database, at.models.chat, self._excused, AUDIT_WITHIN)
        world = World(at.exchange, at.models.calls, [], at.site.ports, at.site.database)
        return [
            *(
                visit(place, report.chat, self._chance(f"visitor {number}"), self._is_over, name=NAME)
                for number in range(plan.visitors)
            ),
            *(
                ring(world, report.calls, report.journal, self._chance(f"caller {number}"), number, self._is_over)
                for number in range(1, plan.callers + 1)
            ),
            *(at.office.work(self._chance(f"program {number}"), self._is_over) for number in range(plan.programs)),
            *(at.office.read(self._chance(f"reader {number}"), self._is_over) for number in range(plan.readers)),
            self._watch_floor(),
        ]

    async def _watch_floor(self) -> None:
        at = self._at
        viewers = [
            Watcher(at.site.ports, at.floor.ticket, self._chance(f"viewer {number}"))
            for number in range(self._plan.viewers)
        ]
        watching = [asyncio.create_task(viewer.run()) for viewer in viewers]
        try:
            seen, journal = self.report.floor, self.report.journal
            await floors.keep(at.floor, viewers, seen, journal, self._chance("floor"), self._is_over)
        finally:
            for task in watching:
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)

    def _excused(self, told: Told) -> bool:
        return self.report.journal.excuses(told.began_at, self._clock())

    async def _break(self) -> None:
        """One fault after the other: the next one when it is due, and the last one is over and everybody answered."""
        plan, at, journal, chance = self._plan, self._at, self.report.journal, self._chance("faults")
        probes = Probes(at.site.port, at.exchange, at.office, at.floor.ticket, self._chance("probes"))
        began = self._clock()
        ends, due, cards = began + plan.minutes * 60, began + plan.every, deck(chance, plan.kinds)
        while (len(journal.faults) < len(plan.kinds)) if plan.once else (due < ends):
            await asyncio.sleep(max(0.0, due - self._clock()))
            kind = next(cards)
            fault = await aimed(kind, site=at.site, journal=journal, chance=chance)
            _, away = await asyncio.gather(strike(kind, fault, site=at.site), probes.watch(fault))
            self.report.broken += [f"recovery: {name} is not back a minute after: {kind.title}" for name in away]
            took, back = fault.done - fault.began, max(fault.recovered.values(), default=0.0)
            self._say(f"{fault.began - began:6.0f} s {kind.title} {fault.target}: {took:.1f} s, all back {back:.1f} s")
            due += plan.every * max(1, -(-(self._clock() - due) // plan.every))
        await asyncio.sleep(max(0.0, min(plan.every, ends - self._clock())))

    async def _check(self, before: tuple[int, int]) -> None:
        """What the database says of it all, once nothing is under way."""
        database, broken = self._at.site.database, self.report.broken
        rest = {
            "calls": "SELECT count(*) FROM conversations_call WHERE status <> 'ended' AND carrier = 'twilio'",
            "transactions": "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'",
        }
        for name, query in rest.items():
            for _ in range(int(ENDED_WITHIN)):
                [(left,)] = await asyncio.to_thread(database.rows, query)
                if not left:
                    break
                await asyncio.sleep(1)
            else:
                broken.append(f"orphan: {left} {name} are under way {ENDED_WITHIN:.0f} s after the load")
        name = self._at.office.name
        broken += await asyncio.to_thread(offices.check, self.report.office, database=database, name=name)
        broken += await asyncio.to_thread(floors.check, self.report.floor, database=database)
        asked, booked = (now - then for now, then in zip(await self._appointments(), before, strict=True))
        if asked != booked:
            broken.append(f"effect: {asked} appointments were made by tools, {booked} are on record")
        self.report.logged = await asyncio.to_thread(self._at.site.logged_errors)

    async def _appointments(self) -> tuple[int, int]:
        """(those that tools say they made, those on record) of the patients whom the chat and the calls register."""
        tools = "SELECT count(*) FROM conversations_toolcall WHERE name = 'schedule_appointment' AND status = 'done'"
        booked = (
            "SELECT count(*) FROM business_booking JOIN business_contact ON business_contact.id = contact_id"
            " WHERE given_name = 'Vera'"
        )
        rows = self._at.site.database.rows
        [(asked,)], [(made,)] = [await asyncio.to_thread(rows, query) for query in (tools, booked)]
        return int(asked), int(made)
