"""A yes or no to a question that a tool has asked, for the tool that takes the answer."""

import re
from collections.abc import Sequence

from .acts import Act, acts
from .history import Result
from .offers import items
from .schema import Argument, Kind, Tool

_FAILED = re.compile(r"\b(?:still|not|nothing|neither|cannot|no luck|same as before)\b|n['’]t\b", re.I)
_WORKED = re.compile(r"\b(?:works?|worked|working|fixed|solved|helped|better|it (?:does|did|is|has))\b", re.I)
_ELSE = Act.HUMAN | Act.NEVER_MIND | Act.GOODBYE | Act.WHO_ARE_YOU | Act.REPEAT


def taker_of(spoken: str, result: Result | None, tools: Sequence[Tool]) -> tuple[Tool, Argument] | None:
    """The tool, and its argument, that the answer to `spoken` is for.

    `spoken` ends in the question of `result`, and the tool needs a yes or no and otherwise only ids that it carries.
    """
    if result is None or not result.ok or not result.say.endswith("?"):
        return None
    question = re.split(r"(?<=[.!?])\s+", result.say)[-1]
    if not spoken.rstrip().endswith(question):
        return None
    known = {key for item in items(result.data) for key in item}
    for tool in tools:
        flags = [a for a in tool.required if a.kind is Kind.FLAG]
        ids = {a.key for a in tool.required if a.kind is Kind.ID}
        if len(flags) == 1 and ids and ids <= known and len(ids) + 1 == len(tool.required):
            return tool, flags[0]
    return None


def verdict(text: str) -> bool | None:
    """Whether an answer says yes or no; None when it says neither."""
    said = acts(text)
    if said & _ELSE or text.rstrip().endswith("?"):
        return None
    if Act.NO in said:
        return False
    if Act.YES in said:
        return True
    if _FAILED.search(text):
        return False
    return True if _WORKED.search(text) else None
