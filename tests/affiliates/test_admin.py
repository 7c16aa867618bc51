"""The administrator's pages: deciding, preparing, exporting, paying; nobody else gets near."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from apps.affiliates import affiliates
from apps.affiliates.models import Affiliate, Payout, TrailEntry
from apps.tenants.models import Tenant, User
from tests.affiliates.conftest import NOW, pay
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db
LIST = "admin:affiliates_payout_changelist"


@pytest.fixture
def administrator(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root@callsphere.example", PASSWORD))
    return client


@contextmanager
def later(administrator: Client) -> Iterator[None]:
    """31 days on, logged in anew: sessions end after two weeks."""
    with time_machine.travel(NOW + timedelta(days=31), tick=False):
        administrator.force_login(User.objects.get(email="root@callsphere.example"))
        yield


def test_an_application_is_approved_and_later_suspended(administrator: Client, visitor: Client) -> None:
    user = User.objects.create_user("zoe@zhou.example", PASSWORD)
    zoe = affiliates.apply(user=user, name="Zoe Zhou", website="", audience="Readers.", now=NOW)
    page = administrator.get(reverse("admin:affiliates_affiliate_change", args=[zoe.pk])).content.decode()
    assert "This application waits for you" in page
    decide = reverse("admin:affiliates_affiliate_decide", args=[zoe.pk])
    assert administrator.get(decide).status_code == 405
    administrator.post(decide, {"status": "approved"})
    assert affiliates.of(user).is_approved  # type: ignore[union-attr]
    assert "cs_ref" in visitor.get(f"/r/{zoe.code}").cookies
    administrator.post(decide, {"status": "suspended", "note": "Spam."})
    administrator.post(decide, {"status": "owner"})
    zoe.refresh_from_db()
    assert (zoe.status, zoe.decision_note) == ("suspended", "Spam.")
    done = TrailEntry.objects.filter(target=zoe.pk).values_list("action", flat=True)
    assert sorted(done) == ["affiliate.applied", "affiliate.approved", "affiliate.suspended"]


def test_what_is_due_is_prepared_exported_and_paid(administrator: Client, mila: Affiliate, referred: Tenant) -> None:
    affiliates.set_payout(affiliate=mila, method="bank", email="", account="DE02 1203")
    pay(referred)
    with later(administrator):
        administrator.post(reverse("admin:affiliates_payout_prepare"))
        payout = Payout.objects.get()
        export = administrator.post(reverse(LIST), {"action": "export", "_selected_action": [payout.pk]})
        assert export["Content-Type"] == "text/csv; charset=utf-8"
        assert "mila-weber,Mila Weber,bank,DE02 1203,109.78,USD" in export.content.decode()
        administrator.post(reverse("admin:affiliates_payout_pay", args=[payout.pk]), {"reference": "T-77"})
    payout.refresh_from_db()
    assert (payout.status, payout.reference) == ("paid", "T-77")
    for page in ("affiliate", "referral", "payout", "trailentry"):
        assert administrator.get(reverse(f"admin:affiliates_{page}_changelist")).status_code == 200
    done = TrailEntry.objects.filter(target=payout.pk).values_list("action", flat=True)
    assert sorted(done) == ["payout.exported", "payout.paid", "payout.prepared"]


def test_a_list_may_be_paid_or_canceled_at_once(administrator: Client, mila: Affiliate, referred: Tenant) -> None:
    affiliates.set_payout(affiliate=mila, method="bank", email="", account="DE02 1203")
    pay(referred)
    with later(administrator):
        for action, status in (("cancel", "canceled"), ("mark_paid", "paid")):
            administrator.post(reverse("admin:affiliates_payout_prepare"))
            payout = Payout.objects.get(status="prepared")
            administrator.post(reverse(LIST), {"action": action, "_selected_action": [payout.pk]})
            payout.refresh_from_db()
            assert payout.status == status


def test_owners_and_affiliates_get_none_of_it(mila: Affiliate, alice: User, referred: Tenant) -> None:
    affiliates.set_payout(affiliate=mila, method="bank", email="", account="DE02 1203")
    pay(referred)
    for user in (alice, mila.user):
        user.is_staff = True
        user.save()
        client = Client()
        with time_machine.travel(NOW + timedelta(days=31), tick=False):
            client.force_login(user)
            assert client.post(reverse("admin:affiliates_payout_prepare")).status_code in (403, 404)
        client.force_login(user)
        decide = reverse("admin:affiliates_affiliate_decide", args=[mila.pk])
        assert client.post(decide, {"status": "suspended"}).status_code in (403, 404)
        for page in ("affiliate", "referral", "payout", "trailentry"):
            assert client.get(reverse(f"admin:affiliates_{page}_changelist")).status_code in (403, 404)
    assert not Payout.objects.exists()
    mila.refresh_from_db()
    assert mila.is_approved
