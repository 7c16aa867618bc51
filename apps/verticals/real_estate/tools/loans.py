"""The tools that reckon with home loans. Arithmetic only: what a bank will lend is for the bank to say."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field

from apps.agents.sdk import ToolContext, ToolRefused, ToolResult, tool
from apps.business.core.wording import spoken_money
from apps.verticals.real_estate import enquiries
from apps.verticals.real_estate.core.loans import Frequency, Loan, Total, borrowable, by_year, share, total
from apps.verticals.real_estate.models import Enquiry
from apps.verticals.real_estate.tools.arguments import Dollars, Id, cents, known_listing

Deposit = Annotated[float, Field(ge=0, le=1_000_000_000, allow_inf_nan=False)]
Percent = Annotated[float, Field(ge=0, le=30, allow_inf_nan=False)]
Years = Annotated[int, Field(ge=1, le=40)]

DEFAULT_RATE = 6.0
DEFAULT_YEARS = 30
BUFFER = Decimal(3)
"""Percentage points that lenders add to see whether a loan would hold when rates rise."""
HOUSING_SHARE = 30
"""Percent of a gross income that may go into a home loan, by the common rule of thumb."""
_INSURED_BELOW = 20
"""Percent of deposit under which lenders usually want mortgage insurance."""
_ADVICE = "This is arithmetic, not an offer or advice; a lender will tell you what applies to you."
_PER = {"monthly": "a month", "fortnightly": "a fortnight", "weekly": "a week"}


@tool(label="Calculating repayments")
def calculate_repayments(
    ctx: ToolContext,
    *,
    deposit: Annotated[Deposit, "deposit in dollars; 0 when none is paid"],
    price: Annotated[Dollars | None, "price of the home in dollars; ask for it unless the listing is known"] = None,
    listing_id: Annotated[Id | None, "listing_id of the home, instead of its price"] = None,
    interest_rate: Annotated[Percent, "yearly interest rate in percent"] = DEFAULT_RATE,
    term_years: Annotated[Years, "years over which the loan is repaid"] = DEFAULT_YEARS,
    frequency: Annotated[Frequency, "how often is repaid"] = "monthly",
) -> ToolResult:
    """Calculates the mortgage repayments for a home: what a loan costs each month and in all, to the cent.

    Use it for questions about repayments on a price with a deposit. Without a rate it takes 6 percent, without a
    term 30 years, and says so. Returns loan_amount, repayment, total_interest, total_paid, deposit_percent.
    """
    cost = known_listing(listing_id).price_cents if listing_id else cents(price) if price else 0
    if not cost:
        raise ToolRefused("price_needed", "What does the home cost?", field="price")
    loan, data = _loan(cost, cents(deposit), interest_rate, term_years, frequency)
    _remember(ctx, cost, cents(deposit), loan)
    whole = total(loan)
    insured = (
        " With less than 20% deposit, lenders usually add mortgage insurance."
        if share(cents(deposit), cost) < _INSURED_BELOW
        else ""
    )
    return ToolResult(f"{_spoken(loan, cost, whole)}.{insured} {_ADVICE}", data | _totals(whole))


@tool(label="Calculating what changes")
def calculate_what_if(
    ctx: ToolContext,
    *,
    new_interest_rate: Annotated[Percent | None, "another interest rate in percent"] = None,
    new_deposit: Annotated[Deposit | None, "another deposit in dollars"] = None,
    new_term_years: Annotated[Years | None, "another term in years"] = None,
    new_price: Annotated[Dollars | None, "another price in dollars"] = None,
    extra_repayment: Annotated[Deposit | None, "dollars paid on top of each repayment"] = None,
) -> ToolResult:
    """Calculates what if: the last loan of this conversation with another rate, deposit, term, price or extra payments.

    Use it for questions such as "what if the rate were 7 percent" or "what if I put down more", after repayments were
    calculated. Returns loan_amount, repayment, repayment_change, total_interest, interest_change.
    """
    known = enquiries.of_conversation(ctx.conversation_id)
    if known is None or known.loan_price_cents is None:
        raise ToolRefused("no_loan_yet", "Let us first calculate a loan: what does the home cost, and your deposit?")
    if not any(
        value is not None for value in (new_interest_rate, new_deposit, new_term_years, new_price, extra_repayment)
    ):
        raise ToolRefused("change_needed", "What shall I change: the rate, the deposit, the term or the price?")
    before, _ = _kept(known)
    price = cents(new_price) if new_price is not None else known.loan_price_cents
    deposit = cents(new_deposit) if new_deposit is not None else known.loan_deposit_cents or 0
    loan, data = _loan(
        price,
        deposit,
        float(known.loan_rate) if new_interest_rate is None else new_interest_rate,  # type: ignore[arg-type]
        new_term_years or before.years,
        before.frequency,
    )
    old, new = total(before), total(loan, extra=cents(extra_repayment or 0))
    change, saved = new.payment - old.payment, new.interest - old.interest
    per = _PER[loan.frequency]
    sooner = loan.periods - new.installments
    ends = f", and it is repaid {sooner} payments sooner" if sooner > 0 and extra_repayment else ""
    return ToolResult(
        f"{_spoken(loan, price, new)}. That is {_difference(change)} {per} and {_difference(saved)} of interest{ends}.",
        data | _totals(new) | {"repayment_change": _signed(change), "interest_change": _signed(saved)},
    )


@tool(label="Writing the schedule")
def get_repayment_schedule(ctx: ToolContext) -> ToolResult:
    """Shows the amortization schedule of the last loan, year by year: interest, principal and what is still owed.

    Use it when the visitor asks how the loan goes down over the years, after repayments were calculated. Returns year,
    interest, principal, balance of each year.
    """
    known = enquiries.of_conversation(ctx.conversation_id)
    if known is None or known.loan_price_cents is None:
        raise ToolRefused("no_loan_yet", "Let us first calculate a loan: what does the home cost, and your deposit?")
    loan, _ = _kept(known)
    years = by_year(loan)
    first, half = years[0], next(year for year in years if year.balance * 2 <= loan.principal)
    rows = [
        {
            "year": year.number,
            "interest": spoken_money(year.interest),
            "principal": spoken_money(year.principal),
            "balance": spoken_money(year.balance),
        }
        for year in years
    ]
    return ToolResult(
        f"In the first year you pay {spoken_money(first.interest)} of interest and {spoken_money(first.principal)} off "
        f"the loan; half of it is repaid in year {half.number}, all of it in year {years[-1].number}.",
        {"schedule": rows},
    )


@tool(label="Estimating what you could borrow")
def estimate_borrowing_power(
    ctx: ToolContext,
    *,
    yearly_income: Annotated[Dollars, "income of the household in dollars a year, before tax"],
    monthly_debts: Annotated[Deposit, "dollars a month that go into other loans and cards"] = 0,
    deposit: Annotated[Deposit, "savings for the deposit in dollars"] = 0,
    interest_rate: Annotated[Percent, "yearly interest rate in percent"] = DEFAULT_RATE,
    term_years: Annotated[Years, "years over which the loan is repaid"] = DEFAULT_YEARS,
) -> ToolResult:
    """Estimates affordability: how much somebody could borrow on an income, and which price that makes.

    Use it for questions such as "how much can I afford" or "how much could I borrow". Returns loan_amount, price,
    affordable_repayment, assessed_rate.
    """
    payment = cents(yearly_income) * HOUSING_SHARE // 100 // 12 - cents(monthly_debts)
    if payment <= 0:
        raise ToolRefused(
            "nothing_left",
            "With those debts the usual rule leaves nothing for a home loan; a mortgage broker can look closer.",
            field="monthly_debts",
        )
    rate = Decimal(str(interest_rate)) + BUFFER
    amount = borrowable(payment=payment, rate=rate, years=term_years)
    price = amount + cents(deposit)
    enquiries.note(conversation_id=ctx.conversation_id, now=ctx.now, intent="finance", budget_cents=price)
    with_deposit = f", so homes up to {spoken_money(price)} with your deposit" if deposit else ""
    return ToolResult(
        f"By the usual rule of {HOUSING_SHARE}% of income and tested at {rate.normalize():f}%, you could borrow about "
        f"{spoken_money(amount // 100_000 * 100_000)}{with_deposit}. {_ADVICE}",
        {
            "loan_amount": spoken_money(amount),
            "price": spoken_money(price),
            "affordable_repayment": spoken_money(payment),
            "assessed_rate": f"{rate.normalize():f}%",
        },
    )


def _loan(price: int, deposit: int, rate: float, years: int, frequency: Frequency) -> tuple[Loan, dict[str, Any]]:
    if deposit >= price:
        raise ToolRefused("nothing_to_borrow", "With that deposit there is nothing left to borrow.", field="deposit")
    loan = Loan(price - deposit, Decimal(str(rate)), years, frequency)
    facts = {
        "price": spoken_money(price),
        "deposit": spoken_money(deposit),
        "deposit_percent": f"{share(deposit, price)}%",
        "loan_amount": spoken_money(loan.principal),
        "interest_rate": f"{loan.rate.normalize():f}%",
        "term_years": years,
        "frequency": frequency,
    }
    return loan, facts


def _kept(known: Enquiry) -> tuple[Loan, int]:
    """The last loan of the conversation, and its price; the caller has seen that there is one."""
    assert known.loan_price_cents is not None
    assert known.loan_rate is not None
    principal = known.loan_price_cents - (known.loan_deposit_cents or 0)
    frequency: Any = known.loan_frequency
    return Loan(principal, known.loan_rate, known.loan_years or DEFAULT_YEARS, frequency), known.loan_price_cents


def _remember(ctx: ToolContext, price: int, deposit: int, loan: Loan) -> None:
    enquiries.note(
        conversation_id=ctx.conversation_id,
        now=ctx.now,
        intent="finance",
        loan_price_cents=price,
        loan_deposit_cents=deposit,
        loan_rate=loan.rate,
        loan_years=loan.years,
        loan_frequency=loan.frequency,
    )


def _totals(whole: Total) -> dict[str, Any]:
    return {
        "repayment": spoken_money(whole.payment),
        "last_repayment": spoken_money(whole.last_payment),
        "number_of_repayments": whole.installments,
        "total_interest": spoken_money(whole.interest),
        "total_paid": spoken_money(whole.paid),
    }


def _spoken(loan: Loan, price: int, whole: Total) -> str:
    deposit = f" with {spoken_money(price - loan.principal)} deposit" if price > loan.principal else ""
    return (
        f"The repayments would be {spoken_money(whole.payment)} {_PER[loan.frequency]} on a loan of "
        f"{spoken_money(loan.principal)}{deposit}, at a rate of {loan.rate.normalize():f} percent over {loan.years} "
        f"years, and {spoken_money(whole.interest)} of interest in all"
    )


def _difference(change: int) -> str:
    if not change:
        return "no change"
    return f"{spoken_money(abs(change))} {'more' if change > 0 else 'less'}"


def _signed(change: int) -> str:
    return f"+{spoken_money(change)}" if change > 0 else spoken_money(change)
