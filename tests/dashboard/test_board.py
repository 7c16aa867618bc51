"""The board against itself: what it tells of random changes, reduced, is what it would tell from nothing."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.dashboard.core.board import Board
from apps.dashboard.core.events import CalledLead, Campaign, Leads, State, Supervision, Team, Turn
from apps.dashboard.core.rows import AgentRow, CallRow, Changes, Details
from apps.dashboard.core.state import reduce
from apps.dashboard.core.transcript import SHOWN

pytestmark = pytest.mark.once
DAY = 1_000_000.0 - 1_000_000.0 % 900
TEAM = Team(tenant="Summit", time_zone="UTC", day="1970-01-12", lines=5, stopped=False, simulated=False)

times = st.integers(-3, 90).map(lambda minutes: DAY + 60.0 * minutes)
agent_ids = st.sampled_from(["tag_1", "tag_2", "tag_3"])
call_ids = st.sampled_from([f"dlc_{number}" for number in range(60)])


@st.composite
def agents(draw: st.DrawFn) -> AgentRow:
    return AgentRow(
        id=draw(agent_ids),
        name=draw(st.sampled_from(["Ava", "Ben"])),
        kind=draw(st.sampled_from(["outbound", "lead"])),
        paused=draw(st.booleans()),
        version=draw(st.integers(0, 2)),
        changed=draw(times),
    )


@st.composite
def calls(draw: st.DrawFn) -> CallRow:
    state = draw(st.sampled_from(["dialing", "ringing", "talking", "ended", "ended", "ended"]))
    is_inbound = draw(st.booleans())
    is_over = state == "ended"
    call_id = draw(call_ids)
    endings = ["answered", "machine", "busy", "abandoned", "not_dialed"]
    return CallRow(
        id=call_id,
        direction="inbound" if is_inbound else "outbound",
        state=state,
        agent=draw(st.one_of(st.just(""), agent_ids)),
        kind=draw(st.sampled_from(["", "support"])),
        lead=draw(st.sampled_from(["", "led_1", "led_2"])),
        phone="+13035550101",
        campaign="",
        conversation=draw(st.sampled_from(["", f"conv_{call_id}"])),
        began=draw(times),
        answered=draw(st.one_of(st.just(0.0), times)),
        ended=draw(times) if is_over else 0.0,
        seconds=draw(st.integers(0, 99)) if is_over else 0,
        ending=draw(st.sampled_from(endings)) if is_over else "",
        outcome=draw(st.sampled_from(["", "meeting_booked", "nurture"])),
    )


turns = st.builds(
    Turn,
    number=st.one_of(st.integers(1, 6), st.integers(SHOWN, SHOWN + 4)),
    role=st.sampled_from(["visitor", "agent", ""]),
    text=st.sampled_from(["That is great, thanks.", "This is a terrible waste.", "Hello."]),
    unheard=st.just(""),
    agent=st.just(""),
    at=st.just(1.0),
)
campaigns = st.builds(
    Campaign,
    id=st.sampled_from(["cmp_1", "cmp_2"]),
    name=st.just("Webinar"),
    status=st.sampled_from(["running", "paused"]),
    agent=st.just("outbound"),
    waiting=st.integers(0, 2),
    calling=st.just(0),
    done=st.just(0),
    skipped=st.just(0),
)


class World:
    """Rows as a database would have them; each step changes some, and says which."""

    def __init__(self) -> None:
        self.agents: dict[str, AgentRow] = {}
        self.calls: dict[str, CallRow] = {}
        self.campaigns: dict[str, Campaign] = {}
        self.turns: dict[str, dict[int, Turn]] = {}
        self.points = 0
        self.day = DAY
        self.leads = Leads()

    def whole(self) -> Changes:
        return Changes(
            team=TEAM,
            day_began=self.day,
            agents=dict(self.agents),
            calls=dict(self.calls),
            campaigns=dict(self.campaigns),
            leads=self.leads,
            whole=frozenset(("agents", "calls", "campaigns")),
        )

    def details(self, board: Board) -> Details:
        """All that the board wants, and leads always: a version of theirs may be another."""
        wanted = board.wants()
        leads = {call.lead for call in board.shown().values() if call.lead}
        return Details(
            leads={one: self.lead(one) for one in leads},
            voice={one: f"voc_{one}" for one in wanted.conversations},
            supervision={one: (Supervision(), 0) for one in wanted.calls},
            turns={one: [*self.turns.get(one, {}).values()] for one in wanted.conversations},
            whole_turns=wanted.conversations,
        )

    def lead(self, lead_id: str) -> CalledLead:
        return CalledLead(
            id=lead_id, name="Nora", company="", score=self.points, temperature="cold", version=self.points
        )

    def from_nothing(self) -> State:
        board = Board()
        board.take(self.whole())
        board.detail(self.details(board))
        board.changed()
        return board.state()


steps = st.lists(
    st.one_of(
        agents(),
        calls(),
        st.tuples(call_ids, turns),
        campaigns,
        call_ids.map(lambda one: ("gone", one)),
        agent_ids.map(lambda one: ("gone", one)),
        st.sampled_from([DAY, DAY + 1_800]).map(lambda day: ("day", day)),
        st.builds(Leads, total=st.integers(0, 3)),
        st.integers(0, 3).map(lambda points: ("points", points)),
    ),
    max_size=8,
)


def step(world: World, change: object, changes: Changes, details: Details) -> None:
    match change:
        case AgentRow():
            world.agents[change.id] = changes.agents[change.id] = change
        case CallRow():
            world.calls[change.id] = changes.calls[change.id] = change
        case Campaign():
            world.campaigns[change.id] = changes.campaigns[change.id] = change
        case Leads():
            world.leads = changes.leads = change
        case ("gone", str(key)):
            rows, changed = (world.agents, changes.agents) if key[0] == "t" else (world.calls, changes.calls)
            rows.pop(key, None)
            if key in changed:
                changed[key] = None
            else:
                changed.setdefault(key, None)
        case ("day", float(day)):
            world.day = changes.day_began = day
        case ("points", int(points)):
            world.points = points
        case (str(call_id), Turn() as turn):
            conversation = f"conv_{call_id}"
            kept = world.turns.setdefault(conversation, {})
            kept[turn.number] = turn
            if not turn.role:
                del kept[turn.number]
            details.turns.setdefault(conversation, []).append(turn)


@settings(max_examples=300)
@given(st.lists(steps, min_size=1, max_size=8))
def test_what_is_told_makes_the_state_that_is_read_from_nothing(rounds: list[list[object]]) -> None:
    world, board = World(), Board()
    board.take(world.whole())
    board.changed()
    viewer = board.state()
    for changes_of_round in rounds:
        changes, details = Changes(), Details()
        for change in changes_of_round:
            step(world, change, changes, details)
        board.take(changes)
        board.detail(details)
        board.detail(world.details(board))
        told = board.changed()
        viewer = reduce(viewer, told)
        assert reduce(viewer, told) == viewer
        assert viewer == board.state() == world.from_nothing()
        assert board.changed() == []
    decoded = msgspec.json.decode(msgspec.json.encode(viewer), type=State)
    assert decoded == viewer


def test_a_board_forgets_what_left_the_floor() -> None:
    world, board = World(), Board()
    for number in range(100):
        call_id = f"dlc_{number:03}"
        world.turns[f"conv_{call_id}"] = {}
        world.calls[call_id] = CallRow(
            id=call_id,
            direction="outbound",
            state="ended",
            agent="",
            kind="",
            lead=f"led_{number}",
            phone="",
            campaign="",
            conversation=f"conv_{call_id}",
            began=DAY + number,
            answered=0.0,
            ended=DAY + number,
            seconds=1,
            ending="answered",
            outcome="",
        )
    board.take(world.whole())
    board.detail(world.details(board))
    board.changed()
    state = board.state()
    assert sorted(state.calls) == [f"dlc_{number:03}" for number in range(60, 100)]
    assert state.kpis.dials == 100
    assert len(board.conversations()) == 40
