"""The tools of the agents: what each does, and every refusal."""

import datetime as dt

import pytest

from apps.business.models import Booking, Contact
from apps.verticals.after_hours import escalation
from apps.verticals.after_hours.models import Building, Incident, LogEntry, Outreach, Responder
from apps.verticals.after_hours.models import Visit as BookedVisit
from apps.verticals.after_hours.tools import (
    add_to_report,
    cancel_visit,
    check_urgency,
    correct_report,
    escalate_report,
    find_report,
    find_visit_times,
    get_office_info,
    get_quiet_hours,
    get_report_status,
    get_safety_steps,
    record_problem,
    request_human,
    reschedule_visit,
    schedule_visit,
    withdraw_report,
)
from tests.verticals.after_hours.conftest import CALLER, DRIP, FLOOD, Line, Visit

WHERE = {"address": "12 River Road, unit 4B", "name": "Dana Whitfield", "phone": "(212) 555-0142"}
TUESDAY = "2026-11-24"


def drip(line: Line, visit: Visit) -> Incident:
    visit.call(record_problem, description=DRIP, **WHERE)
    return Incident.objects.get()


def booking(line: Line, **changes: str) -> dict[str, str]:
    chosen = {"technician_id": line.nadia.pk, "date": TUESDAY, "time": "09:00"}
    return {"description": DRIP, **WHERE, **chosen, **changes}


class TestReporting:
    def test_an_emergency_rings_the_people_on_call(self, line: Line, stranger: Visit) -> None:
        result = stranger.call(record_problem, description=FLOOD, **WHERE)
        assert result.say == (
            "That is a plumbing emergency: we are ringing our people on call right now, and one of them will call you. "
            "Your reference is AH-1001."
        )
        incident = Incident.objects.get()
        assert (incident.state, incident.building, incident.unit, incident.channel) == (
            *("escalated", line.alder, "4B"),
            "chat",
        )
        assert (incident.contact, incident.callback_phone) == (line.dana, CALLER)
        assert result.data["report_id"] == incident.pk
        assert stranger.context.contact_id is None  # the number alone proves nobody
        again = stranger.call(record_problem, description="Water still runs", **WHERE)
        assert again.data["report_id"] == incident.pk
        assert incident.log.filter(kind="note", text="Water still runs").exists()

    def test_what_can_wait_is_for_the_office(self, stranger: Visit) -> None:
        result = stranger.call(record_problem, description=DRIP, **WHERE)
        assert result.say.startswith("By our rules that can wait for office hours. I have noted it as report AH-1001")
        assert Incident.objects.get().due_at is None

    def test_the_trade_is_that_of_the_words_else_of_the_desk(self, line: Line, stranger: Visit) -> None:
        stranger.as_agent("noise").call(record_problem, description="They will not stop upstairs", **WHERE)
        stranger.call(record_problem, description="Sparks came out of the outlet", **WHERE)
        assert set(Incident.objects.values_list("trade", flat=True)) == {"noise", "electrical"}

    def test_a_new_caller_is_taken_down_and_identified(self, stranger: Visit) -> None:
        stranger.call(record_problem, description=DRIP, **WHERE | {"name": "Ana Maria Lopez", "phone": "212 555 0177"})
        contact = Contact.objects.get(family_name="Lopez")
        assert (contact.given_name, stranger.context.contact_id) == ("Ana Maria", contact.pk)

    def test_who_calls_from_their_own_number_is_identified(self, line: Line) -> None:
        caller = Visit(line, channel="phone", caller_phone=CALLER)
        caller.call(record_problem, description=FLOOD, **WHERE)
        assert caller.context.contact_id == line.dana.pk
        assert Incident.objects.get().channel == "phone"

    def test_danger_comes_first_also_when_we_cannot_tell_where(self, line: Line, stranger: Visit) -> None:
        gas = "It smells of gas in here"
        result = stranger.call(record_problem, description=gas, **WHERE)
        assert result.say.startswith("Please get to safety and call 911 right now. That is a heating and cooling emer")
        refusal = Visit(line).refused(record_problem, description=gas, **WHERE | {"address": "somewhere"})
        assert refusal.say.startswith("Please get to safety and call 911 right now. I cannot find that address")

    def test_in_an_emergency_any_address_will_do(self, line: Line, stranger: Visit) -> None:
        elsewhere = WHERE | {"address": "99 Elm Street"}
        stranger.call(record_problem, description=FLOOD, **elsewhere)
        incident = Incident.objects.get()
        assert (incident.building, incident.place) == (None, "99 Elm Street")
        refusal = Visit(line).refused(record_problem, description=DRIP, **elsewhere)
        assert (refusal.code, refusal.field) == ("address_not_found", "address")

    def test_two_buildings_could_be_meant(self, line: Line, stranger: Visit) -> None:
        Building.objects.create(name="Alder Two", street_address="14 River Road")
        refusal = stranger.refused(record_problem, description=FLOOD, **WHERE | {"address": "River Road"})
        assert (refusal.code, refusal.say) == (
            "which_building",
            "Which address is it: The Alder, 12 River Road or Alder Two, 14 River Road?",
        )

    @pytest.mark.parametrize(
        ("change", "code"), [({"phone": "12"}, "invalid_phone"), ({"name": "4711!"}, "invalid_name")]
    )
    def test_what_cannot_be(self, stranger: Visit, change: dict[str, str], code: str) -> None:
        refusal = stranger.refused(record_problem, description=FLOOD, **WHERE | change)
        assert (refusal.code, refusal.field) == (code, next(iter(change)))

    def test_nobody_wakes_the_whole_team_from_one_window(self, stranger: Visit) -> None:
        for said in (FLOOD, "Sparks came out", "I am locked out"):
            stranger.call(record_problem, description=said, **WHERE)
        assert stranger.refused(record_problem, description="No heat", **WHERE).code == "too_many_reports"
        Incident.objects.get(trade="hvac").delete()  # as the runner rolls back
        assert stranger.refused(request_human, description="No heat", phone=CALLER).code == "too_many_reports"
        Incident.objects.get(trade="hvac").delete()
        stranger.call(record_problem, description="Water still runs", **WHERE)  # more about what is reported already


class TestAdvice:
    def test_how_urgent_it_is(self, stranger: Visit) -> None:
        for said, begins, emergency in (
            (FLOOD, "Yes, that is an emergency", True),
            (DRIP, "By our rules that is no emergency", False),
            ("I smell gas", "Please get to safety and call 911", True),
        ):
            result = stranger.call(check_urgency, description=said)
            assert result.say.startswith(begins)
            assert result.data["emergency"] is emergency
        assert not Incident.objects.exists()

    def test_what_to_do_until_somebody_comes(self, line: Line, stranger: Visit) -> None:
        result = stranger.call(get_safety_steps, description="a pipe burst", address="the Alder")
        assert result.say == "Turn off the water. The water is turned off in the hall closet."
        assert stranger.call(get_safety_steps, description="the toilet overflows").say == "Do not flush."
        stranger.call(record_problem, description=FLOOD, **WHERE)
        assert "hall closet" in stranger.call(get_safety_steps, description="what should I do, water runs").say
        electrical = stranger.call(get_safety_steps, description="the power is out", address="12 River Road")
        assert electrical.say == "The breakers are behind the door."
        assert stranger.call(get_safety_steps, description="music").say.startswith("I have no steps for that")
        assert "key box" not in str(result)

    def test_quiet_hours(self, line: Line, stranger: Visit) -> None:
        result = stranger.call(get_quiet_hours, address="the Alder")
        assert result.say == (
            "At The Alder, 12 River Road it is quiet from 10 PM until 7 AM, so it should be quiet now."
        )
        assert stranger.call(get_quiet_hours, address="Harbor Lofts").say.startswith("That building has no quiet")
        assert stranger.refused(get_quiet_hours, address="99 Elm Street").code == "address_not_found"

    def test_the_office(self, line: Line, stranger: Visit) -> None:
        say = stranger.call(get_office_info).say
        assert say.startswith("Our office is open Monday to Friday from 8 AM to 5 PM; it is closed right now.")
        stranger.at(line.now.replace(hour=10))
        assert "it is open right now" in stranger.call(get_office_info).say


class TestPeople:
    def test_a_person_calls_when_the_office_opens(self, stranger: Visit) -> None:
        result = stranger.call(request_human, description="my parking space", phone=CALLER)
        assert result.say == "A person from our office calls you when it opens; your reference is AH-1001."
        assert "noted" in stranger.call(request_human, description="my parking space", phone=CALLER).say

    def test_a_person_calls_at_once_in_an_emergency(self, stranger: Visit) -> None:
        result = stranger.call(request_human, description="it smells of gas, get me somebody", phone=CALLER)
        assert result.say.startswith("Please get to safety and call 911 right now. We are ringing our people on call")
        assert stranger.refused(request_human, description="x", phone="1").code == "invalid_phone"


class TestReports:
    def test_one_is_found_by_reference_and_phone(self, line: Line, stranger: Visit) -> None:
        incident = line.report(contact=line.dana)
        for reference in ("AH-1001", "1001", "ah 1001"):
            assert Visit(line).call(find_report, reference=reference, phone=CALLER).data["report_id"] == incident.pk
        stranger.call(find_report, reference="AH-1001", phone=CALLER)
        assert stranger.context.contact_id == line.dana.pk
        said = set()
        for reference, phone in (("AH-1001", "2125550199"), ("AH-1002", CALLER), ("nonsense", CALLER)):
            refusal = stranger.refused(find_report, reference=reference, phone=phone)
            said.add((refusal.code, refusal.say))
        assert len(said) == 1

    def test_one_that_came_by_text_belongs_to_who_knows_it(self, line: Line, stranger: Visit) -> None:
        incident = line.report(channel="sms")
        assert stranger.refused(get_report_status, report_id=incident.pk).code == "report_not_found"
        stranger.call(find_report, reference="AH-1001", phone=CALLER)
        assert "ringing them right now" in stranger.call(get_report_status, report_id=incident.pk).say

    def test_the_status(self, line: Line, stranger: Visit) -> None:
        stranger.call(record_problem, description=FLOOD, **WHERE)
        incident = Incident.objects.get()
        ask = {"report_id": incident.pk}
        assert stranger.call(get_report_status, **ask).data["status"] == "escalated"
        escalation.acknowledge(incident=incident, responder=line.nadia, via="by SMS", now=line.now, actor="test")
        result = stranger.call(get_report_status, **ask)
        assert result.say == "Report AH-1001 is taken: Nadia Flores looks after it and will call you."
        assert result.data["taken_by"] == "Nadia Flores"
        assert line.nadia.phone not in str(result)
        for state, said in (
            ("missed", "with our management"),
            ("downgraded", "when our office opens"),
            ("closed", "closed"),
        ):
            Incident.objects.update(state=state)
            assert said in stranger.call(get_report_status, **ask).say

    def test_another_callers_report_does_not_exist(self, line: Line, stranger: Visit, harbor: Line) -> None:
        mine = line.report(contact=line.dana)
        for report_id in (mine.pk, harbor.alder.pk, "inc_invented"):
            for tool, more in (
                (get_report_status, {}),
                (add_to_report, {"note": "x"}),
                (correct_report, {"new_unit": "5"}),
                (escalate_report, {"reason": "x"}),
                (withdraw_report, {}),
                (cancel_visit, {}),
                (reschedule_visit, {"new_date": TUESDAY, "new_time": "09:00"}),
            ):
                assert stranger.refused(tool, report_id=report_id, **more).code == "report_not_found", tool.name
        assert mine.log.count() == 2

    def test_adding(self, line: Line, stranger: Visit) -> None:
        report_id = drip(line, stranger).pk
        assert stranger.call(add_to_report, report_id=report_id, note="Mornings are best").say == (
            "I have added that to report AH-1001."
        )
        result = stranger.call(add_to_report, report_id=report_id, note="Now the pipe burst")
        assert "That makes it an emergency" in result.say
        assert result.data["status"] == "escalated"
        assert stranger.call(add_to_report, report_id=report_id, note="I smell gas").say.startswith("Please get to saf")

    def test_correcting(self, line: Line, stranger: Visit) -> None:
        incident = drip(line, stranger)
        stranger.call(
            correct_report, report_id=incident.pk, new_phone="212 555 0199", new_address="240 Quay Street unit 7"
        )
        incident.refresh_from_db()
        assert (incident.callback_phone, incident.building, incident.unit) == ("+12125550199", line.lofts, "7")
        stranger.call(correct_report, report_id=incident.pk, new_unit="unit 9")
        incident.refresh_from_db()
        assert incident.unit == "9"
        for arguments, code in (
            ({}, "nothing_to_correct"),
            ({"new_phone": "1"}, "invalid_phone"),
            ({"new_address": "99 Elm Street"}, "address_not_found"),
        ):
            assert stranger.refused(correct_report, report_id=incident.pk, **arguments).code == code

    def test_escalating(self, line: Line, stranger: Visit) -> None:
        incident = drip(line, stranger)
        refusal = stranger.refused(escalate_report, report_id=incident.pk, reason="I pay rent")
        assert refusal.code == "no_emergency"
        result = stranger.call(escalate_report, report_id=incident.pk, reason="Water is pouring out, it floods")
        assert result.say == "I have escalated report AH-1001: we are ringing our people on call right now."
        assert "is with our people on call" in stranger.call(escalate_report, report_id=incident.pk, reason="x").say

    def test_withdrawing(self, line: Line, stranger: Visit) -> None:
        stranger.call(record_problem, description=FLOOD, **WHERE)
        incident = Incident.objects.get()
        escalation.climb(line.now)
        assert stranger.call(withdraw_report, report_id=incident.pk).say == (
            "Report AH-1001 is withdrawn; nobody is coming."
        )
        assert Outreach.objects.filter(purpose="notice", to=line.nadia.phone).exists()
        assert stranger.call(withdraw_report, report_id=incident.pk).say == "Report AH-1001 is closed already."
        for tool, more in ((add_to_report, {"note": "x"}), (correct_report, {}), (escalate_report, {"reason": "x"})):
            assert stranger.refused(tool, report_id=incident.pk, **more).code == "report_closed"
        assert LogEntry.objects.filter(kind="closed").count() == 1


class TestVisits:
    def test_free_times(self, line: Line, stranger: Visit) -> None:
        result = stranger.call(find_visit_times, date=TUESDAY)
        assert result.say == "A technician can come on Tuesday, November 24 at 8 AM, 9 AM, 10 AM or 11 AM."
        assert {slot["technician_id"] for slot in result.data["slots"]} <= {line.nadia.pk, line.owen.pk}
        assert stranger.call(find_visit_times, date=TUESDAY, time="14:00").data["slots"][0]["time"] == "14:00"
        afternoon = stranger.call(find_visit_times, part_of_day="afternoon")
        assert all(slot["time"] >= "12:00" for slot in afternoon.data["slots"])
        sunday = stranger.call(find_visit_times, date="2026-11-29", time="03:00")
        assert sunday.say.startswith("Nobody is free on Sunday, November 29 at 3 AM. A technician can come on Monday")
        for date, code in (("2026-11-22", "in_the_past"), ("2027-06-01", "too_far_ahead")):
            assert stranger.refused(find_visit_times, date=date).code == code
        Responder.objects.update(is_active=False)
        assert stranger.call(find_visit_times).data == {"slots": []}

    def test_one_is_booked_once(self, line: Line, stranger: Visit) -> None:
        result = stranger.call(schedule_visit, **booking(line))
        assert result.say == (
            "The visit is booked on Tuesday, November 24 at 9 AM with Nadia Flores; your reference is AH-1001."
        )
        incident = Incident.objects.get()
        assert (incident.state, incident.trade, incident.contact) == ("pending", "plumbing", line.dana)
        assert stranger.call(schedule_visit, **booking(line)).say.startswith("That visit is booked already")
        refusal = stranger.refused(schedule_visit, **booking(line, time="10:00"))
        assert (refusal.code, refusal.data["time"]) == ("already_booked", "09:00")
        assert Booking.objects.count() == 1
        assert "A visit is booked on Tuesday" in stranger.call(get_report_status, report_id=incident.pk).say
        assert stranger.refused(withdraw_report, report_id=incident.pk).code == "visit_booked"

    def test_two_at_once_and_one_wins(self, line: Line, stranger: Visit) -> None:
        stranger.call(schedule_visit, **booking(line))
        refusal = Visit(line).refused(schedule_visit, **booking(line, name="Tom Becker", phone="2125550188"))
        assert refusal.code == "slot_taken"
        assert refusal.say.startswith("I am sorry, that time has just been taken. Free are Tuesday, November 24 at")
        assert refusal.data["slots"][0]["technician_id"] == line.nadia.pk

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"description": FLOOD}, "is_emergency"),
            ({"address": "99 Elm Street"}, "address_not_found"),
            ({"name": "?"}, "invalid_name"),
            ({"phone": "1"}, "invalid_phone"),
            ({"technician_id": "rsp_invented"}, "technician_not_found"),
            ({"date": "2026-11-01"}, "in_the_past"),
            ({"date": "2027-11-01"}, "too_far_ahead"),
            ({"date": "2026-11-28"}, "outside_hours"),
            ({"date": "2026-11-23", "time": "23:00"}, "in_the_past"),
        ],
    )
    def test_what_cannot_be_booked(self, line: Line, stranger: Visit, change: dict[str, str], code: str) -> None:
        assert stranger.refused(schedule_visit, **booking(line, **change)).code == code

    def test_a_time_that_the_clocks_skip(self, line: Line, stranger: Visit) -> None:
        stranger.at(dt.datetime(2027, 3, 1, 12, tzinfo=line.tenant.zone))
        wish = booking(line, date="2027-03-14", time="02:30")
        assert stranger.refused(schedule_visit, **wish).code == "no_such_time"

    def test_moving_and_cancelling(self, line: Line, stranger: Visit) -> None:
        stranger.call(schedule_visit, **booking(line))
        report_id = Incident.objects.get().pk
        new = {"new_date": TUESDAY, "new_time": "11:00", "new_technician_id": line.owen.pk}
        result = stranger.call(reschedule_visit, report_id=report_id, **new)
        assert result.say == "The visit is now on Tuesday, November 24 at 11 AM with Owen Brandt."
        assert "already" in stranger.call(reschedule_visit, report_id=report_id, **new).say
        for change, code in (
            ({"new_technician_id": "rsp_x"}, "technician_not_found"),
            ({"new_date": "2026-11-28"}, "outside_hours"),
            ({"new_date": "2026-11-22"}, "in_the_past"),
        ):
            assert stranger.refused(reschedule_visit, report_id=report_id, **new | change).code == code
        result = stranger.call(cancel_visit, report_id=report_id, reason="mended it")
        assert result.say == "The visit on Tuesday, November 24 at 11 AM with Owen Brandt is cancelled."
        assert stranger.refused(cancel_visit, report_id=report_id).code == "no_visit"
        assert stranger.refused(reschedule_visit, report_id=report_id, **new).code == "no_visit"
        stranger.call(schedule_visit, **booking(line))
        assert BookedVisit.objects.count() == 2

    def test_one_that_has_begun_stays(self, line: Line, stranger: Visit) -> None:
        stranger.call(schedule_visit, **booking(line))
        report_id = Incident.objects.get().pk
        stranger.at(line.now + dt.timedelta(hours=12))
        assert stranger.refused(cancel_visit, report_id=report_id).code == "too_late"

    def test_another_businesss_technician_does_not_exist(self, line: Line, harbor: Line, stranger: Visit) -> None:
        wish = booking(line, technician_id=harbor.nadia.pk)
        assert stranger.refused(schedule_visit, **wish).code == "technician_not_found"
