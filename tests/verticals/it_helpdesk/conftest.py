"""Bluewire's helpdesk on a Monday morning, with two clients and their people, and conversations with it."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import pytest

from apps.business.models import Contact, Staff, WeeklyHours
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from apps.verticals.it_helpdesk import tickets
from apps.verticals.it_helpdesk.models import (
    Device,
    Employee,
    Guide,
    GuideStep,
    Organization,
    Technician,
    Ticket,
)
from tests.verticals import visit as visits


def make_employee(organization: Organization, first_name: str, last_name: str, **fields: Any) -> Employee:
    contact = Contact.objects.create(given_name=first_name, family_name=last_name)
    employee: Employee = Employee.objects.create(contact=contact, organization=organization, **fields)
    return employee


def make_technician(name: str, specialty: str, level: int = 1) -> Technician:
    technician: Technician = Technician.objects.create(
        staff=Staff.objects.create(name=name), specialty=specialty, level=level
    )
    return technician


def make_guide(title: str, category: str, symptoms: str, *steps: tuple[str, str, str, str]) -> Guide:
    guide: Guide = Guide.objects.create(title=title, category=category, symptoms=symptoms)
    for position, (key, text, on_yes, on_no) in enumerate(steps, start=1):
        GuideStep.objects.create(guide=guide, position=position, key=key, text=text, on_yes=on_yes, on_no=on_no)
    return guide


@dataclass
class Helpdesk:
    """The cast. `now` is Monday, November 23, 2026, 10 AM in New York; support is there on weekdays from 9 to 5."""

    tenant: Tenant
    now: dt.datetime
    northgate: Organization
    meridian: Organization
    dana: Employee
    laura: Employee
    tom: Employee
    ines: Technician
    hana: Technician
    laptop: Device
    printer: Device
    foreign_laptop: Device
    jam: Guide

    def ticket(self, employee: Employee, problem: str = "The screen is dark", **fields: Any) -> Ticket:
        return tickets.open_ticket(employee=employee, problem=problem, now=self.now, actor="system", **fields)


def make_helpdesk(tenant: Tenant) -> Helpdesk:
    """In the scope of `tenant`."""
    for weekday in range(5):
        WeeklyHours.objects.create(weekday=weekday, opens=dt.time(9), closes=dt.time(17))
    northgate = Organization.objects.create(name="Northgate Dental", code="4719")
    meridian = Organization.objects.create(name="Meridian Freight", code="8164", plan="around_the_clock")
    dana = make_employee(northgate, "Dana", "Whitfield")
    tom = make_employee(meridian, "Tom", "Becker")
    return Helpdesk(
        tenant=tenant,
        now=dt.datetime(2026, 11, 23, 10, tzinfo=tenant.zone),
        northgate=northgate,
        meridian=meridian,
        dana=dana,
        laura=make_employee(northgate, "Laura", "Stein", is_it_contact=True),
        tom=tom,
        ines=make_technician("Ines Park", "computer"),
        hana=make_technician("Hana Sato", "network", 2),
        laptop=Device.objects.create(
            organization=northgate, employee=dana, asset_tag="NB-1", kind="laptop", model_name="ThinkPad T14"
        ),
        printer=Device.objects.create(
            organization=northgate, asset_tag="PR-1", kind="printer", model_name="LaserJet", location="the hall"
        ),
        foreign_laptop=Device.objects.create(
            organization=meridian, employee=tom, asset_tag="NB-2", kind="laptop", model_name="Latitude"
        ),
        jam=make_guide(
            "Paper jam",
            "printer",
            "jammed, paper stuck",
            ("tray", "Open the tray. Does it print?", "", ""),
            ("rear", "Open the rear cover. Does it print?", "", "human"),
        ),
    )


class Visit(visits.Visit):
    """A conversation with it."""

    AGENT = "ticket"
    PREFIXES = ("emp", "org", "dev", "tkt", "tec", "vis", "gid", "trb", "bkg", "con")


@pytest.fixture
def bluewire(tenant: Tenant) -> Helpdesk:
    return make_helpdesk(tenant)


@pytest.fixture
def stranger(bluewire: Helpdesk) -> Visit:
    return Visit(bluewire)


@pytest.fixture
def dana(bluewire: Helpdesk) -> Visit:
    return Visit(bluewire).identified_as(bluewire.dana)


@pytest.fixture
def tom(bluewire: Helpdesk) -> Visit:
    return Visit(bluewire).identified_as(bluewire.tom)


@pytest.fixture
def harbor(bluewire: Helpdesk, other_tenant: Tenant) -> Helpdesk:
    """The same cast at another tenant, which Bluewire must never see."""
    with tenant_scope(other_tenant.pk):
        return make_helpdesk(other_tenant)
