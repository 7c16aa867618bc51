"""A batch: all trials of one kind of fault, spread over the lanes; and its row in the table."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from processes import DidNotStart

from faults.audit import PATIENCE, audit
from faults.client import Event, Told, Visitor
from faults.cluster import WIDGET_KEY, Lane
from faults.kinds import KINDS, OVER_WITHIN, Trial
from faults.plan import plan_of
from faults.provider import Provider

SETTLES_WITHIN = 15.0
"""Seconds in which the database's connections must be back at their baseline."""
GROWTH_KB = 65_536
"""Resident memory that a lane's workers may gain in a batch."""


@dataclass
class Row:
    """What a batch came to."""

    fault: str
    trials: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    violations: Counter[str] = field(default_factory=Counter)
    silence: float = 0.0
    leaving: float = 0.0
    connections: tuple[int | None, int | None] = (None, None)
    rss_kb: tuple[int, int] = (0, 0)


class Batch:
    """Runs the trials of one kind. Each has its own chance from (seed, kind, number), whatever lane it gets."""

    def __init__(
        self, letter: str, *, lanes: Sequence[Lane], provider: Provider, seed: str, say: Callable[[str], None]
    ):
        self.letter, self.kind = letter, KINDS[letter]
        self.lanes, self.provider, self.seed, self.say = lanes, provider, seed, say
        self.row = Row(self.kind.title)

    async def run(self, numbers: Sequence[int]) -> Row:
        """All of these trials; the row of the table."""
        await asyncio.gather(*(_warm_up(lane, f"{self.seed}/{self.letter}") for lane in self.lanes))
        before = self._connections()
        rss = sum(lane.rss_kb() for lane in self.lanes)
        queue = list(reversed(numbers))

        async def take_from_queue(lane: Lane) -> None:
            while queue:
                await self._one(queue.pop(), lane)

        async with asyncio.TaskGroup() as group:
            for lane in self.lanes:
                for _ in range(self.kind.together):
                    group.create_task(take_from_queue(lane))
        await self._settle(before)
        self.row.rss_kb = rss, sum(lane.rss_kb() for lane in self.lanes)
        if self.row.rss_kb[1] - rss > GROWTH_KB * len(self.lanes):
            self._violated("answer", f"the workers' memory grew from {rss:,} to {self.row.rss_kb[1]:,} kB")
        return self.row

    async def _one(self, number: int, lane: Lane) -> None:
        name = f"{self.seed}/{self.letter}/{number}"
        trial = Trial(name, random.Random(name), lane, self.provider)
        await self.kind.perform(trial)
        await trial.settled()
        found: list[str] = []
        for visitor, told in list(trial.told):
            found += await self._judge(trial, visitor, told)
        self.row.trials += 1
        self.row.leaving = max(self.row.leaving, trial.leaving)
        for kind, words in trial.problems:
            self.row.violations[kind] += 1
            found.append(f"{kind}: {words}")
        if found:
            self.say(_history(trial, found))

    async def _judge(self, trial: Trial, visitor: Visitor, told: Told) -> list[str]:
        """One conversation: its message, then a second one, which must find it free; what was violated, in words."""
        found = []
        visitor.ports = trial.lane.ports  # from here on without a proxy between
        first = await audit(visitor, told, database=trial.lane.database, provider=self.provider, errors=trial.errors)
        self.row.outcomes[first.outcome] += 1
        self.row.silence = max(self.row.silence, told.longest_silence)
        if told.longest_silence > OVER_WITHIN:
            first.add("orphan", f"nothing came for {told.longest_silence:.1f} s")
        verdicts = [first]
        if told.conversation:
            after = await visitor.say(f"brief {told.message}", patience=PATIENCE)
            database = trial.lane.database
            verdicts.append(await audit(visitor, after, database=database, provider=self.provider, errors=False))
        for verdict in verdicts:
            for kind, words in verdict.violations:
                self.row.violations[kind] += 1
                found.append(f"{kind}: {words}")
        return found

    def _connections(self) -> int | None:
        counts = [lane.database.connections() for lane in self.lanes]
        return None if None in counts else sum(count or 0 for count in counts)

    async def _settle(self, before: int | None) -> None:
        """Waits until the connections are back at their baseline, and says so if they do not come."""
        for _ in range(int(SETTLES_WITHIN)):
            after = self._connections()
            busy = sum(lane.database.in_transaction() for lane in self.lanes)
            self.row.connections = before, after
            if not busy and (before is None or after is None or after <= before):
                return
            await asyncio.sleep(1)
        self._violated("answer", f"connections: {before} before, {after} after, {busy} in a transaction")

    def _violated(self, kind: str, words: str) -> None:
        self.row.violations[kind] += 1
        self.say(f"Batch {self.letter}: {words}")


async def _warm_up(lane: Lane, name: str) -> None:
    """Fills every worker's pool of connections, so that what comes later has a baseline.

    Raises:
        DidNotStart: a worker does not answer even when nothing is broken.
    """
    each = 1 if lane.database.connections() is None else 16
    visitors = [Visitor(lane.ports, WIDGET_KEY, random.Random(number)) for number in range(each * len(lane.ports))]
    talks = [
        visitor.say(f"brief warm-up {name}/{number}", at=number % len(lane.ports), patience=60.0)
        for number, visitor in enumerate(visitors)
    ]
    if not all(told.over and not told.refused for told in await asyncio.gather(*talks)):
        words = [words for worker in lane.workers for words in worker.last_words()]
        raise DidNotStart("\n".join(["messages are not answered before any fault:", *words]))


def _history(trial: Trial, found: Sequence[str]) -> str:
    """All that a failed trial's visitors saw, in order of time."""
    lines = [f"TRIAL {trial.name} FAILED", *(f"  {words[:600]}" for words in found)]
    origin = min((at for at, _ in trial.notes), default=0.0)
    history = [(at, "trial", words) for at, words in trial.notes]
    for number, (_, told) in enumerate(trial.told):
        origin = min(origin or told.began_at, told.began_at)
        who = f"visitor {number}"
        history.append((told.began_at, who, f"says {told.message!r}, a plan of {plan_of(told.message).seconds:.1f} s"))
        history += [(at, who, words) for at, words in told.notes]
        for event in told.events:
            if event.name != "message":
                history.append((event.at, who, f"{event.id} {event.name} {event.data}"))
        history += [(at, who, words) for at, words in _speech(told)]
    for at, who, words in sorted(history):
        lines.append(f"    {at - origin:7.2f} {who}: {words[:240]}")
    for number, worker in enumerate(trial.lane.workers):
        lines += [f"    log of worker {number}: … {words[-1_000:]}" for words in worker.last_words()]
    return "\n".join(lines)


def _speech(told: Told) -> Iterator[tuple[float, str]]:
    """(when, in words) for each row of messages with no other event and no second of silence between."""
    row: list[Event] = []
    for event in [*told.events, None]:
        if row and (event is None or event.name != "message" or event.at - row[-1].at > 1):
            yield row[0].at, f"{row[0].id} to {row[-1].seq} message, within {row[-1].at - row[0].at:.2f} s"
            row = []
        if event is not None and event.name == "message":
            row.append(event)
