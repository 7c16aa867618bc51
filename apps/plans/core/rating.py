"""What interactions cost beyond the plan: the one rule behind a receipt, the month's page and the bill. Pure.

Interactions of a month are taken in the order in which they were counted. Those within the plan of their moment are
included, the others cost its overage price where the owner has chosen to go on. So an upgrade includes more from its
moment on, and what went before stays as it was: a receipt never changes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from apps.plans.core.money import cents
from apps.plans.core.period import Period


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds from a moment on. `bills`: interactions beyond `included` are billed, at `mills` (0.1 cents) each."""

    since: datetime
    included: int
    mills: int
    bills: bool


@dataclass(frozen=True, slots=True)
class Stretch:
    """Interactions in a row under the same terms."""

    terms: Terms
    count: int


class Rated(NamedTuple):
    """Interactions: all, those beyond the plan, those of them that cost something, and what they cost in all."""

    used: int = 0
    beyond: int = 0
    charged: int = 0
    mills: int = 0

    @property
    def cents(self) -> int:
        return cents(self.mills)


def rate(stretches: Iterable[Stretch]) -> Rated:
    """What a month's interactions cost, from its first on."""
    used = beyond = charged = mills = 0
    for stretch in stretches:
        room = max(0, stretch.terms.included - used)
        over = max(0, stretch.count - room)
        used += stretch.count
        beyond += over
        if stretch.terms.bills:
            charged += over
            mills += over * stretch.terms.mills
    return Rated(used, beyond, charged, mills)


def one(before: Rated, with_it: Rated) -> int:
    """Whole cents of a single interaction: what the month costs with it, less what it costs without."""
    return with_it.cents - before.cents


def in_force(history: Sequence[Terms], period: Period) -> list[tuple[Terms, datetime, datetime]]:
    """The terms of a period, each from when until just before when. `history` is in order."""
    found = []
    for number, terms in enumerate(history):
        until = history[number + 1].since if number + 1 < len(history) else period.ends_at
        since, until = max(terms.since, period.started_at), min(until, period.ends_at)
        if since < until:
            found.append((terms, since, until))
    return found
