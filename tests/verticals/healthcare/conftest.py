"""Riverside Clinic on a Monday morning, with three providers and three patients, and conversations with it."""

import datetime as dt
from dataclasses import dataclass

import pytest

from apps.business.models import Contact, Staff, WeeklyHours
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from apps.verticals.healthcare.appointments import schedule
from apps.verticals.healthcare.models import Appointment, Patient, Provider
from tests.verticals import visit as visits

MARIA_BORN = dt.date(1985, 5, 4)
MARIA_PHONE = "+12125550101"
JAMES_BORN = dt.date(1972, 9, 18)


def make_provider(name: str, specialization: str, *, accepting: bool = True, languages: str = "English") -> Provider:
    staff = Staff.objects.create(name=name)
    return Provider.objects.create(
        staff=staff, specialization=specialization, accepting_new_patients=accepting, languages=languages
    )


def make_patient(first_name: str, last_name: str, born: dt.date, *, phone: str = "", is_new: bool = False) -> Patient:
    contact = Contact.objects.create(given_name=first_name, family_name=last_name, phone=phone)
    return Patient.objects.create(contact=contact, date_of_birth=born, is_new=is_new)


def open_weekdays() -> None:
    """Monday to Friday from nine to five."""
    for weekday in range(5):
        WeeklyHours.objects.create(weekday=weekday, opens=dt.time(9), closes=dt.time(17))


@dataclass
class Clinic:
    """The cast. `now` is Monday, November 23, 2026, 10 AM in New York."""

    tenant: Tenant
    now: dt.datetime
    hart: Provider
    nair: Provider
    okafor: Provider
    maria: Patient
    james: Patient
    newcomer: Patient

    def book(self, patient: Patient, provider: Provider, local: dt.datetime, *, reason: str = "checkup") -> Appointment:
        return schedule(
            patient=patient,
            provider=provider,
            starts_at=local.replace(tzinfo=self.tenant.zone),
            duration=dt.timedelta(minutes=30),
            appointment_type="consultation",
            reason=reason,
            now=self.now,
            actor="system",
        )


def make_clinic(tenant: Tenant) -> Clinic:
    """In the scope of `tenant`."""
    open_weekdays()
    return Clinic(
        tenant=tenant,
        now=dt.datetime(2026, 11, 23, 10, tzinfo=tenant.zone),
        hart=make_provider("Dr. Amelia Hart", "Primary Care", languages="English, Spanish"),
        nair=make_provider("Dr. Priya Nair", "Orthopedic Surgery"),
        okafor=make_provider("Dr. Samuel Okafor", "Primary Care", accepting=False),
        maria=make_patient("María", "Santos", MARIA_BORN, phone=MARIA_PHONE),
        james=make_patient("James", "Walker", JAMES_BORN, phone="+12125550102"),
        newcomer=make_patient("Zoë", "O’Neil", dt.date(2001, 2, 28), phone="+12125550103", is_new=True),
    )


class Visit(visits.Visit):
    """A conversation with it."""

    AGENT = "grace"
    PREFIXES = ("prv", "pat", "apt", "con", "bkg", "stf")


@pytest.fixture
def riverside(tenant: Tenant) -> Clinic:
    return make_clinic(tenant)


@pytest.fixture
def visit(riverside: Clinic) -> Visit:
    return Visit(riverside)


@pytest.fixture
def harbor(riverside: Clinic, other_tenant: Tenant) -> Clinic:
    """The same cast at another tenant, which Riverside must never see."""
    with tenant_scope(other_tenant.pk):
        return make_clinic(other_tenant)
