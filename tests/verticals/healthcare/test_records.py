"""What an identified patient hears about their own record, and that nobody else does."""

import datetime as dt

import pytest

from apps.agents.sdk import Tool
from apps.business.bookings import cancel
from apps.verticals.healthcare.models import InsurancePolicy
from apps.verticals.healthcare.tools import get_patient_appointments, get_patient_insurance
from tests.verticals.healthcare.conftest import Clinic, Visit


def test_insurance(riverside: Clinic, visit: Visit) -> None:
    InsurancePolicy.objects.create(
        patient=riverside.maria,
        payer="Blue Harbor Health",
        member_number="BHH-204417",
        status="verified",
        copay_cents=2_500,
        valid_until_date=dt.date(2027, 12, 31),
    )
    result = visit.identified_as(riverside.maria).call(get_patient_insurance, patient_id=riverside.maria.pk)
    assert result.say == "I see that your Blue Harbor Health insurance is verified, with a copay of $25."
    assert result.data["policies"][0]["status"] == "verified"
    assert "204417" not in str(result)


@pytest.mark.parametrize("status", InsurancePolicy.Status.values)
def test_every_status_has_its_words(riverside: Clinic, visit: Visit, status: str) -> None:
    InsurancePolicy.objects.create(patient=riverside.maria, payer="Granite", member_number="1", status=status)
    result = visit.identified_as(riverside.maria).call(get_patient_insurance, patient_id=riverside.maria.pk)
    assert "Granite" in result.say
    assert "_" not in result.say


def test_no_insurance_on_file(riverside: Clinic, visit: Visit) -> None:
    result = visit.identified_as(riverside.maria).call(get_patient_insurance, patient_id=riverside.maria.pk)
    assert "no insurance on file" in result.say


def test_upcoming_appointments_the_next_first(riverside: Clinic, visit: Visit) -> None:
    later = riverside.book(riverside.maria, riverside.nair, dt.datetime(2026, 11, 25, 14))
    sooner = riverside.book(riverside.maria, riverside.hart, dt.datetime(2026, 11, 24, 9, 30))
    gone = riverside.book(riverside.maria, riverside.hart, dt.datetime(2026, 11, 24, 11))
    cancel(booking=gone.booking, now=riverside.now)
    riverside.book(riverside.james, riverside.hart, dt.datetime(2026, 11, 24, 12))
    result = visit.identified_as(riverside.maria).call(get_patient_appointments, patient_id=riverside.maria.pk)
    assert result.say == (
        "You have 2 appointments: on Tuesday, November 24 at 9:30 AM with Dr. Amelia Hart "
        "and on Wednesday, November 25 at 2 PM with Dr. Priya Nair."
    )
    assert [row["appointment_id"] for row in result.data["appointments"]] == [sooner.pk, later.pk]
    assert result.data["appointments"][0] | {"reference": ""} == {
        "appointment_id": sooner.pk,
        "provider_id": riverside.hart.pk,
        "provider_name": "Dr. Amelia Hart",
        "date": "2026-11-24",
        "time": "09:30",
        "duration": 30,
        "appointment_type": "consultation",
        "status": "scheduled",
        "reference": "",
    }


def test_at_most_four_are_spoken(riverside: Clinic, visit: Visit) -> None:
    for hour in range(9, 15):
        riverside.book(riverside.maria, riverside.hart, dt.datetime(2026, 11, 24, hour))
    result = visit.identified_as(riverside.maria).call(get_patient_appointments, patient_id=riverside.maria.pk)
    assert result.say.startswith("You have 6 appointments; the first are")
    assert result.say.count("November") == 4
    assert len(result.data["appointments"]) == 6


def test_no_appointments(riverside: Clinic, visit: Visit) -> None:
    result = visit.identified_as(riverside.maria).call(get_patient_appointments, patient_id=riverside.maria.pk)
    assert result.say == "You have no upcoming appointments."


@pytest.mark.parametrize("tool", [get_patient_insurance, get_patient_appointments], ids=lambda tool: tool.name)
def test_only_the_identified_patient(harbor: Clinic, riverside: Clinic, visit: Visit, tool: Tool) -> None:
    """The same words for an existing, an invented and another clinic's id, before and after identification."""
    ids = [riverside.james.pk, harbor.maria.pk, "pat_invented", ""]
    refusals = [visit.refused(tool, patient_id=patient_id) for patient_id in [riverside.maria.pk, *ids]]
    visit.identified_as(riverside.maria)
    refusals += [visit.refused(tool, patient_id=patient_id) for patient_id in ids]
    assert {(one.code, one.say, str(one.data)) for one in refusals} == {("not_identified", refusals[0].say, "{}")}
