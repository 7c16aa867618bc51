"""What a referral earns: 22 % of what its business paid in its first 12 months, and when that is paid out.

Money is whole cents. The base of an invoice is what it earned (`plans.core.money`): what was paid, without tax and
without what was refunded. Its commission is the base times the rate, rounded half up, once per invoice: so the sum over
any invoices is within half a cent each of the rate of the sum.

Nothing here depends on the order in which invoices and refunds are heard of. Whoever books asks for the difference
between what an invoice earns by now and what is booked for it, and adds that as a line; lines are never changed.
"""

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from apps.plans.core.money import net_cents

RATE_PERCENT: Final = 22
WINDOW_MONTHS: Final = 12
PENDING: Final = timedelta(days=30)
"""How long a line waits after its invoice was paid: most refunds come before."""
THRESHOLD_CENTS: Final = 5_000
"""Less than this is not paid out; it waits for more."""

State = Literal["pending", "due", "in_payout", "paid"]


@dataclass(frozen=True, slots=True)
class Invoice:
    """What is known of one invoice of a referred business; `refunded_cents` is the total so far."""

    paid_cents: int
    tax_cents: int
    refunded_cents: int
    paid_at: datetime


@dataclass(frozen=True, slots=True)
class Window:
    """Invoices paid from `start` until before `end` earn."""

    start: datetime
    end: datetime

    def holds(self, moment: datetime) -> bool:
        return self.start <= moment < self.end


@dataclass(frozen=True, slots=True)
class Line:
    """One booking: a commission, or (negative) what a refund takes back. `payout` names the payout that has it."""

    amount_cents: int
    matures_at: datetime
    payout: str = ""
    is_paid: bool = False

    def state(self, now: datetime) -> State:
        if self.payout:
            return "paid" if self.is_paid else "in_payout"
        return "due" if now >= self.matures_at else "pending"


@dataclass(frozen=True, slots=True)
class Balance:
    """Cents in each state. `due` may be negative: refunds of what was paid out already are carried forward."""

    pending: int
    due: int
    in_payout: int
    paid: int

    @property
    def earned(self) -> int:
        return self.pending + self.due + self.in_payout + self.paid


def window(signed_up_at: datetime) -> Window:
    """The first 12 months of a business, on the calendar in UTC: from 31 March until before 31 March a year later.

    They begin with its sign-up, so that no order of invoices moves them. A month that is too short ends the window on
    its last day: from 29 February until before 28 February.
    """
    start = signed_up_at.astimezone(UTC)
    months = start.month - 1 + WINDOW_MONTHS
    year, month = start.year + months // 12, months % 12 + 1
    day = min(start.day, calendar.monthrange(year, month)[1])
    return Window(start, start.replace(year=year, month=month, day=day))


def base_cents(invoice: Invoice) -> int:
    """What the invoice earned us; never negative."""
    return net_cents(paid=invoice.paid_cents, tax=invoice.tax_cents, refunded=invoice.refunded_cents)


def earned_cents(invoice: Invoice, earning: Window, rate_percent: int = RATE_PERCENT) -> int:
    """The commission of an invoice as of now, rounded half up to the cent; 0 outside the window."""
    return _half_up(base_cents(invoice) * rate_percent, 100) if earning.holds(invoice.paid_at) else 0


def to_book(invoice: Invoice, earning: Window, *, booked_cents: int, rate_percent: int = RATE_PERCENT) -> Line | None:
    """The line that is missing for an invoice for which `booked_cents` are booked so far; None when all is.

    A claw-back matures with its commission: before that both wait together, afterwards it is due at once, whether or
    not the commission was paid out.
    """
    missing = earned_cents(invoice, earning, rate_percent) - booked_cents
    return Line(missing, invoice.paid_at + PENDING) if missing else None


def balance(lines: Iterable[Line], now: datetime) -> Balance:
    """The sum of the lines by state."""
    sums = {"pending": 0, "due": 0, "in_payout": 0, "paid": 0}
    for line in lines:
        sums[line.state(now)] += line.amount_cents
    return Balance(**sums)


def payable(lines: Iterable[Line], now: datetime, threshold_cents: int = THRESHOLD_CENTS) -> list[Line]:
    """The lines of the next payout: all that are due, if together they reach the threshold; else none."""
    due = [line for line in lines if line.state(now) == "due"]
    return due if sum(line.amount_cents for line in due) >= max(1, threshold_cents) else []


def _half_up(numerator: int, denominator: int) -> int:
    """The quotient of two whole numbers that are not negative, rounded half up."""
    return (2 * numerator + denominator) // (2 * denominator)
