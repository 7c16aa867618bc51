"""From the click to the money: attribution, commissions, claw-backs, payouts."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.affiliates import affiliates, payouts, statements
from apps.affiliates.affiliates import Undecided
from apps.affiliates.core.commission import Balance
from apps.affiliates.models import Affiliate, Line, Payout, Referral, ReferredInvoice, TrailEntry
from apps.plans import announcements
from apps.plans.signals import invoice_paid
from apps.tenants.models import Membership, Role, Tenant, User
from apps.tenants.scope import tenant_scope
from tests.affiliates.conftest import NOW, make_affiliate, pay, refund

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def standing(affiliate: Affiliate, *, days: int = 0) -> Balance:
    return statements.statement(affiliate, now=NOW + days * DAY).balance


def ready(affiliate: Affiliate) -> None:
    affiliates.set_payout(affiliate=affiliate, method="paypal", email="mila@pay.example", account="")


def test_from_the_click_to_the_money(mila: Affiliate, referred: Tenant) -> None:
    ready(mila)
    pay(referred)
    assert standing(mila) == Balance(pending=10_978, due=0, in_payout=0, paid=0)
    assert payouts.prepare_all(actor="user:1", now=NOW + 29 * DAY) == []
    assert standing(mila, days=30) == Balance(pending=0, due=10_978, in_payout=0, paid=0)
    (payout,) = payouts.prepare_all(actor="user:1", now=NOW + 30 * DAY)
    assert standing(mila, days=30) == Balance(pending=0, due=0, in_payout=10_978, paid=0)
    assert payouts.prepare_all(actor="user:1", now=NOW + 31 * DAY) == []
    payouts.mark_paid(payout_id=payout.pk, reference="T-1", actor="user:1", now=NOW + 31 * DAY)
    payouts.mark_paid(payout_id=payout.pk, reference="T-2", actor="user:1", now=NOW + 32 * DAY)
    payout.refresh_from_db()
    assert (payout.reference, payout.amount_cents, payout.target) == ("T-1", 10_978, "mila@pay.example")
    assert standing(mila, days=40) == Balance(pending=0, due=0, in_payout=0, paid=10_978)
    done = TrailEntry.objects.filter(target=payout.pk).values_list("action", flat=True)
    assert sorted(done) == ["payout.paid", "payout.prepared"]


def test_an_invoice_that_is_told_twice_earns_once(mila: Affiliate, referred: Tenant) -> None:
    invoice = pay(referred)
    with tenant_scope(referred.pk):
        announcements.announce(invoice_id=invoice.pk)
        invoice_paid.send(sender=type(invoice), invoice=invoice)
        invoice_paid.send(sender=type(invoice), invoice=invoice)
    assert Line.objects.count() == 1


def test_refunds_take_back_their_share(mila: Affiliate, referred: Tenant) -> None:
    invoice = pay(referred, cents=59_900, tax=10_000)
    refund(invoice, 29_950)
    assert standing(mila).pending == 5_489
    refund(invoice, 29_950)
    assert standing(mila) == Balance(0, 0, 0, 0)
    assert sorted(Line.objects.values_list("amount_cents", flat=True)) == [-5_489, -5_489, 10_978]


def test_a_refund_after_the_payout_is_carried_to_the_next(mila: Affiliate, referred: Tenant) -> None:
    ready(mila)
    invoice = pay(referred)
    (first,) = payouts.prepare_all(actor="user:1", now=NOW + 30 * DAY)
    payouts.mark_paid(payout_id=first.pk, reference="", actor="user:1", now=NOW + 30 * DAY)
    refund(invoice, 49_900)
    assert standing(mila, days=31) == Balance(pending=0, due=-10_978, in_payout=0, paid=10_978)
    pay(referred, cents=149_900, number="2")
    (second,) = payouts.prepare_all(actor="user:1", now=NOW + 60 * DAY)
    assert second.amount_cents == 32_978 - 10_978


def test_below_the_threshold_nothing_is_paid(mila: Affiliate, referred: Tenant) -> None:
    ready(mila)
    pay(referred, cents=14_900)
    assert payouts.prepare_all(actor="user:1", now=NOW + 31 * DAY) == []
    pay(referred, cents=14_900, number="2", at=NOW + DAY)
    (payout,) = payouts.prepare_all(actor="user:1", now=NOW + 32 * DAY)
    assert payout.amount_cents == 6_556


def test_without_a_target_nothing_is_paid(mila: Affiliate, referred: Tenant) -> None:
    pay(referred)
    assert payouts.prepare_all(actor="user:1", now=NOW + 31 * DAY) == []


def test_a_canceled_payout_makes_its_lines_due_again(mila: Affiliate, referred: Tenant) -> None:
    ready(mila)
    pay(referred)
    (payout,) = payouts.prepare_all(actor="user:1", now=NOW + 30 * DAY)
    payouts.cancel(payout_id=payout.pk, actor="user:1")
    with pytest.raises(Undecided):
        payouts.mark_paid(payout_id=payout.pk, reference="", actor="user:1", now=NOW)
    assert standing(mila, days=30).due == 10_978
    (again,) = payouts.prepare_all(actor="user:1", now=NOW + 30 * DAY)
    payouts.mark_paid(payout_id=again.pk, reference="", actor="user:1", now=NOW + 30 * DAY)
    with pytest.raises(Undecided):
        payouts.cancel(payout_id=again.pk, actor="user:1")
    assert sum(Payout.objects.filter(status="paid").values_list("amount_cents", flat=True)) == 10_978


@pytest.mark.parametrize(("days", "cents"), [(0, 10_978), (364, 10_978), (365, 0), (-1, 0)])
def test_only_the_first_12_months_earn(mila: Affiliate, referred: Tenant, days: int, cents: int) -> None:
    pay(referred, at=NOW + days * DAY)
    assert standing(mila).pending == cents


def test_what_others_pay_earns_nothing(mila: Affiliate, clinic: Tenant) -> None:
    pay(clinic)
    assert not Line.objects.exists()
    assert not ReferredInvoice.objects.exists()


def test_a_refund_that_is_told_with_the_payment_counts_once(mila: Affiliate, referred: Tenant) -> None:
    with tenant_scope(referred.pk):
        invoice = pay(referred)
        invoice.refunded_cents = 49_900
        invoice.save()
        announcements.announce(invoice_id=invoice.pk)
        announcements.announce(invoice_id=invoice.pk)
    assert sum(Line.objects.values_list("amount_cents", flat=True)) == 0
    assert Line.objects.count() == 2


@pytest.mark.parametrize(
    ("email", "reason"),
    [
        ("mila@weber.example", "same_person"),
        ("mila+salon@weber.example", "same_address"),
        ("ann@weber.example", "same_domain"),
        ("mila@pay.example", "payout_address"),
    ],
)
def test_self_referral_is_refused_with_its_reason(
    mila: Affiliate, visitor: Client, found: Callable[..., Tenant], email: str, reason: str
) -> None:
    ready(mila)
    visitor.get(f"/r/{mila.code}")
    tenant = found(visitor, email=email)
    referral = Referral.objects.get()
    assert (referral.status, referral.reason) == ("refused", reason)
    pay(tenant)
    assert standing(mila) == Balance(0, 0, 0, 0)
    (row,) = statements.statement(mila, now=NOW).referred
    assert not row.earns
    assert row.reason


def test_a_colleague_of_the_affiliate_is_no_customer(
    mila: Affiliate, clinic: Tenant, visitor: Client, found: Callable[..., Tenant]
) -> None:
    ann = User.objects.create_user("ann@elsewhere.example")
    with tenant_scope(clinic.pk):
        Membership.objects.create(user=ann, role=Role.OWNER)
        Membership.objects.create(user=mila.user, role=Role.STAFF)
    visitor.get(f"/r/{mila.code}")
    found(visitor, email=ann.email)
    assert Referral.objects.get().reason == "same_team"


def test_who_joins_a_business_earns_by_its_later_invoices_no_more(mila: Affiliate, referred: Tenant) -> None:
    first = pay(referred)
    with tenant_scope(referred.pk):
        Membership.objects.create(user=mila.user, role=Role.STAFF)
    pay(referred, number="2", at=NOW + 30 * DAY)
    assert standing(mila).earned == 10_978
    refund(first, 49_900)
    assert standing(mila).earned == 0


def test_a_suspended_affiliate_keeps_what_is_earned_and_earns_no_more(mila: Affiliate, referred: Tenant) -> None:
    pay(referred)
    later = NOW + DAY
    affiliates.decide(affiliate_id=mila.pk, status="suspended", note="Spam.", actor="user:1", now=later)
    pay(referred, number="2", at=NOW + 2 * DAY)
    assert standing(mila).earned == 10_978


def test_a_business_without_a_touch_is_nobodys(mila: Affiliate, visitor: Client, found: Callable[..., Tenant]) -> None:
    found(visitor)
    assert not Referral.objects.exists()


def test_the_statement_takes_as_many_queries_for_many_as_for_one(
    mila: Affiliate, found: Callable[..., Tenant], visitor: Client
) -> None:
    visitor.get(f"/r/{mila.code}")
    counts = []
    for number in range(6):
        pay(found(visitor, f"shop{number}"))
        with CaptureQueriesContext(connection) as queries:
            statement = statements.statement(mila, now=NOW)
        counts.append(len(queries))
    assert len(set(counts)) == 1
    assert len(statement.referred) == 6
    assert statement.balance.pending == 6 * 10_978


def test_the_export_says_no_formula(mila: Affiliate, referred: Tenant) -> None:
    mila.name = "=HYPERLINK(1)"
    mila.save()
    affiliates.set_payout(affiliate=mila, method="bank", email="", account="+1234,\n5")
    pay(referred)
    payouts.prepare_all(actor="user:1", now=NOW + 30 * DAY)
    text = payouts.as_csv(Payout.objects.select_related("affiliate"))
    assert "'=HYPERLINK(1)" in text
    assert '"\'+1234,\n5"' in text
    assert ",109.78,USD," in text


def test_codes_are_readable_and_unique(db: None) -> None:
    first, second = make_affiliate("a@a.example", "Mila Weber"), make_affiliate("b@b.example", "Mila Weber")
    assert first.code == "mila-weber"
    assert second.code.startswith("mila-weber-")
    assert affiliates.of(first.user) == first
