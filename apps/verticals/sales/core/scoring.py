"""How promising a lead is, from 0 to 100, by what a qualification has found. Pure."""

from dataclasses import dataclass
from typing import Final, Literal

Level = Literal["none", "low", "medium", "high"]
Temperature = Literal["hot", "warm", "cold"]

WEIGHTS: Final = {"intent": 25, "fit": 20, "authority": 15, "urgency": 15, "budget": 15, "sentiment": 10}
"""Points for the highest level; together 100."""
_SHARES: Final[dict[Level, int]] = {"none": 0, "low": 33, "medium": 67, "high": 100}
HOT, WARM = 70, 35
_PERCENT: Final = 100


@dataclass(frozen=True, slots=True)
class Findings:
    """What is known; None = not asked, which earns nothing. A disqualifier ends it: a competitor, no such need."""

    intent: Level | None = None
    fit: Level | None = None
    authority: Level | None = None
    urgency: Level | None = None
    budget: Level | None = None
    sentiment: Level | None = None
    is_disqualified: bool = False


def score(findings: Findings) -> int:
    """0 to 100; never less for a better level, 0 for a disqualified lead."""
    if findings.is_disqualified:
        return 0
    levels: list[tuple[int, Level | None]] = [(weight, getattr(findings, name)) for name, weight in WEIGHTS.items()]
    points = sum(weight * _SHARES[level] for weight, level in levels if level is not None)
    return (points + _PERCENT // 2) // _PERCENT


def temperature(points: int) -> Temperature:
    """hot from 70, warm from 35, else cold."""
    return "hot" if points >= HOT else "warm" if points >= WARM else "cold"
