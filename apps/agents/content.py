"""What a version consists of, in the owner's words: shown, compared with another one, and told apart by a stamp."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from apps.agents.core import changes
from apps.agents.models import OWNERS_FIELDS, Agent, AgentVersion, HumanTrigger, KnowledgeSource, LineAudio, TurnEnd
from apps.agents.registry import tools_of, verticals


@dataclass(frozen=True, slots=True)
class Part:
    """One field of a version. `kind` says how it is shown: one line, a long text, or a list."""

    name: str
    title: str
    kind: str = "line"


PARTS = (
    Part("greeting", "Greeting"),
    Part("suggestions", "Questions to begin with", "list"),
    Part("instructions", "Instructions", "text"),
    Part("tools", "What it may do", "list"),
    Part("sources", "Answers from", "list"),
    Part("hands_over_to", "May hand over to", "list"),
    Part("human_on", "Offers a person when", "list"),
    Part("human_words", "What it says then"),
    Part("answers_outside_hours", "Outside opening hours"),
    Part("outside_words", "What it says while closed"),
    Part("title", "Title of the chat"),
    Part("accent", "Color of the chat"),
    Part("model", "Language model"),
    Part("voice", "Voice"),
    Part("turn_end", "Answers callers"),
    Part("silence_ms", "Silence that ends a turn"),
    Part("line_audio", "Audio of phone calls"),
)
"""In the order in which an owner reads them; a test holds them to OWNERS_FIELDS."""
TITLES = {part.name: part.title for part in PARTS}


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs. Of a text `lines`, of a line `words`, of a list what was `added` and `removed`."""

    part: Part
    lines: tuple[changes.DiffLine, ...] = ()
    words: tuple[changes.Span, ...] = ()
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


def values_of(version: AgentVersion) -> dict[str, Any]:
    """What an owner edits of it, by name; texts are tidy, so that a form that is saved untouched changes nothing."""
    return {name: tidy(getattr(version, name)) for name in OWNERS_FIELDS}


def tidy(value: Any) -> Any:
    """A text without what nobody sees: carriage returns, as browsers send them, and space at the ends of lines."""
    if not isinstance(value, str):
        return value
    return "\n".join(line.rstrip() for line in value.splitlines()).strip()


def in_order(chosen: list[str], before: Any) -> list[str]:
    """Choices of which the order means nothing, as they were before as far as they stay."""
    if not isinstance(before, list):
        return chosen
    return [one for one in before if one in chosen] + [one for one in chosen if one not in before]


def stamp(version: AgentVersion, *more: Any) -> str:
    """The version's content (and `more`, of JSON) as a fingerprint; equal as long as nobody saved anything else."""
    content = json.dumps([version.pk, version.status, *values_of(version).values(), *more])
    return hashlib.sha256(content.encode()).hexdigest()


class Wording:
    """The names behind what versions of an agent hold: of tools, documents and colleagues. In its tenant's scope."""

    def __init__(self, agent: Agent, values: Iterable[Mapping[str, Any]]) -> None:
        given = list(values)
        sources = {key for one in given for key in one["sources"]}
        slugs = {slug for one in given for slug in one["hands_over_to"]}
        # `objects` may be of every tenant here: a platform administrator looks.
        own = {"tenant_id": agent.tenant_id}
        self._sources = dict(KnowledgeSource.objects.filter(**own, pk__in=sources).values_list("pk", "title"))
        self._agents = dict(Agent.objects.filter(**own, slug__in=slugs).values_list("slug", "name"))

    def of(self, part: Part, value: Any) -> Any:
        """The value for people: a text, or a list of texts."""
        item = self._item(part.name)
        return [item(one) for one in value] if part.kind == "list" else item(value)

    def _item(self, name: str) -> Callable[[Any], str]:
        match name:
            case "tools":
                return title_of
            case "sources":
                return partial(_named, self._sources, "A document that is gone")
            case "hands_over_to":
                return lambda slug: self._agents.get(slug, slug)
            case "human_on":
                return partial(_labelled, HumanTrigger)
            case "turn_end":
                return partial(_labelled, TurnEnd)
            case "line_audio":
                return partial(_labelled, LineAudio)
            case "answers_outside_hours":
                return lambda answers: "Answers" if answers else "Does not answer"
            case "silence_ms":
                return lambda silence: f"{silence} ms"
            case "voice":
                return lambda voice: str(voice).title()
            case _:
                return str


def _named(names: Mapping[str, str], otherwise: str, key: str) -> str:
    return names.get(key, otherwise)


def _labelled(choices: Any, value: str) -> str:
    return dict(choices.choices).get(value, value)


EMPTY = {
    "model": "The platform's default",
    "title": "As the website chat says",
    "accent": "As the website chat says",
    "human_words": "A sentence of ours",
    "outside_words": "As the inbox settings say",
}
"""What an empty line means."""
NOTHING = {
    "tools": "Only talks",
    "sources": "All documents in use",
    "hands_over_to": "Nobody",
    "human_on": "Never",
    "suggestions": "None",
}
"""What an empty list means."""


def compare(agent: Agent, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Field by field, what differs between two versions' values; in the tenant's scope. Two queries."""
    wording = Wording(agent, (before, after))
    found = (
        _change(part, wording.of(part, before[part.name]), wording.of(part, after[part.name]))
        for part in PARTS
        if before[part.name] != after[part.name]
    )
    return list(found)


def _change(part: Part, old: Any, new: Any) -> Change:
    if part.kind == "text":
        return Change(part, lines=tuple(changes.lines(old, new)))
    if part.kind == "list":
        # An empty list means something, too, and in another order nothing comes or goes: the lists themselves tell.
        old, new = (value or [NOTHING.get(part.name, "None")] for value in (old, new))
        added, removed = (tuple(one for one in a if one not in b) for a, b in ((new, old), (old, new)))
        if not added and not removed:
            added, removed = (", ".join(new),), (", ".join(old),)
        return Change(part, added=added, removed=removed)
    shown = EMPTY.get(part.name, "Nothing")
    return Change(part, words=tuple(changes.words(old or shown, new or shown)))


def tool_titles(vertical: str, names: Iterable[str]) -> list[tuple[str, str]]:
    """(title, description) of each tool, in the order given; a tool that is gone keeps its name."""
    known = tool_descriptions(vertical)
    return [(title_of(name), known.get(name, "Not available any more.")) for name in names]


def title_of(name: str) -> str:
    """`find_next_available` as “Find next available”."""
    return name.replace("_", " ").capitalize()


def tool_descriptions(slug: str) -> dict[str, str]:
    """What each tool of a vertical does, by name, in the vertical's order."""
    vertical = verticals().get(slug)
    if vertical is None:
        return {}
    return {name: tool.description for name, tool in tools_of(vertical).items()}
