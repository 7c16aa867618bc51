"""The salon's pages in the admin: the owner works with them, another business's rows do not exist there."""

import datetime as dt

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from apps.business.models import Booking, BookingStatus
from apps.tenants.models import Role, User
from apps.tenants.scope import tenant_scope
from apps.verticals.salon.models import AppointmentLine, Customer, MenuEntry, SalonSettings, Stylist, WaitlistEntry
from apps.verticals.salon.waitlist import join
from tests.conftest import make_member
from tests.verticals.salon.conftest import Salon

PAGES = ("customer", "stylist", "menuentry", "appointment", "waitlistentry", "salonsettings")
AT_TEN = dt.datetime(2026, 11, 25, 10)


@pytest.fixture
def owner(alice: User, client: Client) -> Client:
    client.force_login(alice)
    return client


def page(name: str, *arguments: str) -> str:
    return reverse(f"admin:salon_{name}", args=arguments)


def wait(glow: Salon) -> WaitlistEntry:
    return join(
        customer=glow.tara,
        services=[glow.mens],
        stylist=None,
        first_date=dt.date(2026, 11, 25),
        last_date=dt.date(2026, 11, 25),
        part_of_day="",
        conversation_id="",
        now=glow.now,
        actor="system",
    )


def test_the_lists_show_what_the_salon_works_with(glow: Salon, owner: Client) -> None:
    glow.book(glow.lena, glow.maya, AT_TEN, glow.balayage, glow.gloss)
    wait(glow)
    SalonSettings.objects.create()
    for name, words in (
        ("customer", ["Léna Park", "+12125550101", "Maya Torres"]),
        ("stylist", ["Maya Torres", "Balayage"]),
        ("menuentry", ["Balayage", "$210", "150 min", "ombre", "Toner gloss"]),
        ("appointment", ["Léna Park", "Maya Torres", "Balayage, Toner gloss", "$280", "Scheduled"]),
        ("waitlistentry", ["Tara Quinn", "Men&#x27;s haircut", "Waiting"]),
        ("salonsettings", ["House rules", "24", "50"]),
    ):
        response = owner.get(page(f"{name}_changelist"))
        assert response.status_code == 200
        for word in words:
            assert word in response.content.decode(), (name, word)


def test_every_form_opens(glow: Salon, owner: Client) -> None:
    visit = glow.book(glow.lena, glow.maya, AT_TEN)
    rows = {
        "customer": glow.lena.pk,
        "stylist": glow.maya.pk,
        "menuentry": MenuEntry.objects.get(service=glow.balayage).pk,
        "appointment": visit.pk,
        "waitlistentry": wait(glow).pk,
        "salonsettings": SalonSettings.objects.create().pk,
    }
    for name, pk in rows.items():
        assert owner.get(page(f"{name}_change", pk)).status_code == 200, name
        if name != "salonsettings":
            assert owner.get(page(f"{name}_add")).status_code == 200, name
    assert owner.get(page("salonsettings_add")).status_code == 403


def test_a_customer_is_found_by_folded_name_and_phone(glow: Salon, owner: Client) -> None:
    for term in ("lena", "PARK", "(212) 555-0101"):
        found = owner.get(page("customer_changelist"), {"q": term}).content.decode()
        assert "Léna Park" in found
        assert "Sofia Alvarez" not in found


def test_the_owner_teaches_the_menu_a_name(glow: Salon, owner: Client) -> None:
    entry = MenuEntry.objects.get(service=glow.balayage)
    form = {
        "service": glow.balayage.pk,
        "also_called": "ombre, sombre",
        "add_on": glow.balayage.pk,
        "add_on_reason": "",
    }
    refused = owner.post(page("menuentry_change", entry.pk), form)
    assert refused.status_code == 200
    assert owner.post(page("menuentry_change", entry.pk), form | {"add_on": glow.gloss.pk}).status_code == 302
    entry.refresh_from_db()
    assert entry.also_called == "ombre, sombre"


def test_a_price_is_written_as_people_write_it(glow: Salon, owner: Client) -> None:
    visit = glow.book(glow.lena, glow.maya, AT_TEN)
    line = AppointmentLine.objects.get()
    form = {
        "late_fee_cents": "12.50",
        "lines-TOTAL_FORMS": "1",
        "lines-INITIAL_FORMS": "1",
        "lines-0-id": line.pk,
        "lines-0-appointment": visit.pk,
        "lines-0-service": glow.cut.pk,
        "lines-0-duration_minutes": "60",
        "lines-0-price_cents": "80.50",
    }
    assert owner.post(page("appointment_change", visit.pk), form).status_code == 302
    line.refresh_from_db()
    visit.refresh_from_db()
    assert (line.price_cents, visit.late_fee_cents) == (8_050, 1_250)


def test_an_appointment_needs_a_customer_and_a_stylist(glow: Salon, owner: Client) -> None:
    existing = glow.book(glow.lena, glow.maya, AT_TEN)
    booking = existing.booking
    existing.delete()
    form = {"booking": booking.pk, "late_fee_cents": "", "lines-TOTAL_FORMS": "0", "lines-INITIAL_FORMS": "0"}
    Stylist.objects.filter(pk=glow.maya.pk).delete()
    assert "is not a stylist" in owner.post(page("appointment_add"), form).content.decode()
    Customer.objects.filter(pk=glow.lena.pk).delete()
    assert "is not registered as a customer" in owner.post(page("appointment_add"), form).content.decode()


def test_a_stylist_with_appointments_stays(glow: Salon, owner: Client) -> None:
    glow.book(glow.lena, glow.maya, AT_TEN)
    assert owner.post(page("stylist_delete", glow.maya.pk), {"post": "yes"}).status_code == 403
    assert owner.post(page("stylist_delete", glow.noah.pk), {"post": "yes"}).status_code == 302


def test_the_waitlist_is_filled_by_hand(glow: Salon, owner: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.verticals.salon.admin.timezone.now", lambda: glow.now)
    entry = wait(glow)
    response = owner.get(page("waitlistentry_fill"))
    assert response.status_code == 302
    assert [str(one) for one in get_messages(response.wsgi_request)] == ["Booked: Tara Quinn."]
    entry.refresh_from_db()
    assert entry.status == WaitlistEntry.Status.BOOKED
    assert Booking.objects.get().status == BookingStatus.SCHEDULED


def test_staff_look_up_the_menu_and_change_none(glow: Salon, client: Client) -> None:
    client.force_login(make_member("nora@riverside.example", glow.tenant, Role.STAFF))
    assert client.get(page("menuentry_changelist")).status_code == 200
    assert client.get(page("menuentry_add")).status_code == 403
    assert client.get(page("customer_add")).status_code == 200


def test_another_businesss_rows_do_not_exist(glow: Salon, harbor: Salon, owner: Client) -> None:
    with tenant_scope(harbor.tenant.pk):
        rows = {
            "customer": harbor.lena.pk,
            "stylist": harbor.maya.pk,
            "menuentry": MenuEntry.objects.get(service=harbor.cut).pk,
            "appointment": harbor.book(harbor.lena, harbor.maya, AT_TEN).pk,
            "waitlistentry": wait(harbor).pk,
            "salonsettings": SalonSettings.objects.create().pk,
        }
    for name, pk in rows.items():
        for view in ("change", "delete", "history"):
            assert owner.get(page(f"{name}_{view}", pk)).status_code == 404
        assert pk not in owner.get(page(f"{name}_changelist")).content.decode()


def test_a_stranger_gets_nothing(glow: Salon, charlie: User, client: Client) -> None:
    client.force_login(charlie)
    for name in PAGES:
        assert client.get(page(f"{name}_changelist")).status_code in (403, 404)
    assert client.get(page("waitlistentry_fill")).status_code in (403, 404)
