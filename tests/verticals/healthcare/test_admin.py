"""The clinic's pages in the admin: the owner works with them, another business's rows do not exist there."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.formats import date_format

from apps.business.models import Contact
from apps.tenants.models import Role, User
from apps.tenants.scope import tenant_scope
from apps.verticals.healthcare.models import Appointment, InsurancePolicy, Patient, Provider
from tests.conftest import make_member
from tests.verticals.healthcare.conftest import Clinic

NO_INLINES = {"policies-TOTAL_FORMS": "0", "policies-INITIAL_FORMS": "0"}


@pytest.fixture
def owner(alice: User, client: Client) -> Client:
    client.force_login(alice)
    return client


def page(name: str, *arguments: str) -> str:
    return reverse(f"admin:healthcare_{name}", args=arguments)


def test_the_lists_show_what_the_clinic_works_with(riverside: Clinic, owner: Client) -> None:
    starts_at = dt.datetime(2026, 11, 24, 9, 30)
    riverside.book(riverside.maria, riverside.nair, starts_at, reason="sore knee")
    local = date_format(starts_at, "DATETIME_FORMAT")
    assert "9:30" in local
    for name, words in (
        ("patient", ["María Santos", "+12125550101", "James Walker"]),
        ("provider", ["Dr. Priya Nair", "Orthopedic Surgery"]),
        ("appointment", ["María Santos", "Dr. Priya Nair", "sore knee", local]),
    ):
        response = owner.get(page(f"{name}_changelist"))
        assert response.status_code == 200
        for word in words:
            assert word in response.content.decode(), (name, word)


def test_a_patient_is_found_by_folded_name_and_phone(riverside: Clinic, owner: Client) -> None:
    for term in ("maria", "SANTOS", "(212) 555-0101"):
        found = owner.get(page("patient_changelist"), {"q": term}).content.decode()
        assert "María Santos" in found
        assert "James Walker" not in found


def test_the_owner_registers_a_patient_with_insurance(riverside: Clinic, owner: Client) -> None:
    contact = Contact.objects.create(given_name="Ada", family_name="Byron")
    policy = {"payer": "Granite", "plan": "Gold", "member_number": "1", "status": "verified", "copay_cents": "25.50"}
    form = {
        "contact": contact.pk,
        "date_of_birth": "1990-12-10",
        "is_new": "on",
        **NO_INLINES,
        "policies-TOTAL_FORMS": "1",
        **{f"policies-0-{name}": value for name, value in policy.items()},
    }
    future = owner.post(page("patient_add"), form | {"date_of_birth": "2090-01-01"})
    assert "lies in the past" in future.content.decode()
    assert owner.post(page("patient_add"), form).status_code == 302
    assert Patient.objects.get(contact=contact).date_of_birth == dt.date(1990, 12, 10)
    assert InsurancePolicy.objects.get().copay_cents == 2_550


def test_an_appointment_needs_a_patient_and_a_provider(riverside: Clinic, owner: Client) -> None:
    existing = riverside.book(riverside.maria, riverside.nair, dt.datetime(2026, 11, 24, 9, 30))
    booking = existing.booking
    existing.delete()
    form = {"booking": booking.pk, "appointment_type": "follow_up", "reason": "knee again"}
    Provider.objects.filter(pk=riverside.nair.pk).delete()
    refused = owner.post(page("appointment_add"), form)
    assert "is not a provider" in refused.content.decode()
    Provider.objects.create(staff=booking.staff, specialization="Orthopedics")
    Patient.objects.filter(pk=riverside.maria.pk).delete()
    refused = owner.post(page("appointment_add"), form)
    assert "is not registered as a patient" in refused.content.decode()
    Patient.objects.create(contact=booking.contact, date_of_birth=dt.date(1985, 5, 4))
    assert owner.post(page("appointment_add"), form).status_code == 302
    assert Appointment.objects.get().reason == "knee again"
    assert owner.get(page("appointment_change", Appointment.objects.get().pk)).status_code == 200


def test_a_provider_with_appointments_stays(riverside: Clinic, owner: Client) -> None:
    riverside.book(riverside.maria, riverside.nair, dt.datetime(2026, 11, 24, 9, 30))
    confirmed = {"post": "yes"}
    assert owner.post(page("provider_delete", riverside.nair.pk), confirmed).status_code == 403
    assert owner.post(page("provider_delete", riverside.hart.pk), confirmed).status_code == 302
    both = {"action": "delete_selected", "_selected_action": [riverside.nair.pk, riverside.okafor.pk], **confirmed}
    owner.post(page("provider_changelist"), both)
    assert set(Provider.objects.all()) == {riverside.nair, riverside.okafor}


def test_staff_look_up_providers_and_change_none(riverside: Clinic, client: Client) -> None:
    client.force_login(make_member("nora@riverside.example", riverside.tenant, Role.STAFF))
    assert client.get(page("provider_changelist")).status_code == 200
    assert client.get(page("provider_add")).status_code == 403
    assert client.get(page("patient_add")).status_code == 200


def test_another_businesss_rows_do_not_exist(riverside: Clinic, harbor: Clinic, owner: Client) -> None:
    with tenant_scope(harbor.tenant.pk):
        foreign = harbor.book(harbor.maria, harbor.nair, dt.datetime(2026, 11, 24, 9, 30))
    rows = {"patient": harbor.maria.pk, "provider": harbor.nair.pk, "appointment": foreign.pk}
    for name, pk in rows.items():
        for view in ("change", "delete", "history"):
            assert owner.get(page(f"{name}_{view}", pk)).status_code == 404
        assert pk not in owner.get(page(f"{name}_changelist")).content.decode()


def test_a_stranger_gets_nothing(riverside: Clinic, charlie: User, client: Client) -> None:
    client.force_login(charlie)
    for name in ("patient", "provider", "appointment"):
        assert client.get(page(f"{name}_changelist")).status_code in (403, 404)
