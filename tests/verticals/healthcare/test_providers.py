"""Who works at the clinic, found by specialty, complaint or name."""

import pytest

from apps.verticals.healthcare.models import Provider
from apps.verticals.healthcare.tools import get_provider_info, get_providers
from tests.verticals.healthcare.conftest import Clinic, Visit, make_provider


def names(result: object) -> list[str]:
    return [one["provider_name"] for one in result.data["providers"]]  # type: ignore[attr-defined]


def test_all(visit: Visit) -> None:
    result = visit.call(get_providers)
    assert result.say == (
        "We have Dr. Priya Nair for orthopedic surgery and Dr. Amelia Hart and Dr. Samuel Okafor for primary care."
    )
    assert names(result) == ["Dr. Priya Nair", "Dr. Amelia Hart", "Dr. Samuel Okafor"]


def test_more_than_four_are_not_read_out(visit: Visit) -> None:
    for specialization in ("Cardiology", "Dermatology", "ENT"):
        make_provider(f"Dr. {specialization}", specialization)
    result = visit.call(get_providers)
    assert result.say == "We have 6 providers, in cardiology, dermatology, ENT, orthopedic surgery and more."
    assert len(names(result)) == 6


@pytest.mark.parametrize("wish", ["orthopedics", "Orthopedic Surgery", "knee", "my left KNEES hurt", "orthopedis"])
def test_a_specialty_by_its_lay_words(visit: Visit, wish: str) -> None:
    assert names(visit.call(get_providers, specialization=wish)) == ["Dr. Priya Nair"]


def test_a_specialty_that_is_not_here(visit: Visit) -> None:
    result = visit.call(get_providers, specialization="heart")
    assert result.say.startswith("We have nobody for cardiology at the moment, so I would start with primary care.")
    assert names(result) == ["Dr. Amelia Hart", "Dr. Samuel Okafor"]


def test_words_that_mean_nothing(visit: Visit) -> None:
    result = visit.call(get_providers, specialization="qwertz")
    assert result.say.startswith("I am not sure which specialty that belongs to")


def test_only_who_accepts_new_patients(visit: Visit) -> None:
    result = visit.call(get_providers, specialization="family doctor", accepting_new_patients=True)
    assert names(result) == ["Dr. Amelia Hart"]
    Provider.objects.update(accepting_new_patients=False)
    result = visit.call(get_providers, accepting_new_patients=True)
    assert result.data == {"providers": []}
    assert "accepting new patients" in result.say


@pytest.mark.parametrize("name", ["Hart", "dr hart", "Dr. Amelia Hart", "amelia", "Doctor Heart", "Hart, Amelia"])
def test_a_provider_by_name(riverside: Clinic, visit: Visit, name: str) -> None:
    result = visit.call(get_provider_info, provider_name=name)
    assert result.say == (
        "Dr. Amelia Hart works in primary care, speaks English and Spanish and is accepting new patients."
    )
    assert result.data["provider_id"] == riverside.hart.pk


def test_a_provider_by_id(riverside: Clinic, visit: Visit) -> None:
    result = visit.call(get_provider_info, provider_id=riverside.okafor.pk)
    assert result.say.endswith("is not accepting new patients.")


def test_two_of_one_name(visit: Visit) -> None:
    make_provider("Dr. Oliver Hart", "Cardiology")
    refusal = visit.refused(get_provider_info, provider_name="Dr. Hart")
    assert (refusal.code, refusal.field) == ("which_provider", "provider_name")
    assert refusal.say == "Do you mean Dr. Oliver Hart or Dr. Amelia Hart?"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({}, "provider_needed"),
        ({"provider_name": "Zebulon"}, "provider_not_found"),
        ({"provider_name": "Dr."}, "provider_not_found"),
        ({"provider_id": "prv_invented"}, "provider_not_found"),
    ],
)
def test_nobody_of_that_name(visit: Visit, arguments: dict[str, str], code: str) -> None:
    assert visit.refused(get_provider_info, **arguments).code == code


def test_a_clinic_without_providers(riverside: Clinic, visit: Visit) -> None:
    Provider.objects.all().delete()
    assert visit.call(get_providers).data == {"providers": []}
    assert visit.refused(get_provider_info, provider_name="Hart").code == "provider_not_found"


def test_another_clinics_provider(harbor: Clinic, visit: Visit) -> None:
    assert visit.refused(get_provider_info, provider_id=harbor.hart.pk).code == "provider_not_found"
