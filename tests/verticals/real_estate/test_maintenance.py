"""Repairs and emergencies: the priority follows the words, help is sent at once, and danger to life comes first."""

import datetime as dt
import threading

import pytest
from django.db import connections
from hypothesis import given
from hypothesis import strategies as st

from apps.business.models import Closure
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from apps.verticals.real_estate.core.urgency import (
    ORDER,
    answer_by,
    assess,
    emergency_number,
    settled_priority,
)
from apps.verticals.real_estate.maintenance import report
from apps.verticals.real_estate.models import MaintenanceNote, MaintenanceRequest
from apps.verticals.real_estate.tools import (
    check_urgency,
    create_maintenance_request,
    dispatch_emergency,
    get_maintenance_status,
    get_office_info,
    update_maintenance_request,
)
from apps.verticals.real_estate.tools.emergency import MOST_DISPATCHED
from apps.verticals.real_estate.tools.maintenance import MOST_OPEN
from tests.verticals.real_estate.conftest import Agency, Visit, make_agency

PHONE = "212 555 0101"


@pytest.mark.parametrize(
    ("said", "priority", "category", "danger"),
    [
        ("I smell gas in the kitchen", "emergency", "gas", True),
        ("there is a fire in the laundry", "emergency", "other", True),
        ("somebody is trapped under the collapsed ceiling", "emergency", "structure", True),
        ("a pipe burst and the kitchen is flooding", "emergency", "plumbing", False),
        ("water is pouring through the ceiling", "emergency", "plumbing", False),
        ("the front door will not lock", "emergency", "locks", False),
        ("we have no power", "emergency", "electrical", False),
        ("no hot water since this morning", "urgent", "plumbing", False),
        ("the toilet is blocked", "urgent", "plumbing", False),
        ("the oven stopped working", "urgent", "appliance", False),
        ("the kitchen tap drips", "normal", "plumbing", False),
        ("smoke alarm is beeping", "urgent", "electrical", False),
        ("the gate squeaks, no rush", "low", "other", False),
        ("there is no fire, the fireplace is dirty", "normal", "other", False),
        ("ants in the pantry", "normal", "pests", False),
    ],
)
def test_what_the_words_tell(said: str, priority: str, category: str, danger: bool) -> None:
    found = assess(said)
    assert (found.priority, found.category, found.danger) == (priority, category, danger)


@given(st.text(max_size=100))
def test_danger_is_always_an_emergency(said: str) -> None:
    found = assess(said)
    assert found.priority in ORDER
    assert not found.danger or found.priority == "emergency"


@given(st.sampled_from(ORDER), st.sampled_from([*ORDER, None]))
def test_a_wish_raises_but_makes_no_emergency(assessed, wished) -> None:
    settled = settled_priority(assessed, wished)
    assert ORDER.index(settled) <= ORDER.index(assessed)
    assert settled != "emergency" or assessed == "emergency"


@given(st.datetimes(timezones=st.just(dt.UTC), max_value=dt.datetime(9000, 1, 1)))
def test_the_more_urgent_the_sooner(moment: dt.datetime) -> None:
    times = [answer_by(priority, moment) for priority in ORDER]
    assert times == sorted(times)
    assert times[0] > moment


def test_the_number_to_ring() -> None:
    assert [emergency_number(one) for one in ("AU", "us", "GB", "XX")] == ["000", "911", "999", "112"]


def test_a_reported_repair(harbour: Agency, visit: Visit) -> None:
    visit.identified_as(harbour.mia)
    result = visit.call(
        create_maintenance_request, renter_id=harbour.mia.pk, description="The kitchen tap drips", access="Key at desk"
    )
    assert result.say == (
        "I have reported it as normal priority, reference M-20261123-001; "
        "somebody will get back to you by Wednesday, November 25 at 10 AM."
    )
    request = MaintenanceRequest.objects.get()
    assert (request.property_id, request.renter, request.category) == (
        harbour.mias.property_id,
        harbour.mia,
        "plumbing",
    )
    assert (request.status, request.access, request.callback_phone) == ("open", "Key at desk", "+12125550101")


def test_told_twice_reported_once(harbour: Agency, visit: Visit) -> None:
    visit.identified_as(harbour.mia)
    first = visit.call(create_maintenance_request, renter_id=harbour.mia.pk, description="The tap drips")
    second = visit.call(create_maintenance_request, renter_id=harbour.mia.pk, description="It is the kitchen tap")
    assert second.data["request_id"] == first.data["request_id"]
    assert second.say.startswith("That is reported already")
    assert [note.text for note in MaintenanceNote.objects.all()] == ["It is the kitchen tap"]
    worse = visit.call(
        create_maintenance_request, renter_id=harbour.mia.pk, description="Now the pipe burst, flooding!"
    )
    assert worse.say.startswith("I have sent Bluegum Plumbing to you right now")
    assert MaintenanceRequest.objects.get().priority == "emergency"


def test_danger_first(harbour: Agency, visit: Visit) -> None:
    visit.identified_as(harbour.mia)
    result = visit.call(create_maintenance_request, renter_id=harbour.mia.pk, description="I smell gas")
    assert result.say.startswith("Please get to safety and call 911 right now.")
    assert "an emergency, reference" in result.say  # nobody is on call for gas
    wished = visit.call(
        create_maintenance_request, renter_id=harbour.mia.pk, description="Door squeaks", priority="emergency"
    )
    assert wished.data["priority"] == "urgent"


def test_many_open_requests(harbour: Agency, visit: Visit) -> None:
    visit.identified_as(harbour.mia)
    for _ in range(MOST_OPEN):
        report(
            home=harbour.mias.property, renter=harbour.mia, category="other", priority="low", description="x",
            now=harbour.now, actor="system",
        )  # fmt: skip
    refusal = visit.refused(create_maintenance_request, renter_id=harbour.mia.pk, description="One more")
    assert refusal.code == "too_many_requests"


def test_the_status(harbour: Agency, visit: Visit) -> None:
    visit.identified_as(harbour.mia)
    assert visit.call(get_maintenance_status, renter_id=harbour.mia.pk).say == "You have no open maintenance request."
    visit.call(create_maintenance_request, renter_id=harbour.mia.pk, description="The tap drips")
    result = visit.call(get_maintenance_status, renter_id=harbour.mia.pk)
    assert result.say == "Your request “The tap drips” waits to be assigned."
    MaintenanceRequest.objects.update(status="in_progress", contractor=harbour.plumber)
    assert "worked on by Bluegum Plumbing" in visit.call(get_maintenance_status, renter_id=harbour.mia.pk).say
    MaintenanceRequest.objects.update(status="completed")
    assert visit.call(get_maintenance_status, renter_id=harbour.mia.pk).say.endswith("is done.")


def test_an_update_and_a_cancellation(harbour: Agency, visit: Visit) -> None:
    visit.identified_as(harbour.mia)
    made = visit.call(create_maintenance_request, renter_id=harbour.mia.pk, description="The tap drips").data
    added = {"request_id": made["request_id"], "note": "Only when it is hot"}
    assert visit.call(update_maintenance_request, **added).say == "I have added that to request M-20261123-001."
    visit.call(update_maintenance_request, **added)
    assert MaintenanceNote.objects.count() == 1
    gone = visit.call(update_maintenance_request, request_id=made["request_id"], note="Mended it", action="cancel")
    assert gone.data["status"] == "cancelled"
    assert visit.refused(update_maintenance_request, **added).code == "request_closed"


def test_only_ones_own_requests(harbour: Agency, foreign: Agency, visit: Visit) -> None:
    other, _ = report(
        home=harbour.jacks.property, renter=harbour.jack, category="other", priority="low", description="secret",
        now=harbour.now, actor="system",
    )  # fmt: skip
    with tenant_scope(foreign.tenant.pk):
        theirs, _ = report(
            home=foreign.mias.property, renter=foreign.mia, category="other", priority="low", description="secret",
            now=foreign.now, actor="system",
        )  # fmt: skip
    ids = [other.pk, theirs.pk, "mnt_invented"]
    refusals = [visit.refused(update_maintenance_request, request_id=one, note="x") for one in ids]
    refusals.append(visit.refused(get_maintenance_status, renter_id=harbour.mia.pk))
    refusals.append(visit.refused(create_maintenance_request, renter_id=harbour.mia.pk, description="x"))
    visit.identified_as(harbour.mia)
    refusals += [visit.refused(update_maintenance_request, request_id=one, note="x") for one in ids]
    refusals.append(visit.refused(get_maintenance_status, renter_id=harbour.jack.pk))
    assert {(one.code, one.say) for one in refusals} == {("not_identified", refusals[0].say)}
    assert not MaintenanceNote.objects.exists()


def test_how_urgent(visit: Visit) -> None:
    assert visit.call(check_urgency, description="I smell gas").say == (
        "Please get to safety and call 911 right now. Do not use lights or switches, and leave the home."
    )
    assert "turn off the water" in visit.call(check_urgency, description="burst pipe").say
    assert "within four hours" in visit.call(check_urgency, description="no hot water").say
    assert visit.call(check_urgency, description="a squeaky gate").data["priority"] == "low"


def test_help_is_sent_without_identification(harbour: Agency, visit: Visit) -> None:
    sent = {"description": "A pipe burst", "address": "22 Ellery Street", "phone": PHONE}
    result = visit.call(dispatch_emergency, **sent)
    assert result.say == (
        "I have sent Bluegum Plumbing to you right now; your reference is M-20261123-001. "
        "If you can, turn off the water at the main tap."
    )
    request = MaintenanceRequest.objects.get()
    assert (request.renter, request.status, request.callback_phone) == (None, "assigned", "+12125550101")
    assert request.answer_by == harbour.now + dt.timedelta(hours=1)
    assert visit.call(dispatch_emergency, **sent).data["request_id"] == request.pk
    visit.identified_as(harbour.mia).call(dispatch_emergency, **sent | {"address": "my place"})
    assert MaintenanceRequest.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"description": "the gate squeaks"}, "no_emergency", "description"),
        ({"address": "1 Nowhere Road"}, "property_not_found", "address"),
        ({"address": "8 Banksia Avenue"}, "property_not_found", "address"),
        ({"phone": "12"}, "invalid_phone", "phone"),
    ],
)
def test_where_no_help_is_sent(harbour: Agency, visit: Visit, change: dict, code: str, field: str) -> None:
    sent = {"description": "A pipe burst", "address": "22 Ellery Street", "phone": PHONE} | change
    refusal = visit.refused(dispatch_emergency, **sent)
    assert (refusal.code, refusal.field) == (code, field)
    assert not MaintenanceRequest.objects.exists()


def test_danger_is_told_even_when_the_home_is_not_known(harbour: Agency, visit: Visit) -> None:
    refusal = visit.refused(dispatch_emergency, description="fire in the kitchen", address="Nowhere 1", phone=PHONE)
    assert refusal.say.startswith("Please get to safety and call 911 right now.")


def test_which_home_and_how_many(harbour: Agency, foreign: Agency, visit: Visit) -> None:
    twin = harbour.mias.property
    twin.pk, twin.street_address, twin._state.adding = "prp_twin", "24 Ellery Street", True
    twin.save()
    sent = {"description": "A pipe burst", "phone": PHONE}
    assert visit.refused(dispatch_emergency, **sent, address="Ellery Street").code == "which_property"
    visit.call(dispatch_emergency, **sent, address="24 Ellery Street")
    visit.call(dispatch_emergency, **sent, address="22 Ellery Street")
    assert MOST_DISPATCHED == 2
    refusal = visit.refused(dispatch_emergency, **sent, address="4/61 Linden Road")
    assert refusal.code == "too_many_emergencies"


def test_the_office(harbour: Agency, visit: Visit) -> None:
    Closure.objects.create(start_date=dt.date(2026, 12, 25), end_date=dt.date(2026, 12, 26), reason="Christmas")
    result = visit.call(get_office_info)
    assert result.say == (
        "Our office is open Monday to Friday from 9 AM to 5 PM. We are closed on Friday, December 25 to Saturday, "
        "December 26 for Christmas. We are open right now."
    )
    assert result.data["life_threatening"] == "call 911"


@pytest.mark.django_db(transaction=True)
def test_reports_at_once_have_references_of_their_own(clinic: Tenant) -> None:
    with tenant_scope(clinic.pk):
        agency = make_agency(clinic)
        visits = [Visit(agency).identified_as(agency.mia) for _ in range(5)]
    together = threading.Barrier(len(visits))

    def tell(visit: Visit) -> None:
        try:
            together.wait(30)
            with tenant_scope(clinic.pk):
                visit.call(create_maintenance_request, renter_id=agency.mia.pk, description="The tap drips")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=tell, args=(visit,)) for visit in visits]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    with tenant_scope(clinic.pk):
        references = sorted(MaintenanceRequest.objects.values_list("reference", flat=True))
    assert references == [f"M-20261123-00{number}" for number in range(1, 6)]
