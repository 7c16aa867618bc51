"""When a person is brought in without having been asked for. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

IN_A_ROW = 2
"""So many tools that fail, or searches that find nothing, one after the other."""
SEARCH = "search_knowledge"
_WORD = re.compile(r"\w+")


def phrases(lines: str) -> tuple[str, ...]:
    """The owner's words and phrases, one a line."""
    return tuple(phrase for line in lines.splitlines() if (phrase := " ".join(_WORD.findall(line.casefold()))))


def names_one(text: str, listed: Iterable[str]) -> bool:
    """Whether one of the phrases stands in the text: as whole words, in any case, whatever is between them."""
    pattern = _pattern(tuple(listed))
    return pattern is not None and pattern.search(" ".join(_WORD.findall(text.casefold()))) is not None


@lru_cache(maxsize=256)
def _pattern(listed: tuple[str, ...]) -> "re.Pattern[str] | None":
    if not listed:
        return None
    return re.compile(rf"(?<!\w)(?:{'|'.join(re.escape(phrase) for phrase in listed)})(?!\w)")


def found_nothing(name: str, status: str, result: Mapping[str, Any]) -> bool:
    """Whether a call was a search in the business's papers that came back empty."""
    if name != SEARCH or status != "done":
        return False
    data = result.get("data") or {}
    return not any(data.values())


Called = tuple[str, str, Mapping[str, Any]]
"""(name, status, result) of a tool call that is over."""


def trigger(calls: Sequence[Called]) -> str:
    """Why the last calls of a conversation, newest first, ask for a person: "tool_failures", "low_confidence" or "".

    A search counts only against searches: what another tool does between two of them makes neither any surer.
    """
    last = list(calls[:IN_A_ROW])
    if len(last) == IN_A_ROW and all(status == "failed" for _, status, _ in last):
        return "tool_failures"
    searches = [call for call in calls if call[0] == SEARCH][:IN_A_ROW]
    if calls and calls[0][0] == SEARCH and len(searches) == IN_A_ROW and all(found_nothing(*call) for call in searches):
        return "low_confidence"
    return ""
