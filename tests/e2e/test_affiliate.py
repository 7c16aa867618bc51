"""A recommendation in a real browser: the click, the sign-up that follows, and the dashboard that says so."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest
from django.test import RequestFactory
from playwright.sync_api import expect

from apps.affiliates import affiliates
from apps.affiliates.models import Affiliate, Referral
from apps.plans import announcements
from apps.plans.models import Invoice
from apps.tenants import founding
from apps.tenants.models import Tenant, User
from apps.tenants.scope import tenant_scope
from tests.e2e.widget_stub.browser import launched_browser

pytestmark = [pytest.mark.browser]

PERSON = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36"


@pytest.fixture
def mila(transactional_db: None) -> Affiliate:
    user = User.objects.create_user("mila@weber.example", "callsphere-tests", name="Mila Weber")
    now = datetime.now(UTC)
    affiliate = affiliates.apply(user=user, name="Mila Weber", website="", audience="My blog.", now=now)
    return affiliates.decide(affiliate_id=affiliate.pk, status="approved", note="", actor="user:1", now=now)


def session_of(user: User) -> str:
    """The key of a session that is logged in as the user."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)


def founds_and_pays(cookies: list[Any]) -> None:
    """A business signs up in the browser that holds these cookies, and pays its first invoice."""
    request: HttpRequest = RequestFactory().post("/signup/")
    request.COOKIES = {cookie["name"]: cookie["value"] for cookie in cookies}
    owner = User.objects.create_user("owner@glow.example")
    tenant, now = Tenant(slug="glow", name="Glow Salon", vertical="salon"), datetime.now(UTC)
    with tenant_scope(tenant.pk):
        tenant.save()
        founding.founded(tenant=tenant, owner=owner, request=request)
        invoice = Invoice.objects.create(
            provider_id="in_1", status="paid", total_cents=49_900, amount_paid_cents=49_900, issued_at=now,
            paid_at=datetime.now(UTC),
        )  # fmt: skip
        assert announcements.announce(invoice_id=invoice.pk)


@pytest.mark.timeout(120)
def test_a_click_becomes_a_referral_and_a_commission(server: str, mila: Affiliate) -> None:
    with launched_browser() as browser:
        visitor = browser.new_context(user_agent=PERSON)  # a headless browser is no person
        page = visitor.new_page()
        page.goto(f"{server}/r/{mila.code}?to=/affiliates/")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Earn 22 %")
        (cookie,) = [each for each in visitor.cookies() if each["name"] == "cs_ref"]
        assert cookie["httpOnly"]
        assert "cs_ref" not in page.evaluate("document.cookie")
        cookies = visitor.cookies()
    founds_and_pays(cookies)
    assert Referral.objects.get().affiliate == mila
    session = session_of(mila.user)
    with launched_browser() as browser:
        own = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
        own.add_cookies([{"name": "sessionid", "value": session, "url": server}])
        page = own.new_page()
        page.goto(f"{server}/affiliates/dashboard/")
        expect(page.get_by_text("Gl… Sa…")).to_be_visible()
        expect(page.locator(".figures li").filter(has_text="Pending")).to_contain_text("$109.78")
        page.get_by_label("It leads to").select_option("/affiliates/")
        expect(page.get_by_label("Copy this")).to_have_value(f"{server}/r/{mila.code}?to=%2Faffiliates%2F")
        page.get_by_role("button", name="Copy").click()
        expect(page.get_by_text("Copied.")).to_be_visible()
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 844})
            assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), width
