"""Visitors who come and go: a few messages each, with pauses, dropped streams and stops; each is judged."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from faults.audit import audit
from faults.client import Manner, Told, Visitor
from faults.cluster import WIDGET_KEY
from faults.database import Database
from faults.plan import plan_of
from faults.provider import Provider

_SHAPES = ("talk", "talk", "talk", "tools", "tools", "book", "brief")
PATIENCE = 60.0
"""Seconds beyond three times its plan in which a message must have its whole answer."""


@dataclass
class Load:
    """What the visitors did and saw."""

    outcomes: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    ended_at: list[float] = field(default_factory=list)
    """When each run was over, by the loop's clock."""
    silence: float = 0.0
    """The longest, in seconds."""
    resumed: int = 0
    """Streams that went on where another one had broken off."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where they go, and what is looked into afterwards."""

    ports: Sequence[int]
    database: Database
    provider: Provider
    excused: Callable[[Told], bool] = lambda told: False
    """Whether something was broken meanwhile for which a run may end with a retryable error."""
    patience: float = 0.0
    """Seconds for which the audit's questions are asked again."""


async def visit(
    place: Place, load: Load, chance: random.Random, is_over: Callable[[], bool], *, name: str = "soak"
) -> None:
    """One visitor after the other."""
    clock = asyncio.get_running_loop().time
    await asyncio.sleep(chance.uniform(0, 5))
    while not is_over():
        visitor = Visitor(place.ports, WIDGET_KEY, random.Random(chance.random()))
        for left in reversed(range(chance.randint(1, 6))):
            message = f"{chance.choice(_SHAPES)} {name}/{chance.getrandbits(48):x}"
            told = await visitor.say(
                message, manner=_manner(chance, len(place.ports)), patience=plan_of(message).seconds * 3 + PATIENCE
            )
            load.ended_at.append(clock())
            await _judge(place, load, visitor, told)
            if not left or is_over():
                break
            await asyncio.sleep(chance.uniform(0, 4))


async def _judge(place: Place, load: Load, visitor: Visitor, told: Told) -> None:
    verdict = await audit(
        visitor,
        told,
        database=place.database,
        provider=place.provider,
        errors=place.excused(told),
        patience=place.patience,
    )
    load.outcomes[verdict.outcome] += 1
    load.silence = max(load.silence, told.longest_silence)
    load.resumed += sum(" after " in words and words.endswith("200") for _, words in told.notes)
    load.violations += [f"{told.message}: {kind}: {words[:300]}" for kind, words in verdict.violations]


def _manner(chance: random.Random, ports: int) -> Manner:
    """Most read to the end; some drop the stream and come back, some stop the answer."""
    kind = chance.random()
    if kind < 0.25:
        positions = sorted(chance.sample(range(1, 40), chance.randint(1, 3)))
        return Manner(moves=tuple((n, chance.randrange(ports)) for n in positions))
    if kind < 0.35:
        return Manner(stop_after=chance.randint(1, 30))
    return Manner()
