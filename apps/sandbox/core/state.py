"""The dialogue so far: what the visitor wants, has said and has chosen, folded from the messages."""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from .acts import Act
from .history import Result
from .match import Matcher
from .mentions import Mention, without_values
from .offers import Item, Wish, items, same_hour
from .questions import Asked
from .schema import NAME_KINDS, Argument, Kind, Tool
from .times import Window
from .words import content, stem, words

OFFERED = 4
_NAMED = re.compile(r"\b(?i:with|by|see)\s+(?:[A-Z][\w'’-]*\.?\s?)+")

_BACK = re.compile(
    r"\b(?:she|he|her|him|them|(?:move|change|shift|push|reschedule) it|(?:that|this|the same) (?:one|person))\b", re.I
)


@dataclass
class Goal:
    """A tool that the visitor wants to have called, wanted since event `since`; `words` ask for just that."""

    tool: Tool
    since: int
    failures: int = 0
    words: str = ""


@dataclass
class State:
    """Everything the planner looks at; rebuilt from the messages of each request."""

    tools: list[Tool]
    today: date
    matcher: Matcher
    mentions: list[Mention] = field(default_factory=list)
    heard: list[tuple[int, str]] = field(default_factory=list)
    results: list[tuple[int, Result]] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    facts: dict[str, tuple[Any, int]] = field(default_factory=dict)
    listed: list[Item] = field(default_factory=list)
    listed_at: int = -1
    narrowed: bool = False
    slots: list[Item] = field(default_factory=list)
    slot: Item | None = None
    asked: Asked = field(default_factory=Asked)
    asked_before: set[Kind] = field(default_factory=set)
    act: Act = Act.NONE
    window: Window | None = None
    wants_new: bool = False
    refused_new: bool = False
    registered: bool = False
    understood: bool = True
    unplaced: list[str] = field(default_factory=list)
    identity: set[str] = field(default_factory=set)
    spoken_for: set[str] = field(default_factory=set)
    dropped: bool = False
    unanswered: bool = False
    named: set[str] = field(default_factory=set)
    slots_since: int = 0
    private: bool = False
    was_handed: bool = False
    taker: tuple[Tool, Argument] | None = None

    @property
    def goal(self) -> Goal | None:
        return self.goals[-1] if self.goals else None

    @property
    def since(self) -> int:
        """The event at which the oldest open goal was named."""
        return self.goals[0].since if self.goals else (self.heard[-1][0] if self.heard else 0)

    def heard_since(self) -> list[str]:
        return [text for at, text in self.heard if at >= self.since]

    def said(self) -> str:
        return " . ".join(self.heard_since())

    def refers_back(self) -> bool:
        """Whether the errand is about what was spoken of before: "can I see her tomorrow?"."""
        return bool(_BACK.search(self.said()))

    def own_names(self) -> set[str]:
        return {w for m in self.mentions if m.kind in NAME_KINDS for w in words(str(m.value))}

    def said_values(self) -> bool:
        """Whether the visitor's last words hold a value."""
        return bool(self.mentions and self.mentions[-1].turn == self.heard[-1][0])

    def wants_text(self) -> bool:
        """Whether the errand still has room for the matter in the visitor's own words."""
        return any(a.kind is Kind.REASON for g in self.goals for a in g.tool.required)

    def tool(self, name: str) -> Tool | None:
        return next((t for t in self.tools if t.name == name), None)

    def booking_tool(self) -> Tool | None:
        """The tool that books a free time, if there is just one."""
        found = [t for t in self.tools if "@book" in t.does and any(a.kind is Kind.TIME for a in t.required)]
        return found[0] if len(found) == 1 and any(t.lists_slots for t in self.tools) else None

    def take_together(self, data: Any, at: int) -> None:
        """Remember lists of ids ("service_ids"): they are meant together."""
        for key, value in data.items() if isinstance(data, dict) else ():
            if key.endswith("_ids") and isinstance(value, list) and value:
                self.facts[key] = (value, at)

    def together(self, argument: Argument) -> list[Any] | None:
        """The ids that a result gave together for this argument, unless one was chosen since."""
        value, at = self.facts.get(argument.name, (None, -1))
        return value if at >= self.facts.get(argument.key, (None, -1))[1] else None

    def item_with(self, ids: set[str]) -> Item | None:
        """The latest item of a result that carries one of these ids."""
        for _, result in reversed(self.results):
            for item in items(result.data):
                if ids & {str(v) for k, v in item.items() if k.endswith("_id")}:
                    return item
        return None

    def results_now(self) -> list[Result]:
        """Results since the visitor's last words."""
        last = self.heard[-1][0] if self.heard else -1
        return [r for at, r in self.results if at > last]

    def wish_dates(self) -> list[tuple[str, str]]:
        """The days wished for, from the latest words that name any (as spans of ISO dates)."""
        return self._dates(lambda m: m.role != "source")

    def _dates(self, fits: Any) -> list[tuple[str, str]]:
        fresh = [m for m in self.mentions if m.kind is Kind.DATE and m.turn >= self.since and fits(m)]
        return [(str(m.value), m.until or str(m.value)) for m in fresh if m.turn == fresh[-1].turn]

    def wish(self, *, existing: bool = False, may_pick: bool = False, text: str | None = None) -> Wish:
        """What tells items apart. For `existing` things, "from Tuesday" counts and "to Friday" does not."""
        moves = existing and self.goal is not None and any(a.name.startswith("new_") for a in self.goal.tool.arguments)

        def fits(mention: Mention) -> bool:
            return mention.role == "source" if moves else mention.role != "source" or existing

        fresh = [m for m in self.mentions if m.kind is Kind.TIME and m.turn >= self.since and fits(m)]
        times = [(str(m.value), m.sure) for m in fresh if m.turn == fresh[-1].turn]
        names = frozenset(stem(n) for n in self.own_names())
        said = text if text is not None else self.said()
        return Wish(said, tuple(self._dates(fits)), tuple(times), names, may_pick)

    def fitting_slots(self) -> list[Item]:
        """Free slots that fit the wished days and part of the day; empty when none does."""
        dates, window, found = self.wish_dates(), self.window, self.slots
        times = self.wish().times
        if dates:
            found = [s for s in found if not s.get("date") or any(a <= s["date"] <= b for a, b in dates)]
        if times:
            exact = [
                s for s in found if any(s["time"] == t or (not sure and same_hour(s["time"], t)) for t, sure in times)
            ]
            return exact
        if window:
            low, high = window.earliest.strftime("%H:%M"), window.latest.strftime("%H:%M")
            found = [s for s in found if low <= s["time"] < high]
        return found

    def asking_for(self, tool: Tool) -> list[str]:
        """What was said about this errand; for one of several questions in one breath only that question."""
        goal = self.goal
        return [goal.words] if goal and goal.words and goal.tool == tool else self.heard_since()

    def leftover(self, tool: Tool, *, apart_from: str = "") -> str | None:
        """Content words of the request that no tool's name uses: most likely the thing that is wanted."""
        told = set(content(apart_from))
        for text in reversed(self.asking_for(tool)):
            plain = without_values(text)
            rest = self.matcher.unknown(plain) - {stem(n) for n in self.own_names()} - told
            kept = [w for w in words(_NAMED.sub(" ", plain)) if stem(w) in rest]
            if kept:
                return " ".join(kept)
        return None
