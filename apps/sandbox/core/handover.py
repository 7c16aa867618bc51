"""What a hand-over means for the one who takes over, and when to hand back."""

import re
from collections.abc import Sequence

from .acts import Act, acts
from .history import Event, Heard, Result
from .questions import is_open_question
from .schema import HANDOFF_PREFIX, Kind, Tool

_HOW_TO = re.compile(r"\bhow (?:do|does|can|to|should|would)\b|\bwhere (?:do|can) (?:i|we)\b", re.I)
_WHEN = re.compile(r"^\W*(?:when|where)\b.*\?\s*$", re.I | re.S)
_QUESTIONS = ("question", "query")


def taken_over_at(events: Sequence[Event]) -> int:
    """The event with the words that the last hand-over was about; -1 when there was none.

    What was asked before them was for the colleagues.
    """
    handed = [n for n, e in enumerate(events) if isinstance(e, Result) and e.ok and e.tool.startswith(HANDOFF_PREFIX)]
    if not handed:
        return -1
    return max((n for n, e in enumerate(events[: handed[-1]]) if isinstance(e, Heard)), default=-1)


def errand_of(tools: Sequence[Tool]) -> Tool | None:
    """What an agent does for a visitor whom it was handed with a matter that no tool names: its first tool that takes
    the matter in the visitor's own words.
    """
    takes = [
        t for t in tools if any(a.kind is Kind.REASON for a in t.required) and not t.brings_people and not t.is_handoff
    ]
    return next((t for t in takes if not _answers_questions(t)), None)


def elsewhere(tools: Sequence[Tool], text: str, *, handed: bool) -> Tool | None:
    """Who takes what no tool fits: the tool that answers how-to questions; for a visitor who was `handed` over, the
    colleague they came from, if that is the only one; and for any other open question the tool that answers some.
    """
    answers = next((t for t in tools if _answers_questions(t)), None)
    if answers is not None and _HOW_TO.search(text):
        return answers
    handoffs, said = [t for t in tools if t.is_handoff], acts(text)
    asks = said & (Act.QUESTION | Act.WISH) and Act.HUMAN not in said
    if handed and asks and len(handoffs) == 1:
        return handoffs[0]
    return answers if is_open_question(text) or _WHEN.search(text) else None


def _answers_questions(tool: Tool) -> bool:
    return tool.reads and any(a.name in _QUESTIONS for a in tool.required)
