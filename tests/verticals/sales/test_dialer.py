"""The dialer: whom it claims, whom never; lines, agents and caps hold; what comes after each call."""

import datetime as dt
import random
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.plans.models import Subscription
from apps.telephony.models import OptOut, PlacedCall
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from apps.verticals.sales import campaigns, dialed, dialer, numbers, permission
from apps.verticals.sales.campaigns import CampaignRefused
from apps.verticals.sales.dialed import CLAIM, LONGEST, UNHEARD
from apps.verticals.sales.models import (
    Callback,
    Campaign,
    CampaignLead,
    Consent,
    DialedCall,
    DialingRules,
    DoNotCall,
    Lead,
    TeamAgent,
)
from tests.conftest import make_tenant
from tests.verticals.sales.conftest import Summit, agree, in_denver, make_lead, make_summit

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
State = CampaignLead.State


def claim(summit: Summit, now: dt.datetime | None = None) -> list[DialedCall]:
    return dialer.claim(now=now or summit.now)


def end(call: DialedCall, ending: str, now: dt.datetime) -> CampaignLead:
    dialed.end(call=DialedCall.objects.get(pk=call.pk), ending=ending, now=now)
    return CampaignLead.objects.get(pk=call.entry_id)


def crowd(summit: Summit, count: int, *, area: str = "+130355", first: int = 50_000) -> list[Lead]:
    """Leads who have all agreed."""
    from apps.business.models import Contact

    contacts = Contact.objects.bulk_create(
        Contact(given_name=f"Lead{number}", phone=f"{area}{first + number}") for number in range(count)
    )
    leads = Lead.objects.bulk_create(Lead(contact=one, phone=one.phone, source="Form") for one in contacts)
    Consent.objects.bulk_create(
        Consent(phone=lead.phone, kind="written", source="Form", obtained_at=summit.now - DAY, recorded_by="system")
        for lead in leads
    )
    return leads


class TestWhomItCalls:
    def test_a_lead_that_agreed_in_their_hours(self, summit: Summit) -> None:
        (entry,) = summit.enroll(summit.nora)
        (call,) = claim(summit)
        entry.refresh_from_db()
        assert (call.lead_id, call.phone, call.state) == (summit.nora.pk, "+13035550101", "claimed")
        assert call.recipient_time == "2026-11-23 10:00 America/Denver"
        assert (entry.state, entry.attempts) == (State.CALLING, 1)
        assert claim(summit) == []

    @pytest.mark.parametrize(
        ("spoil", "reason"),
        [
            (lambda s: DoNotCall.objects.create(phone=s.nora.phone, added_by="x"), "do_not_call"),
            (lambda s: OptOut.objects.create(number=s.nora.phone), "do_not_call"),
            (lambda s: Consent.objects.all().delete(), "no_consent"),
            (lambda s: permission.withdraw(phone=s.nora.phone, now=s.now, actor="x"), "no_consent"),
            (lambda s: Consent.objects.update(kind="spoken"), "consent_not_written"),
            (lambda s: Consent.objects.update(expires_at=s.now), "consent_expired"),
            (lambda s: Lead.objects.update(status="lost"), "closed_lead"),
            (lambda s: Lead.objects.filter(pk=s.nora.pk).update(phone="+15550000000"), "no_consent"),
            (lambda s: CampaignLead.objects.update(attempts=3), "attempts_used_up"),
            (lambda s: Campaign.objects.update(end_date=s.now.date() - DAY), "campaign_over"),
        ],
    )
    def test_never_without_permission(self, summit: Summit, spoil: Callable[[Summit], object], reason: str) -> None:
        (entry,) = summit.enroll(summit.nora)
        spoil(summit)
        assert claim(summit) == []
        entry.refresh_from_db()
        assert (entry.state, entry.reason) == (State.SKIPPED, reason)
        summit.campaign.refresh_from_db()
        assert summit.campaign.status == Campaign.Status.FINISHED  # nobody is left

    def test_a_number_that_nobody_can_place_is_never_called(self, summit: Summit) -> None:
        lead = make_lead("Una", "Known", "+15551234567")
        agree(lead.phone, now=summit.now)
        (entry,) = summit.enroll(lead)
        assert claim(summit) == []
        entry.refresh_from_db()
        assert entry.reason == "unknown_zone"

    @pytest.mark.parametrize(
        ("phone", "local"),
        [("+18085550100", "09:00 Pacific/Honolulu"), ("+442079460018", "09:00 Europe/London")],
    )
    def test_abroad_it_waits_for_the_morning_there(self, summit: Summit, phone: str, local: str) -> None:
        lead = make_lead("Ab", "Road", phone)
        agree(phone, now=summit.now)
        Campaign.objects.update(opens=dt.time(9), closes=dt.time(10))
        (entry,) = summit.enroll(lead)
        assert claim(summit) == []
        entry.refresh_from_db()
        assert entry.state == State.WAITING
        (call,) = claim(summit, entry.next_at)
        assert call.recipient_time.endswith(local)

    @pytest.mark.parametrize(
        ("phone", "evening", "nine"),
        [
            ("+13035550101", "2026-03-07T20:00-07:00", "2026-03-08T15:00+00:00"),
            ("+13035550101", "2026-10-31T20:00-06:00", "2026-11-01T16:00+00:00"),
            ("+442079460018", "2026-03-28T20:00+00:00", "2026-03-29T08:00+00:00"),
            ("+442079460018", "2026-10-24T20:00+01:00", "2026-10-25T09:00+00:00"),
        ],
    )
    def test_on_the_days_the_clocks_change(self, summit: Summit, phone: str, evening: str, nine: str) -> None:
        """From quarter to quarter through the night: claimed at nine by the wall clock, and not a minute before."""
        Lead.objects.filter(pk=summit.nora.pk).update(phone=phone)
        agree(phone, now=summit.now)
        summit.enroll(Lead.objects.get(pk=summit.nora.pk))
        Consent.objects.update(obtained_at=summit.now - 400 * DAY)
        moment = dt.datetime.fromisoformat(evening)
        CampaignLead.objects.update(next_at=moment)
        while not (calls := claim(summit, moment)):
            moment += HOUR / 4
        assert calls[0].claimed_at == moment == dt.datetime.fromisoformat(nine)
        assert calls[0].recipient_time.split()[1] == "09:00"

    def test_twice_a_day_at_most_by_whatever_campaign(self, summit: Summit) -> None:
        summit.dialed(summit.nora, state="ended", ending="busy", claimed_at=summit.now - 5 * HOUR)
        summit.dialed(summit.nora, state="ended", ending="busy", claimed_at=summit.now - 4 * HOUR)
        (entry,) = summit.enroll(summit.nora)
        assert claim(summit) == []
        entry.refresh_from_db()
        assert (entry.reason, entry.next_at) == ("called_enough_today", summit.now + 23 * HOUR)

    def test_a_call_that_was_not_dialed_does_not_count(self, summit: Summit) -> None:
        for _ in range(3):
            summit.dialed(summit.nora, state="ended", ending="not_dialed")
        summit.enroll(summit.nora)
        assert len(claim(summit)) == 1

    @pytest.mark.parametrize("status", ["draft", "paused", "finished"])
    def test_only_running_campaigns(self, summit: Summit, status: str) -> None:
        summit.enroll(summit.nora)
        Campaign.objects.update(status=status)
        assert claim(summit) == []

    def test_the_big_red_button(self, summit: Summit) -> None:
        summit.enroll(summit.nora)
        campaigns.stop_all(is_stopped=True, now=summit.now, actor="user:x")
        assert claim(summit) == []
        campaigns.stop_all(is_stopped=False, now=summit.now, actor="user:x")
        assert len(claim(summit)) == 1

    def test_an_account_that_is_not_paid_for_calls_nobody(self, summit: Summit) -> None:
        summit.enroll(summit.nora)
        Subscription.objects.all().delete()
        assert claim(summit) == []

    def test_a_promised_call_goes_first_and_needs_no_writing(self, summit: Summit) -> None:
        Consent.objects.update(kind="spoken")
        callback = Callback.objects.create(lead=summit.ben, at=summit.now, next_at=summit.now)
        DialingRules.objects.update(lines=1)
        summit.enroll(summit.nora)
        (call,) = claim(summit)
        assert (call.callback_id, call.campaign_id, call.lead_id) == (callback.pk, None, summit.ben.pk)
        callback.refresh_from_db()
        assert (callback.state, callback.attempts) == (Callback.State.CALLING, 1)

    def test_nobody_is_called_twice_at_once(self, summit: Summit) -> None:
        other = Campaign.objects.create(name="Other", purpose="p", status="running")
        campaigns.enroll(campaign=other, leads=[summit.nora], now=summit.now, actor="x")
        summit.enroll(summit.nora)
        assert len(claim(summit)) == 1

    def test_campaigns_take_turns(self, summit: Summit) -> None:
        other = Campaign.objects.create(name="Other", purpose="p", status="running")
        leads = crowd(summit, 12)
        campaigns.enroll(campaign=other, leads=leads[:6], now=summit.now, actor="x")
        summit.enroll(*leads[6:])
        assert {call.campaign_id for call in claim(summit)} == {other.pk, summit.campaign.pk}


class TestLinesAndAgents:
    def test_five_lines(self, summit: Summit) -> None:
        summit.enroll(*crowd(summit, 9))
        first = claim(summit)
        assert len(first) == 5
        assert claim(summit) == []
        end(first[0], "no_answer", summit.now)
        assert len(claim(summit)) == 1

    def test_an_agent_has_one_call(self, summit: Summit) -> None:
        oscar, olive, otto = summit.hire("Oscar", "Olive", "Otto")
        TeamAgent.objects.filter(pk=otto.pk).update(is_paused=True)
        summit.enroll(*crowd(summit, 9))
        calls = claim(summit)
        assert {call.agent_id for call in calls} == {oscar.pk, olive.pk}
        assert claim(summit) == []
        end(calls[0], "busy", summit.now)
        assert [call.agent_id for call in claim(summit)] == [calls[0].agent_id]

    def test_abandoned_calls_stop_it(self, summit: Summit) -> None:
        lead = make_lead("An", "Old", "+13035550190", status="lost")
        for number in range(12):
            ending = "abandoned" if number < 2 else "answered"
            summit.dialed(lead, state="ended", ending=ending, claimed_at=summit.now - HOUR)
        summit.enroll(summit.nora)
        assert claim(summit) == []
        assert len(claim(summit, summit.now + 24 * HOUR)) == 1

    def test_a_random_day_breaks_no_rule(self, summit: Summit) -> None:
        """Hundreds of calls in every corner of the country, ending as chance has it, looked at one by one."""
        chance = random.Random(7)
        areas = ("+121255", "+131255", "+131055", "+180855", "+190755", "+180055")
        leads = [lead for number, area in enumerate(areas) for lead in crowd(summit, 25, area=area, first=50_000)]
        summit.enroll(*leads)
        Campaign.objects.update(retry_busy_minutes=5, retry_no_answer_minutes=60, max_attempts=2)
        listed: dict[str, dt.datetime] = {}
        now, seen = summit.now, 0
        for _ in range(200):
            calls = claim(summit, now)
            seen += len(calls)
            assert dialed.open_calls().count() <= 5
            for call in calls:
                assert call.phone not in listed
                for zone in numbers.zones_of(call.phone):
                    assert dt.time(9) <= now.astimezone(zone).time() < dt.time(18)
            for call in dialed.open_calls():
                if chance.random() < 0.6:
                    end(call, chance.choice(["busy", "no_answer", "machine", "answered"]), now)
            if chance.random() < 0.1:
                phone = chance.choice(leads).phone
                permission.forbid(phone=phone, source="asked", now=now, actor="x")
                listed[phone] = now
            now += dt.timedelta(minutes=chance.randrange(1, 20))
        assert seen > 60
        assert max(CampaignLead.objects.values_list("attempts", flat=True)) <= 2
        for phone in {lead.phone for lead in leads}:
            times = sorted(DialedCall.objects.filter(phone=phone).values_list("claimed_at", flat=True))
            assert all(later - earlier >= DAY for earlier, later in zip(times, times[2:], strict=False))
            assert all(time <= listed.get(phone, time) for time in times)


class TestCost:
    def queries(self, summit: Summit, now: dt.datetime) -> tuple[int, int]:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            calls = claim(summit, now)
        return len(queries), len(calls)

    def test_the_cost_of_a_turn_is_flat(self, summit: Summit) -> None:
        """As many queries for five calls of 10,000 leads as of ten; no statement reads more rows than it needs."""
        summit.enroll(*crowd(summit, 10))
        few = self.queries(summit, summit.now)
        for call in dialed.open_calls():
            end(call, "answered", summit.now)
        summit.enroll(*crowd(summit, 9_990, first=60_000))
        many = self.queries(summit, summit.now)
        assert many == few == (few[0], 5)
        assert few[0] <= 22
        for call in dialed.open_calls():
            end(call, "answered", summit.now)
        with CaptureQueriesContext(connection) as queries:
            claim(summit)
        rows = [query for query in queries.captured_queries if "sales_campaignlead" in query["sql"]]
        assert all("LIMIT" in query["sql"] for query in rows if query["sql"].startswith("SELECT"))

    @pytest.mark.once
    def test_those_who_are_due_are_found_by_the_index(self, summit: Summit) -> None:
        """As many rows are read for 10,000 leads as for ten: the index gives them in order, and nothing is sorted."""
        summit.enroll(*crowd(summit, 10))
        with CaptureQueriesContext(connection) as queries:
            claim(summit)
        (due,) = [
            query["sql"]
            for query in queries
            if query["sql"].startswith("SELECT")
            and "next_at" in query["sql"]
            and '"sales_campaignlead"."state" = \'waiting\'' in query["sql"]
        ]
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {due}")
            plan = " ".join(str(row[-1]) for row in cursor.fetchall())
        assert "campaign_lead_due" in plan
        assert "TEMP B-TREE" not in plan

    def test_those_who_sleep_move_out_of_the_way(self, summit: Summit) -> None:
        """Leads whose hours are over are looked at once each, and not again at every turn."""
        summit.enroll(*crowd(summit, 60, area="+4420794", first=60_000))
        evening = summit.now + 2 * HOUR  # seven in London
        for _ in range(3):
            assert claim(summit, evening) == []
        assert CampaignLead.objects.filter(next_at__lte=evening).count() == 0
        assert CampaignLead.objects.filter(state=State.WAITING, reason="outside_hours").count() == 60


class TestAfterTheCall:
    @pytest.mark.parametrize(
        ("ending", "state", "wait"),
        [
            ("answered", State.DONE, None),
            ("busy", State.WAITING, dt.timedelta(minutes=30)),
            ("no_answer", State.WAITING, DAY),
            ("machine", State.WAITING, 2 * DAY),
            ("failed", State.WAITING, 2 * HOUR),
            ("abandoned", State.WAITING, DAY),
            ("not_dialed", State.WAITING, dt.timedelta(minutes=1)),
        ],
    )
    def test_by_how_it_ended(self, summit: Summit, ending: str, state: str, wait: dt.timedelta | None) -> None:
        summit.enroll(summit.nora)
        (call,) = claim(summit)
        entry = end(call, ending, summit.now)
        assert (entry.state, entry.attempts) == (state, 0 if ending == "not_dialed" else 1)
        if wait is not None:
            assert entry.next_at == summit.now + wait
        summit.nora.refresh_from_db()
        assert (summit.nora.last_call_at is None) == (ending == "not_dialed")

    def test_the_last_try_is_the_last(self, summit: Summit) -> None:
        summit.enroll(summit.nora)
        Campaign.objects.update(max_attempts=1)
        (call,) = claim(summit)
        entry = end(call, "no_answer", summit.now)
        assert (entry.state, entry.reason) == (State.SKIPPED, "attempts_used_up")
        summit.campaign.refresh_from_db()
        assert summit.campaign.status == Campaign.Status.FINISHED

    @pytest.mark.parametrize(
        ("tries", "ending", "state"), [(1, "answered", "done"), (1, "no_answer", "promised"), (3, "busy", "missed")]
    )
    def test_a_promised_call(self, summit: Summit, tries: int, ending: str, state: str) -> None:
        callback = Callback.objects.create(lead=summit.nora, at=summit.now, next_at=summit.now, attempts=tries - 1)
        (call,) = claim(summit)
        dialed.end(call=call, ending=ending, now=summit.now)
        callback.refresh_from_db()
        assert callback.state == state

    def test_reports_of_the_phone_are_followed(self, summit: Summit) -> None:
        summit.enroll(summit.nora)
        (call,) = claim(summit)
        placed = PlacedCall.objects.create(number="+1", to=call.phone, about=call.pk, topic="sales", status="queued")
        for status, state in (("queued", "dialing"), ("ringing", "ringing"), ("in_progress", "talking")):
            placed.status = status
            followed = dialed.follow(placed, now=summit.now)
            assert followed is not None
            assert followed.state == state
        placed.status, placed.seconds, placed.carrier_call = "completed", 42, "CA1"
        ended = dialed.follow(placed, now=summit.now)
        assert ended is not None
        assert (ended.state, ended.ending, ended.seconds) == ("ended", "abandoned", 42)  # nobody talked to them
        assert dialed.follow(placed, now=summit.now) is None

    def test_what_is_not_ours_is_left_alone(self, summit: Summit) -> None:
        placed = PlacedCall.objects.create(number="+1", to="+13035550101", about="led_x", status="queued")
        assert dialed.follow(placed, now=summit.now) is None


class TestRecovery:
    def test_a_claim_that_was_never_placed_is_undone_for_good(self, summit: Summit) -> None:
        summit.enroll(summit.nora)
        (call,) = claim(summit)
        assert dialed.recover(now=summit.now + CLAIM) == 0
        later = summit.now + CLAIM + dt.timedelta(seconds=1)
        assert dialed.recover(now=later) == 1
        call.refresh_from_db()
        assert (call.state, call.ending) == ("ended", "not_dialed")
        assert PlacedCall.objects.get(key=call.pk).status == "canceled"  # whoever was slow finds the key used up
        assert dialed.confirm(call_id=call.pk, now=later) is None
        assert CampaignLead.objects.get().attempts == 0

    def test_a_call_that_the_carrier_may_have_holds_its_line_for_a_while(self, summit: Summit) -> None:
        summit.enroll(summit.nora)
        (call,) = claim(summit)
        PlacedCall.objects.create(key=call.pk, number="+1", to=call.phone, about=call.pk)
        assert dialed.recover(now=summit.now + UNHEARD) == 0
        assert dialed.recover(now=summit.now + UNHEARD + dt.timedelta(seconds=1)) == 1
        call.refresh_from_db()
        assert call.ending == "failed"
        assert CampaignLead.objects.get().attempts == 1  # it may have rung

    def test_a_call_whose_end_was_not_heard(self, summit: Summit) -> None:
        summit.enroll(summit.nora)
        (call,) = claim(summit)
        placed = PlacedCall.objects.create(key=call.pk, number="+1", to=call.phone, about=call.pk, status="in_progress")
        assert dialed.recover(now=summit.now + LONGEST) == 0
        assert dialed.recover(now=summit.now + LONGEST + dt.timedelta(seconds=1)) == 1
        call.refresh_from_db()
        assert call.ending == "failed"
        other = claim(summit, summit.now + 3 * HOUR)[0]
        PlacedCall.objects.filter(pk=placed.pk).update(key=other.pk, about=other.pk, status="busy")
        assert dialed.recover(now=summit.now + 4 * HOUR) == 1
        other.refresh_from_db()
        assert other.ending == "busy"


class TestCampaigns:
    def test_the_preflight_says_whom_it_skips_and_why(self, summit: Summit) -> None:
        asleep = make_lead("Al", "Oha", "+18085550100")  # seven in the morning
        agree(asleep.phone, now=summit.now)
        shy = make_lead("No", "Consent", "+13035550111")
        permission.forbid(phone=summit.ben.phone, source="asked", now=summit.now, actor="x")
        summit.enroll(summit.nora, summit.ben, asleep, shy, running=False)
        before = list(CampaignLead.objects.order_by("id").values())
        found = campaigns.preflight(summit.campaign, now=summit.now)
        assert (found.now, found.later, found.callable) == (1, 1, 2)
        assert {(lead.pk, reason) for lead, reason in found.skipped} == {
            (summit.ben.pk, "do_not_call"),
            (shy.pk, "no_consent"),
        }
        assert [count for _, count in found.reasons] == [1, 1]
        assert list(CampaignLead.objects.order_by("id").values()) == before

    def test_the_preflight_of_many_takes_few_queries(self, summit: Summit) -> None:
        def cost() -> int:
            with CaptureQueriesContext(connection) as queries:
                campaigns.preflight(summit.campaign, now=summit.now)
            return len(queries)

        summit.enroll(summit.nora, running=False)
        one = cost()
        summit.enroll(*crowd(summit, 900, first=60_000), running=False)
        assert cost() == one

    def test_starting_sets_aside_whom_it_must_not_call(self, summit: Summit) -> None:
        shy = make_lead("No", "Consent", "+13035550111")
        summit.enroll(summit.nora, shy, running=False)
        found = campaigns.start(campaign=summit.campaign, now=summit.now, actor="user:x")
        assert (found.callable, len(found.skipped)) == (1, 1)
        assert CampaignLead.objects.get(lead=shy).reason == "no_consent"
        with pytest.raises(CampaignRefused, match="is running"):
            campaigns.start(campaign=summit.campaign, now=summit.now, actor="user:x")
        campaigns.pause(campaign=summit.campaign, now=summit.now, actor="user:x")
        with pytest.raises(CampaignRefused, match="not running"):
            campaigns.pause(campaign=summit.campaign, now=summit.now, actor="user:x")
        agree(shy.phone, now=summit.now)
        assert campaigns.start(campaign=summit.campaign, now=summit.now, actor="user:x").callable == 2

    def test_it_does_not_start_blindly(self, summit: Summit) -> None:
        from apps.telephony.models import PhoneNumber

        def refused() -> str:
            with pytest.raises(CampaignRefused) as caught:
                campaigns.start(campaign=summit.campaign, now=summit.now, actor="x")
            return caught.value.message

        assert "Nobody" in refused()
        summit.enroll(summit.nora, running=False)
        PhoneNumber.objects.all().delete()
        assert "no phone number" in refused()
        Campaign.objects.update(purpose=" ")
        assert "what the calls are about" in refused()

    def test_leads_are_enrolled_once(self, summit: Summit) -> None:
        assert len(summit.enroll(summit.nora, summit.ben)) == 2
        assert campaigns.enroll(campaign=summit.campaign, leads=[summit.nora], now=summit.now, actor="x") == 0


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_share_the_lines() -> None:
    tenant = make_tenant("summit", "Summit", vertical="sales")
    with tenant_scope(tenant.pk):
        summit = make_summit(in_denver(tenant, "+13035550199"))
        summit.enroll(*crowd(summit, 30))
    barrier, claimed = threading.Barrier(4), []

    def work() -> None:
        try:
            barrier.wait(10)
            with tenant_scope(tenant.pk):
                claimed.extend(claim(summit))
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert len(claimed) == 5
    assert len({call.phone for call in claimed}) == 5


def test_another_accounts_leads_do_not_exist(summit: Summit, harbor: Summit, other_tenant: Tenant) -> None:
    with tenant_scope(other_tenant.pk):
        harbor.enroll(harbor.nora)
        permission.forbid(phone=summit.nora.phone, source="asked", now=summit.now, actor="x")
    summit.enroll(summit.nora)
    (call,) = claim(summit)
    assert call.lead_id == summit.nora.pk
    assert dialed.recover(now=summit.now + DAY) == 1


class TestByHand:
    """A call that somebody wants now, of an agent to a lead."""

    @pytest.fixture
    def otto(self, summit: Summit) -> TeamAgent:
        agree(summit.carla.phone, now=summit.now)
        return TeamAgent.objects.create(name="Otto", kind="outbound")

    def test_it_takes_a_line_and_the_agent(self, summit: Summit, otto: TeamAgent) -> None:
        call = dialer.claim_for(agent=otto, lead=summit.carla, now=summit.now)
        assert (call.agent, call.lead, call.campaign, call.state) == (otto, summit.carla, None, "claimed")
        assert dialed.confirm(call_id=call.pk, now=summit.now) is not None

    @pytest.mark.parametrize(
        ("reason", "change"),
        [
            ("paused", lambda summit, otto: TeamAgent.objects.update(is_paused=True)),
            ("stopped", lambda summit, otto: DialingRules.objects.update(is_stopped=True)),
            ("no_line", lambda summit, otto: DialingRules.objects.update(lines=0)),
            ("no_consent", lambda summit, otto: Consent.objects.all().delete()),
            ("do_not_call", lambda summit, otto: DoNotCall.objects.create(phone=summit.carla.phone, source="asked")),
            ("closed_lead", lambda summit, otto: Lead.objects.update(status="won")),
            ("busy", lambda summit, otto: dialer.claim_for(agent=otto, lead=summit.ben, now=summit.now)),
        ],
    )
    def test_what_forbids_it_is_named(self, summit: Summit, otto: TeamAgent, reason: str, change: Any) -> None:
        agree(summit.ben.phone, now=summit.now)
        change(summit, otto)
        with pytest.raises(dialer.NotClaimed) as refused:
            dialer.claim_for(agent=otto, lead=summit.carla, now=summit.now)
        assert refused.value.details == {"reason": reason}
        assert not DialedCall.objects.filter(lead=summit.carla).exists()

    def test_nobody_is_called_twice_at_once_nor_at_night(self, summit: Summit, otto: TeamAgent) -> None:
        dialer.claim_for(agent=otto, lead=summit.carla, now=summit.now)
        olive = TeamAgent.objects.create(name="Olive", kind="outbound")
        with pytest.raises(dialer.NotClaimed) as refused:
            dialer.claim_for(agent=olive, lead=summit.carla, now=summit.now)
        assert refused.value.details == {"reason": "on_the_phone"}
        agree(summit.ben.phone, now=summit.now)
        night = summit.now.replace(hour=23)
        with pytest.raises(dialer.NotClaimed) as refused:
            dialer.claim_for(agent=olive, lead=summit.ben, now=night)
        assert refused.value.details == {"reason": "outside_hours"}
