"""Backward chaining from a goal to the next step: a call, a question, an offer or giving up."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from .acts import Act
from .binding import bind
from .offers import Item, spread
from .schema import Argument, Kind, Tool
from .state import OFFERED, Goal, State

_DEPTH = 4
_UNKNOWN = re.compile(r"not_?found|unknown|no_(?:match|record|such)|not_registered", re.I)
_READ_BACK = "confirm before calling"


@dataclass(frozen=True)
class Call:
    tool: Tool
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Ask:
    arguments: tuple[Argument, ...]


@dataclass(frozen=True)
class OfferSlots:
    """Free times to choose from; `fits` is False when none meets the wish and these are the nearest."""

    slots: tuple[Item, ...]
    fits: bool


@dataclass(frozen=True)
class OfferItems:
    items: tuple[Item, ...]


@dataclass(frozen=True)
class AskRegister:
    tool: Tool


@dataclass(frozen=True)
class Confirm:
    call: Call


@dataclass(frozen=True)
class Stuck:
    """Nothing more can be done for the goal."""


Step = Call | Ask | OfferSlots | OfferItems | AskRegister | Confirm | Stuck


class Planner:
    """Plans for one state. `read_back` asks for a yes before tools that want it."""

    def __init__(self, state: State, *, read_back: bool = False) -> None:
        self._state = state
        self.reads_back = read_back
        self._slot_tools = [t for t in state.tools if t.lists_slots]
        self._called = self._recent_calls()

    def step(self, goal: Goal) -> Step:
        """What to do next for `goal`."""
        if goal.failures >= 2:
            return Stuck()
        stack = (goal.tool.name,)
        step = (self._named(stack) if goal.tool.lists_slots else None) or self._resolve(goal.tool, stack)
        if isinstance(step, Call) and step.tool == goal.tool:
            if self._was_called(step):
                return self._after_refusal(goal)
            if self._wants_confirmation(step):
                return Confirm(step)
        return step

    def _wants_confirmation(self, call: Call) -> bool:
        state = self._state
        if state.asked.confirm and Act.YES in state.act and Act.NO not in state.act:
            return False
        if self._was_tried(call):
            return False
        if call.tool.undoes and (found := self._found(call)):
            return self.reads_back or not found & state.named
        return self.reads_back and _READ_BACK in call.tool.description.lower()

    def _was_tried(self, call: Call) -> bool:
        """Whether the same was confirmed and done before, and refused for want of something else."""
        ids = {a.name for a in call.tool.required if a.kind is Kind.ID}
        return any(
            r.tool == call.tool.name and not r.ok and all(r.arguments.get(i) == call.arguments.get(i) for i in ids)
            for at, r in self._state.results
            if at >= self._state.since
        )

    def _found(self, call: Call) -> set[str]:
        """The ids of the call that were looked up, not said by the visitor."""
        return {str(call.arguments[a.name]) for a in call.tool.required if a.kind is Kind.ID}

    def _recent_calls(self) -> set[str]:
        """Calls since the goal began or something was written: earlier answers may be out of date."""
        state, start = self._state, self._state.since
        for at, result in state.results:
            tool = state.tool(result.tool)
            if tool and not tool.reads and not tool.is_handoff:
                start = max(start, at)
        return {_signature(r.tool, r.arguments) for at, r in state.results if at >= start}

    def _was_called(self, call: Call) -> bool:
        return _signature(call.tool.name, call.arguments) in self._called

    def _after_refusal(self, goal: Goal) -> Step:
        """The goal itself was refused with these arguments: ask for the one that was wrong."""
        field_ = next((r.field for _, r in reversed(self._state.results) if r.tool == goal.tool.name), "")
        argument = goal.tool.argument(field_) if field_ else None
        if argument and argument.kind is not Kind.ID:
            return Ask((argument,))
        return Stuck()

    def _resolve(self, tool: Tool, stack: tuple[str, ...]) -> Step:
        """The call of `tool` when its arguments are known, else the step that gets the first missing one."""
        state = self._state
        timed = any(a.kind is Kind.TIME for a in tool.required)
        needs_slot = timed and not tool.lists_slots and bool(self._slot_tools)
        values: dict[str, Any] = {}
        later: list[Argument] = []
        missing: list[Argument] = []
        for argument in tool.arguments:
            if not argument.asked_for or (not argument.required and argument.kind in state.asked_before):
                continue
            value = self._value(argument, tool, needs_slot)
            if value is not None:
                values[argument.name] = value
            elif argument.kind is Kind.ID and not self._from_slot(argument, needs_slot):
                step = self._provide(argument, tool, stack)
                if step:
                    return step
                missing.append(argument)
            elif needs_slot and argument.kind in (Kind.DATE, Kind.TIME, Kind.ID):
                later.append(argument)
            else:
                missing.append(argument)
        if missing:
            if any(a.kind is Kind.ID for a in missing) and (len(stack) > 1 or state.results):
                return Stuck()
            return Ask(_together(missing))
        if later:
            return self._slot_step(later, tool, stack)
        return Call(tool, values | self._optional(tool, values))

    def _from_slot(self, argument: Argument, needs_slot: bool) -> bool:
        """Whether an id comes with the free time that is still to be chosen."""
        return needs_slot and any(_feeds(t.returns, argument) for t in self._slot_tools)

    def _value(self, argument: Argument, tool: Tool, needs_slot: bool) -> Any:
        state = self._state
        if argument.kind is Kind.ID:
            if argument.many and (together := state.together(argument)):
                return together
            value = self._id(argument, tool)
            if argument.many and value is None and state.narrowed:
                return [i[argument.key] for i in state.listed if argument.key in i] or None
            return [value] if argument.many and value is not None else value
        if needs_slot and argument.kind in (Kind.DATE, Kind.TIME):
            key = "date" if argument.kind is Kind.DATE else "time"
            return state.slot.get(key) if state.slot else None
        return bind(argument, tool, state)

    def _id(self, argument: Argument, tool: Tool) -> Any:
        state = self._state
        timed = any(a.kind is Kind.TIME for a in tool.arguments)
        slot = state.slot if timed else None
        for key in _keys(argument):
            if slot and key in slot:
                return slot[key]
        if argument.name.startswith("new_"):
            return None
        for key in _keys(argument):
            if key in state.facts:
                value, at = state.facts[key]
                if at >= state.since or state.refers_back() or not any(key in t.returns for t in self._slot_tools):
                    return value
        # For looking at free times any candidate will do; to change something it has to be chosen.
        candidates = [i[argument.key] for i in state.listed + state.slots if argument.key in i]
        return candidates[0] if candidates and tool.lists_slots and argument.required else None

    def _optional(self, tool: Tool, values: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for argument in sorted(tool.arguments, key=lambda a: a.kind is not Kind.ID):
            if argument.kind is Kind.TOPIC and any(name.endswith("_id") for name in found):
                continue  # One chosen thing needs no further narrowing.
            if argument.required or argument.name in values:
                continue
            if argument.kind is Kind.ID:
                value = self._value(argument, tool, False) if argument.many else self._chosen_id(argument, tool)
            elif argument.kind in (Kind.DATE, Kind.TIME) and not tool.reads and self._slot_tools:
                value = (self._state.slot or {}).get(str(argument.kind))
            else:
                value = bind(argument, tool, self._state)
            if value is not None:
                found[argument.name] = value
        return found

    def _chosen_id(self, argument: Argument, tool: Tool) -> Any:
        """An optional id narrows a search only when it came up for this goal."""
        value = self._id(argument, tool)
        base = argument.name.removeprefix("new_")
        if argument.name.startswith("new_") and self._state.facts.get(base, (None, 0))[0] == value:
            return None
        return value

    def _provide(self, argument: Argument, tool: Tool, stack: tuple[str, ...]) -> Step | None:
        """A step towards an id: another tool that returns it, or a choice among listed things."""
        state = self._state
        listed = tuple(i for i in state.listed if argument.key in i)
        if listed and not tool.lists_slots:
            return OfferItems(listed[:OFFERED])
        readers = [t for t in state.tools if t.reads and t.name not in stack and _feeds(t.returns, argument)]
        writers = [
            t
            for t in state.tools
            if not t.reads and not t.is_handoff and t.name not in stack and _feeds(t.returns, argument)
            and not any(_feeds({a.key}, argument) for a in t.arguments)
            and not any(a.kind is Kind.ID for a in t.required)
        ]  # fmt: skip
        if state.wants_new and writers:
            return self._resolve(writers[0], (*stack, writers[0].name))
        options = [
            (self._cost(t, s) + (0 if _is_primary(t, argument) else 3) + t.lists_slots, n, s)
            for n, t in enumerate(readers)
            if (s := self._try(t, stack))
        ]
        calls = [o for o in options if isinstance(o[2], Call)]
        refused = self._refused(readers)
        if refused and not calls:
            if refused.field:
                for reader in readers:
                    wanted = reader.argument(refused.field)
                    # What was refused is asked for once more.
                    if wanted and bind(wanted, reader, state) in (None, refused.arguments.get(refused.field)):
                        return Ask((wanted,))
            if writers and not state.refused_new and _UNKNOWN.search(refused.code):
                return AskRegister(writers[0])
        return min(options, key=lambda o: o[:2])[2] if options else None

    def _try(self, tool: Tool, stack: tuple[str, ...]) -> Step | None:
        if len(stack) > _DEPTH:
            return None
        step = self._resolve(tool, (*stack, tool.name))
        if isinstance(step, Stuck) or (isinstance(step, Call) and self._was_called(step)):
            return None
        return step

    def _refused(self, readers: Iterable[Tool]) -> Any:
        names = {t.name for t in readers}
        tried = [r for at, r in self._state.results if r.tool in names and at >= self._state.since]
        return tried[-1] if tried else None

    def _cost(self, tool: Tool, step: Step) -> float:
        """Fewer questions first, then more use of what is known."""
        questions = len(_questions(a for a in step.arguments if a.required)) if isinstance(step, Ask) else 0
        offers = 1 if isinstance(step, (OfferItems, OfferSlots, AskRegister)) else 0
        used = len(step.arguments) if isinstance(step, Call) and step.tool == tool else 0
        return 2.0 * (questions + offers) - used

    def _slot_step(self, needed: list[Argument], tool: Tool, stack: tuple[str, ...]) -> Step:
        """Look up free times until some fit the wish, then let the visitor choose."""
        state = self._state
        fitting = state.fitting_slots()
        if fitting:
            return OfferSlots(tuple(spread(fitting, OFFERED)), True)
        named = self._named(stack)
        if named:
            return named
        options = []
        for n, candidate in enumerate(self._slot_tools):
            step = self._try(candidate, stack) if candidate.name not in stack else None
            if step:
                options.append((self._slot_cost(candidate, step, needed), n, step))
        best = min(options, key=lambda o: o[:2])[2] if options else None
        if best and (isinstance(best, Call) or not state.slots):
            return best
        if state.slots:
            return OfferSlots(tuple(spread(state.slots, OFFERED)), False)
        dates = tuple(a for a in needed if a.kind is Kind.DATE)
        return Ask(dates) if dates and self._called and bind(dates[0], tool, state) is None else Stuck()

    def _named(self, stack: tuple[str, ...]) -> Step | None:
        """Look up whom or what the visitor named before looking for free times there."""
        state = self._state
        fresh = {key.removesuffix("s") for key, (_, at) in state.facts.items() if at >= state.since}
        for key in {a.key for t in self._slot_tools for a in t.arguments if a.kind is Kind.ID} - fresh:
            for tool in self._state.tools:
                if not tool.reads or tool.lists_slots or tool.returned[:1] != (key,):
                    continue
                names = [a for a in tool.arguments if a.kind is Kind.TOPIC and a.name.endswith("name")]
                if any(bind(a, tool, self._state) for a in names) and (step := self._try(tool, stack)):
                    return step
        return None

    def _slot_cost(self, candidate: Tool, step: Step, needed: list[Argument]) -> float:
        covered = sum(_feeds(candidate.returns, a) or a.kind in (Kind.DATE, Kind.TIME) for a in needed)
        dated = any(a.kind is Kind.DATE for a in candidate.arguments) and bool(self._state.wish_dates())
        direct = isinstance(step, Call) and step.tool == candidate
        return self._cost(candidate, step) - covered - (2.5 if dated and direct else 1.0 if direct else 0)


def _signature(tool: str, arguments: dict[str, Any]) -> str:
    return f"{tool} {json.dumps(arguments, sort_keys=True, default=str)}"


def _keys(argument: Argument) -> tuple[str, ...]:
    """The names under which a result may carry the id: "new_x_id" is fed by "x_id" too."""
    base = argument.key.removeprefix("new_").removeprefix("preferred_")
    return (argument.key,) if base == argument.key else (argument.key, base)


def _feeds(returns: Iterable[str], argument: Argument) -> bool:
    return any(key in returns for key in _keys(argument))


def _is_primary(tool: Tool, argument: Argument) -> bool:
    """Whether the id is what the tool is for, not one that its results merely mention."""
    return tool.returned[:1] == () or tool.returned[0] in _keys(argument)


def _together(missing: list[Argument]) -> tuple[Argument, ...]:
    """The arguments to ask for in one sentence: a name counts as one, at most two."""
    names = [a for a in missing if a.kind in (Kind.FIRST_NAME, Kind.LAST_NAME)]
    rest = [a for a in missing if a not in names]
    if names:
        personal = [a for a in rest if a.kind in (Kind.PAST_DATE, Kind.PHONE, Kind.EMAIL, Kind.COMPANY)]
        return (*names, *personal[:1])
    if rest[0].kind in (Kind.OPTION, Kind.FLAG, Kind.ID):
        return (rest[0],)
    pairs = ({Kind.DATE, Kind.TIME}, {Kind.PAST_DATE, Kind.PHONE, Kind.EMAIL})
    return tuple(next(([a for a in rest if a.kind in p][:2] for p in pairs if rest[0].kind in p), rest[:1]))


def _questions(arguments: Iterable[Argument]) -> set[str]:
    return {"name" if a.kind in (Kind.FIRST_NAME, Kind.LAST_NAME) else a.name for a in arguments}
