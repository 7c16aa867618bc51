"""The tools: each one's right path, and each refusal in words."""

import datetime as dt
import threading

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.agents.sdk import ToolRefused
from apps.business.models import Booking, BookingStatus
from apps.conversations.models import Conversation
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from apps.verticals.sales import permission
from apps.verticals.sales.models import (
    Callback,
    Consent,
    DialedCall,
    DoNotCall,
    Lead,
    Meeting,
    Product,
    Qualification,
)
from apps.verticals.sales.tools import (
    TOOLS,
    add_to_do_not_call,
    book_appointment,
    cancel_appointment,
    cancel_callback,
    confirm_person,
    create_lead,
    find_lead_by_phone,
    get_available_slots,
    get_call_briefing,
    get_company_info,
    get_lead_appointments,
    get_product_info,
    get_products,
    get_promised_calls,
    get_reason_for_call,
    qualify_lead,
    record_outcome,
    request_callback,
    reschedule_appointment,
)
from tests.conftest import make_tenant
from tests.verticals.sales.conftest import DENVER, Summit, Visit, in_denver, make_lead, make_rep, make_summit

TUESDAY = "2026-11-24"
AT_TEN = dt.datetime(2026, 11, 24, 10)


class TestWhoIsSpeaking:
    NORA = {"first_name": "nora", "last_name": "Whitfeld", "phone": "(303) 555-0101"}

    def test_a_lead_is_found_by_number_and_name_but_for_a_slip(self, summit: Summit, visit: Visit) -> None:
        result = visit.call(find_lead_by_phone, **self.NORA)
        assert result.data == {"lead_id": summit.nora.pk}
        assert visit.context.contact_id == summit.nora.contact_id

    def test_a_number_alone_identifies_nobody(self, visit: Visit) -> None:
        assert visit.refused(find_lead_by_phone, phone=DENVER).code == "name_needed"
        assert visit.refused(find_lead_by_phone, phone=DENVER, first_name="Nora").field == "last_name"
        assert visit.refused(find_lead_by_phone, **{**self.NORA, "first_name": "Eve"}).code == "not_found"
        assert visit.refused(find_lead_by_phone, **{**self.NORA, "phone": "12"}).code == "invalid_phone"
        assert visit.context.contact_id is None

    def test_except_on_a_call_from_it(self, summit: Summit) -> None:
        phone = Visit(summit, channel="phone", caller_phone=DENVER)
        assert phone.call(find_lead_by_phone, phone=DENVER).data == {"lead_id": summit.nora.pk}

    @pytest.mark.parametrize("tool", [find_lead_by_phone, create_lead])
    def test_guessing_has_an_end(self, visit: Visit, tool) -> None:
        for _ in range(6):
            visit.record("find_lead_by_phone", "refused", {"error": {"code": "not_found"}})
        assert visit.refused(tool, **self.NORA).code == "too_many_attempts"

    def test_somebody_new_is_taken_down_and_may_not_be_called(self, summit: Summit, visit: Visit) -> None:
        result = visit.call(
            create_lead,
            first_name="Jo",
            last_name="Keller",
            phone="720 555 0144",
            company="Keller",
            email="jo@x.example",
        )
        lead = Lead.objects.get(pk=result.data["lead_id"])
        assert (lead.phone, lead.company, lead.contact.email) == ("+17205550144", "Keller", "jo@x.example")
        assert lead.source
        assert not Consent.objects.filter(phone=lead.phone).exists()
        assert visit.context.contact_id == lead.contact_id
        again = visit.call(create_lead, first_name="Jo", last_name="Keller", phone="720 555 0144")
        assert again.data == result.data

    def test_what_is_no_lead(self, summit: Summit, visit: Visit) -> None:
        good = {"first_name": "Jo", "last_name": "Keller", "phone": "720 555 0144"}
        assert visit.refused(create_lead, **{**good, "first_name": "R2D2"}).code == "invalid_name"
        assert visit.refused(create_lead, **{**good, "phone": "1"}).code == "invalid_phone"
        assert visit.refused(create_lead, **good, email="jo@x").code == "invalid_email"
        taken = visit.refused(create_lead, **{**good, "phone": DENVER})  # whose number it is, is told to nobody
        assert (taken.code, taken.say) == ("not_found", "I could not find that name with that phone number.")
        assert Lead.objects.count() == 3


class TestProducts:
    def test_all_with_prices(self, visit: Visit) -> None:
        result = visit.call(get_products)
        assert "Summit Starter for $19 per user and month" in result.say
        assert [one["product_name"] for one in result.data["products"]] == ["Summit Crew", "Summit Starter"]
        Product.objects.update(is_offered=False)
        assert visit.call(get_products).data == {"products": []}

    def test_one_by_name(self, visit: Visit) -> None:
        result = visit.call(get_product_info, product_name="the starter plan")
        assert "$19" in result.say
        Product.objects.filter(name="Summit Crew").update(price_cents=None)
        crew = visit.call(get_product_info, product_name="pro")
        assert "on request" in crew.say
        assert crew.data["details"] == "Up to 100 users."

    def test_none_and_several(self, visit: Visit) -> None:
        assert "We have Summit Crew and Summit Starter." in visit.refused(get_product_info, product_name="x").say
        refused = visit.refused(get_product_info, product_name="summit")
        assert (refused.code, len(refused.data["products"])) == ("which_product", 2)
        Product.objects.all().delete()
        assert visit.refused(get_product_info, product_name="summit").code == "product_not_found"

    def test_the_company(self, visit: Visit) -> None:
        said = visit.call(get_company_info).say
        assert "1600 Wynkoop Street" in said
        assert "Monday to Friday from 9 AM to 5 PM" in said
        assert "We are open now." in said
        assert "(303) 555-0199" in said


class TestQualification:
    NEEDS = {"problem": "Too many calls about routes", "timeline": "now"}

    def test_findings_score_the_lead(self, summit: Summit, nora: Visit) -> None:
        result = nora.call(
            qualify_lead, lead_id=summit.nora.pk, **self.NEEDS, team_size=30, budget="approved", authority="decides",
            interest="buying", mood="positive",
        )  # fmt: skip
        summit.nora.refresh_from_db()
        assert (summit.nora.score, summit.nora.status) == (100, "qualified")
        assert result.data == {"next_step": "meeting"}
        assert "100" not in result.say
        found = Qualification.objects.get()
        assert (found.intent, found.fit, found.urgency, found.need) == ("high", "high", "high", self.NEEDS["problem"])

    def test_the_same_again_is_the_same(self, summit: Summit, nora: Visit) -> None:
        for _ in range(2):
            nora.call(qualify_lead, lead_id=summit.nora.pk, **self.NEEDS)
        assert Qualification.objects.count() == 1

    def test_a_cold_lead_gets_no_meeting(self, summit: Summit, nora: Visit) -> None:
        result = nora.call(qualify_lead, lead_id=summit.nora.pk, problem="Just looking", timeline="no_plans")
        assert result.data == {"next_step": "materials"}
        summit.nora.refresh_from_db()
        assert (summit.nora.score, summit.nora.status) == (0, "nurture")

    def test_a_disqualified_one_is_thanked(self, summit: Summit, nora: Visit) -> None:
        result = nora.call(qualify_lead, lead_id=summit.nora.pk, **self.NEEDS, disqualifier="student")
        assert result.data == {"next_step": "goodbye"}
        summit.nora.refresh_from_db()
        assert summit.nora.status == "lost"

    def test_a_lead_with_a_meeting_keeps_it(self, summit: Summit, nora: Visit) -> None:
        Lead.objects.update(status="meeting")
        nora.call(qualify_lead, lead_id=summit.nora.pk, **self.NEEDS)
        summit.nora.refresh_from_db()
        assert summit.nora.status == "meeting"


class TestFreeTimes:
    def test_the_first_four(self, visit: Visit) -> None:
        result = visit.call(get_available_slots)
        assert [slot["time"] for slot in result.data["slots"]] == ["12:00", "12:30", "13:00", "13:30"]
        assert "Denver time" in result.say

    def test_by_wish(self, summit: Summit, visit: Visit) -> None:
        result = visit.call(get_available_slots, rep_id=summit.miguel.pk, date=TUESDAY, part_of_day="afternoon")
        assert {slot["rep_name"] for slot in result.data["slots"]} == {"Miguel Torres"}
        assert result.data["slots"][0] == {
            "rep_id": summit.miguel.pk,
            "rep_name": "Miguel Torres",
            "date": TUESDAY,
            "time": "12:00",
            "duration": 30,
        }
        exact = visit.call(get_available_slots, date=TUESDAY, time="15:00")
        assert [slot["time"] for slot in exact.data["slots"]] == ["15:00"]

    def test_what_is_not_free_is_said(self, visit: Visit) -> None:
        assert "nothing free on Sunday, November 29 at 3 AM" in visit.call(
            get_available_slots, date="2026-11-29", time="03:00"
        ).say  # fmt: skip
        assert "in the evening" in visit.call(get_available_slots, part_of_day="evening").say

    def test_the_rep_of_the_lead_comes_first(self, summit: Summit, nora: Visit) -> None:
        Lead.objects.update(rep=summit.miguel)
        assert nora.call(get_available_slots).data["slots"][0]["rep_id"] == summit.miguel.pk

    def test_to_move_only_those_of_the_same_rep(self, summit: Summit, nora: Visit) -> None:
        meeting = summit.meet(summit.nora, summit.miguel, AT_TEN)
        found = nora.call(get_available_slots, appointment_id=meeting.pk, date=TUESDAY).data["slots"]
        assert {slot["rep_id"] for slot in found} == {summit.miguel.pk}

    def test_refusals(self, summit: Summit, visit: Visit) -> None:
        assert visit.refused(get_available_slots, rep_id="rep_x").code == "rep_not_found"
        assert visit.refused(get_available_slots, date="2026-11-22").code == "in_the_past"
        assert visit.refused(get_available_slots, date="2027-11-22").code == "too_far_ahead"
        assert visit.refused(get_available_slots, appointment_id="mtg_x").code == "not_identified"

    def test_nobody_and_nothing(self, summit: Summit, visit: Visit) -> None:
        from apps.business.models import Closure, Staff

        Closure.objects.create(start_date=dt.date(2026, 11, 1), end_date=dt.date(2026, 12, 31))
        assert visit.call(get_available_slots).data == {"slots": []}
        Staff.objects.update(is_active=False)
        assert visit.call(get_available_slots).data == {"slots": []}

    def test_more_reps_cost_no_more_queries(self, summit: Summit, visit: Visit) -> None:
        def cost() -> int:
            with CaptureQueriesContext(connection) as queries:
                visit.call(get_available_slots, date=TUESDAY)
            return len(queries)

        few = cost()
        for number in range(5):
            make_rep(f"Rep {number}")
        assert cost() == few


class TestAppointments:
    def booked(self, summit: Summit) -> dict[str, str]:
        return {"lead_id": summit.nora.pk, "rep_id": summit.dana.pk, "date": TUESDAY, "time": "10:00"}

    def test_a_meeting_is_booked(self, summit: Summit, nora: Visit) -> None:
        result = nora.call(book_appointment, **self.booked(summit), topic="Routes")
        assert "Tuesday, November 24 at 10 AM with Dana Cole, Denver time" in result.say
        meeting = Meeting.objects.get()
        assert (meeting.pk, meeting.topic) == (result.data["appointment_id"], "Routes")
        summit.nora.refresh_from_db()
        assert (summit.nora.status, summit.nora.rep) == ("meeting", summit.dana)
        again = nora.call(book_appointment, **self.booked(summit))
        assert again.data["appointment_id"] == meeting.pk
        assert Meeting.objects.count() == 1

    def test_refusals(self, summit: Summit, nora: Visit) -> None:
        wish = self.booked(summit)
        assert nora.refused(book_appointment, **{**wish, "lead_id": summit.ben.pk}).code == "not_identified"
        assert nora.refused(book_appointment, **{**wish, "rep_id": "rep_x"}).code == "rep_not_found"
        assert nora.refused(book_appointment, **{**wish, "date": "2026-11-20"}).code == "in_the_past"
        assert nora.refused(book_appointment, **{**wish, "date": "2027-03-14", "time": "02:30"}).code == "no_such_time"
        closed = nora.refused(book_appointment, **{**wish, "time": "18:00"})
        assert (closed.code, closed.field) == ("outside_hours", "time")
        assert closed.data["slots"]
        soon = nora.refused(book_appointment, **{**wish, "date": "2026-11-23", "time": "11:00"})
        assert "2 hours notice" in soon.say
        summit.meet(summit.ben, summit.dana, AT_TEN)
        taken = nora.refused(book_appointment, **wish)
        assert taken.code == "slot_taken"
        assert "just been taken" in taken.say

    def test_not_two_at_once_nor_too_many(self, summit: Summit, nora: Visit) -> None:
        summit.meet(summit.nora, summit.miguel, AT_TEN)
        assert nora.refused(book_appointment, **self.booked(summit)).code == "already_booked"
        for hour in (12, 14):
            summit.meet(summit.nora, summit.miguel, AT_TEN.replace(hour=hour))
        late = {**self.booked(summit), "time": "15:00"}
        assert nora.refused(book_appointment, **late).code == "too_many_appointments"

    def test_they_are_listed(self, summit: Summit, nora: Visit) -> None:
        assert nora.call(get_lead_appointments, lead_id=summit.nora.pk).data == {"appointments": []}
        summit.meet(summit.nora, summit.dana, AT_TEN)
        result = nora.call(get_lead_appointments, lead_id=summit.nora.pk)
        assert "one appointment: Tuesday, November 24 at 10 AM with Dana Cole" in result.say
        assert nora.refused(get_lead_appointments, lead_id=summit.ben.pk).code == "not_identified"

    def test_one_is_moved(self, summit: Summit, nora: Visit) -> None:
        meeting = summit.meet(summit.nora, summit.dana, AT_TEN)
        wish = {"appointment_id": meeting.pk, "new_date": TUESDAY, "new_time": "14:00"}
        result = nora.call(reschedule_appointment, **wish)
        assert meeting.booking.reference in result.say
        assert (result.data["time"], result.data["status"]) == ("14:00", "rescheduled")
        assert nora.refused(reschedule_appointment, **{**wish, "appointment_id": "mtg_x"}).code == "not_identified"
        assert nora.refused(reschedule_appointment, **{**wish, "new_time": "20:00"}).field == "new_time"
        assert nora.refused(reschedule_appointment, **{**wish, "new_date": "2026-11-20"}).code == "in_the_past"
        summit.meet(summit.nora, summit.miguel, AT_TEN)
        assert nora.refused(reschedule_appointment, **{**wish, "new_time": "10:00"}).code == "already_booked"

    def test_one_is_cancelled(self, summit: Summit, nora: Visit) -> None:
        meeting = summit.meet(summit.nora, summit.dana, AT_TEN)
        assert "is cancelled" in nora.call(cancel_appointment, appointment_id=meeting.pk, reason="No time").say
        assert Booking.objects.get().status == BookingStatus.CANCELLED
        summit.nora.refresh_from_db()
        assert summit.nora.status == "qualified"
        assert nora.refused(cancel_appointment, appointment_id=meeting.pk).code == "too_late"
        moved = {"appointment_id": meeting.pk, "new_date": TUESDAY, "new_time": "14:00"}
        assert nora.refused(reschedule_appointment, **moved).code == "booking_closed"
        assert nora.refused(cancel_appointment, appointment_id="mtg_x").code == "not_identified"


class TestCallbacks:
    def test_a_call_is_promised_on_their_clock(self, summit: Summit, visit: Visit) -> None:
        abroad = make_lead("Al", "Oha", "+18085550100")
        visit.identified_as(abroad)
        result = visit.call(request_callback, lead_id=abroad.pk, date=TUESDAY, time="16:00", note="prices")
        callback = Callback.objects.get()
        assert callback.at == dt.datetime(2026, 11, 25, 2, tzinfo=dt.UTC)  # 4 PM in Honolulu
        assert "Tuesday, November 24 at 4 PM" in result.say
        consent = Consent.objects.get(phone=abroad.phone)
        assert (consent.kind, consent.source) == ("spoken", "Asked us to call back")
        assert consent.expires_at == callback.at + dt.timedelta(days=7)

    def test_a_later_wish_replaces_it_and_the_same_is_the_same(self, summit: Summit, nora: Visit) -> None:
        wish = {"lead_id": summit.nora.pk, "date": TUESDAY, "time": "16:00"}
        nora.call(request_callback, **wish)
        nora.call(request_callback, **wish)
        nora.call(request_callback, **{**wish, "time": "17:00"})
        assert Callback.objects.get().at.astimezone(summit.tenant.zone).hour == 17
        assert Consent.objects.filter(source="Asked us to call back").count() == 2

    def test_refusals(self, summit: Summit, nora: Visit) -> None:
        wish = {"lead_id": summit.nora.pk, "date": TUESDAY, "time": "16:00"}
        assert nora.refused(request_callback, **{**wish, "lead_id": summit.ben.pk}).code == "not_identified"
        assert nora.refused(request_callback, **{**wish, "time": "22:00"}).code == "outside_hours"
        assert nora.refused(request_callback, **{**wish, "date": "2026-11-22"}).code == "in_the_past"
        assert nora.refused(request_callback, **{**wish, "date": "2027-11-22"}).code == "too_far_ahead"
        permission.forbid(phone=DENVER, source="asked", now=summit.now, actor="x")
        assert nora.refused(request_callback, **wish).code == "do_not_call"
        assert not Callback.objects.exists()

    def test_they_are_listed_and_cancelled(self, summit: Summit, nora: Visit) -> None:
        assert nora.call(get_promised_calls, lead_id=summit.nora.pk).data == {"callbacks": []}
        made = nora.call(request_callback, lead_id=summit.nora.pk, date=TUESDAY, time="16:00").data
        assert nora.call(get_promised_calls, lead_id=summit.nora.pk).data["callbacks"] == [made]
        assert nora.refused(get_promised_calls, lead_id=summit.ben.pk).code == "not_identified"
        assert "is cancelled" in nora.call(cancel_callback, callback_id=made["callback_id"]).say
        assert Callback.objects.get().state == "cancelled"
        assert nora.refused(cancel_callback, callback_id=made["callback_id"]).code == "no_callback"
        assert Visit(summit).refused(cancel_callback, callback_id=made["callback_id"]).code == "not_identified"


class TestOurCalls:
    @pytest.fixture
    def called(self, summit: Summit, visit: Visit) -> DialedCall:
        call = summit.dialed(summit.nora, state="talking")
        summit.talk(call, visit)
        return call

    def test_the_briefing_says_who_what_and_asks(self, summit: Summit, visit: Visit, called: DialedCall) -> None:
        result = visit.call(get_call_briefing)
        for words in (
            "AI assistant",
            "the webinar you signed up for",
            "Form on our site",
            "Nora",
            "all right to go on",
            "not to call again",
        ):
            assert words in result.say
        assert "Whitfield" not in result.say  # whoever answers is told no more than they need
        called.refresh_from_db()
        assert called.conversation_id == visit.conversation.pk

    def test_a_promised_call_says_so(self, summit: Summit, visit: Visit) -> None:
        callback = Callback.objects.create(lead=summit.nora, at=summit.now, next_at=summit.now, note="prices")
        call = summit.dialed(summit.nora, state="talking", callback=callback)
        DialedCall.objects.update(campaign=None)
        summit.talk(call, visit)
        assert "the call you asked for, on prices" in visit.call(get_call_briefing).say

    @pytest.mark.parametrize(
        ("tool", "arguments"),
        [
            (get_call_briefing, {}),
            (confirm_person, {"is_right_person": True}),
            (record_outcome, {"outcome": "interested"}),
        ],
    )
    def test_they_are_for_calls_that_we_make(self, visit: Visit, tool, arguments) -> None:
        assert visit.refused(tool, **arguments).code == "no_call"

    def test_the_right_person_is_identified(self, summit: Summit, visit: Visit, called: DialedCall) -> None:
        assert visit.call(confirm_person, is_right_person=True).data == {"lead_id": summit.nora.pk}
        assert visit.context.contact_id == summit.nora.contact_id

    def test_with_the_wrong_person_the_consent_is_void(self, summit: Summit, visit: Visit, called: DialedCall) -> None:
        assert visit.call(confirm_person, is_right_person=False).data == {"lead_id": None}
        assert visit.context.contact_id is None
        called.refresh_from_db()
        assert called.disposition == "wrong_person"
        assert Consent.objects.get(phone=DENVER).withdrawn_at is not None
        assert Lead.objects.get(pk=summit.nora.pk).status == "closed"

    @pytest.mark.parametrize(
        ("outcome", "status"),
        [
            ("interested", "contacted"),
            ("meeting_booked", "meeting"),
            ("callback", "contacted"),
            ("nurture", "nurture"),
            ("not_interested", "lost"),
            ("wrong_person", "closed"),
            ("do_not_call", "closed"),
            ("not_qualified", "lost"),
        ],
    )
    def test_each_outcome(self, summit: Summit, visit: Visit, called: DialedCall, outcome: str, status: str) -> None:
        assert visit.call(record_outcome, outcome=outcome, note="As said").data == {"outcome": outcome}
        visit.call(record_outcome, outcome=outcome)
        called.refresh_from_db()
        summit.nora.refresh_from_db()
        assert (called.disposition, called.note, summit.nora.status) == (outcome, "As said", status)
        assert DoNotCall.objects.count() == (outcome == "do_not_call")

    def test_why_we_called_and_where_we_have_the_number_from(self, summit: Summit, nora: Visit) -> None:
        asked = {"lead_id": summit.nora.pk}
        assert "We have not called you so far." in nora.call(get_reason_for_call, **asked).say
        summit.dialed(summit.nora, state="ended", ending="answered")
        result = nora.call(get_reason_for_call, **asked)
        assert "the webinar you signed up for" in result.say
        assert "You agreed to be called on Saturday, October 24: Form on our site." in result.say
        permission.withdraw(phone=DENVER, now=summit.now, actor="x")
        assert "No consent" in nora.call(get_reason_for_call, **asked).say
        assert nora.refused(get_reason_for_call, lead_id=summit.ben.pk).code == "not_identified"

    def test_whoever_wants_no_calls_gets_none(self, summit: Summit, visit: Visit) -> None:
        (entry,) = summit.enroll(summit.nora)
        Callback.objects.create(lead=summit.nora, at=summit.now, next_at=summit.now)
        visit.call(add_to_do_not_call, phone="303-555-0101", reason="Enough")
        visit.call(add_to_do_not_call, phone="303-555-0101")
        listed = DoNotCall.objects.get()
        assert (listed.phone, listed.source, listed.reason) == (DENVER, "asked", "Enough")
        assert Consent.objects.get(phone=DENVER).withdrawn_at == summit.now
        assert Callback.objects.get().state == "cancelled"
        entry.refresh_from_db()
        assert (entry.state, entry.reason) == ("skipped", "do_not_call")
        assert Lead.objects.get(pk=summit.nora.pk).status == "closed"

    def test_in_a_call_of_ours_it_is_its_outcome(self, visit: Visit, called: DialedCall) -> None:
        visit.call(add_to_do_not_call, phone=DENVER)
        called.refresh_from_db()
        assert called.disposition == "do_not_call"
        assert DoNotCall.objects.get().phone == DENVER

    def test_nobody_fills_the_list(self, visit: Visit) -> None:
        for number in range(3):
            visit.call(add_to_do_not_call, phone=f"30355501{number}0")
        assert visit.refused(add_to_do_not_call, phone="3035550177").code == "too_many_numbers"
        assert visit.refused(add_to_do_not_call, phone="1").code == "invalid_phone"


class TestStrangers:
    """An id from a model is no proof, of this tenant or of another."""

    def test_unidentified_visitors_get_nothing(self, summit: Summit, visit: Visit) -> None:
        meeting = summit.meet(summit.nora, summit.dana, AT_TEN)
        for tool, arguments in self.about(summit, meeting):
            assert visit.refused(tool, **arguments).code == "not_identified", tool.name

    def test_another_tenants_rows_do_not_exist(
        self, summit: Summit, harbor: Summit, other_tenant: Tenant, nora: Visit
    ) -> None:
        with tenant_scope(other_tenant.pk):
            meeting = harbor.meet(harbor.nora, harbor.dana, AT_TEN)
            callback = Callback.objects.create(lead=harbor.nora, at=harbor.now, next_at=harbor.now)
        for tool, arguments in self.about(harbor, meeting):
            assert nora.refused(tool, **arguments).code == "not_identified", tool.name
        assert nora.refused(cancel_callback, callback_id=callback.pk).code == "no_callback"
        assert nora.refused(get_available_slots, rep_id=harbor.dana.pk).code == "rep_not_found"
        booking = {"lead_id": summit.nora.pk, "rep_id": harbor.dana.pk, "date": TUESDAY, "time": "10:00"}
        assert nora.refused(book_appointment, **booking).code == "rep_not_found"
        nora.call(add_to_do_not_call, phone=DENVER)
        with tenant_scope(other_tenant.pk):
            assert not DoNotCall.objects.exists()
            assert Consent.objects.get(phone=DENVER).withdrawn_at is None

    @staticmethod
    def about(place: Summit, meeting: Meeting):
        day = {"date": TUESDAY, "time": "10:00"}
        lead = {"lead_id": place.nora.pk}
        return [
            (get_lead_appointments, lead),
            (get_promised_calls, lead),
            (get_reason_for_call, lead),
            (qualify_lead, {**lead, "problem": "x", "timeline": "now"}),
            (request_callback, {**lead, **day}),
            (book_appointment, {**lead, **day, "rep_id": place.dana.pk}),
            (get_available_slots, {"appointment_id": meeting.pk}),
            (reschedule_appointment, {"appointment_id": meeting.pk, "new_date": TUESDAY, "new_time": "14:00"}),
            (cancel_appointment, {"appointment_id": meeting.pk}),
        ]


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_nonsense_is_refused_before_the_tool_runs(visit: Visit, tool) -> None:
    for text in ('{"no_such": 1}', "[]", "{", '{"lead_id": 1}'):
        with pytest.raises(ToolRefused):
            visit.call_text(tool, text)


@pytest.mark.django_db(transaction=True)
def test_two_at_once_want_the_same_time_and_one_gets_it() -> None:
    tenant = make_tenant("summit", "Summit", vertical="sales")
    with tenant_scope(tenant.pk):
        summit = make_summit(in_denver(tenant, "+13035550199"))
        visits = [Visit(summit).identified_as(lead) for lead in (summit.nora, summit.ben)]
        leads = [summit.nora.pk, summit.ben.pk]
    together, came = threading.Barrier(2), []

    def book(number: int) -> None:
        try:
            with tenant_scope(tenant.pk):
                together.wait(10)
                visits[number].call(
                    book_appointment, lead_id=leads[number], rep_id=summit.dana.pk, date=TUESDAY, time="10:00"
                )
                came.append("booked")
        except ToolRefused as refusal:
            came.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=book, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(came) == ["booked", "slot_taken"]
    with tenant_scope(tenant.pk):
        assert Meeting.objects.count() == 1
        assert Conversation.objects.count() == 2
