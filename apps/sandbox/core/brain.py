"""The reply to a request: the next tool calls, or words. Deterministic; the time of day is an argument."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from . import speech
from .acts import Act
from .facts import is_about, missing_facts
from .fold import build_state
from .history import Heard, Result, Spoke, read_events, system_text
from .mentions import Mention, latest, without_values
from .planner import Ask, AskRegister, Call, Confirm, OfferItems, OfferSlots, Planner, Step, Stuck
from .questions import ANYTHING_ELSE, CONFIRM, REGISTER, WHICH_MEANT, WHICH_SUITS, question
from .rules import business, read_rules
from .schema import JSON, Argument, Kind, Tool
from .state import Goal, State
from .words import humanize, words

MAX_STEPS = 8
MAX_TRANSFERS = 2
_NOW = re.compile(r"^\W*Now:\s*(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}))?", re.M)
_ZONE = re.compile(r"time zone (?:America|US)/")
_READ_BACK = re.compile(r"^(?=.*\b(?:voice|phone|call)\b).*\bread[s ]?-?\s?back\b.*$", re.I | re.M)


@dataclass(frozen=True)
class Reply:
    """Words, or calls as (tool name, arguments); never both."""

    text: str = ""
    calls: tuple[tuple[str, dict[str, Any]], ...] = ()


def answer(messages: Sequence[JSON], tools: list[Tool], now: datetime) -> Reply:
    """What a competent assistant would do next. `now` is used when the system text has no `Now:` line."""
    system = system_text(messages)
    seen = _NOW.search(system)
    today = date.fromisoformat(seen[1]) if seen else now.date()
    events = read_events(messages)
    day_first = bool(seen) and not _ZONE.search(system)
    state = build_state(events, tools, today, day_first=day_first)
    if not any(isinstance(e, Heard) for e in events):
        return Reply(speech.HELLO)
    spoken_last = next((e.text for e in reversed(events) if isinstance(e, Spoke)), "")
    confused = spoken_last.startswith((speech.UNCLEAR, speech.UNKNOWN))
    brain = _Brain(state, confused=confused, read_back=bool(_READ_BACK.search(system)), contact=business(system))
    rule = next((r for r in read_rules(system) if r.meets(state.heard[-1][1])), None)
    if rule and rule.ends:
        return Reply(rule.sentence)
    reply = brain.reply()
    return Reply(f"{rule.sentence} {reply.text}") if rule and reply.text else reply


class _Brain:
    def __init__(self, state: State, *, confused: bool, read_back: bool, contact: Mapping[str, str]) -> None:
        self._state = state
        self._confused = confused
        self._contact = contact
        self._planner = Planner(state, read_back=read_back)
        self._text = state.heard[-1][1]

    def reply(self) -> Reply:
        results = self._state.results_now()
        if not results and (social := self._social()):
            return Reply(social)
        if len(results) >= MAX_STEPS:
            return Reply(self._say(results, ""))
        return self._next(results)

    def _next(self, results: list[Result]) -> Reply:
        state = self._state
        calls: list[Call] = []
        while goal := state.goal:
            if goal.tool.is_handoff:
                return self._hand_over(goal, results)
            step = self._planner.step(goal)
            if isinstance(step, Call):
                calls.append(step)
                # Several plain questions in one breath are looked up side by side.
                if step.tool == goal.tool and goal.tool.reads and len(state.goals) > 1 and state.goals[-2].tool.reads:
                    state.goals.pop()
                    continue
            if calls:
                break
            return self._speak(goal, step, results)
        if calls:
            return Reply(calls=tuple((c.tool.name, c.arguments) for c in calls))
        if results:
            said = self._say(results, self._closing(results))
            return Reply(f"{speech.DROPPED} {said}" if state.dropped else said)
        return Reply(self._fallback())

    def _closing(self, results: list[Result]) -> str:
        """What to end on when nothing is open any more."""
        if results[-1].say.endswith("?"):
            return ""  # The tool has asked something itself.
        tool = self._state.tool(results[-1].tool)
        if tool and tool.lists_slots and self._state.slots and self._state.booking_tool():
            return WHICH_SUITS
        return ANYTHING_ELSE if any((t := self._state.tool(r.tool)) and not t.reads for r in results) else ""

    def _speak(self, goal: Goal, step: Step, results: list[Result]) -> Reply:
        state = self._state
        if isinstance(step, Stuck):
            state.goals.clear()
            failed = f"{speech.FAILED} {speech.reach_us(self._contact)}".strip()
            closing = failed if goal.failures >= 2 or not results else ANYTHING_ELSE
            return Reply(self._say(results, closing))
        lead = ""
        if not results:
            if state.unanswered:
                lead = speech.UNKNOWN
            elif state.asked and not state.understood:
                lead = speech.AGAIN
            elif Act.ANGRY in state.act:
                lead = speech.SORRY
            elif isinstance(step, Confirm) and Act.NO in state.act and not state.said_values():
                return Reply(speech.CHANGE)
        return Reply(self._say(results, f"{lead} {self._ask(step, results)}".strip()))

    def _ask(self, step: Step, results: list[Result]) -> str:
        if isinstance(step, Ask):
            return question(step.arguments)
        if isinstance(step, AskRegister):
            return REGISTER
        if isinstance(step, Confirm):
            if step.call.tool.undoes and not self._planner.reads_back:
                return _ask_before_undoing(step.call, self._state)
            return f"{_read_back(step.call, self._state)} {CONFIRM}"
        said = " ".join(r.say for r in results)
        if isinstance(step, OfferItems):
            told = all(speech.describe(i) in said for i in step.items)
            return WHICH_MEANT if told else f"{speech.offer_items(list(step.items))} {WHICH_MEANT}"
        if isinstance(step, OfferSlots):
            found = next((r.say for r in reversed(results) if (t := self._state.tool(r.tool)) and t.lists_slots), "")
            return f"{speech.offer(list(step.slots), found, fits=step.fits or not results)} {WHICH_SUITS}"
        return ""

    def _say(self, results: list[Result], closing: str) -> str:
        """The tools' own sentences that concern the visitor, then the closing words."""
        told = [r for r in results if closing == WHICH_MEANT or self._concerns_visitor(r, closing)]
        says = [said for r in told if (said := self._told(r))]
        says = says or [r.say for r in results[-1:] if not closing]
        return " ".join([*list(dict.fromkeys(says))[-3:], closing]).strip() or ANYTHING_ELSE

    def _told(self, result: Result) -> str:
        """The tool's sentence, with what else in its data answers the visitor's question."""
        tool, question = self._state.tool(result.tool), self._text
        if not (result.ok and tool and tool.reads and Act.QUESTION in self._state.act) or tool.lists_slots:
            return result.say
        facts = missing_facts(without_values(question), result.data, result.say)
        return " ".join(p for p in ("" if facts and not is_about(question, result.say) else result.say, facts) if p)

    def _concerns_visitor(self, result: Result, closing: str) -> bool:
        """Whether a result answers the visitor, and was not merely looked up on the way to something."""
        tool = self._state.tool(result.tool)
        # An offer of free times tells already what was found.
        if tool and tool.lists_slots and closing.endswith(WHICH_SUITS) and closing != WHICH_SUITS:
            return False
        if tool is None or not tool.reads or tool.identifies:
            return True
        last = result is self._state.results[-1][1]
        return result.tool in self._state.spoken_for or (last and not result.ok) or _is_empty(result)

    def _hand_over(self, goal: Goal, results: list[Result]) -> Reply:
        transfers = sum(r.tool.startswith("transfer_to_") for r in results)
        if transfers >= MAX_TRANSFERS or any(r.tool == goal.tool.name for r in results):
            return Reply(self._say(results, self._fallback()))
        values: dict[str, Any] = {}
        for argument in goal.tool.arguments:
            if argument.name == "known":
                values[argument.name] = known(self._state.mentions)
            elif argument.required or argument.kind in (Kind.REASON, Kind.TOPIC):
                values[argument.name] = self._text[:300]
        return Reply(calls=((goal.tool.name, values),))

    def _social(self) -> str:
        """An answer to thanks, farewells, requests for other people's data …; "" when there is an errand."""
        state, act = self._state, self._state.act
        if state.private:
            return f"{speech.PRIVATE} {speech.capabilities(state.tools)}"
        if Act.WHO_ARE_YOU in act:
            return f"{speech.AUTOMATED} {self._resume() or speech.capabilities(state.tools)}"
        if Act.WHAT_CAN_YOU_DO in act:
            return f"{speech.capabilities(state.tools)} {self._resume() or 'What would you like?'}"
        if Act.HUMAN in act and not (state.goal and state.goal.tool.brings_people):
            reach = speech.reach_us(self._contact) or speech.NO_HUMAN_HERE
            return " ".join(p for p in (speech.NO_HUMAN, reach, self._resume()) if p)
        if state.goals:
            return ""
        if state.dropped:
            return f"{speech.DROPPED} {ANYTHING_ELSE}"
        if Act.GOODBYE in act or (Act.NO in act and not state.asked and len(words(self._text)) <= 6):
            return speech.GOODBYE
        if Act.THANKS in act:
            return f"{speech.WELCOME} {ANYTHING_ELSE}"
        return ""

    def _resume(self) -> str:
        goal = self._state.goal
        step = self._planner.step(goal) if goal else None
        return "" if step is None or isinstance(step, (Call, Stuck)) else self._ask(step, [])

    def _fallback(self) -> str:
        state = self._state
        can = speech.capabilities(state.tools)
        if Act.QUESTION in state.act and (facts := missing_facts(self._text, dict(self._contact), "")):
            return facts
        if Act.GREETING in state.act:
            return speech.HELLO
        if Act.ANGRY in state.act:
            return f"{speech.SORRY} {can} What can I do for you?"
        if Act.YES in state.act and len(words(self._text)) <= 4:
            return f"Gladly. {can} What would you like?"
        if state.said_values():
            return f"Thank you. {can} What would you like?"
        if state.unanswered:
            return f"{speech.UNKNOWN} {speech.reach_us(self._contact) or can} What else can I do for you?"
        if self._confused:
            return f"{speech.STILL_UNCLEAR} {can}"
        return f"{speech.UNCLEAR} {can} What would you like?"


def _is_empty(result: Result) -> bool:
    """Whether a search found nothing, which the visitor should hear."""
    values = list(result.data.values()) if isinstance(result.data, dict) else [result.data]
    return bool(values) and all(v == [] for v in values if isinstance(v, list)) and any(v == [] for v in values)


def _ask_before_undoing(call: Call, state: State) -> str:
    """ "Shall I cancel this booking: Friday, May 1 at 9:00 AM?" """
    verb, _, noun = humanize(call.tool.name).partition(" ")
    item = state.item_with({str(v) for v in call.arguments.values()})
    return f"Shall I {verb} this {noun or 'one'}{f': {speech.describe(item)}' if item else ''}?"


def _read_back(call: Call, state: State) -> str:
    """What is about to be done and for whom, for the ear; ids are left out."""
    told = {a.kind for a in call.tool.arguments}
    name = " ".join(str(latest(state.mentions, k) or "") for k in (Kind.FIRST_NAME, Kind.LAST_NAME)).strip()
    parts = [] if told & {Kind.FIRST_NAME, Kind.FULL_NAME} else [name]
    item = state.item_with({str(v) for v in call.arguments.values()}) if call.tool.undoes else None
    parts += [speech.describe(item)] if item else []
    parts += [spoken(a, call.arguments[a.name]) for a in call.tool.arguments if a.name in call.arguments]
    return f"Let me read that back: {', '.join(p for p in parts if p)}."


def spoken(argument: Argument, value: Any) -> str:
    if argument.kind is Kind.ID:
        return ""
    if argument.kind in (Kind.DATE, Kind.PAST_DATE):
        return speech.day(value) + (f", {value[:4]}" if argument.kind is Kind.PAST_DATE else "")
    if argument.kind is Kind.TIME:
        return speech.hour(value)
    return str(value).replace("_", " ")


def known(mentions: Sequence[Mention]) -> str:
    """What the visitor has said about themselves and their wish, for the next agent."""
    latest = {m.kind: m.value for m in mentions if m.kind not in (Kind.NUMBER, Kind.CODE, Kind.TOPIC)}
    return "; ".join(f"{kind.replace('_', ' ')}: {value}" for kind, value in latest.items())
