"""The agency's pages in the admin: the owner works with them, another business's rows do not exist there."""

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.tenants.models import AuditEntry, Role, User
from apps.tenants.scope import tenant_scope
from apps.verticals.real_estate.maintenance import report
from apps.verticals.real_estate.models import Enquiry, Listing, MaintenanceNote, RentPayment
from tests.conftest import make_member
from tests.verticals.real_estate.conftest import MONDAY, Agency, make_listing, pay

PAGES = {
    "listing": ["8 Banksia Avenue, Fernleigh", "$1,495,000", "Grace Lim", "Available"],
    "property": ["22 Ellery Street", "Fernleigh"],
    "suburb": ["Fernleigh", "$1,680,000"],
    "viewing": ["Mia Thompson", "8 Banksia Avenue"],
    "enquiry": ["House with pool", "$1,500,000"],
    "renter": ["Mia Thompson", "+12125550101"],
    "lease": ["22 Ellery Street, Fernleigh", "$650 weekly"],
    "rentpayment": ["$650", "Reported by the renter"],
    "maintenancerequest": ["M-20261123-001", "The tap drips", "Normal"],
    "contractor": ["Bluegum Plumbing", "Plumbing"],
}


def page(name: str, *arguments: str) -> str:
    return reverse(f"admin:real_estate_{name}", args=arguments)


@pytest.fixture
def owner(alice: User, client: Client) -> Client:
    client.force_login(alice)
    return client


def fill(agency: Agency) -> dict[str, str]:
    """A row for every page; their keys."""
    viewing = agency.view(agency.mia.contact, agency.cottage, dt.datetime(2026, 11, 24, 10))
    request, _ = report(
        home=agency.mias.property, renter=agency.mia, category="plumbing", priority="normal",
        description="The tap drips", now=agency.now, actor="system",
    )  # fmt: skip
    enquiry = Enquiry.objects.create(
        conversation_id="conv_x", wish="House with pool", budget_cents=150_000_000, loan_price_cents=100
    )
    return {
        "listing": agency.cottage.pk,
        "property": agency.mias.property_id,
        "suburb": agency.fernleigh.pk,
        "viewing": viewing.pk,
        "enquiry": enquiry.pk,
        "renter": agency.mia.pk,
        "lease": agency.mias.pk,
        "rentpayment": pay(agency.mias, 650, status="pending").pk,
        "maintenancerequest": request.pk,
        "contractor": agency.plumber.pk,
    }


def test_the_pages_show_what_the_agency_works_with(
    harbour: Agency, owner: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "localdate", lambda: MONDAY)
    rows = fill(harbour)
    for name, words in PAGES.items():
        response = owner.get(page(f"{name}_changelist"))
        assert response.status_code == 200, name
        for word in words:
            assert word in response.content.decode(), (name, word)
        assert owner.get(page(f"{name}_change", rows[name])).status_code == 200, name
    assert "owes $7,150" in owner.get(page("lease_change", rows["lease"])).content.decode()


def test_renters_are_found_by_folded_name_and_phone(harbour: Agency, owner: Client) -> None:
    for term in ("THOMPSON", "(212) 555-0101"):
        found = owner.get(page("renter_changelist"), {"q": term}).content.decode()
        assert "Mia Thompson" in found
        assert "Jack Turner" not in found


def test_the_owner_lists_a_home(harbour: Agency, owner: Client) -> None:
    form = {
        "property": harbour.mias.property_id,
        "agent": harbour.grace.pk,
        "purpose": "sale",
        "status": "available",
        "price_cents": "1250000.50",
        "headline": "Brick house",
        "listed_date": "2026-11-23",
    }
    assert owner.post(page("listing_add"), form).status_code == 302
    assert Listing.objects.get(headline="Brick house").price_cents == 125_000_050
    again = owner.post(page("listing_add"), form)
    assert again.status_code == 200  # it is on the market already
    assert owner.post(page("listing_add"), form | {"price_cents": "0"}).status_code == 200


def test_a_reported_payment_is_received(harbour: Agency, owner: Client) -> None:
    payment = pay(harbour.mias, 650, status="pending")
    rejected = pay(harbour.mias, 10, status="rejected")
    chosen = {"action": "mark_received", "_selected_action": [payment.pk, rejected.pk]}
    owner.post(page("rentpayment_changelist"), chosen)
    assert RentPayment.objects.get(pk=payment.pk).status == "received"
    assert RentPayment.objects.get(pk=rejected.pk).status == "rejected"
    assert AuditEntry.objects.filter(target=payment.pk, action="rentpayment.changed").exists()


def test_a_note_is_added_and_none_is_changed(harbour: Agency, owner: Client) -> None:
    key = fill(harbour)["maintenancerequest"]
    form = {
        "property": harbour.mias.property_id,
        "description": "The tap drips",
        "category": "plumbing",
        "priority": "normal",
        "status": "in_progress",
        "answer_by_0": "2026-11-25",
        "answer_by_1": "10:00:00",
        "notes-TOTAL_FORMS": "1",
        "notes-INITIAL_FORMS": "0",
        "notes-0-text": "Ordered the washer",
        "notes-0-request": key,
    }
    assert owner.post(page("maintenancerequest_change", key), form).status_code == 302
    note = MaintenanceNote.objects.get()
    assert note.text == "Ordered the washer"
    assert note.author.startswith("user:")
    assert owner.get(page("maintenancerequest_add")).status_code == 403


def test_a_list_of_many_takes_as_many_queries(harbour: Agency, owner: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            owner.get(page("listing_changelist"))
        return len(captured)

    queries()
    before = queries()
    for number in range(10):
        make_listing(harbour.fernleigh, f"{number} Long Street", harbour.grace, 500_000)
    assert queries() == before


def test_staff_look_up_suburbs_and_change_none(harbour: Agency, client: Client) -> None:
    client.force_login(make_member("nora@riverside.example", harbour.tenant, Role.STAFF))
    assert client.get(page("suburb_changelist")).status_code == 200
    assert client.get(page("suburb_add")).status_code == 403
    assert client.get(page("enquiry_add")).status_code == 403
    assert client.get(page("renter_add")).status_code == 200


def test_another_businesss_rows_do_not_exist(harbour: Agency, foreign: Agency, owner: Client) -> None:
    with tenant_scope(foreign.tenant.pk):
        rows = fill(foreign)
    for name, pk in rows.items():
        for view in ("change", "delete", "history"):
            assert owner.get(page(f"{name}_{view}", pk)).status_code == 404, (name, view)
        assert pk not in owner.get(page(f"{name}_changelist")).content.decode()


def test_a_stranger_gets_nothing(harbour: Agency, charlie: User, client: Client) -> None:
    client.force_login(charlie)
    for name in PAGES:
        assert client.get(page(f"{name}_changelist")).status_code in (403, 404)
