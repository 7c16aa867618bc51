"""Riverside Clinic on a Monday morning, with three providers and three patients, and conversations with it."""

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
from apps.verticals.healthcare.appointments import schedule
from apps.verticals.healthcare.models import Appointment, Patient, Provider

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


class Visit:
    """One conversation: calls tools as the runner does, from JSON, and keeps whom they identified."""

    def __init__(self, clinic: Clinic, *, channel: str = "chat", caller_phone: str | None = None) -> None:
        conversation = Conversation.objects.create(agent="grace", channel=channel)
        self.context = ToolContext(
            tenant_id=clinic.tenant.pk,
            conversation_id=conversation.pk,
            channel=channel,  # type: ignore[arg-type]
            agent="grace",
            now=clinic.now,
            contact_id=None,
            bind_contact=self._bind,
            caller_phone=caller_phone,
        )

    def _bind(self, contact_id: str) -> None:
        self.context = replace(self.context, contact_id=contact_id)

    def identified_as(self, patient: Patient) -> "Visit":
        self._bind(patient.contact_id)
        return self

    def at(self, now: dt.datetime) -> "Visit":
        self.context = replace(self.context, now=now)
        return self

    def call(self, tool: Tool, **arguments: Any) -> ToolResult:
        return self.call_text(tool, json.dumps(arguments, default=str))

    def call_text(self, tool: Tool, text: str) -> ToolResult:
        result = tool.function(self.context, **tool.read(text))
        assert result.say
        assert result.say[0].isupper()
        assert not any(f"{prefix}_" in result.say for prefix in ("prv", "pat", "apt", "con", "bkg", "stf"))
        json.dumps(result.data)
        return result

    def refused(self, tool: Tool, **arguments: Any) -> ToolRefused:
        with pytest.raises(ToolRefused) as caught:
            self.call(tool, **arguments)
        return caught.value


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
