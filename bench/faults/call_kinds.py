"""What happens to the calls of a trial, by the kind of fault; and what became of each."""

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from apps.telephony.simulated.exchange import Exchange
from apps.telephony.simulated.line import Faults
from faults.call_model import ANSWER, Break, CallModel, Script
from faults.callers import CALLER, NUMBER, Caller, desert
from faults.database import Database
from faults.machines import Machine
from faults.plan import birthday, surname

ENDED_WITHIN = 30.0
"""Seconds without an owner that a call may be on record as under way."""
SILENCE_MS = 3_000
"""That a caller may have to wait in silence."""
LONGEST = 90.0
"""Seconds of one call."""


@dataclass
class World:
    exchange: Exchange
    model: CallModel
    workers: list[Machine]
    ports: list[int]
    database: Database


@dataclass
class Result:
    """Of one call."""

    outcome: str = "cut off"
    """whole; next verb (the carrier went on with an apology); cut off; turned away (never begun)."""
    silence_ms: int = 0
    ended_after: float = 0.0
    """Seconds from the end of the call until it was so on record."""
    sid: str = ""
    """The carrier's id of the call."""
    problems: list[tuple[str, str]] = field(default_factory=list)
    """(kind: silence, orphan, tool or answer; in words)"""


@dataclass
class Trial:
    name: str
    number: int
    world: World
    chance: random.Random
    family: str = ""
    """Of the patient that the tool registers; "" = no tool."""
    caller: Caller = field(init=False)

    def __post_init__(self) -> None:
        self.caller = Caller(self.number)

    def script(self, *, tool: float = 0.0, wait: float = 0.0) -> Script:
        """The model's part; `tool` is the chance that it asks for one, which then takes `wait` seconds."""
        script = self.world.model.scripts[self.number] = Script()
        if self.chance.random() < tool:
            self.family = f"Wait{round(wait * 10)}x{surname(self.name)}" if wait else surname(self.name)
            patient = {"first_name": "Vera", "last_name": self.family, "date_of_birth": birthday(self.name)}
            script.tool = json.dumps(patient | {"phone": "+12125550142"})
        return script

    async def call(self, *, at: int = 0, faults: Faults | None = None) -> Result:
        """The whole call, over the carrier."""
        world, base = self.world, f"http://127.0.0.1:{self.world.ports[at]}/voice/twilio"
        call = world.exchange.call(
            from_=CALLER,
            to=NUMBER,
            url=f"{base}/incoming",
            caller=self.caller,
            faults=faults or Faults(),
            status_callback=f"{base}/status",
        )
        self.caller.spoken_to = call.said
        result = Result()
        try:
            async with asyncio.timeout(LONGEST):
                await call.over()
        except TimeoutError:
            call.replace(None)
            result.problems.append(("orphan", f"the call still went on after {LONGEST:.0f} s"))
        said = " ".join(call.said)
        if ANSWER in self.caller.heard and not said:
            result.outcome = "whole"
        elif "technical problem" in said:
            result.outcome = "next verb"
        elif not call.log or "busy" in said:
            result.outcome = "turned away"
        return await self.judged(result, call.sid)

    async def judged(self, result: Result, sid: str) -> Result:
        """With what the database says."""
        result.sid = sid
        result.silence_ms = self.caller.longest_ms
        if result.silence_ms > SILENCE_MS:
            result.problems.append(("silence", f"{result.silence_ms} ms of silence: {self.caller.log}"))
        over, rows = time.monotonic(), self.world.database.rows
        query = "SELECT count(*) FROM conversations_call WHERE carrier_call = ? AND status <> 'ended'"
        while (await asyncio.to_thread(rows, query, [sid]))[0][0]:
            if time.monotonic() - over > ENDED_WITHIN:
                result.problems.append(("orphan", f"call {sid} is still under way on record"))
                break
            await asyncio.sleep(0.5)
        result.ended_after = time.monotonic() - over
        if self.family:
            query = "SELECT count(*) FROM business_contact WHERE family_name = ?"
            [(patients,)] = await asyncio.to_thread(rows, query, [self.family])
            asked = self.world.model.asked[self.number]
            if patients > 1 or asked > 1:
                result.problems.append(("tool", f"{patients} patients registered, the model asked {asked} times"))
        return result


async def lose_model(trial: Trial) -> Result:
    chance = trial.chance
    script = trial.script(tool=0.4, wait=chance.choice((0.0, 2.0)))
    kinds: tuple[Break, ...] = ("abort", "abort", "close", "hang", "refuse")
    script.breaks = [(chance.uniform(0.05, 3.5), chance.choice(kinds)) for _ in range(chance.randint(1, 2))]
    return await trial.call()


async def lose_carrier(trial: Trial) -> Result:
    trial.script(tool=0.4, wait=trial.chance.choice((0.0, 3.0)))
    return await trial.call(faults=Faults(drop_after_ms=trial.chance.randrange(0, 4_000, 20)))


async def start_twice(trial: Trial) -> Result:
    trial.script(tool=0.4)
    return await trial.call(faults=Faults(duplicate_start=True, jitter_ms=trial.chance.choice((0, 120))))


async def miss_stop(trial: Trial) -> Result:
    """Half of them close the socket without a word, the others do not even do that."""
    trial.script(tool=0.4)
    if trial.chance.random() < 0.5:
        return await trial.call(faults=Faults(no_stop=True))
    result = Result()
    sid = ""
    try:
        after = trial.chance.randrange(200, 3_000, 20)
        sid = await desert(trial.world.exchange, trial.world.ports[0], trial.caller, after_ms=after, stays=ENDED_WITHIN)
    except TimeoutError:
        result.problems.append(("orphan", "the socket of a carrier that is gone stays open"))
    result.outcome = "cut off" if sid else "turned away"
    trial.caller.longest_ms = 0  # nobody listens
    return await trial.judged(result, sid)


async def slow_tool(trial: Trial) -> Result:
    trial.script(tool=1.0, wait=round(trial.chance.uniform(2.0, 9.0), 1))
    return await trial.call()


async def kill_worker(trials: list[Trial]) -> list[Result]:
    """kill -9 of the process that carries all these calls; the other one stays."""
    world, chance = trials[0].world, trials[0].chance
    victim = chance.randrange(len(world.workers))

    async def one(trial: Trial) -> Result:
        trial.script(tool=0.4, wait=trial.chance.choice((0.0, 3.0)))
        trial.caller.stays_ms = trial.chance.randrange(0, 6_000)
        await asyncio.sleep(trial.chance.uniform(0, 3))
        return await trial.call(at=victim)

    calls = [asyncio.create_task(one(trial)) for trial in trials]
    await asyncio.sleep(chance.uniform(2.0, 6.0))
    await world.workers[victim].kill()
    results = await asyncio.gather(*calls)
    await world.workers[victim].start()
    return results


def _each(perform: Callable[[Trial], Awaitable[Result]]) -> Callable[[list[Trial]], Awaitable[list[Result]]]:
    async def together(trials: list[Trial]) -> list[Result]:
        return list(await asyncio.gather(*map(perform, trials)))

    return together


KINDS: dict[str, tuple[str, Callable[[list[Trial]], Awaitable[list[Result]]]]] = {
    "a": ("model socket lost", _each(lose_model)),
    "b": ("carrier socket lost", _each(lose_carrier)),
    "c": ("duplicate start", _each(start_twice)),
    "d": ("stop missing", _each(miss_stop)),
    "e": ("tool slow", _each(slow_tool)),
    "f": ("worker killed", kill_worker),
}
