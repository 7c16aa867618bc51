"""Values of a tool's data that answer the visitor's question although the tool's sentence leaves them out."""

import re
from typing import Any

from .offers import Item, items
from .words import concepts, content, humanize, join, stem, words

_MOST = 3
_LONGEST = 300
"""Characters: what is longer is a text, and no fact."""
_OPAQUE = re.compile(r"(?:^|_)(?:id|ids|uuid|code|status|type)$")
_TITLE = re.compile(r"(?:^|_)(?:name|title|label)$")


def missing_facts(question: str, data: Any, said: str) -> str:
    """Such as "Address: 12 River Road.", or "" when `said` answers already or nothing in `data` does."""
    spoken = {stem(w) for w in words(said)}
    asked, meant = set(content(question)), concepts(question) - concepts(said)
    found = items(data)
    if len(found) == 1:
        told = _matching(found[0], asked, meant, spoken)
        return " ".join(f"{humanize(key).capitalize()}: {_value(value)}." for key, value in told[:_MOST])
    named = [item for item in found if (title := _title(item)) and _covers(asked, title)]
    named = named or [item for item in found if any(_has_value(v, asked - spoken) for v in item.values())]
    if not 0 < len(named) <= _MOST or any(_told(_title(item), spoken) for item in named):
        return ""
    return " ".join(_entry(item, _matching(item, asked, meant, spoken)) for item in named)


def is_about(question: str, said: str) -> bool:
    """Whether a sentence shares a word or a concept with the question."""
    return bool(concepts(question) & concepts(said) or set(content(question)) & set(content(said)))


def _matching(item: Item, asked: set[str], meant: set[str], spoken: set[str]) -> list[tuple[str, Any]]:
    """The fields that the question names, or whose value it names, and that were not told yet."""
    found = []
    for key, value in item.items():
        if (
            isinstance(value, bool)
            or value in (None, "")
            or len(str(value)) > _LONGEST
            or _OPAQUE.search(key)
            or _TITLE.search(key)
        ):
            continue
        by_key = set(content(humanize(key))) & asked - spoken or concepts(humanize(key)) & meant
        by_value = _has_value(value, asked - spoken)
        if (by_key or by_value) and not _told(str(value), spoken):
            found.append((key, value))
    return found


def _has_value(value: Any, asked: set[str]) -> bool:
    return isinstance(value, str) and bool(set(content(value)) & asked)


def _entry(item: Item, told: list[tuple[str, Any]]) -> str:
    values = join([_value(value) for key, value in told if not isinstance(value, str) or len(value) < 80])
    return f"{_title(item)}: {values}." if values else f"We have {_title(item)}."


def _title(item: Item) -> str:
    return next((v for k, v in item.items() if _TITLE.search(k) and isinstance(v, str)), "")


def _covers(asked: set[str], title: str) -> bool:
    """Whether the question names the thing: its last word, or most of its words."""
    own = content(title)
    hits = [w for w in own if w in asked]
    return bool(hits) and (own[-1] in asked or len(hits) * 2 > len(own))


def _told(value: str, spoken: set[str]) -> bool:
    own = {stem(w) for w in words(value)}
    return bool(own) and own <= spoken


def _value(value: Any) -> str:
    return str(value).rstrip(".")
