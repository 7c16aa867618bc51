"""Who has a call that comes in."""

import datetime as dt

import pytest

from apps.conversations import calls, turns
from apps.conversations.models import Call
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from apps.verticals.sales import received, team
from apps.verticals.sales.models import ReceivedCall, TeamAgent
from apps.verticals.sales.team import Outdated
from tests.verticals.sales.conftest import Summit


def make_team(**kinds: str) -> dict[str, TeamAgent]:
    agents = [TeamAgent(name=name, kind=kind) for kind, names in kinds.items() for name in names.split()]
    return {agent.name: agent for agent in TeamAgent.objects.bulk_create(agents)}


def ring(summit: Summit, *, caller: str = "", agent: str = "triage", minutes: int = 0) -> Call:
    now = summit.now + dt.timedelta(minutes=minutes)
    return calls.begin(agent=agent, channel="phone", carrier="twilio", caller=caller, now=now)


def hang_up(call: Call, *, seconds: int = 60) -> None:
    calls.end(call_id=call.pk, reason="caller_left", now=call.started_at + dt.timedelta(seconds=seconds))


def seat_of(call: Call) -> tuple[str, str, str]:
    row = ReceivedCall.objects.select_related("agent").get(call_id=call.pk)
    return row.kind, row.agent.name if row.agent else "", row.state


def test_a_caller_gets_a_free_agent_and_a_lead_is_known(summit: Summit) -> None:
    make_team(triage="Sasha Sol")
    first, second = ring(summit, caller=summit.nora.phone), ring(summit)
    assert seat_of(first) == ("triage", "Sasha", "talking")
    assert seat_of(second) == ("triage", "Sol", "talking")
    assert ReceivedCall.objects.get(call_id=first.pk).lead == summit.nora
    assert ReceivedCall.objects.get(call_id=second.pk).lead is None


def test_who_has_rested_longest_is_next(summit: Summit) -> None:
    make_team(triage="Sasha Sol")
    hang_up(ring(summit))
    second = ring(summit, minutes=2)
    assert seat_of(second)[1] == "Sol"
    hang_up(second)
    assert seat_of(ring(summit, minutes=9))[1] == "Sasha"


def test_after_a_handoff_another_agent_has_it(summit: Summit) -> None:
    make_team(triage="Sasha", appointment="Ada Abel")
    call = ring(summit)
    turns.hand_over(conversation_id=call.conversation_id, to="appointment", handover={}, now=summit.now)
    assert seat_of(call) == ("appointment", "Abel", "talking")
    assert seat_of(ring(summit))[1] == "Sasha"  # who is free again


def test_where_all_are_busy_or_paused_nobody_has_it(summit: Summit) -> None:
    agents = make_team(triage="Sasha Sol")
    team.set_paused(agent=agents["Sol"], is_paused=True, now=summit.now, actor="x")
    ring(summit)
    call = ring(summit)
    assert seat_of(call) == ("triage", "", "talking")
    hang_up(call)
    assert seat_of(call) == ("triage", "", "ended")


def test_the_end_says_how_long_it_took_once(summit: Summit) -> None:
    make_team(triage="Sasha")
    call = ring(summit)
    hang_up(call, seconds=95)
    hang_up(call, seconds=400)
    row = ReceivedCall.objects.get(call_id=call.pk)
    assert (row.state, row.seconds) == ("ended", 95)


def test_calls_of_ours_and_chats_have_no_seat(summit: Summit) -> None:
    make_team(triage="Sasha")
    calls.begin(agent="outbound", channel="phone", carrier="twilio", direction="outbound", now=summit.now)
    chat = turns.start(agent="triage", channel="chat", now=summit.now)
    turns.hand_over(conversation_id=chat.pk, to="inbound", handover={}, now=summit.now)
    assert not ReceivedCall.objects.exists()


def test_a_business_without_a_floor_seats_nobody(summit: Summit, other_tenant: Tenant) -> None:
    make_team(triage="Sasha")
    with tenant_scope(other_tenant.pk):
        ring(summit)
        assert not ReceivedCall.objects.exists()


def test_a_reception_that_fails_loses_no_call(summit: Summit, monkeypatch: pytest.MonkeyPatch) -> None:
    make_team(triage="Sasha")

    def fail(row: ReceivedCall) -> None:
        raise RuntimeError

    monkeypatch.setattr(received, "_seat", fail)
    call = ring(summit)
    assert Call.objects.filter(pk=call.pk).exists()
    assert not ReceivedCall.objects.exists()  # nothing half done


class TestVersions:
    def test_each_change_has_a_version_of_its_own(self, summit: Summit) -> None:
        sasha = make_team(triage="Sasha")["Sasha"]
        for paused in (True, True, False):  # the same again changes nothing
            sasha = team.set_paused(agent=sasha, is_paused=paused, now=summit.now, actor="x")
        assert sasha.version == 2

    def test_who_has_seen_an_older_one_is_refused(self, summit: Summit) -> None:
        sasha = make_team(triage="Sasha")["Sasha"]
        team.set_paused(agent=sasha, is_paused=True, now=summit.now, actor="x", version=0)
        with pytest.raises(Outdated) as refused:
            team.set_paused(agent=sasha, is_paused=False, now=summit.now, actor="y", version=0)
        assert refused.value.details == {"version": 1}
        assert TeamAgent.objects.get().is_paused
