"""Bluewire's helpdesk on a Monday morning, with two clients and their people, and conversations with it."""

import datetime as dt
import json
from dataclasses import dataclass, replace
from typing import Any

import pytest

from apps.agents.sdk import Tool, ToolContext, ToolRefused, ToolResult
from apps.business.models import Contact, Staff, WeeklyHours
from apps.conversations.models import Conversation
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

PREFIXES = ("emp", "org", "dev", "tkt", "tec", "vis", "gid", "trb", "bkg", "con")


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


class Visit:
    """One conversation: calls tools as the runner does, from JSON, and keeps whom they verified."""

    def __init__(self, helpdesk: Helpdesk, *, channel: str = "chat", agent: str = "ticket") -> None:
        conversation = Conversation.objects.create(agent=agent, channel=channel)
        self.context = ToolContext(
            tenant_id=helpdesk.tenant.pk,
            conversation_id=conversation.pk,
            channel=channel,  # type: ignore[arg-type]
            agent=agent,
            now=helpdesk.now,
            contact_id=None,
            bind_contact=self._bind,
        )

    def _bind(self, contact_id: str) -> None:
        self.context = replace(self.context, contact_id=contact_id)

    def verified_as(self, employee: Employee) -> "Visit":
        self._bind(employee.contact_id)
        return self

    def at(self, now: dt.datetime) -> "Visit":
        self.context = replace(self.context, now=now)
        return self

    def as_agent(self, agent: str) -> "Visit":
        self.context = replace(self.context, agent=agent)
        return self

    def call(self, tool: Tool, **arguments: Any) -> ToolResult:
        return self.call_text(tool, json.dumps(arguments, default=str))

    def call_text(self, tool: Tool, text: str) -> ToolResult:
        result = tool.function(self.context, **tool.read(text))
        assert result.say
        assert result.say[0].isupper()
        assert not any(f"{prefix}_" in result.say for prefix in PREFIXES)
        json.dumps(result.data)
        return result

    def refused(self, tool: Tool, **arguments: Any) -> ToolRefused:
        with pytest.raises(ToolRefused) as caught:
            self.call(tool, **arguments)
        assert caught.value.say[0].isupper()
        return caught.value


@pytest.fixture
def bluewire(tenant: Tenant) -> Helpdesk:
    return make_helpdesk(tenant)


@pytest.fixture
def stranger(bluewire: Helpdesk) -> Visit:
    return Visit(bluewire)


@pytest.fixture
def dana(bluewire: Helpdesk) -> Visit:
    return Visit(bluewire).verified_as(bluewire.dana)


@pytest.fixture
def tom(bluewire: Helpdesk) -> Visit:
    return Visit(bluewire).verified_as(bluewire.tom)


@pytest.fixture
def harbor(bluewire: Helpdesk, other_tenant: Tenant) -> Helpdesk:
    """The same cast at another tenant, which Bluewire must never see."""
    with tenant_scope(other_tenant.pk):
        return make_helpdesk(other_tenant)
