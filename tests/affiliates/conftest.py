"""Mila recommends CallSphere; Nina does, too, and must never see what is Mila's."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from django.http import HttpRequest
from django.test import Client, RequestFactory

from apps.affiliates import affiliates
from apps.affiliates.models import Affiliate, Referral
from apps.plans import announcements
from apps.plans.models import Invoice, InvoiceStatus
from apps.tenants import founding
from apps.tenants.models import Membership, Role, Tenant, User
from apps.tenants.scope import tenant_scope
from tests.conftest import PASSWORD

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36"


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def make_affiliate(email: str, name: str) -> Affiliate:
    user = User.objects.create_user(email, PASSWORD, name=name)
    affiliate = affiliates.apply(user=user, name=name, website="", audience="Readers of my blog.", now=NOW)
    return affiliates.decide(affiliate_id=affiliate.pk, status="approved", note="", actor="user:1", now=NOW)


@pytest.fixture
def mila(db: None) -> Affiliate:
    return make_affiliate("mila@weber.example", "Mila Weber")


@pytest.fixture
def nina(db: None) -> Affiliate:
    return make_affiliate("nina@noor.example", "Nina Noor")


@pytest.fixture
def visitor() -> Client:
    """A person's browser."""
    return Client(headers={"user-agent": BROWSER})


def request_of(client: Client) -> HttpRequest:
    """The request by which the person of this browser founds a business: with the cookies that it holds."""
    request = RequestFactory(headers={"user-agent": BROWSER}).post("/signup/")
    request.COOKIES = {name: morsel.value for name, morsel in client.cookies.items()}
    return request


@pytest.fixture
def found(db: None) -> Callable[..., Tenant]:
    """Founds a business from a browser, as a sign-up does."""

    def make(client: Client, slug: str = "glow", *, email: str = "", name: str = "Glow Salon") -> Tenant:
        owner = User.objects.filter(email=email).first() or User.objects.create_user(email or f"owner@{slug}.example")
        tenant = Tenant(slug=slug, name=name, vertical="salon")
        with tenant_scope(tenant.pk):
            tenant.save()
            Membership.objects.create(user=owner, role=Role.OWNER)
            founding.founded(tenant=tenant, owner=owner, request=request_of(client))
        return tenant

    return make


@pytest.fixture
def referred(mila: Affiliate, visitor: Client, found: Callable[..., Tenant]) -> Tenant:
    """Glow Salon, which came by Mila's link."""
    visitor.get(f"/r/{mila.code}")
    tenant = found(visitor)
    assert Referral.objects.get().business == tenant.pk
    return tenant


def pay(tenant: Tenant, *, cents: int = 49_900, tax: int = 0, number: str = "1", at: datetime = NOW) -> Invoice:
    """An invoice of the business is paid, and told."""
    with tenant_scope(tenant.pk):
        invoice: Invoice = Invoice.objects.create(
            provider_id=f"in_{tenant.slug}_{number}",
            status=InvoiceStatus.PAID,
            total_cents=cents,
            amount_paid_cents=cents,
            tax_cents=tax,
            issued_at=at,
            paid_at=at,
        )
        assert announcements.announce(invoice_id=invoice.pk)
    return invoice


def refund(invoice: Invoice, cents: int) -> None:
    """So much of the invoice is given back, and told."""
    with tenant_scope(invoice.tenant_id):
        invoice.refresh_from_db()
        invoice.refunded_cents += cents
        invoice.save()
        assert announcements.announce(invoice_id=invoice.pk)
