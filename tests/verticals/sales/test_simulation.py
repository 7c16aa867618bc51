"""The simulated floor: its calls go the way of real ones, and leave nothing behind."""

import datetime as dt
import random
from io import StringIO

import phonenumbers
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.common.redis import client
from apps.conversations import calls, orders, supervision
from apps.conversations.models import Call, Turn
from apps.conversations.orders import Answer, Order
from apps.telephony import numbers
from apps.tenants import keys
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from apps.verticals.sales import team
from apps.verticals.sales.core.hours import LAWFUL, may_ring
from apps.verticals.sales.models import Campaign, DialedCall, DialingRules, Lead, ReceivedCall, TeamAgent
from apps.verticals.sales.numbers import zones_of
from apps.verticals.sales.simulation import people, script
from apps.verticals.sales.simulation.floor import CAMPAIGN, SimulatedFloor
from tests.verticals.sales.conftest import Summit
from tests.verticals.sales.test_received import make_team

TICK = dt.timedelta(seconds=1)
NIGHTS = [dt.datetime(2026, 11, 24, hour, 30, tzinfo=dt.UTC) for hour in range(0, 24, 3)]


@pytest.fixture
def staffed(summit: Summit) -> Summit:
    """A team with lines, a number to call from, and nobody on the phone."""
    make_team(triage="Sasha Sol", inbound="Iris Ian", outbound="Oscar Olive Otto", lead="Leo", appointment="Ada")
    DialingRules.objects.update(lines=4)
    numbers.assign(number="+13035550199")
    return summit


def floor_of(summit: Summit, *, rate: float = 20, seed: int = 1) -> SimulatedFloor:
    return SimulatedFloor(summit.tenant, calls_per_minute=rate, chance=random.Random(seed), now=summit.now)


def play(floor: SimulatedFloor, begins: dt.datetime, *, minutes: float) -> dt.datetime:
    now = begins
    while now < begins + dt.timedelta(minutes=minutes):
        now += TICK
        floor.step(now)
    return now


def test_its_calls_go_the_way_of_real_ones(staffed: Summit) -> None:
    floor = floor_of(staffed)
    floor.close(play(floor, staffed.now, minutes=8))
    dialed = list(DialedCall.objects.filter(claimed_at__gte=staffed.now).select_related("agent", "campaign"))
    received = list(ReceivedCall.objects.all())
    assert len(dialed) + len(received) == floor.begun > 40
    assert {call.state for call in dialed} == {call.state for call in received} == {"ended"}
    assert {call.ending for call in dialed} >= {"answered", "no_answer", "machine"}
    assert not [call for call in dialed if call.ending == "abandoned"]
    assert {call.disposition for call in dialed} > {"", "meeting_booked"}
    assert all(call.agent and call.campaign and call.campaign.name == CAMPAIGN for call in dialed)
    assert any(call.kind in ("inbound", "appointment") for call in received)
    talked = DialedCall.objects.filter(disposition="meeting_booked", claimed_at__gte=staffed.now).first()
    assert talked is not None
    said = Turn.objects.filter(conversation=talked.conversation_id).order_by("number")
    assert said[0].text.startswith(f"Hello, this is {talked.agent}, an AI assistant of ")
    assert not Call.objects.filter(status=Call.Status.ACTIVE, carrier="simulated").exists()
    assert Campaign.objects.get(name=CAMPAIGN).status == Campaign.Status.PAUSED


def test_nobody_is_called_at_night_and_no_line_is_taken_twice(staffed: Summit) -> None:
    for moment in NIGHTS:
        floor = SimulatedFloor(staffed.tenant, calls_per_minute=60, chance=random.Random(3), now=moment)
        now = moment
        for _ in range(40):
            now += TICK
            floor.step(now)
            assert DialedCall.objects.exclude(state="ended").count() <= 4
        floor.close(now)
    calls = list(DialedCall.objects.filter(lead__source="Simulated floor"))
    assert len({call.claimed_at.hour for call in calls}) == len(NIGHTS)  # somebody is awake at any hour
    assert all(may_ring(call.claimed_at, zones_of(call.phone), LAWFUL) for call in calls)


def test_a_paused_agent_gets_no_call(staffed: Summit) -> None:
    oscar = TeamAgent.objects.get(name="Oscar")
    team.set_paused(agent=oscar, is_paused=True, now=staffed.now, actor="x")
    floor = floor_of(staffed, rate=60)
    floor.close(play(floor, staffed.now, minutes=2))
    assert DialedCall.objects.filter(claimed_at__gte=staffed.now).exists()
    assert not oscar.calls.filter(claimed_at__gte=staffed.now).exists()


def test_its_calls_are_held_and_it_is_marked(staffed: Summit) -> None:
    floor = floor_of(staffed)
    now = play(floor, staffed.now, minutes=2)
    held = {member.decode() for member in client().zrange(keys.calls(), 0, -1)}
    active = set(Call.objects.filter(status=Call.Status.ACTIVE).values_list("pk", flat=True))
    lately = set(Call.objects.filter(started_at__gt=now - dt.timedelta(seconds=4)).values_list("pk", flat=True))
    assert active
    assert {f"{staffed.tenant.pk}/{call}" for call in active - lately} <= held
    assert client().exists(keys.floor_simulated(staffed.tenant.pk))
    floor.close(now)
    assert not client().exists(keys.floor_simulated(staffed.tenant.pk))


def test_what_a_killed_one_left_is_ended(staffed: Summit) -> None:
    killed = floor_of(staffed)
    now = play(killed, staffed.now, minutes=3)
    assert DialedCall.objects.exclude(state="ended").exists()
    SimulatedFloor(staffed.tenant, calls_per_minute=1, chance=random.Random(2), now=now)
    assert not Call.objects.filter(status=Call.Status.ACTIVE, carrier="simulated").exists()
    assert not ReceivedCall.objects.exclude(state="ended").exists()
    assert not DialedCall.objects.exclude(state__in=("ended", "dialing")).exists()  # one that never rang is recovered


class TestOrders:
    """A supervisor steers a simulated call."""

    @pytest.fixture
    def floor(self, staffed: Summit) -> SimulatedFloor:
        return floor_of(staffed)

    @pytest.fixture
    def now(self, staffed: Summit, floor: SimulatedFloor) -> dt.datetime:
        return play(floor, staffed.now, minutes=2)

    @pytest.fixture
    def call(self, floor: SimulatedFloor, now: dt.datetime) -> Call:
        return next(call.call for call in floor.under_way if call.call is not None)

    @staticmethod
    def order(call: Call, kind: str, text: str = "") -> Order:
        return orders.order_for(call=call, kind=kind, id=f"{kind}-1", user="1", by="Ray", text=text)

    @staticmethod
    def said(call: Call) -> list[tuple[str, str]]:
        return list(
            Turn.objects.filter(conversation=call.conversation_id).order_by("number").values_list("role", "text")
        )

    def test_the_agent_is_silent_until_it_has_the_call_back(
        self, floor: SimulatedFloor, call: Call, now: dt.datetime
    ) -> None:
        assert floor.desk.perform(self.order(call, "takeover")) == Answer(True)
        assert floor.desk.perform(self.order(call, "type", "Hello, this is Ray.")) == Answer(True)
        before = self.said(call)
        now = play(floor, now, minutes=1)
        assert self.said(call) == [*before, ("supervisor", "Hello, this is Ray.")]
        assert floor.desk.perform(self.order(call, "return")) == Answer(True)
        play(floor, now, minutes=2)
        assert self.said(call)[len(before) + 1] == ("agent", "Thank you for waiting. Let us go on.")
        call.refresh_from_db()
        assert call.ended == "caller_left"

    def test_who_leaves_without_a_word_keeps_no_caller(
        self, floor: SimulatedFloor, call: Call, now: dt.datetime
    ) -> None:
        supervision.enter(call=call, mode="takeover", user="1", name="Ray", now=now, actor="user:1")
        floor.desk.perform(self.order(call, "takeover"))
        play(floor, now, minutes=5)
        call.refresh_from_db()
        assert (call.status, call.supervisor) == (Call.Status.ENDED, "")

    def test_it_is_ended_with_a_goodbye(self, floor: SimulatedFloor, call: Call, now: dt.datetime) -> None:
        floor.desk.perform(self.order(call, "end"))
        play(floor, now, minutes=0.1)
        call.refresh_from_db()
        assert call.ended == "supervisor"
        assert self.said(call)[-1] == ("agent", "Thank you for your time. Goodbye.")

    @pytest.mark.parametrize("kind", ["listen", "barge", "whisper"])
    def test_what_it_cannot_do_it_says(self, floor: SimulatedFloor, call: Call, kind: str) -> None:
        answer = floor.desk.perform(self.order(call, kind))
        assert answer is not None
        assert (answer.ok, answer.code) == (False, "simulated")

    def test_a_call_of_somebody_else_is_left_to_them(self, floor: SimulatedFloor, staffed: Summit) -> None:
        real = calls.begin(agent="triage", channel="phone", carrier="twilio", now=staffed.now)
        assert floor.desk.perform(self.order(real, "end")) is None


def test_a_floor_forgets_what_is_old(staffed: Summit) -> None:
    floor = floor_of(staffed)
    now = play(floor, staffed.now, minutes=3)
    floor.close(now)
    then = now + dt.timedelta(days=3)
    later = SimulatedFloor(staffed.tenant, calls_per_minute=0.01, chance=random.Random(9), now=then)
    for _ in range(60):
        then += dt.timedelta(seconds=4)
        later.step(then)
    later.close(then)
    assert later.begun <= 1
    assert Call.objects.filter(carrier="simulated").count() <= 1
    assert Lead.objects.filter(source="Simulated floor").count() <= 1


def test_another_tenant_is_left_alone(staffed: Summit, other_tenant: Tenant) -> None:
    with tenant_scope(other_tenant.pk):
        make_team(outbound="Foreign")
    floor = floor_of(staffed)
    floor.close(play(floor, staffed.now, minutes=1))
    with tenant_scope(other_tenant.pk):
        assert not DialedCall.objects.exists()
        assert not Lead.objects.exists()


def test_a_script_is_the_same_for_the_same_chance() -> None:
    for make in (script.outbound, script.inbound):
        for seed in range(50):
            steps = make(random.Random(seed))
            assert steps == make(random.Random(seed))
            assert all(seconds >= 0 for seconds, _ in steps)
            last = steps[-1][1]
            assert isinstance(last, script.HangUp | script.Decline | script.Machine)


def test_numbers_can_be_dialed_in_their_country() -> None:
    for seed in range(300):
        person = people.somebody(random.Random(seed))
        assert phonenumbers.is_possible_number(phonenumbers.parse(person.phone)), person.phone
        assert zones_of(person.phone), person.phone


class TestCommand:
    @pytest.fixture(autouse=True)
    def _debug(self, settings: object) -> None:
        settings.DEBUG = True  # type: ignore[attr-defined]

    @pytest.mark.parametrize(
        ("arguments", "named"),
        [
            (["--calls-per-minute", "0"], "--calls-per-minute"),
            (["--agents", "0"], "--agents"),
            (["--tenant", "nobody"], "nobody"),
        ],
    )
    def test_what_is_wrong_is_named(self, summit: Summit, arguments: list[str], named: str) -> None:
        with pytest.raises(CommandError, match=named):
            call_command("floor", *arguments)

    def test_only_for_trying(self, summit: Summit, settings: object) -> None:
        settings.DEBUG = False  # type: ignore[attr-defined]
        with pytest.raises(CommandError, match="DEBUG"):
            call_command("floor")

    def test_it_staffs_the_floor_and_ends(self, staffed: Summit) -> None:
        out = StringIO()
        call_command(
            "floor", "--tenant", staffed.tenant.slug, "--agents", "14", "--seconds", "0.5", "--seed", "1", stdout=out
        )
        assert TeamAgent.objects.count() == 14
        assert out.getvalue().endswith("simulated calls.\n")
        assert timezone.now() > staffed.now
