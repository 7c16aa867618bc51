"""Patients: finding one, registering one."""

import datetime as dt
from collections.abc import Iterator

from django.db import transaction

from apps.business.contacts import create_contact
from apps.business.core.names import folded, same_name
from apps.tenants import audit
from apps.verticals.healthcare.models import Patient


def match_patient(*, first_name: str, last_name: str, date_of_birth: dt.date) -> Patient | None:
    """The one patient with this name and birth date; None also when several could be meant.

    The date must be exact. A slip in the name is forgiven, unless somebody else's name fits without one.
    """
    name = f"{first_name} {last_name}"
    born = list(_born(date_of_birth))
    wanted = folded(name)
    exact = [key for key, known in born if folded(known) == wanted]
    found = exact or [key for key, known in born if same_name(known, name)]
    return Patient.objects.select_related("contact").filter(pk=found[0]).first() if len(found) == 1 else None


def is_registered(*, first_name: str, last_name: str, date_of_birth: dt.date) -> bool:
    """Whether a patient of exactly this name (but for case and accents) and birth date exists."""
    name = folded(f"{first_name} {last_name}")
    return any(folded(known) == name for _, known in _born(date_of_birth))


def _born(date: dt.date) -> Iterator[tuple[str, str]]:
    """(key, full name) of each patient born that day: thousands, where a list that was imported knew no better date."""
    born = Patient.objects.filter(date_of_birth=date)
    for key, given, family in born.values_list("pk", "contact__given_name", "contact__family_name").iterator():
        yield key, f"{given} {family}"


def patients_with_phone(phone: str) -> list[Patient]:
    """Everybody with this E.164 number; families share one."""
    return list(Patient.objects.filter(contact__phone=phone).select_related("contact")) if phone else []


@transaction.atomic
def register(*, first_name: str, last_name: str, date_of_birth: dt.date, phone: str, email: str, actor: str) -> Patient:
    """A new patient and their contact.

    Raises:
        InvalidPhone: the phone is no number in the tenant's region.
    """
    contact = create_contact(given_name=first_name, family_name=last_name, phone=phone, email=email)
    patient = Patient(contact=contact, date_of_birth=date_of_birth)
    patient.save()
    audit.record(actor=actor, action="patient.registered", target=patient.pk)
    return patient
