"""Phone calls with bookings, one after the other on each line, and what became of each."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from faults.call_kinds import SILENCE_MS, Result, Trial, World
from faults.callers import Caller
from faults.database import Database
from faults.plan import surname

from mixed_load.breaking import Journal

STAYS_MS = 6_000
"""The longest that a caller stays on the line after the answer: well within the minute that a leaving process gives."""
BY_US = frozenset({"drain"})
"""Why a call ended, on record, when a graceful restart has ended it."""
LOST = frozenset({"process_lost", "caller_left"})
"""The same of a process that was killed: another one has seen it, or the carrier said so first."""


@dataclass
class Calls:
    """What the callers heard."""

    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    """Of calls that were not whole: why they ended, on record, and what was broken then."""
    violations: list[str] = field(default_factory=list)
    silence_ms: int = 0
    silent: int = 0
    """Callers who waited longer in silence than they should."""
    ended_after: float = 0.0
    tools: int = 0
    """Tools that were carried out."""
    bookings: int = 0


class BookingTrial(Trial):
    """A call in which somebody is registered and booked, or just asks."""

    def book(self, chance: float) -> None:
        script = self.script()
        self.caller.stays_ms = self.chance.randrange(STAYS_MS)
        if self.chance.random() < chance:
            self.family, script.books = "", f"book {self.name}"


async def ring(
    world: World, calls: Calls, journal: Journal, chance: random.Random, line: int, is_over: Callable[[], bool]
) -> None:
    """One call after the other."""
    clock = asyncio.get_running_loop().time
    number = 0
    while not is_over():
        number += 1
        name = f"call/{line}/{chance.getrandbits(48):x}"
        trial = BookingTrial(name, line * 100_000 + number, world, random.Random(chance.random()))
        trial.caller = Caller(trial.number)
        trial.book(0.6)
        began = clock()
        result = await trial.call()
        await _judge(trial, result, calls, journal, began, clock() - result.ended_after)
        await asyncio.sleep(chance.uniform(0.2, 2.0))


async def _judge(
    trial: BookingTrial, result: Result, calls: Calls, journal: Journal, began: float, ended: float
) -> None:
    calls.outcomes[result.outcome] += 1
    calls.silence_ms = max(calls.silence_ms, result.silence_ms)
    calls.silent += result.silence_ms > SILENCE_MS
    calls.ended_after = max(calls.ended_after, result.ended_after)
    found = [f"{kind}: {words}" for kind, words in result.problems if kind != "silence"]
    database = trial.world.database
    reason = await asyncio.to_thread(_reason, database, result.sid)
    found += await asyncio.to_thread(_effects, database, trial, result, calls)
    if result.outcome != "whole":
        met = sorted({fault.kind for fault in journal.met(began, ended, after=5.0)})
        calls.reasons[f"{result.outcome}: {reason or 'never begun'} ({', '.join(met) or 'nothing was broken'})"] += 1
        lost = reason in LOST and journal.killed(began, ended)
        apologized = not reason and journal.away(began, ended)  # it rang while a part was away
        if result.outcome != "turned away" and not lost and not apologized:
            found.append(f"call: {result.outcome}, {reason or 'never begun'} on record")
    elif reason in BY_US:
        found.append(f"call: ended by us, {reason} on record")
    calls.violations += [f"{trial.name} {result.sid}: {words}" for words in found]


def _reason(database: Database, sid: str) -> str:
    rows = database.rows("SELECT ended FROM conversations_call WHERE carrier_call = ?", [sid])
    return str(rows[0][0]) if rows else ""


def _effects(database: Database, trial: Trial, result: Result, calls: Calls) -> list[str]:
    """What was done twice, or not at all, of what the model asked for."""
    query = (
        "SELECT name, conversations_toolcall.status FROM conversations_toolcall"
        " JOIN conversations_call USING (conversation_id)"
        " WHERE carrier_call = ?"
    )
    ran = Counter(name for name, status in database.rows(query, [result.sid]) if status == "done")
    calls.tools += ran.total()
    found = [f"effect: {name} ran {count} times" for name, count in ran.items() if count > 1]
    family = [surname(f"book {trial.name}")]
    [(people,)] = database.rows("SELECT count(*) FROM business_contact WHERE family_name = ?", family)
    [(bookings,)] = database.rows(
        "SELECT count(*) FROM business_booking JOIN business_contact ON business_contact.id = contact_id"
        " WHERE family_name = ?",
        family,
    )
    calls.bookings += bookings
    if people > 1 or bookings > 1:
        found.append(f"effect: {people} patients registered, {bookings} appointments booked")
    if (people, bookings) != (ran["create_new_patient"], ran["schedule_appointment"]):
        found.append(f"effect: {dict(ran)} on record, but {people} patients and {bookings} appointments")
    return found
