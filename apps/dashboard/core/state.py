"""The reducer: a floor and what happened give the floor after it. The page's own does the same (static/dashboard/)."""

from bisect import bisect_left
from collections.abc import Iterable
from operator import attrgetter
from typing import Any

import msgspec

from apps.dashboard.core.events import (
    AgentChanged,
    AgentRemoved,
    Call,
    CallChanged,
    CallRemoved,
    CallWithTurns,
    CampaignChanged,
    CampaignRemoved,
    Event,
    KpisChanged,
    LeadsChanged,
    State,
    TeamChanged,
    Turn,
    TurnAdded,
    TurnChanged,
    TurnRemoved,
    TurnsTrimmed,
)

_CALL_FIELDS = Call.__struct_fields__
_number = attrgetter("number")


def reduce(state: State, events: Iterable[Event]) -> State:
    """The state after `events`. Every event may come twice; one about a call that is not there changes nothing."""
    draft = _Draft(state)
    for event in events:
        draft.take(event)
    return draft.done()


def with_turns(call: Call, turns: tuple[Turn, ...]) -> CallWithTurns:
    """The call with what is said in it."""
    fields = {name: getattr(call, name) for name in _CALL_FIELDS}
    return CallWithTurns(**fields, turns=turns)


class _Draft:
    """A state that is being changed: what it shares with the one before is copied when it is first written."""

    def __init__(self, state: State) -> None:
        self._before = state
        self._changed: dict[str, Any] = {}

    def done(self) -> State:
        return msgspec.structs.replace(self._before, **self._changed) if self._changed else self._before

    def _table(self, name: str) -> dict[str, Any]:
        if name not in self._changed:
            self._changed[name] = dict(getattr(self._before, name))
        table: dict[str, Any] = self._changed[name]
        return table

    def take(self, event: Event) -> None:
        match event:
            case TurnAdded() | TurnChanged():
                self._turns(event.call, lambda turns: _put(turns, event.turn))
            case TurnRemoved():
                self._turns(event.call, lambda turns: tuple(one for one in turns if one.number != event.number))
            case TurnsTrimmed():
                self._turns(event.call, lambda turns: turns[bisect_left(turns, event.first, key=_number) :])
            case CallChanged():
                calls = self._table("calls")
                known: CallWithTurns | None = calls.get(event.call.id)
                calls[event.call.id] = with_turns(event.call, known.turns if known else ())
            case CallRemoved():
                self._table("calls").pop(event.id, None)
            case AgentChanged():
                self._table("agents")[event.agent.id] = event.agent
            case AgentRemoved():
                self._table("agents").pop(event.id, None)
            case CampaignChanged():
                self._table("campaigns")[event.campaign.id] = event.campaign
            case CampaignRemoved():
                self._table("campaigns").pop(event.id, None)
            case TeamChanged():
                self._changed["team"] = event.team
            case LeadsChanged():
                self._changed["leads"] = event.leads
            case KpisChanged():
                self._changed["kpis"] = event.kpis

    def _turns(self, call_id: str, change: Any) -> None:
        call = self._changed.get("calls", self._before.calls).get(call_id)
        if call is not None:
            self._table("calls")[call_id] = msgspec.structs.replace(call, turns=change(call.turns))


def _put(turns: tuple[Turn, ...], turn: Turn) -> tuple[Turn, ...]:
    """With `turn` at its place, by number; one of this number is replaced."""
    if not turns or turns[-1].number < turn.number:
        return (*turns, turn)
    others = [one for one in turns if one.number != turn.number]
    return tuple(sorted([*others, turn], key=_number))
