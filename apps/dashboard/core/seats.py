"""What an agent of the floor does, by its calls."""

from collections.abc import Sequence

from apps.dashboard.core.events import Agent
from apps.dashboard.core.kpis import tally
from apps.dashboard.core.rows import AgentRow, CallRow

_FURTHEST = {"talking": 0, "ringing": 1, "dialing": 2}


def agent_view(row: AgentRow, calls: Sequence[CallRow], *, day_began: float) -> Agent:
    """The agent as it is shown, by its calls of today and those under way."""
    tallies = [tally(call, day_began=day_began) for call in calls]
    state, since, on_call = _doing(row, calls)
    return Agent(
        id=row.id,
        name=row.name,
        kind=row.kind,
        state=state,
        since=since,
        paused=row.paused,
        call=on_call,
        version=row.version,
        dials=sum(one.dials for one in tallies),
        connects=sum(one.connects for one in tallies),
        conversations=sum(one.conversations for one in tallies),
        appointments=sum(one.appointments for one in tallies),
        talk_s=sum(one.talk_s for one in tallies),
    )


def _doing(row: AgentRow, calls: Sequence[CallRow]) -> tuple[str, float, str]:
    """(state, since when, id of the call it is in). Of two calls, which a race may give it, the one further on."""
    open_calls = [call for call in calls if call.is_open]
    if open_calls:
        call = min(open_calls, key=lambda one: (_FURTHEST.get(one.state, 3), one.began, one.id))
        return call.state, (call.answered if call.state == "talking" else 0.0) or call.began, call.id
    if row.paused:
        return "paused", row.changed, ""
    return "free", max([row.changed, *(call.ended for call in calls)]), ""
