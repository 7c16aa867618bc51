"""Loans: the arithmetic to the cent, and the tools that speak of it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.verticals.real_estate.core.loans import Loan, borrowable, by_year, repayment, schedule, share, total
from apps.verticals.real_estate.models import Enquiry
from apps.verticals.real_estate.tools import (
    calculate_repayments,
    calculate_what_if,
    estimate_borrowing_power,
    get_repayment_schedule,
)
from tests.verticals.real_estate.conftest import Agency, Visit

LOANS = st.builds(
    Loan,
    st.integers(1, 1_000_000_000),
    st.decimals(0, 30, places=3),
    st.integers(1, 40),
    st.sampled_from(["monthly", "fortnightly", "weekly"]),
)


@given(LOANS)
def test_the_schedule_settles_the_loan_to_the_cent(loan: Loan) -> None:
    rows = list(schedule(loan))
    assert sum(row.principal for row in rows) == loan.principal
    assert rows[-1].balance == 0
    assert len(rows) <= loan.periods
    balance = loan.principal
    for row in rows:
        assert row.payment == row.interest + row.principal
        assert row.interest >= 0
        assert row.principal >= 0
        assert row.balance == balance - row.principal
        balance = row.balance
    assert {row.payment for row in rows[:-1]} <= {repayment(loan)}


@given(LOANS)
def test_the_last_repayment_is_off_by_rounding_only(loan: Loan) -> None:
    """Half a cent a period at most, and the interest on it."""
    whole = total(loan)
    growth = float(1 + loan.period_rate) ** loan.periods
    slack = loan.periods * growth + 1
    assert whole.last_payment <= repayment(loan) + slack
    assert whole.paid == loan.principal + whole.interest


@given(LOANS)
def test_the_years_add_up_to_the_schedule(loan: Loan) -> None:
    years, whole = by_year(loan), total(loan)
    assert sum(year.interest for year in years) == whole.interest
    assert sum(year.principal for year in years) == loan.principal
    assert years[-1].balance == 0
    assert [year.number for year in years] == list(range(1, len(years) + 1))


@given(LOANS, st.integers(1, 100_000))
def test_paying_more_never_costs_more(loan: Loan, extra: int) -> None:
    plain, more = total(loan), total(loan, extra=extra)
    assert more.interest <= plain.interest
    assert more.installments <= plain.installments


@given(st.integers(1, 2_000_000), st.decimals(0, 30, places=3), st.integers(1, 40))
def test_what_can_be_borrowed_is_what_the_repayment_carries(payment: int, rate: Decimal, years: int) -> None:
    amount = borrowable(payment=payment, rate=rate, years=years)
    if amount:
        assert repayment(Loan(amount, rate, years)) <= payment
    assert repayment(Loan(amount + 2 * years * 12 + 2, rate, years)) >= payment


@pytest.mark.parametrize(
    ("loan", "cents"),
    [
        (Loan(60_000_000, Decimal(6), 30), 359_730),
        (Loan(60_000_000, Decimal(7), 30), 399_181),
        (Loan(50_000_000, Decimal("5.89"), 25), 318_797),
        (Loan(36_000_000, Decimal(0), 30), 100_000),
        (Loan(60_000_000, Decimal(6), 30, "fortnightly"), 165_950),
    ],
)
def test_known_repayments(loan: Loan, cents: int) -> None:
    assert repayment(loan) == cents


def test_a_share() -> None:
    assert (share(20_000_000, 80_000_000), share(1, 0)) == (Decimal("25.0"), 0)


def test_repayments(visit: Visit) -> None:
    result = visit.call(calculate_repayments, price=800_000, deposit=200_000)
    assert result.say.startswith(
        "The repayments would be $3,597.30 a month on a loan of $600,000 with $200,000 deposit, at a rate of 6 percent "
        "over 30 years, and $695,031.35 of interest in all."
    )
    assert "insurance" not in result.say
    assert "not an offer or advice" in result.say
    assert result.data["deposit_percent"] == "25.0%"
    assert result.data["number_of_repayments"] == 360
    known = Enquiry.objects.get(conversation_id=visit.context.conversation_id)
    assert (known.loan_price_cents, known.loan_deposit_cents, known.loan_years) == (80_000_000, 20_000_000, 30)


def test_repayments_on_a_listing(harbour: Agency, visit: Visit) -> None:
    result = visit.call(calculate_repayments, listing_id=harbour.cottage.pk, deposit=100_000, interest_rate=5.89)
    assert result.data["price"] == "$1,495,000"
    assert result.data["interest_rate"] == "5.89%"
    assert "mortgage insurance" in result.say


def test_what_if(visit: Visit) -> None:
    visit.call(calculate_repayments, price=800_000, deposit=200_000)
    result = visit.call(calculate_what_if, new_interest_rate=7)
    assert "would be $3,991.81 a month" in result.say
    assert "That is $394.51 more a month" in result.say
    assert result.data["repayment_change"] == "+$394.51"
    shorter = visit.call(calculate_what_if, new_term_years=20)
    assert "of interest in all" in shorter.say
    assert shorter.data["interest_change"].startswith("-$")
    extra = visit.call(calculate_what_if, extra_repayment=500)
    assert "payments sooner" in extra.say
    assert visit.call(calculate_what_if, new_price=900_000).data["loan_amount"] == "$700,000"
    assert visit.call(calculate_what_if, new_deposit=300_000).data["loan_amount"] == "$500,000"
    assert "no change" in visit.call(calculate_what_if, new_interest_rate=6).say


def test_the_schedule_year_by_year(visit: Visit) -> None:
    visit.call(calculate_repayments, price=800_000, deposit=200_000)
    result = visit.call(get_repayment_schedule)
    assert "half of it is repaid in year 21, all of it in year 30" in result.say
    assert len(result.data["schedule"]) == 30
    assert result.data["schedule"][-1]["balance"] == "$0"


def test_borrowing_power(visit: Visit) -> None:
    result = visit.call(estimate_borrowing_power, yearly_income=150_000, deposit=200_000)
    assert "tested at 9%" in result.say
    assert result.data["affordable_repayment"] == "$3,750"
    assert result.data["loan_amount"] == "$466,056.99"
    assert "with your deposit" in result.say


@pytest.mark.parametrize(
    ("tool", "arguments", "code", "field"),
    [
        (calculate_repayments, {"deposit": 0}, "price_needed", "price"),
        (calculate_repayments, {"deposit": 0, "listing_id": "lst_x"}, "listing_not_found", "listing_id"),
        (calculate_repayments, {"price": 100, "deposit": 100}, "nothing_to_borrow", "deposit"),
        (calculate_repayments, {"price": 0, "deposit": 1}, "invalid_arguments", "price"),
        (calculate_repayments, {"price": 9, "deposit": 1, "interest_rate": 99}, "invalid_arguments", "interest_rate"),
        (calculate_repayments, {"price": 9, "deposit": 1, "term_years": 41}, "invalid_arguments", "term_years"),
        (calculate_what_if, {"new_interest_rate": 7}, "no_loan_yet", None),
        (get_repayment_schedule, {}, "no_loan_yet", None),
        (estimate_borrowing_power, {"yearly_income": 12_000, "monthly_debts": 900}, "nothing_left", "monthly_debts"),
    ],
)
def test_refusals(visit: Visit, tool, arguments: dict, code: str, field: str | None) -> None:
    refusal = visit.refused(tool, **arguments)
    assert (refusal.code, refusal.field) == (code, field)


def test_a_change_is_needed(visit: Visit) -> None:
    visit.call(calculate_repayments, price=800_000, deposit=200_000)
    assert visit.refused(calculate_what_if).code == "change_needed"


def test_another_agencys_listing_and_loan(foreign: Agency, visit: Visit) -> None:
    refusal = visit.refused(calculate_repayments, listing_id=foreign.cottage.pk, deposit=1)
    assert refusal.code == "listing_not_found"
