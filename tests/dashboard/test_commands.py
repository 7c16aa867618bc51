"""Commands of the floor: each right way, each refusal, once only, by version, and every one of them written down."""

import asyncio
import os
import random
from collections import Counter
from typing import Any

import pytest
import time_machine
from asgiref.sync import sync_to_async

from apps.conversations import calls, orders
from apps.conversations.models import Call
from apps.conversations.orders import Answer
from apps.dashboard import commands, tickets
from apps.dashboard.models import Command
from apps.dashboard.viewers import Viewer
from apps.telephony import placing
from apps.telephony.calls import Outbound
from apps.tenants import keys
from apps.tenants.models import AuditEntry, Membership
from apps.tenants.scope import tenant_scope
from apps.verticals.sales import permission
from apps.verticals.sales.models import DialedCall, DialingRules, Lead, ReceivedCall, TeamAgent
from tests.dashboard.floor import NOW, Floor, command, holding, make_floor

DUEL = int(os.environ.get("DUEL", "2000"))
"""Commands of two supervisors against each other (bench/README.md, "Steering", has 10,000)."""


@pytest.fixture
def floor(db: None) -> Floor:
    return make_floor()


@pytest.fixture
def elsewhere(db: None) -> Floor:
    """Another account, of which Summit's people must see nothing."""
    return make_floor("harbor", "+13035550198")


def refused(ack: dict[str, Any], code: str) -> bool:
    return ack["ok"] is False and ack["code"] == code and bool(ack["message"])


def trail(floor: Floor, what: str) -> list[str]:
    with tenant_scope(floor.tenant.pk):
        rows = AuditEntry.objects.filter(action__startswith=f"{what}.").order_by("at", "id")
        return list(rows.values_list("action", flat=True))


def test_an_agent_is_paused_and_resumed(floor: Floor) -> None:
    ack = floor.do(floor.manager, "agent.pause", floor.agent.pk, 0)
    assert (ack["ok"], ack["version"]) == (True, 1)
    ack = floor.do(floor.owner, "agent.resume", floor.agent.pk, 1)
    assert (ack["ok"], ack["version"]) == (True, 2)
    assert trail(floor, "agent") == ["agent.paused", "agent.resumed"]


def test_the_same_id_again_is_the_same_command(floor: Floor) -> None:
    with tenant_scope(floor.tenant.pk):
        once = command("agent.pause", floor.agent.pk, 0, id="one")
        first, again = (commands.decide(viewer=floor.owner, command=once) for _ in range(2))
        other = commands.decide(viewer=floor.owner, command=command("agent.resume", floor.agent.pk, 1, id="one"))
        assert Command.objects.count() == 1
        assert TeamAgent.objects.get().version == 1
    assert first == again
    assert isinstance(other, dict)
    assert refused(other, "invalid_input")
    assert other["field"] == "id"
    assert floor.do(floor.manager, "agent.resume", floor.agent.pk, 1)["ok"]  # ids are each person's own


def test_who_knew_an_older_version_is_told_the_new_one(floor: Floor) -> None:
    floor.do(floor.owner, "agent.pause", floor.agent.pk, 0)
    ack = floor.do(floor.manager, "agent.resume", floor.agent.pk, 0)
    assert refused(ack, "conflict")
    assert ack["version"] == 1
    with tenant_scope(floor.tenant.pk):
        assert TeamAgent.objects.get().is_paused
        rows = Command.objects.order_by("at", "id")
        assert [(row.who, row.role, row.name, row.ack["ok"]) for row in rows] == [
            ("Owner", "owner", "agent.pause", True),
            ("Manager", "manager", "agent.resume", False),
        ]


@pytest.mark.parametrize("name", ["agent.pause", "agent.assign_lead", "call.takeover", "call.listen", "call.end"])
def test_staff_watch_and_command_nothing(floor: Floor, name: str) -> None:
    assert refused(floor.do(floor.staff, name, floor.agent.pk, lead=floor.summit.nora.pk), "forbidden")


def test_a_role_that_was_taken_counts_no_more(floor: Floor) -> None:
    with tenant_scope(floor.tenant.pk):
        Membership.objects.filter(user=floor.manager.user_id).delete()
    assert refused(floor.do(floor.manager, "agent.pause", floor.agent.pk), "forbidden")


@pytest.mark.parametrize("name", ["agent.pause", "agent.assign_lead", "call.takeover", "call.end", "lead.set_outcome"])
def test_a_foreign_target_is_like_one_that_is_not(floor: Floor, elsewhere: Floor, name: str) -> None:
    theirs = {"agent": elsewhere.agent.pk, "call": elsewhere.talk()[0].pk, "lead": elsewhere.summit.nora.pk}
    args: dict[str, Any] = {"outcome": "interested"} if name == "lead.set_outcome" else {"lead": floor.summit.nora.pk}
    answers = [floor.do(floor.owner, name, target, **args) for target in (theirs[name.split(".")[0]], "nothing")]
    assert all(refused(ack, "not_found") for ack in answers)
    assert answers[0]["message"] == answers[1]["message"]
    with tenant_scope(elsewhere.tenant.pk):
        assert not Command.objects.exists()


def test_a_foreign_lead_is_assigned_to_nobody(floor: Floor, elsewhere: Floor) -> None:
    ack = floor.do(floor.owner, "agent.assign_lead", floor.agent.pk, lead=elsewhere.summit.nora.pk)
    assert refused(ack, "not_found")
    assert ack["field"] == "lead"


def test_bad_input_is_named(floor: Floor) -> None:
    dialed, _ = floor.talk()
    cases: tuple[tuple[str, str, dict[str, Any], str], ...] = (
        ("agent.fire", floor.agent.pk, {}, "name"),
        ("agent.assign_lead", floor.agent.pk, {}, "lead"),
        ("agent.assign_lead", floor.agent.pk, {"lead": 3}, "lead"),
        ("call.whisper", dialed.pk, {"text": "  "}, "text"),
        ("call.whisper", dialed.pk, {"text": "x" * 1_001}, "text"),
        ("call.return", dialed.pk, {"summary": ["x"]}, "summary"),
        ("lead.set_outcome", floor.summit.nora.pk, {"outcome": "rich"}, "outcome"),
        ("lead.set_outcome", floor.summit.nora.pk, {"outcome": "interested", "note": "x" * 401}, "note"),
    )
    for name, target, args, field in cases:
        ack = floor.do(floor.owner, name, target, **args)
        assert refused(ack, "invalid_input"), name
        assert ack["field"] == field


async def test_what_cannot_be_written_down_is_refused_without() -> None:
    nobody = Viewer("ten_x", "1", "Owner", "owner", "s")
    for bad, field in (
        (command("agent.pause", id="x" * 65), "id"),
        (command("agent.pause" * 9), "name"),
        (command("agent.pause", "x" * 65), "target"),
        (command("agent.pause", version=-1), "version"),
        (command("agent.pause", text="x" * 5_000), "args"),
        (command("agent.pause", text="\0"), "args"),
        (command("agent.pause", text=[{"\0": 1}]), "args"),
    ):
        ack = await commands.perform(viewer=nobody, command=bad)
        assert refused(ack, "invalid_input")
        assert ack["field"] == field


# Leads


def test_an_outcome_is_set_once(floor: Floor) -> None:
    dialed, _ = floor.talk()
    ack = floor.do(floor.owner, "lead.set_outcome", floor.summit.nora.pk, 0, outcome="interested", note="Call in May")
    assert (ack["ok"], ack["version"]) == (True, 1)
    assert refused(floor.do(floor.manager, "lead.set_outcome", floor.summit.nora.pk, 0, outcome="nurture"), "conflict")
    with tenant_scope(floor.tenant.pk):
        dialed.refresh_from_db()
        assert (dialed.disposition, dialed.note) == ("interested", "Call in May")
        assert Lead.objects.get(pk=floor.summit.nora.pk).status == "contacted"


def test_an_outcome_of_a_call_that_came_in(floor: Floor) -> None:
    with tenant_scope(floor.tenant.pk):
        received = ReceivedCall.objects.create(call_id="voc_1", conversation_id="c", kind="x", lead=floor.summit.ben)
    assert floor.do(floor.owner, "lead.set_outcome", floor.summit.ben.pk, 0, outcome="do_not_call")["ok"]
    with tenant_scope(floor.tenant.pk):
        received.refresh_from_db()
        assert received.disposition == "do_not_call"
        assert Lead.objects.get(pk=floor.summit.ben.pk).status == "closed"


def test_nobody_has_talked_to_a_lead_without_a_call(floor: Floor) -> None:
    ack = floor.do(floor.owner, "lead.set_outcome", floor.summit.nora.pk, outcome="interested")
    assert refused(ack, "not_talking")


def test_staff_set_outcomes_of_their_own_leads(floor: Floor) -> None:
    floor.talk()
    ack = floor.do(floor.staff, "lead.set_outcome", floor.summit.nora.pk, outcome="interested")
    assert refused(ack, "forbidden")
    with tenant_scope(floor.tenant.pk):
        Lead.objects.filter(pk=floor.summit.nora.pk).update(rep=floor.summit.dana)
    assert floor.do(floor.staff, "lead.set_outcome", floor.summit.nora.pk, outcome="interested")["ok"]


# Assigning leads


class Carrier:
    """Takes orders."""

    def __init__(self) -> None:
        self.rung: list[Outbound] = []

    async def start_call(self, call: Outbound) -> str:
        self.rung.append(call)
        return f"CA{len(self.rung)}"


@pytest.fixture
def carrier(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Carrier:
    carrier = Carrier()
    settings.PUBLIC_URL = "https://calls.example"
    monkeypatch.setattr(placing, "gateway", lambda: carrier)
    return carrier


@pytest.fixture
def live_floor(transactional_db: None) -> Floor:
    return make_floor()


async def test_an_agent_calls_the_lead_it_is_given(live_floor: Floor, carrier: Carrier) -> None:
    floor = live_floor
    with time_machine.travel(NOW):
        wanted = command("agent.assign_lead", floor.agent.pk, 0, lead=floor.summit.nora.pk)
        ack = await commands.perform(viewer=floor.manager, command=wanted)
    assert ack["ok"], ack
    assert ack["version"] == 1
    assert [call.to for call in carrier.rung] == [floor.summit.nora.phone]

    def placed() -> DialedCall:
        with tenant_scope(floor.tenant.pk):
            return DialedCall.objects.select_related("agent").get()

    call = await sync_to_async(placed)()
    assert (call.pk, call.agent, call.state) == (ack["call"], floor.agent, "dialing")
    assert await commands.perform(viewer=floor.manager, command=wanted) == ack
    assert len(carrier.rung) == 1


def test_the_dialers_gates_hold_for_a_supervisor(floor: Floor) -> None:
    summit, agent = floor.summit, floor.agent

    def assign(lead: Lead) -> dict[str, Any]:
        return floor.do(floor.owner, "agent.assign_lead", agent.pk, lead=lead.pk)

    with time_machine.travel(NOW, tick=False):
        with tenant_scope(floor.tenant.pk):
            permission.withdraw(phone=summit.ben.phone, now=NOW, actor="system")
            permission.forbid(phone=summit.carla.phone, source="team", now=NOW, actor="system")
        assert refused(assign(summit.ben), "no_consent")
        assert refused(assign(summit.carla), "do_not_call")
        with tenant_scope(floor.tenant.pk):
            DialingRules.objects.update(is_stopped=True)
        assert refused(assign(summit.nora), "stopped")
        with tenant_scope(floor.tenant.pk):
            DialingRules.objects.update(is_stopped=False, lines=0)
        assert refused(assign(summit.nora), "no_line")
        with tenant_scope(floor.tenant.pk):
            DialingRules.objects.update(lines=5)
            TeamAgent.objects.update(is_paused=True)
        assert refused(assign(summit.nora), "paused")
        with tenant_scope(floor.tenant.pk):
            TeamAgent.objects.update(is_paused=False, kind="appointment")
        assert refused(assign(summit.nora), "not_a_caller")
        with tenant_scope(floor.tenant.pk):
            TeamAgent.objects.update(kind="outbound")
        busy, _ = floor.talk(agent=agent)
        assert refused(assign(summit.nora), "busy")
        with tenant_scope(floor.tenant.pk):
            DialedCall.objects.filter(pk=busy.pk).update(state="ended", ending="answered")
            assert TeamAgent.objects.get().version == 0  # a refusal changes nothing
    with time_machine.travel(NOW.replace(hour=5), tick=False):  # 10 PM the day before in Denver
        assert refused(assign(summit.nora), "outside_hours")


# Calls


async def run(floor: Floor, viewer: Viewer, name: str, target: str, version: int | None = None, **args: Any) -> Any:
    return await commands.perform(viewer=viewer, command=command(name, target, version, **args))


def state_of(floor: Floor, call: Call) -> Call:
    with tenant_scope(floor.tenant.pk):
        return Call.objects.get(pk=call.pk)


async def test_a_call_is_listened_to_and_its_agent_whispered_to(live_floor: Floor) -> None:
    floor = live_floor
    dialed, call = await sync_to_async(floor.talk)()
    async with holding() as holder:
        ack = await run(floor, floor.owner, "call.listen", dialed.pk, 0)
        assert (ack["ok"], ack["version"]) == (True, 0)
        ticket = await tickets.redeem(ack["audio"], purpose="audio")
        assert (ticket.call, ticket.mode, ticket.user_id) == (call.pk, "listen", floor.owner.user_id)
        assert (await run(floor, floor.manager, "call.whisper", dialed.pk, 0, text=" Ask for May. "))["ok"]
        assert holder.kinds == ["listen", "whisper"]
        assert holder.done[1].text == "Ask for May."
        assert (holder.done[1].tenant, holder.done[1].call) == (floor.tenant.pk, call.pk)
    assert await sync_to_async(trail)(floor, "call") == ["call.listened", "call.whispered"]


async def test_one_supervisor_has_a_call(live_floor: Floor) -> None:
    floor = live_floor
    dialed, call = await sync_to_async(floor.talk)()
    async with holding() as holder:
        first = await run(floor, floor.owner, "call.takeover", dialed.pk, 0, text="Dana here")
        assert (first["ok"], first["version"]) == (True, 1)
        assert "audio" in first
        assert refused(await run(floor, floor.manager, "call.takeover", dialed.pk, 0), "conflict")
        for name in ("call.takeover", "call.barge", "call.end"):
            assert refused(await run(floor, floor.manager, name, dialed.pk, 1), "busy"), name
        assert refused(await run(floor, floor.manager, "call.return", dialed.pk, 1), "busy")
        now = await sync_to_async(state_of)(floor, call)
        assert (now.supervision, now.supervisor, now.supervisor_name) == ("takeover", floor.owner.user_id, "Owner")
        back = await run(floor, floor.owner, "call.return", dialed.pk, 1, summary="They want a demo.")
        assert (back["ok"], back["version"]) == (True, 2)
        assert refused(await run(floor, floor.owner, "call.return", dialed.pk, 2), "not_talking")
        assert (await run(floor, floor.manager, "call.barge", dialed.pk, 2))["ok"]
        upgraded = await run(floor, floor.manager, "call.takeover", dialed.pk, 3)
        assert (upgraded["ok"], upgraded["version"]) == (True, 4)
        assert holder.kinds == ["takeover", "type", "return", "barge", "takeover"]
        assert [order.version for order in holder.done] == [1, 1, 2, 3, 4]
        assert holder.done[2].text == "They want a demo."
    assert await sync_to_async(trail)(floor, "call") == [
        *("call.taken_over", "call.handed_back", "call.barged_in", "call.taken_over")
    ]


async def test_a_call_that_cannot_be_reached_is_left_again(live_floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    floor = live_floor
    dialed, call = await sync_to_async(floor.talk)()
    monkeypatch.setattr(orders.ask, "__kwdefaults__", {"within": 0.3})
    async with holding() as holder:
        holder.deaf = True
        ack = await run(floor, floor.owner, "call.takeover", dialed.pk, 0)
        assert refused(ack, "unreachable")
        now = await sync_to_async(state_of)(floor, call)
        assert (now.supervision, now.version) == ("", 2)
        assert ack["version"] == 2
        holder.deaf, holder.refusal = False, Answer(False, "not_talking", "They have said goodbye.")
        ack = await run(floor, floor.owner, "call.barge", dialed.pk, 2)
        assert refused(ack, "not_talking")
        assert (await sync_to_async(state_of)(floor, call)).supervision == ""


async def test_where_nobody_holds_calls_it_is_refused_at_once(
    live_floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "orders", lambda: "cs:{platform}:orders:elsewhere")
    dialed, _ = await sync_to_async(live_floor.talk)()
    async with asyncio.timeout(2):
        assert refused(await run(live_floor, live_floor.owner, "call.end", dialed.pk), "unreachable")


def test_a_call_that_rings_or_is_over_is_not_steered(floor: Floor) -> None:
    dialed, call = floor.talk()
    with tenant_scope(floor.tenant.pk):
        ringing = floor.summit.dialed(floor.summit.ben, state="ringing")
        calls.end(call_id=call.pk, reason="goodbye", now=NOW)
    for target in (dialed.pk, ringing.pk):
        for name in ("call.listen", "call.barge", "call.end", "call.return"):
            assert refused(floor.do(floor.owner, name, target), "not_talking")


async def test_a_command_sent_twice_at_once_is_done_once(live_floor: Floor) -> None:
    dialed, _ = await sync_to_async(live_floor.talk)()
    twice = command("call.takeover", dialed.pk, 0)
    async with holding() as holder:
        acks = await asyncio.gather(*(commands.perform(viewer=live_floor.owner, command=twice) for _ in range(2)))
        assert acks[0] == acks[1]
        assert acks[0]["ok"]
        assert holder.kinds == ["takeover"]


async def test_what_was_begun_is_written_down_though_its_sender_leaves(live_floor: Floor) -> None:
    dialed, _ = await sync_to_async(live_floor.talk)()
    wanted = command("call.barge", dialed.pk, 0)
    async with holding() as holder:
        sending = asyncio.create_task(commands.perform(viewer=live_floor.owner, command=wanted))
        await holder.heard.wait()
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        assert (await commands.perform(viewer=live_floor.owner, command=wanted))["ok"]
        assert holder.kinds == ["barge"]


# Two supervisors at once


def duel(floor: Floor, rounds: int, *, seed: int = 1) -> Counter[str]:
    """Two supervisors at the same agents, calls and leads, with the version both have seen; what they were told."""
    chance = random.Random(seed)
    with tenant_scope(floor.tenant.pk):
        agents = [floor.agent.pk, *(agent.pk for agent in floor.summit.hire("Bo", "Cy", "Di"))]
    talk = floor.talk()[0].pk
    answers: Counter[str] = Counter()
    seen = dict.fromkeys([*agents, talk, floor.summit.nora.pk], 0)
    is_paused = dict.fromkeys(agents, False)
    has_call: Viewer | None = None
    for number in range(rounds // 2):
        target = chance.choice(list(seen))
        args: dict[str, Any] = {}
        if target in is_paused:
            name = "agent.resume" if is_paused[target] else "agent.pause"
            is_paused[target] = not is_paused[target]
        elif target == talk:
            name = "call.return" if has_call else chance.choice(["call.takeover", "call.barge"])
        else:
            name, args = "lead.set_outcome", {"outcome": ("nurture", "interested")[number % 2], "note": str(number)}
        two = [floor.owner, floor.manager]
        chance.shuffle(two)
        if has_call and target == talk:
            two.sort(key=lambda who: who is not has_call)  # the other one's word would be `busy`
        acks = [floor.do(who, name, target, seen[target], **args) for who in two]
        assert acks[0]["ok"], acks
        assert refused(acks[1], "conflict"), acks
        assert acks[0]["version"] == acks[1]["version"] == seen[target] + 1
        seen[target] += 1
        if target == talk:
            has_call = None if has_call else two[0]
        answers.update("won" if ack["ok"] else ack["code"] for ack in acks)
    with tenant_scope(floor.tenant.pk):
        assert all((row.version, row.is_paused) == (seen[row.pk], is_paused[row.pk]) for row in TeamAgent.objects.all())
        assert Lead.objects.get(pk=floor.summit.nora.pk).version == seen[floor.summit.nora.pk]
        call = Call.objects.get(conversation=DialedCall.objects.get(pk=talk).conversation_id)
        assert (call.version, call.supervisor) == (seen[talk], has_call.user_id if has_call else "")
        assert Command.objects.count() == sum(answers.values())
        assert Command.objects.filter(ack__ok=True).count() == answers["won"]
        assert AuditEntry.objects.exclude(actor="system").count() == answers["won"]
    return answers


@pytest.mark.once
@pytest.mark.timeout(600)
def test_two_supervisors_have_one_winner_each(floor: Floor) -> None:
    assert duel(floor, DUEL) == {"won": DUEL // 2, "conflict": DUEL // 2}


async def test_at_the_same_moment_one_wins(live_floor: Floor) -> None:
    """In threads of their own, each with a connection: the database decides."""
    floor = live_floor
    for version in range(12):
        name = "agent.pause" if version % 2 == 0 else "agent.resume"
        acks = await asyncio.gather(
            *(run(floor, who, name, floor.agent.pk, version) for who in (floor.owner, floor.manager))
        )
        assert sorted(ack["ok"] for ack in acks) == [False, True], acks
        assert {ack["code"] for ack in acks if not ack["ok"]} == {"conflict"}
        assert {ack["version"] for ack in acks} == {version + 1}
