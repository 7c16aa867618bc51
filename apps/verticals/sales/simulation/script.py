"""How a simulated call goes, step by step: from chance alone, so that the same chance gives the same call."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from apps.verticals.sales.simulation import dialogues
from apps.verticals.sales.simulation.dialogues import AGENT, Dialogue

CHARACTERS_A_SECOND: Final = 15.0
"""How fast people speak."""
PAUSE: Final = (0.3, 1.4)
"""Seconds between two who speak."""
_FATES: Final = {"answered": 50, "no_answer": 26, "machine": 15, "busy": 7, "failed": 2}


@dataclass(frozen=True, slots=True)
class Ring:
    """It rings at the other end."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Somebody picks up."""


@dataclass(frozen=True, slots=True)
class Decline:
    """Nobody does."""

    why: Literal["no_answer", "busy", "failed"]


@dataclass(frozen=True, slots=True)
class Machine:
    """An answering machine does."""


@dataclass(frozen=True, slots=True)
class Say:
    who: Literal["agent", "visitor"]
    text: str


@dataclass(frozen=True, slots=True)
class HandOver:
    """Another kind of agent goes on."""

    to: str


@dataclass(frozen=True, slots=True)
class Conclude:
    """What came of it is put down."""

    outcome: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """The other side leaves."""


Step = Ring | Answer | Decline | Machine | Say | HandOver | Conclude | HangUp
Timed = tuple[float, Step]
"""(seconds after the step before, what happens)."""


def outbound(chance: random.Random) -> list[Timed]:
    """A call to a lead, from its beginning on."""
    steps: list[Timed] = [(chance.uniform(0.8, 2.0), Ring())]
    fate = chance.choices(list(_FATES), list(_FATES.values()))[0]
    match fate:
        case "no_answer":
            return [*steps, (chance.uniform(14, 22), Decline("no_answer"))]
        case "busy":
            return [*steps, (chance.uniform(1, 3), Decline("busy"))]
        case "failed":
            return [*steps, (chance.uniform(1, 3), Decline("failed"))]
        case "machine":
            return [*steps, (chance.uniform(6, 14), Machine())]
    dialogue = chance.choices(dialogues.OUTBOUND, dialogues.SHARES)[0]
    return [*steps, (chance.uniform(3, 10), Answer()), *_talk(dialogue, chance)]


def inbound(chance: random.Random) -> list[Timed]:
    """A call that comes in."""
    return [(0.0, Answer()), *_talk(chance.choice(dialogues.INBOUND), chance)]


def _talk(dialogue: Dialogue, chance: random.Random) -> Iterator[Timed]:
    for who, *text in dialogue.lines:
        if not text:
            yield chance.uniform(*PAUSE), HandOver(who)
            continue
        line = text[0]
        yield (
            len(line) / CHARACTERS_A_SECOND + chance.uniform(*PAUSE),
            Say("agent" if who == AGENT else "visitor", line),
        )
    if dialogue.outcome:
        yield 0.5, Conclude(dialogue.outcome)
    yield chance.uniform(0.8, 2.0), HangUp()
