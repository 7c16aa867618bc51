"""Rent: when it falls due, and what a renter owes. Pure; money in cents."""

import calendar
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal

RentFrequency = Literal["weekly", "fortnightly", "monthly"]
_DAYS = {"weekly": 7, "fortnightly": 14}


@dataclass(frozen=True, slots=True)
class Terms:
    """What was agreed: `rent` for each period, in advance, from `start` on; `end` is the last day, None = open."""

    rent: int
    frequency: RentFrequency
    start: dt.date
    end: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """How a renter stands on a day.

    Attributes:
        balance: owed; negative when paid ahead.
        overdue_days: since the oldest rent that is not wholly paid fell due; 0 when nothing is owed.
        next_due: the next day on which rent falls due; None when the lease ends before.
    """

    balance: int
    overdue_days: int
    next_due: dt.date | None


def due_dates(terms: Terms) -> Iterator[dt.date]:
    """The days on which rent falls due, without end when the lease has none.

    A month that lacks the day takes its last one: from January 31 the next is February 28.
    """
    number = 0
    while True:
        try:
            day = _due(terms, number)
        except (OverflowError, ValueError):  # the end of the calendar
            return
        if terms.end is not None and day > terms.end:
            return
        yield day
        number += 1


def _due(terms: Terms, number: int) -> dt.date:
    if terms.frequency != "monthly":
        return terms.start + dt.timedelta(days=_DAYS[terms.frequency] * number)
    years, month = divmod(terms.start.month - 1 + number, 12)
    year = terms.start.year + years
    last = calendar.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, min(terms.start.day, last))


def account(terms: Terms, *, paid: int, charged: int = 0, today: dt.date) -> Account:
    """How the renter stands at the end of `today`.

    Args:
        paid: all that has been received.
        charged: all that was charged besides rent, such as water.
    """
    due = list(takewhile(lambda day: day <= today, due_dates(terms)))
    balance = len(due) * terms.rent + charged - paid
    following = next((day for day in due_dates(terms) if day > today), None)
    return Account(balance, _overdue(terms, due, max(paid - charged, 0), today) if balance > 0 else 0, following)


def _overdue(terms: Terms, due: list[dt.date], towards_rent: int, today: dt.date) -> int:
    covered = towards_rent // terms.rent if terms.rent else len(due)
    return (today - due[covered]).days if covered < len(due) else 0


def per_week(terms: Terms) -> int:
    """The rent of a week in cents, rounded down, to compare homes."""
    if terms.frequency == "monthly":
        return terms.rent * 12 // 52
    return terms.rent * 7 // _DAYS[terms.frequency]
