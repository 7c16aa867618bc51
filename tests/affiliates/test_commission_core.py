"""Commissions: any order of invoices, refunds, time and payouts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.affiliates.core.commission import (
    PENDING,
    RATE_PERCENT,
    THRESHOLD_CENTS,
    Balance,
    Invoice,
    Line,
    balance,
    base_cents,
    earned_cents,
    payable,
    to_book,
    window,
)

START = datetime(2026, 3, 31, 15, 30, tzinfo=UTC)
YEAR = window(START)
DAY = timedelta(days=1)

invoices = st.builds(
    lambda paid, tax, at: Invoice(paid, tax * paid // 100, 0, START + at),
    st.integers(0, 400_000),
    st.integers(0, 25),
    st.timedeltas(-30 * DAY, 500 * DAY),
)


def test_an_invoice_earns_22_percent_of_what_was_paid_without_tax() -> None:
    assert earned_cents(Invoice(49_900, 0, 0, START), YEAR) == 10_978
    assert earned_cents(Invoice(59_381, 9_481, 0, START), YEAR) == 10_978
    assert earned_cents(Invoice(49_900, 0, 49_900, START), YEAR) == 0
    assert earned_cents(Invoice(0, 0, 0, START), YEAR) == 0


@pytest.mark.parametrize(("base", "cents"), [(1, 0), (2, 0), (3, 1), (25, 6), (75, 17), (225, 50)])
def test_half_a_cent_is_rounded_up(base: int, cents: int) -> None:
    assert earned_cents(Invoice(base, 0, 0, START), YEAR) == cents


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (datetime(2026, 3, 31, 15, tzinfo=UTC), datetime(2027, 3, 31, 15, tzinfo=UTC)),
        (datetime(2028, 2, 29, tzinfo=UTC), datetime(2029, 2, 28, tzinfo=UTC)),
        (datetime(2027, 2, 28, tzinfo=UTC), datetime(2028, 2, 28, tzinfo=UTC)),
        (datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 12, 1, tzinfo=UTC)),
    ],
)
def test_the_first_12_months_are_those_of_the_calendar(start: datetime, end: datetime) -> None:
    earning = window(start)
    assert earning.end == end
    assert earning.holds(start)
    assert earning.holds(end - timedelta(microseconds=1))
    assert not earning.holds(end)
    assert not earning.holds(start - timedelta(microseconds=1))


def test_pending_then_due_then_paid() -> None:
    line = to_book(Invoice(49_900, 0, 0, START), YEAR, booked_cents=0)
    assert line is not None
    assert line.state(START + PENDING - timedelta(seconds=1)) == "pending"
    assert line.state(START + PENDING) == "due"
    assert replace(line, payout="p").state(START) == "in_payout"
    assert replace(line, payout="p", is_paid=True).state(START) == "paid"


def test_a_refund_after_the_payout_is_carried_forward() -> None:
    paid = Line(10_978, START, "p1", is_paid=True)
    taken = to_book(Invoice(49_900, 0, 49_900, START - PENDING), window(START - 60 * DAY), booked_cents=10_978)
    assert taken is not None
    assert taken.amount_cents == -10_978
    assert balance([paid, taken], START) == Balance(pending=0, due=-10_978, in_payout=0, paid=10_978)
    assert payable([paid, taken], START) == []
    more = Line(20_000, START)
    assert payable([paid, taken, more], START) == [taken, more]


def test_less_than_the_threshold_waits() -> None:
    assert payable([Line(THRESHOLD_CENTS - 1, START)], START) == []
    assert payable([Line(THRESHOLD_CENTS, START)], START) == [Line(THRESHOLD_CENTS, START)]


@given(st.lists(st.tuples(invoices, st.lists(st.integers(0, 400_000), max_size=4)), max_size=12), st.randoms())
def test_any_order_of_facts_books_the_same_and_22_percent_of_the_base(
    histories: list[tuple[Invoice, list[int]]], random: object
) -> None:
    """Each fact may come late, twice or after a newer one: what is booked is what the newest facts say."""
    facts = []
    final: dict[int, Invoice] = {}
    for number, (invoice, refunds) in enumerate(histories):
        total = 0
        facts.append((number, invoice))
        for cents in refunds:
            total = min(invoice.paid_cents, total + cents)
            facts.append((number, replace(invoice, refunded_cents=total)))
        final[number] = replace(invoice, refunded_cents=total)
    facts *= 2
    random.shuffle(facts)  # type: ignore[attr-defined]
    known: dict[int, Invoice] = {}
    lines: dict[int, list[Line]] = {number: [] for number in final}
    for number, fact in facts:
        newest = max(fact, known.get(number, fact), key=lambda invoice: invoice.refunded_cents)
        known[number] = newest
        line = to_book(newest, YEAR, booked_cents=sum(line.amount_cents for line in lines[number]))
        if line is not None:
            lines[number].append(line)
    earning = [invoice for invoice in final.values() if YEAR.holds(invoice.paid_at)]
    booked = sum(line.amount_cents for each in lines.values() for line in each)
    base = sum(base_cents(invoice) for invoice in earning)
    assert booked == sum(earned_cents(invoice, YEAR) for invoice in earning)
    assert abs(booked * 100 - base * RATE_PERCENT) <= 50 * len(earning)
    assert all(sum(line.amount_cents for line in each) >= 0 for each in lines.values())


acts = st.one_of(
    st.tuples(st.just("invoice"), st.integers(100, 200_000)),
    st.tuples(st.just("refund"), st.integers(0, 9)),
    st.tuples(st.just("wait"), st.integers(0, 40)),
    st.tuples(st.just("prepare"), st.just(0)),
    st.tuples(st.just("pay"), st.just(0)),
    st.tuples(st.just("cancel"), st.just(0)),
)


@given(st.lists(acts, max_size=40))
def test_no_line_is_paid_twice_and_no_cent_is_lost(history: list[tuple[str, int]]) -> None:
    now = START
    known: list[Invoice] = []
    lines: list[tuple[int, Line]] = []
    sent: list[int] = []
    open_payout, number = "", 0
    for act, value in history:
        if act == "wait":
            now += value * DAY
        elif act == "invoice":
            known.append(Invoice(value, 0, 0, now))
        elif act == "refund" and value < len(known):
            known[value] = replace(known[value], refunded_cents=known[value].paid_cents)
        elif act == "prepare" and not open_payout:
            chosen = payable([line for _, line in lines], now)
            if chosen:
                number += 1
                open_payout = f"p{number}"
                assert sum(line.amount_cents for line in chosen) >= THRESHOLD_CENTS
                assert all(not line.payout and line.matures_at <= now for line in chosen)
                lines = [
                    (n, replace(line, payout=open_payout) if line.state(now) == "due" else line) for n, line in lines
                ]
        elif act in ("pay", "cancel") and open_payout:
            mine = [line for _, line in lines if line.payout == open_payout]
            if act == "pay":
                sent.append(sum(line.amount_cents for line in mine))
            change = {"is_paid": True} if act == "pay" else {"payout": ""}
            lines = [(n, replace(line, **change) if line.payout == open_payout else line) for n, line in lines]
            open_payout = ""
        for n, invoice in enumerate(known):
            missing = to_book(invoice, YEAR, booked_cents=sum(line.amount_cents for m, line in lines if m == n))
            if missing is not None:
                lines.append((n, missing))
    standing = balance([line for _, line in lines], now)
    assert standing.paid == sum(sent)
    assert standing.earned == sum(earned_cents(invoice, YEAR) for invoice in known)
