"""What the clinic offers and when it is open."""

import datetime as dt

import pytest

from apps.business.models import Closure, Service, WeeklyHours
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from apps.verticals.healthcare.tools import get_office_hours, get_services
from tests.verticals.healthcare.conftest import Clinic, Visit


@pytest.fixture
def services(riverside: Clinic) -> None:
    for category, name, code, minutes, cents in (
        ("Dentistry", "Dental checkup", "D0120", 30, 7_500),
        ("Dentistry", "Porcelain crown", "D2740", 90, 125_000),
        ("Vaccinations", "Flu shot", "90686", 10, 4_550),
        ("Imaging", "Knee X-ray", "73562", 20, None),
    ):
        Service.objects.create(category=category, name=name, code=code, duration_minutes=minutes, price_cents=cents)
    Service.objects.create(category="Imaging", name="Old scanner", is_active=False)


@pytest.mark.usefixtures("services")
def test_services_with_prices_and_codes(visit: Visit) -> None:
    result = visit.call(get_services)
    assert result.say == (
        "We offer Dental checkup for $75 (30 minutes), Porcelain crown for $1,250 (1 hour 30 minutes), "
        "Knee X-ray price on request (20 minutes) and Flu shot for $45.50 (10 minutes)."
    )
    assert result.data["services"][0] == {
        "name": "Dental checkup",
        "category": "Dentistry",
        "price": "$75",
        "duration": 30,
        "code": "D0120",
        "code_system": "CDT",
    }
    assert result.data["services"][3]["code_system"] == "CPT"


@pytest.mark.usefixtures("services")
@pytest.mark.parametrize(
    ("category", "found"),
    [
        ("dentistry", ["Dental checkup", "Porcelain crown"]),
        ("my toothache", ["Dental checkup", "Porcelain crown"]),
        ("vaccination", ["Flu shot"]),
        ("x-ray of my knee", ["Knee X-ray"]),
        ("D2740", ["Porcelain crown"]),
        ("a flue shot", ["Flu shot"]),
    ],
)
def test_services_by_what_is_asked(visit: Visit, category: str, found: list[str]) -> None:
    assert [one["name"] for one in visit.call(get_services, category=category).data["services"]] == found


@pytest.mark.usefixtures("services")
def test_a_service_that_is_not_offered(visit: Visit) -> None:
    result = visit.call(get_services, category="haircut")
    assert result.data == {"services": []}
    assert result.say == (
        "I do not see that in our list of services. We offer 4 services in dentistry, imaging and vaccinations."
    )


def test_many_services_are_summed_up(riverside: Clinic, visit: Visit) -> None:
    for number in range(6):
        Service.objects.create(category=f"Kind {number}", name=f"Service {number}", price_cents=100)
    result = visit.call(get_services)
    assert result.say == "We offer 6 services in kind 0, kind 1, kind 2, kind 3 and more."
    assert len(result.data["services"]) == 6


def test_no_services(riverside: Clinic, visit: Visit) -> None:
    assert visit.call(get_services).say == "I do not see that in our list of services."


@pytest.mark.usefixtures("services")
def test_another_tenants_services(visit: Visit, other_tenant: Tenant) -> None:
    with tenant_scope(other_tenant.pk):
        Service.objects.create(category="Hair", name="Haircut")
    assert visit.call(get_services, category="haircut").data == {"services": []}


def test_office_hours(riverside: Clinic, visit: Visit) -> None:
    WeeklyHours.objects.create(weekday=5, opens=dt.time(9), closes=dt.time(13))
    Closure.objects.create(start_date=dt.date(2026, 11, 26), end_date=dt.date(2026, 11, 26), reason="Thanksgiving")
    Closure.objects.create(start_date=dt.date(2026, 12, 20), end_date=dt.date(2026, 12, 22))
    Closure.objects.create(start_date=dt.date(2027, 7, 4), end_date=dt.date(2027, 7, 4), reason="Far away")
    result = visit.call(get_office_hours)
    assert result.say == (
        "We are open Monday to Friday from 9 AM to 5 PM and Saturday from 9 AM to 1 PM. "
        "We are closed on Thursday, November 26 for Thanksgiving. "
        "We are closed on Sunday, December 20 to Tuesday, December 22. We are open right now."
    )
    assert result.data["hours"]["Saturday"] == ["09:00 to 13:00"]
    assert result.data["hours"]["Sunday"] == []
    closed = visit.at(riverside.now.replace(hour=17)).call(get_office_hours)
    assert closed.say.endswith("We are closed right now.")


def test_a_clinic_without_hours(riverside: Clinic, visit: Visit) -> None:
    WeeklyHours.objects.all().delete()
    result = visit.call(get_office_hours)
    assert result.say == "We have no regular opening hours; please call us. We are closed right now."
