"""How many calls may begin now. Pure.

Every call that is answered has an agent at once, because one is set aside for it before it rings; so nothing is dialed
ahead on a guess, and calls are abandoned only when our own machines are full or going down. Should that happen to more
than the allowed share of those who answered, nothing begins until the share is back under it.
"""

from dataclasses import dataclass
from typing import Final

MOST_LINES: Final = 50
FIRST_IS_FREE: Final = 1
"""One abandoned call stops nothing, or the first mishap of a day would end it."""
_PERCENT: Final = 100


@dataclass(frozen=True, slots=True)
class Floor:
    """How things stand.

    Attributes:
        lines: calls that the account may have at once.
        calling: calls that ring or go on, of all campaigns.
        agents: free agents; None = not limited by agents.
        answered: calls that people answered lately, with those that were abandoned.
        abandoned: those of them that nobody talked to.
    """

    lines: int
    calling: int
    agents: int | None = None
    answered: int = 0
    abandoned: int = 0


def is_over_limit(floor: Floor, *, percent: int) -> bool:
    """Whether more than `percent` of those who answered had nobody to talk to."""
    return floor.abandoned > FIRST_IS_FREE and floor.abandoned * _PERCENT > percent * floor.answered


def may_begin(floor: Floor, *, percent: int) -> int:
    """How many calls may be begun, given that none is begun elsewhere meanwhile."""
    if is_over_limit(floor, percent=percent):
        return 0
    free = min(floor.lines, MOST_LINES) - floor.calling
    return max(0, free if floor.agents is None else min(free, floor.agents))
