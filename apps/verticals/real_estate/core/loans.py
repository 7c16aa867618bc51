"""Home loans to the cent: repayments, the schedule of a loan, and how much a repayment can carry. Pure.

Interest is charged per period on what is still owed, at the yearly rate divided by the periods of a year, and rounded
half up to a cent; so is the level repayment. The last repayment is whatever settles the loan.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal, localcontext
from typing import Literal

Frequency = Literal["monthly", "fortnightly", "weekly"]
PERIODS: dict[str, int] = {"monthly": 12, "fortnightly": 26, "weekly": 52}
"""Repayments a year."""

_DIGITS = 50
"""Significant digits: what a power over 2,080 weeks loses is far below a cent."""
_CENT = Decimal(1)


@dataclass(frozen=True, slots=True)
class Loan:
    """What is borrowed, in cents, at a yearly rate in percent, over whole years."""

    principal: int
    rate: Decimal
    years: int
    frequency: Frequency = "monthly"

    @property
    def periods(self) -> int:
        """Number of repayments."""
        return self.years * PERIODS[self.frequency]

    @property
    def period_rate(self) -> Decimal:
        """Interest of one period as a fraction."""
        with localcontext(prec=_DIGITS):
            return self.rate / 100 / PERIODS[self.frequency]


@dataclass(frozen=True, slots=True)
class Installment:
    """One repayment, in cents; `payment` = `interest` + `principal`, `balance` is owed afterwards."""

    number: int
    payment: int
    interest: int
    principal: int
    balance: int


@dataclass(frozen=True, slots=True)
class Year:
    """What is paid in one year of the loan, in cents; `balance` is owed at its end."""

    number: int
    interest: int
    principal: int
    balance: int


@dataclass(frozen=True, slots=True)
class Total:
    """A whole loan, in cents. `installments` may be fewer than planned when more than the level sum is paid."""

    payment: int
    interest: int
    paid: int
    last_payment: int
    installments: int


def repayment(loan: Loan) -> int:
    """The level repayment of each period, in cents."""
    with localcontext(prec=_DIGITS):
        rate, periods = loan.period_rate, loan.periods
        exact = loan.principal * rate / (1 - (1 + rate) ** -periods) if rate else Decimal(loan.principal) / periods
        return int(exact.quantize(_CENT, ROUND_HALF_UP))


def schedule(loan: Loan, *, extra: int = 0) -> Iterator[Installment]:
    """Every repayment in order, the last of which leaves nothing owed.

    Args:
        extra: cents paid on top of each level repayment.
    """
    level, rate, balance = repayment(loan) + extra, loan.period_rate, loan.principal
    for number in range(1, loan.periods + 1):
        if not balance:
            return
        interest = int((balance * rate).quantize(_CENT, ROUND_HALF_UP))
        owed = balance + interest
        payment = owed if number == loan.periods else min(level, owed)
        balance = owed - payment
        yield Installment(number, payment, interest, payment - interest, balance)


def total(loan: Loan, *, extra: int = 0) -> Total:
    """What the whole loan costs."""
    rows = list(schedule(loan, extra=extra))
    paid = sum(row.payment for row in rows)
    last = rows[-1].payment if rows else 0
    return Total(repayment(loan) + extra, paid - loan.principal, paid, last, len(rows))


def by_year(loan: Loan) -> list[Year]:
    """The schedule, year by year."""
    years: list[Year] = []
    for row in schedule(loan):
        number = (row.number - 1) // PERIODS[loan.frequency] + 1
        before = years.pop() if years and years[-1].number == number else Year(number, 0, 0, 0)
        years.append(Year(number, before.interest + row.interest, before.principal + row.principal, row.balance))
    return years


def borrowable(*, payment: int, rate: Decimal, years: int, frequency: Frequency = "monthly") -> int:
    """The most that a repayment of so many cents carries, in cents, rounded down."""
    loan = Loan(0, rate, years, frequency)
    with localcontext(prec=_DIGITS):
        r, n = loan.period_rate, loan.periods
        exact = payment * (1 - (1 + r) ** -n) / r if r else Decimal(payment) * n
        return int(exact.quantize(_CENT, ROUND_DOWN))


def share(part: int, whole: int) -> Decimal:
    """`part` of `whole` in percent, to one decimal; 0 of nothing."""
    if not whole:
        return Decimal(0)
    return (Decimal(part) * 100 / whole).quantize(Decimal("0.1"), ROUND_HALF_UP)
