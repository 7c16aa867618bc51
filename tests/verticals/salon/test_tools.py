"""Finding customers, services, stylists and free times: the right path of each tool, and each refusal."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.agents.sdk import Tool
from apps.business.models import Closure, StaffService, WeeklyHours
from apps.tenants.scope import tenant_scope
from apps.verticals.salon.models import Customer, MenuEntry, SalonSettings
from apps.verticals.salon.tools import (
    create_customer,
    find_customer_by_phone,
    find_service_by_name,
    get_all_services,
    get_all_stylists,
    get_appointment_by_reference,
    get_available_slots,
    get_business_hours,
    get_customer_appointments,
    get_salon_settings,
    get_service_categories,
    get_stylist_by_name,
    suggest_add_on,
)
from apps.verticals.salon.tools.customers import ATTEMPTS
from tests.verticals.salon.conftest import Salon, Visit, make_customer, make_service, make_stylist

LENA = {"phone": "(212) 555-0101", "first_name": "Lena", "last_name": "Park"}
NORA = {"first_name": "Nora", "last_name": "Beck", "phone": "212 555 0177"}


def test_a_customer_is_found_by_phone_and_name(glow: Salon, visit: Visit) -> None:
    result = visit.call(find_customer_by_phone, **LENA)
    assert result.data == {"customer_id": glow.lena.pk}
    assert visit.context.contact_id == glow.lena.contact_id
    assert "Park" not in result.say


def test_on_the_phone_the_number_is_enough_if_it_is_the_callers(glow: Salon) -> None:
    call = Visit(glow, channel="phone", caller_phone="+12125550101")
    assert call.call(find_customer_by_phone, phone="+12125550101").data == {"customer_id": glow.lena.pk}
    make_customer("Ben", "Park", "+12125550101")
    assert (
        Visit(glow, channel="phone", caller_phone="+12125550101")
        .refused(find_customer_by_phone, phone="+12125550101")
        .code
        == "name_needed"
    )


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"first_name": None}, "name_needed", "first_name"),
        ({"last_name": None}, "name_needed", "last_name"),
        ({"phone": "12"}, "invalid_phone", "phone"),
        ({"last_name": "Parker-Bowles"}, "not_found", None),
        ({"phone": "+12125550199"}, "not_found", None),
    ],
)
def test_who_is_not_found(visit: Visit, change: dict[str, str | None], code: str, field: str | None) -> None:
    refusal = visit.refused(find_customer_by_phone, **{k: v for k, v in (LENA | change).items() if v is not None})
    assert (refusal.code, refusal.field) == (code, field)
    assert visit.context.contact_id is None


def test_a_wrong_name_and_a_wrong_number_sound_alike(visit: Visit) -> None:
    says = {
        visit.refused(find_customer_by_phone, **(LENA | change)).say
        for change in ({"last_name": "Nobody"}, {"phone": "+12125550199"}, {"first_name": "Sofia"})
    }
    assert len(says) == 1


def test_guessing_ends(visit: Visit) -> None:
    for _ in range(ATTEMPTS + 1):
        visit.record("find_customer_by_phone", "refused", {"ok": False, "error": {"code": "not_found"}})
    assert visit.refused(find_customer_by_phone, **LENA).code == "too_many_attempts"
    assert visit.refused(create_customer, **NORA).code == "too_many_attempts"
    assert visit.refused(get_appointment_by_reference, reference="GB-1").code == "too_many_attempts"


def test_a_new_customer(glow: Salon, visit: Visit) -> None:
    result = visit.call(create_customer, **NORA, email="nora@example.com")
    customer = Customer.objects.select_related("contact").get(pk=result.data["customer_id"])
    assert (customer.contact.name, customer.contact.phone) == ("Nora Beck", "+12125550177")
    assert visit.context.contact_id == customer.contact_id
    again = visit.call(create_customer, **NORA)
    assert again.data == result.data
    assert Customer.objects.count() == 4


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"first_name": "N0ra"}, "invalid_name", "first_name"),
        ({"last_name": "<b>"}, "invalid_name", "last_name"),
        ({"phone": "555"}, "invalid_phone", "phone"),
        ({"email": "nora@"}, "invalid_email", "email"),
        ({"first_name": ""}, "invalid_arguments", "first_name"),
    ],
)
def test_who_is_not_registered(visit: Visit, change: dict[str, str], code: str, field: str) -> None:
    refusal = visit.refused(create_customer, **(NORA | change))
    assert (refusal.code, refusal.field) == (code, field)
    assert Customer.objects.count() == 3


def test_house_rules(glow: Salon, visit: Visit) -> None:
    assert "24 hours notice" in visit.call(get_salon_settings).say
    SalonSettings.objects.create(cancellation_hours=48, late_fee_percent=30, policy="Dogs are welcome.")
    result = visit.call(get_salon_settings)
    assert "up to 2 days before" in result.say
    assert "30%" in result.say
    assert "Dogs are welcome." in result.say
    assert result.data["cancellation_hours"] == 48


def test_hours_and_holidays(glow: Salon, visit: Visit) -> None:
    Closure.objects.create(start_date=dt.date(2026, 11, 26), end_date=dt.date(2026, 11, 27), reason="Thanksgiving")
    result = visit.call(get_business_hours)
    assert result.say == (
        "We are open Monday to Friday from 9 AM to 5 PM. We are closed on Thursday, November 26 to Friday, "
        "November 27 for Thanksgiving. We are open right now."
    )
    assert result.data["hours"]["Sunday"] == []


def test_hours_of_a_salon_without_any(glow: Salon, visit: Visit) -> None:
    WeeklyHours.objects.all().delete()
    assert visit.call(get_business_hours).say.startswith("We have no regular opening hours")


def test_the_menu(glow: Salon, visit: Visit) -> None:
    result = visit.call(get_all_services)
    assert result.say == "We offer 5 services in color, cuts and styling."
    assert len(result.data["services"]) == 5
    color = visit.call(get_all_services, category="color")
    assert color.say == "We offer balayage for $210 (2 hours 30 minutes) and toner gloss for $55 (30 minutes)."
    assert visit.call(get_all_services, category="Massage").say.startswith("We have no such category.")
    kinds = visit.call(get_service_categories)
    assert {"category": "Cuts", "count": 2} in kinds.data["categories"]
    MenuEntry.objects.all().delete()
    assert "being rewritten" in visit.call(get_service_categories).say


def test_services_by_name(glow: Salon, visit: Visit) -> None:
    result = visit.call(find_service_by_name, service_name="ballayage and a toner")
    assert result.data["service_ids"] == [glow.balayage.pk, glow.gloss.pk]
    assert "$210" in result.say
    choice = visit.call(find_service_by_name, service_name="a haircut and balayage")
    assert "service_ids" not in choice.data
    assert {one["service_id"] for one in choice.data["services"]} == {glow.cut.pk, glow.mens.pk}
    assert choice.data["clear"] == ["Balayage"]
    assert choice.say.startswith("Balayage is noted. We have")
    mixed = visit.call(find_service_by_name, service_name="balayage and a massage")
    assert mixed.say.startswith("I do not see massage on our menu.")


def test_a_service_that_is_not_on_the_menu(glow: Salon, visit: Visit) -> None:
    refusal = visit.refused(find_service_by_name, service_name="tattoo removal")
    assert refusal.code == "service_not_found"
    assert "tattoo removal" in refusal.say
    assert visit.refused(find_service_by_name, service_name="hmm").code == "service_not_found"


def test_a_service_of_another_salon_is_not_on_the_menu(glow: Salon, harbor: Salon, visit: Visit) -> None:
    with tenant_scope(harbor.tenant.pk):
        make_service("Body", "Massage", 60, 9_000)
    assert visit.refused(find_service_by_name, service_name="massage").code == "service_not_found"
    assert visit.refused(get_available_slots, service_ids=[harbor.cut.pk]).code == "service_not_found"


def test_one_suggestion_and_never_a_second(glow: Salon, visit: Visit) -> None:
    result = visit.call(suggest_add_on, service_ids=[glow.balayage.pk])
    assert result.say == ("Many customers add toner gloss for $55 (30 minutes) to balayage: It keeps the color bright.")
    assert result.data["add_on"]["service_id"] == glow.gloss.pk
    visit.record("suggest_add_on", "done", {"ok": True, "say": result.say, "data": result.data})
    assert visit.refused(suggest_add_on, service_ids=[glow.balayage.pk]).code == "already_suggested"
    assert Visit(glow).call(suggest_add_on, service_ids=[glow.balayage.pk]).data["add_on"]


def test_nothing_to_suggest_is_no_suggestion(glow: Salon, visit: Visit) -> None:
    for services in ([glow.cut.pk], [glow.balayage.pk, glow.gloss.pk]):
        result = visit.call(suggest_add_on, service_ids=services)
        assert result.data == {"add_on": None}
        visit.record("suggest_add_on", "done", {"ok": True, "say": result.say, "data": result.data})
    assert visit.call(suggest_add_on, service_ids=[glow.balayage.pk]).data["add_on"]


def test_no_suggestion_that_nobody_can_do(glow: Salon, visit: Visit) -> None:
    StaffService.objects.filter(service=glow.gloss).delete()
    assert visit.call(suggest_add_on, service_ids=[glow.balayage.pk]).data == {"add_on": None}
    glow.gloss.is_active = False
    glow.gloss.save()
    assert visit.call(suggest_add_on, service_ids=[glow.balayage.pk]).data == {"add_on": None}


def test_the_team(glow: Salon, visit: Visit) -> None:
    assert "Maya Torres for balayage" in visit.call(get_all_stylists).say
    result = visit.call(get_all_stylists, service_name="balyage")
    assert result.say == ("Balayage is done by Elena Rossi ($210, 2 hours 30 minutes) and Maya Torres ($225, 2 hours).")
    assert len(result.data["stylists"]) == 2
    nobody = visit.call(get_all_stylists, service_name="balayage and a men's cut")
    assert nobody.data == {"stylists": []}


def test_a_stylist_by_name(glow: Salon, visit: Visit) -> None:
    result = visit.call(get_stylist_by_name, stylist_name="mya")
    assert result.data["stylist_id"] == glow.maya.pk
    assert "Balayage ($225, 2 hours)" in result.data["skills"]
    refusal = visit.refused(get_stylist_by_name, stylist_name="Xavier")
    assert (refusal.code, refusal.field) == ("stylist_not_found", "stylist_name")
    make_stylist("Maya Lind", [])
    refusal = visit.refused(get_stylist_by_name, stylist_name="Maya")
    assert (refusal.code, refusal.say) == ("which_stylist", "Do you mean Maya Lind or Maya Torres?")


def test_no_team_at_all(glow: Salon, visit: Visit) -> None:
    for stylist in (glow.maya, glow.noah, glow.elena):
        stylist.staff.is_active = False
        stylist.staff.save()
    assert visit.call(get_all_stylists).data == {"stylists": []}
    assert visit.refused(get_stylist_by_name, stylist_name="Maya").code == "stylist_not_found"
    assert visit.refused(get_available_slots, service_ids=[glow.cut.pk]).code == "nobody_does_it"


def test_free_times_of_the_first_who_is_free(glow: Salon, visit: Visit) -> None:
    result = visit.call(get_available_slots, service_ids=[glow.cut.pk], date="2026-11-25")
    assert result.say == "I have Elena Rossi on Wednesday, November 25 at 9 AM, 9:30 AM, 10 AM or 10:30 AM."
    assert [slot["duration"] for slot in result.data["slots"]] == [45] * 4
    visit.identified_as(glow.sofia)
    preferred = visit.call(get_available_slots, service_ids=[glow.cut.pk], date="2026-11-25")
    assert {slot["stylist_id"] for slot in preferred.data["slots"]} == {glow.maya.pk}


def test_several_services_take_and_cost_their_sum(glow: Salon, visit: Visit) -> None:
    result = visit.call(
        get_available_slots,
        service_ids=[glow.balayage.pk, glow.gloss.pk, glow.cut.pk],
        stylist_id=glow.maya.pk,
        date="2026-11-25",
        part_of_day="afternoon",
    )
    slot = result.data["slots"][0]
    assert (slot["time"], slot["duration"], slot["price"]) == ("12:00", 210, "$355")


def test_a_wished_time_and_what_is_near_it(glow: Salon, visit: Visit) -> None:
    exact = visit.call(get_available_slots, service_ids=[glow.mens.pk], date="2026-11-25", time="14:00")
    assert [slot["time"] for slot in exact.data["slots"]] == ["14:00"]
    glow.book(glow.tara, glow.noah, dt.datetime(2026, 11, 25, 14), glow.mens)
    near = visit.call(get_available_slots, service_ids=[glow.mens.pk], date="2026-11-25", time="14:00")
    assert near.say.startswith("There is nothing free on Wednesday, November 25 at 2 PM.")
    assert "14:30" in [slot["time"] for slot in near.data["slots"]]


def test_a_day_is_the_notice(glow: Salon, visit: Visit) -> None:
    result = visit.call(get_available_slots, service_ids=[glow.cut.pk], date="2026-11-23")
    assert "We need 24 hours notice." in result.say
    assert result.data["slots"][0]["date"] == "2026-11-24"
    assert result.data["slots"][0]["time"] == "10:00"


def test_nothing_free_at_all(glow: Salon, visit: Visit) -> None:
    Closure.objects.create(start_date=dt.date(2026, 11, 1), end_date=dt.date(2027, 1, 31))
    result = visit.call(get_available_slots, service_ids=[glow.cut.pk])
    assert result.data == {"slots": []}
    assert "waitlist" in result.say


def test_free_times_to_move_a_visit(glow: Salon, lena: Visit) -> None:
    appointment = glow.book(glow.lena, glow.elena, dt.datetime(2026, 11, 25, 10))
    result = lena.call(get_available_slots, appointment_id=appointment.pk, date="2026-11-26")
    assert {slot["stylist_id"] for slot in result.data["slots"]} == {glow.elena.pk}
    other = lena.call(get_available_slots, appointment_id=appointment.pk, stylist_id=glow.maya.pk)
    assert {slot["stylist_id"] for slot in other.data["slots"]} == {glow.maya.pk}
    foreign = glow.book(glow.tara, glow.elena, dt.datetime(2026, 11, 27, 10))
    assert lena.refused(get_available_slots, appointment_id=foreign.pk).code == "not_identified"


def test_what_free_times_are_refused(glow: Salon, harbor: Salon, visit: Visit) -> None:
    cases: tuple[tuple[dict[str, Any], str, str], ...] = (
        ({}, "service_needed", "service_ids"),
        ({"service_ids": []}, "invalid_arguments", "service_ids"),
        ({"service_ids": ["svc_invented"]}, "service_not_found", "service_ids"),
        ({"service_ids": [glow.bridal.pk]}, "consultation_needed", "service_ids"),
        ({"service_ids": [glow.cut.pk], "stylist_id": "sty_x"}, "stylist_not_found", "stylist_id"),
        ({"service_ids": [glow.cut.pk], "stylist_id": harbor.maya.pk}, "stylist_not_found", "stylist_id"),
        ({"service_ids": [glow.cut.pk], "stylist_id": glow.noah.pk}, "stylist_cannot_do_it", "stylist_id"),
        ({"service_ids": [glow.cut.pk, glow.mens.pk]}, "nobody_does_it", "service_ids"),
        ({"service_ids": [glow.cut.pk], "date": "2026-11-01"}, "in_the_past", "date"),
        ({"service_ids": [glow.cut.pk], "date": "2029-11-01"}, "too_far_ahead", "date"),
    )
    for arguments, code, field in cases:
        refusal = visit.refused(get_available_slots, **arguments)
        assert (refusal.code, refusal.field) == (code, field), arguments
    names = visit.refused(get_available_slots, service_ids=[glow.cut.pk], stylist_id=glow.noah.pk)
    assert names.say == "Noah Kim does not do women's haircut, but Elena Rossi or Maya Torres can."
    assert len(names.data["stylists"]) == 2


def test_my_appointments(glow: Salon, harbor: Salon, lena: Visit) -> None:
    assert lena.call(get_customer_appointments, customer_id=glow.lena.pk).data == {"appointments": []}
    appointment = glow.book(glow.lena, glow.elena, dt.datetime(2026, 11, 25, 10), glow.cut, glow.gloss)
    result = lena.call(get_customer_appointments, customer_id=glow.lena.pk)
    assert result.say == (
        "You have one appointment: women's haircut and toner gloss on Wednesday, November 25 at 10 AM with Elena Rossi."
    )
    assert result.data["appointments"][0]["appointment_id"] == appointment.pk
    assert result.data["appointments"][0]["price"] == "$150"
    refusals = [
        lena.refused(get_customer_appointments, customer_id=one)
        for one in (glow.sofia.pk, harbor.lena.pk, "cus_invented")
    ]
    refusals.append(Visit(glow).refused(get_customer_appointments, customer_id=glow.lena.pk))
    assert {(one.code, one.say) for one in refusals} == {("not_identified", refusals[0].say)}


def test_a_booking_by_its_reference(glow: Salon, visit: Visit) -> None:
    appointment = glow.book(glow.lena, glow.elena, dt.datetime(2026, 11, 25, 10))
    reference = appointment.booking.reference
    refusal = visit.refused(get_appointment_by_reference, reference=reference)
    assert (refusal.code, refusal.field) == ("phone_needed", "phone")
    unknown = visit.refused(get_appointment_by_reference, reference="GB-20200101-001")
    assert unknown.say == refusal.say
    wrong = visit.refused(get_appointment_by_reference, reference=reference, phone="+12125550102")
    none = visit.refused(get_appointment_by_reference, reference="GB-20200101-001", phone="+12125550102")
    assert (wrong.code, wrong.say) == (none.code, none.say) == ("not_found", none.say)
    assert visit.refused(get_appointment_by_reference, reference=reference, phone="1").code == "invalid_phone"
    assert visit.context.contact_id is None
    result = visit.call(get_appointment_by_reference, reference=reference.lower(), phone="212-555-0101")
    assert result.data["appointment_id"] == appointment.pk
    assert visit.context.contact_id == glow.lena.contact_id
    assert visit.call(get_appointment_by_reference, reference=reference).data == result.data


def test_a_reference_of_another_salon(glow: Salon, harbor: Salon, visit: Visit) -> None:
    with tenant_scope(harbor.tenant.pk):
        foreign = harbor.book(harbor.lena, harbor.elena, dt.datetime(2026, 11, 25, 10))
    refusal = visit.refused(get_appointment_by_reference, reference=foreign.booking.reference, phone="+12125550101")
    assert refusal.code == "not_found"


def queries(visit: Visit, tool: Tool, **arguments: Any) -> int:
    with CaptureQueriesContext(connection) as captured:
        visit.call(tool, **arguments)
    return len(captured)


def test_queries_stay_the_same_when_the_salon_grows(glow: Salon, lena: Visit) -> None:
    asks: tuple[tuple[Tool, dict[str, Any]], ...] = (
        (get_available_slots, {"service_ids": [glow.cut.pk]}),
        (get_all_stylists, {"service_name": "haircut"}),
        (get_all_services, {}),
        (find_service_by_name, {"service_name": "haircut"}),
        (get_customer_appointments, {"customer_id": glow.lena.pk}),
    )
    glow.book(glow.lena, glow.elena, dt.datetime(2026, 11, 25, 10))
    before = [queries(lena, tool, **arguments) for tool, arguments in asks]
    for number in range(4):
        service = make_service("Cuts", f"Special {number}", 30, 1_000)
        make_stylist(f"Stylist {number}", [(glow.cut, 30 + 5 * number, None), (service, None, None)])
        glow.book(glow.lena, glow.elena, dt.datetime(2026, 11, 26, 10 + number), glow.cut)
    assert [queries(lena, tool, **arguments) for tool, arguments in asks] == before
