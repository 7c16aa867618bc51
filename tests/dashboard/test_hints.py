"""Each service that writes: the hints that it publishes are enough, alone, to bring a board up to the database."""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec
import pytest
from django.test import TestCase

from apps.conversations import calls, supervision, turns
from apps.conversations.models import Call
from apps.dashboard.core.board import Board
from apps.dashboard.core.hints import Doubts
from apps.dashboard.core.state import reduce
from apps.dashboard.reading import read_all, read_doubts, snapshot
from apps.telephony.models import PlacedCall
from apps.tenants import keys
from apps.verticals.sales import campaigns, dialed, dialer, imports, leads, meetings, permission, team
from apps.verticals.sales.core.discovery import Answers
from apps.verticals.sales.models import DialedCall, TeamAgent
from tests.verticals.sales.conftest import Summit, make_lead

MINUTE = dt.timedelta(minutes=1)


class Following:
    """A board that reads what hints made doubtful, and a viewer that reduces what it tells."""

    def __init__(self, summit: Summit, hints: list[bytes]) -> None:
        self.summit = summit
        self.hints = hints
        self.board = Board()
        self.state = snapshot(now=summit.now)
        read_all(self.board, now=summit.now, simulated=False)

    @contextmanager
    def told(self) -> Iterator[None]:
        """What is done inside changes the floor, and its hints say so; without any, it changes nothing."""
        before = len(self.hints)
        with TestCase.captureOnCommitCallbacks(execute=True):
            yield
        doubts = Doubts()
        for hint in self.hints[before:]:
            doubts.note(msgspec.json.decode(hint))
        assert not doubts.everything
        events = read_doubts(self.board, doubts, now=self.summit.now, simulated=False) if doubts else []
        self.state = reduce(self.state, events)
        assert self.state == snapshot(now=self.summit.now)


@pytest.fixture
def following(summit: Summit, monkeypatch: pytest.MonkeyPatch) -> Following:
    summit.hire("Ava", "Ben")
    summit.hire("Dora", kind="appointment")
    hints: list[bytes] = []

    def publish(*, key: str, events: list[bytes]) -> None:
        assert key == keys.floor_log(summit.tenant.pk)
        hints.extend(events)

    monkeypatch.setattr("apps.live.after_commit.log.publish", publish)
    return Following(summit, hints)


def place(call: DialedCall, **fields: object) -> PlacedCall:
    return PlacedCall.objects.create(
        number="+13035550199",
        to=call.phone,
        topic="sales",
        about=call.pk,
        key=call.pk,
        carrier_call=f"CA{call.pk}",
        **fields,
    )


def carried(placed: PlacedCall, now: dt.datetime) -> Call:
    return calls.begin(
        agent="outbound",
        channel="phone",
        carrier="twilio",
        carrier_call=placed.carrier_call,
        direction=Call.Direction.OUTBOUND,
        now=now,
    )


def say(call: Call, text: str, now: dt.datetime, role: str = "visitor") -> None:
    turns.add_spoken_turn(conversation=call.conversation, role=role, text=text, run=call.pk, now=now)


def test_a_call_of_the_dialer_from_the_claim_to_its_outcome(following: Following) -> None:
    summit, now = following.summit, following.summit.now
    with following.told():
        summit.enroll(summit.nora, summit.ben, running=False)
    assert following.state.campaigns[summit.campaign.pk].waiting == 2
    with following.told():
        campaigns.start(campaign=summit.campaign, now=now, actor="system")
    with following.told():
        claimed = dialer.claim(now=now)
    assert {call.state for call in following.state.calls.values()} == {"dialing"}
    with following.told():
        for one in claimed:
            dialed.confirm(call_id=one.pk, now=now)
    first, second = claimed
    placed = place(first, status="ringing")
    with following.told():
        dialed.follow(placed, now=now)
    assert following.state.calls[first.pk].state == "ringing"
    placed.status = "in_progress"
    with following.told():
        dialed.follow(placed, now=now)
    with following.told():
        call = carried(placed, now)
    with following.told():
        say(call, "Who is this?", now)
    with following.told():
        say(call, "This sounds great, thank you.", now)
        say(call, "I am glad.", now, role="agent")
    shown = following.state.calls[first.pk]
    assert (shown.state, shown.call, [turn.number for turn in shown.turns]) == ("talking", call.pk, [1, 2, 3])
    assert (shown.sentiment or 0) > 0
    assert shown.lead is not None
    assert shown.lead.name == first.lead.contact.name
    with following.told():
        dialed.record_outcome(
            call=first,
            outcome="meeting_booked",
            note="",
            conversation_id=call.conversation_id,
            now=now,
            actor="system",
        )
    with following.told():
        calls.end(call_id=call.pk, reason="caller_hung_up", now=now + MINUTE)
    placed.status, placed.seconds, placed.answered_by = "completed", 60, "human"
    placed.save()
    with following.told():
        dialed.follow(placed, now=now + MINUTE)
    with following.told():
        dialed.end(call=second, ending=DialedCall.Ending.NO_ANSWER, now=now)
    assert (following.state.kpis.dials, following.state.kpis.appointments) == (2, 1)
    assert following.state.kpis.connects == following.state.kpis.conversations == 1


def test_a_call_that_nobody_looks_after(following: Following) -> None:
    summit, now = following.summit, following.summit.now
    summit.enroll(summit.nora)
    with following.told():
        dialer.claim(now=now)
    with following.told():
        assert dialed.recover(now=now + 2 * MINUTE) == 1
    assert following.state.calls == {}


def test_leads_that_the_dialer_sets_aside(following: Following) -> None:
    summit, now = following.summit, following.summit.now
    with following.told():
        summit.enroll(summit.nora, summit.ben)
    with following.told():
        permission.withdraw(phone=summit.nora.phone, now=now, actor="system")
    with following.told():
        dialer.claim(now=now)
    assert following.state.campaigns[summit.campaign.pk].skipped == 1
    with following.told():
        campaigns.pause(campaign=summit.campaign, now=now, actor="system")


def test_campaigns(following: Following) -> None:
    summit, now = following.summit, following.summit.now
    with following.told():
        summit.enroll(summit.nora)
    with following.told():
        permission.forbid(phone=summit.nora.phone, source="asked", now=now, actor="system")
    assert following.state.campaigns[summit.campaign.pk].skipped == 1
    with following.told():
        campaigns.finish_if_done(campaign=summit.campaign, now=now)
    assert following.state.campaigns[summit.campaign.pk].status == "finished"


def test_a_halt_and_the_red_button(following: Following) -> None:
    summit, now = following.summit, following.summit.now
    summit.enroll(summit.nora)
    with following.told():
        dialer.claim(now=now)
    with following.told():
        campaigns.halt(campaign_id=summit.campaign.pk, now=now)
    with following.told():
        campaigns.stop_all(is_stopped=True, now=now, actor="system")
    assert following.state.team.stopped
    with following.told():
        campaigns.stop_all(is_stopped=False, now=now, actor="system")


def test_a_call_that_comes_in(following: Following) -> None:
    summit, now = following.summit, following.summit.now
    with following.told():
        call = calls.begin(
            agent="appointment",
            channel="phone",
            carrier="twilio",
            carrier_call="CA1",
            caller=summit.nora.phone,
            now=now,
        )
    (shown,) = following.state.calls.values()
    assert shown.lead is not None
    assert (shown.state, shown.call, shown.lead.id) == ("talking", call.pk, summit.nora.pk)
    assert following.state.agents[shown.agent].name == "Dora"
    with following.told():
        say(call, "I am very angry.", now)
    with following.told():
        turns.hand_over(conversation_id=call.conversation_id, to="outbound", handover={}, now=now)
    (shown,) = following.state.calls.values()
    assert following.state.agents[shown.agent].kind == "outbound"
    with following.told():
        calls.end(call_id=call.pk, reason="caller_hung_up", now=now + MINUTE)
    assert following.state.kpis.received == 1
    assert following.state.kpis.talk_s == 60


def test_agents(following: Following) -> None:
    now = following.summit.now
    agent = TeamAgent.objects.get(name="Ava")
    for is_paused, state in ((True, "paused"), (False, "free")):
        with following.told():
            team.set_paused(agent=agent, is_paused=is_paused, now=now, actor="system")
        assert following.state.agents[agent.pk].state == state


def test_leads(following: Following) -> None:
    summit, now = following.summit, following.summit.now
    summit.enroll(summit.nora)
    with following.told():
        (call,) = dialer.claim(now=now)
    with following.told():
        leads.register(first_name="Ida", last_name="Gray", phone="+13035550107", source="Fair", now=now, actor="system")
    with following.told():
        leads.qualify(
            lead=summit.nora,
            need="Scheduling",
            answers=Answers(interest="buying", timeline="now"),
            conversation_id="",
            now=now,
            actor="system",
        )
    shown = following.state.calls[call.pk].lead
    assert shown is not None
    assert shown.score > 0
    with following.told():
        leads.assign(lead=summit.nora, rep=summit.dana, now=now, actor="system")
    with following.told():
        imports.take_in(
            data=b"first_name,last_name,phone\nHal,Stone,+13035550108\n",
            name="l.csv",
            source="Fair",
            now=now,
            actor="s",
        )
    assert following.state.leads.total == 5


def test_what_supervisors_command(following: Following) -> None:
    summit, now = following.summit, following.summit.now
    agent = TeamAgent.objects.get(name="Ava")
    with following.told():
        called = dialer.claim_for(agent=agent, lead=summit.nora, now=now)
    assert following.state.agents[agent.pk].call == called.pk
    placed = place(called, status="in_progress")
    with following.told():
        dialed.follow(placed, now=now)
        call = carried(placed, now)
    for mode in ("barge", "takeover"):
        with following.told():
            supervision.enter(call=call, mode=mode, user="1", name="Mara", now=now, actor="user:1")
        shown = following.state.calls[called.pk]
        assert (shown.supervision.mode, shown.supervision.by) == (mode, "Mara")
    with following.told():
        supervision.leave(call=call, user="1", now=now, actor="user:1")
    with following.told():
        say(call, "I am with you now.", now, role="supervisor")
    with following.told():
        calls.end(call_id=call.pk, reason="caller_hung_up", now=now)
    with following.told():
        dialed.set_outcome(lead=summit.nora, outcome="nurture", note="", now=now, actor="user:1")
    lead = following.state.calls[called.pk].lead
    assert (following.state.calls[called.pk].outcome, lead and lead.version) == ("nurture", 1)


def test_meetings(following: Following) -> None:
    summit, now = following.summit, following.summit.now
    local = dt.datetime(2026, 11, 24, 10)
    with following.told():
        meeting = summit.meet(summit.nora, summit.dana, local)
    assert following.state.leads.by_status["meeting"] == 1
    with following.told():
        meetings.move(
            meeting=meeting, starts_at=local.replace(hour=11, tzinfo=summit.tenant.zone), now=now, actor="system"
        )
    with following.told():
        meetings.cancel(meeting=meeting, reason="", now=now, actor="system")
    assert following.state.leads.by_status["qualified"] == 1


def test_a_chat_of_the_same_tenant_is_none_of_the_floor(following: Following) -> None:
    now = following.summit.now
    with following.told():
        conversation = turns.start(agent="appointment", channel="chat", now=now)
        turns.add_spoken_turn(conversation=conversation, role="visitor", text="Hi", run="", now=now)


def test_the_number_of_queries_does_not_grow(
    following: Following, django_assert_max_num_queries: Callable[..., Iterator[None]]
) -> None:
    summit, now = following.summit, following.summit.now
    for number in range(30):
        lead = make_lead("Lead", str(number), f"+1303555{number:04}")
        summit.dialed(lead, state="talking", conversation_id=f"conv_{number}")
    with django_assert_max_num_queries(14):  # type: ignore[attr-defined]
        assert len(snapshot(now=now).calls) == 30
