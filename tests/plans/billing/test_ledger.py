"""One ledger: the receipts of a month add up to its bill, and what was paid for bills is what commissions are of."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.plans import receipts, subscriptions, terms, usage, usage_bills
from apps.plans.core.catalogue import PLANS
from apps.plans.core.money import net_cents
from apps.plans.core.period import Period, period_at
from apps.plans.core.rating import Rated, Stretch, Terms, in_force, one, rate
from apps.plans.models import Invoice, Subscription, TermsChange, UsageBill, UsageEntry, UsageKind
from apps.plans.payments import changes, gateway, sync
from apps.plans.signals import invoice_paid, invoice_refunded
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from tests.plans.billing.conftest import START, Subscribe
from tests.plans.billing.provider import Provider

DAY = timedelta(days=1)


def receipts_of(stretches: list[Stretch]) -> list[int]:
    """The cents of each interaction, one after the other."""
    found: list[int] = []
    done: list[Stretch] = []
    for stretch in stretches:
        for number in range(stretch.count):
            before = rate([*done, Stretch(stretch.terms, number)])
            found.append(one(before, rate([*done, Stretch(stretch.terms, number + 1)])))
        done.append(stretch)
    return found


@pytest.mark.once
@settings(max_examples=1_000)
@given(st.integers(0, 2**40))
def test_receipts_bill_and_commission_base_are_one_sum(seed: int) -> None:
    """A life of some months: terms that change at any moment, interactions, invoices with tax, and refunds."""
    random = Random(seed)
    plans = [Terms(START, random.randint(0, 12), random.choice([75, 50, 30, 1, 7]), random.random() < 0.7)]
    for _ in range(random.randint(0, 5)):
        since = plans[-1].since + timedelta(hours=random.randint(1, 900))
        plans.append(Terms(since, random.randint(0, 30), random.choice([75, 50, 30, 13]), random.random() < 0.7))
    moments = sorted(START + timedelta(minutes=random.randint(0, 120_000)) for _ in range(random.randint(0, 60)))
    month, of_receipts, billed, base, given_back, fees = period_at(anchor=START, now=START), 0, 0, 0, 0, 0
    for _ in range(3):
        stretches = [
            Stretch(held, sum(since <= at < until for at in moments)) for held, since, until in in_force(plans, month)
        ]
        single, bill = receipts_of(stretches), rate(stretches)
        assert sum(single) == bill.cents
        assert all(cents >= 0 for cents in single)
        assert bill.cents * 10 <= bill.mills < bill.cents * 10 + 10
        of_receipts += sum(single)
        billed += bill.cents
        for net in (random.choice([14_900, 49_900]), bill.cents):
            tax = net * random.choice([0, 0, 7, 19]) // 100
            refund = random.choice([0, 0, net + tax])
            base += net_cents(paid=net + tax, tax=tax, refunded=refund)
            given_back += net if refund else 0
            fees += net
        fees -= bill.cents
        month = period_at(anchor=START, now=month.ends_at)
    assert of_receipts == billed
    assert base == fees + of_receipts - given_back


@pytest.mark.once
def test_a_part_of_a_cent_is_never_charged() -> None:
    held = Terms(START, 2, 75, bills=True)
    assert receipts_of([Stretch(held, 6)]) == [0, 0, 7, 8, 7, 8]
    assert rate([Stretch(held, 5)]) == Rated(used=5, beyond=3, charged=3, mills=225)
    assert rate([Stretch(held, 5)]).cents == 22


@pytest.mark.once
def test_an_upgrade_includes_more_from_then_on_and_changes_nothing_before() -> None:
    small, big = Terms(START, 2, 75, bills=True), Terms(START + DAY, 6, 50, bills=True)
    assert receipts_of([Stretch(small, 4), Stretch(big, 4)]) == [0, 0, 7, 8, 0, 0, 5, 5]


@pytest.mark.once
def test_who_stops_at_the_limit_pays_nothing_beyond() -> None:
    stops, bills = Terms(START, 1, 50, bills=False), Terms(START + DAY, 1, 50, bills=True)
    assert receipts_of([Stretch(stops, 3), Stretch(bills, 2)]) == [0, 0, 0, 5, 5]


def converse(count: int, at: datetime, word: str) -> list[str]:
    """Answered conversations, all at that moment; their ids."""
    ids = [f"conv_{word}_{number:05}" for number in range(count)]
    UsageEntry.objects.bulk_create(UsageEntry(kind=UsageKind.INTERACTION, conversation_id=key, at=at) for key in ids)
    return ids


def small_plan(monkeypatch: pytest.MonkeyPatch, included: int) -> None:
    """Plans as they are, but small, so that a test reaches their limits."""
    from dataclasses import replace

    for slug, plan in list(PLANS.items()):
        monkeypatch.setitem(PLANS, slug, replace(plan, interactions=included * (1 + list(PLANS).index(slug))))


@pytest.mark.parametrize("seed", range(25))
def test_the_same_from_the_database(tenant: Tenant, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """Through the services: plans taken, changed and ended at any time, months closed by the duty."""
    random = Random(seed)
    small_plan(monkeypatch, 4)
    now, keys = START, []
    subscriptions.start_trial(now=now)
    for number in range(30):
        now += timedelta(hours=random.randint(1, 120))
        match random.choice(["talk", "talk", "talk", "overage", "plan"]):
            case "talk":
                keys += converse(random.randint(1, 5), now, f"{number:02}")
            case "overage":
                choice = random.choice(["stop", "bill", "bill"])
                subscriptions.choose_overage(choice=choice, now=now, actor="user:1")
            case "plan":
                _take(random.choice(list(PLANS)), now)
        if random.random() < 0.2:
            usage_bills.close(now=now)
    end = now + timedelta(days=40)
    usage_bills.close(now=end)
    assert usage_bills.close(now=end) == []
    history = terms.history(Subscription.objects.select_related("tenant").get())
    by_month: dict[Period, int] = {}
    for key in keys:
        slip = receipts.receipt(conversation_id=key)
        assert slip.month is not None
        by_month[slip.month] = by_month.get(slip.month, 0) + slip.cents
    assert {month: receipts.month_total(history, month).cents for month in by_month} == by_month
    billed = {Period(bill.started_at, bill.ends_at): bill.cents for bill in UsageBill.objects.all()}
    assert {month: cents for month, cents in by_month.items() if cents} == {m: c for m, c in billed.items() if c}
    assert sum(by_month.values()) == sum(billed.values())


def _take(plan: str, now: datetime) -> None:
    """As `payments.sync` would: at once, whatever it was before."""
    subscription = subscriptions.locked()
    subscription.plan, subscription.status = plan, "active"
    if subscription.period_started_at == START:  # the trial's
        subscription.period_started_at = now
    subscription.save()
    terms.note(subscription, now=now)


def test_a_conversations_receipt(tenant: Tenant) -> None:
    subscriptions.start_trial(now=START)
    empty = receipts.receipt(conversation_id="conv_never")
    assert (empty.number, empty.cents, empty.messages) == (0, 0, 0)
    for _ in range(2):
        usage.count_answer(
            conversation_id="conv_1", input_tokens=100, output_tokens=20, now=START + DAY, call_seconds=90, cost=500_000
        )
    slip = receipts.receipt(conversation_id="conv_1")
    assert (slip.number, slip.included, slip.beyond, slip.cents) == (1, 2_000, False, 0)
    assert (slip.messages, slip.input_tokens, slip.output_tokens) == (2, 200, 40)
    assert (slip.call_minutes, slip.model_dollars, slip.counted_at) == (3.0, 1.0, START + DAY)


def test_the_months_bill_is_paid_and_told(
    provider: Provider, trying: Tenant, subscribe: Subscribe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Receipts, the line on the invoice, and what those hear who earn by it: one sum."""
    small_plan(monkeypatch, 2)
    heard: list[tuple[str, int]] = []

    def paid(*, invoice: Invoice, **_: Any) -> None:
        heard.append((invoice.reason, invoice.net_cents))

    def refunded(*, invoice: Invoice, amount_cents: int, **_: Any) -> None:
        heard.append(("refund", amount_cents))

    invoice_paid.connect(paid)
    invoice_refunded.connect(refunded)
    try:
        subscribe("starter")
        with tenant_scope(trying.pk):
            subscriptions.choose_overage(choice="bill", now=provider.at, actor="user:1")
            keys = converse(7, START + 3 * DAY, "june")
            owed = sum(receipts.receipt(conversation_id=key).cents for key in keys)
        assert owed == 37  # five at 7.5 cents, rounded down
        provider.wait(days=31)
        assert [usage_bills.close_and_bill(provider.at) for _ in range(3)] == [1, 0, 0]
        with tenant_scope(trying.pk):
            invoice = Invoice.objects.get(usage_cents__gt=0)
            bill = UsageBill.objects.get()
        assert (bill.cents, invoice.usage_cents, invoice.total_cents, invoice.status) == (owed, owed, owed, "paid")
        assert invoice.reason == "5 interactions beyond the plan, Jun 1 to Jul 1, 2026"
        assert bill.invoice == invoice.provider_id
        provider.refund(invoice.provider_id, 12)
        sync.look(tenant_id=trying.pk, now=provider.at)
        sync.look(tenant_id=trying.pk, now=provider.at)
    finally:
        invoice_paid.disconnect(paid)
        invoice_refunded.disconnect(refunded)
    assert heard[-1] == ("refund", 12)
    assert sorted(heard[:-1]) == sorted([("Start of the plan", 14_900), ("The plan", 14_900), (invoice.reason, owed)])


def test_a_dispute_that_is_lost_is_a_refund(provider: Provider, trying: Tenant, subscribe: Subscribe) -> None:
    """What is still argued about is still earned."""
    heard: list[int] = []

    def refunded(*, amount_cents: int, **_: Any) -> None:
        heard.append(amount_cents)

    invoice_refunded.connect(refunded)
    try:
        subscribe("starter")
        with tenant_scope(trying.pk):
            paid = Invoice.objects.get().provider_id
        provider.refund(paid, 900)
        provider.dispute(paid)
        sync.look(tenant_id=trying.pk, now=provider.at)
        assert heard == [900]
        [dispute] = gateway.client().v1.disputes.list().data
        gateway.client().v1.disputes.close(dispute.id)
        for _ in range(2):
            sync.look(tenant_id=trying.pk, now=provider.at)
    finally:
        invoice_refunded.disconnect(refunded)
    assert heard == [900, 14_000]
    with tenant_scope(trying.pk):
        assert Invoice.objects.get().net_cents == 0


def test_a_bill_that_was_cut_off_is_not_made_twice(
    provider: Provider, trying: Tenant, subscribe: Subscribe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the provider had made the invoice, before we wrote that down; and a day later, so that the
    provider has forgotten the request's key."""
    small_plan(monkeypatch, 1)
    subscribe("starter")
    with tenant_scope(trying.pk):
        subscriptions.choose_overage(choice="bill", now=provider.at, actor="user:1")
        converse(9, START + 3 * DAY, "june")
    provider.wait(days=31)
    assert usage_bills.close_and_bill(provider.at) == 1
    with tenant_scope(trying.pk):
        UsageBill.objects.update(invoice="")
    provider.wait(days=2)
    assert usage_bills.close_and_bill(provider.at) == 1
    with tenant_scope(trying.pk):
        assert Invoice.objects.filter(usage_cents=60).count() == 1
    assert len([i for i in provider.book.all("invoice") if i["metadata"].get("usage_bill")]) == 1


def test_the_year_pays_its_months(
    provider: Provider, trying: Tenant, subscribe: Subscribe, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_plan(monkeypatch, 1)
    subscribe("starter", "year")
    with tenant_scope(trying.pk):
        subscriptions.choose_overage(choice="bill", now=provider.at, actor="user:1")
        for month in range(3):
            converse(3, START + (5 + 31 * month) * DAY, f"m{month}")
    provider.wait(days=100)
    assert usage_bills.close_and_bill(provider.at) == 3
    with tenant_scope(trying.pk):
        assert [bill.cents for bill in UsageBill.objects.all()] == [15, 15, 15]


def test_terms_are_noted_once_and_in_order(tenant: Tenant) -> None:
    subscriptions.start_trial(now=START)
    for choice in ("bill", "bill", "stop"):
        subscriptions.choose_overage(choice=choice, now=START, actor="user:1")
    subscriptions.subscribe(plan="growth", now=START)
    subscriptions.choose_overage(choice="bill", now=START, actor="user:1")
    rows = [(row.plan, row.bills) for row in TermsChange.objects.all()]
    assert rows == [("starter", False), ("growth", False), ("growth", True)]


def test_what_ran_before_terms_were_noted_is_not_charged(tenant: Tenant) -> None:
    """An installation from before there were bills."""
    subscriptions.start_trial(now=START)
    TermsChange.objects.all().delete()
    converse(3, START, "old")
    assert receipts.receipt(conversation_id="conv_old_00002").cents == 0
    assert usage_bills.close(now=START + 90 * DAY) == []


def test_a_month_that_a_new_plan_cuts_short_ends_there(tenant: Tenant) -> None:
    subscriptions.start_trial(now=START)
    later = datetime(2026, 6, 11, 12, tzinfo=UTC)
    subscriptions.subscribe(plan="growth", now=later)
    history = terms.history(Subscription.objects.select_related("tenant").get())
    assert history.month(START + DAY) == Period(START, later)
    assert history.month(later) == Period(later, datetime(2026, 7, 11, 12, tzinfo=UTC))


def test_changing_needs_a_subscription(trying: Tenant) -> None:
    with tenant_scope(trying.pk), pytest.raises(changes.NothingToChange):
        changes.end(now=START, actor="user:1")
