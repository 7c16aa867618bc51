"""What changed from one text to the next: lines that came and went, and within a line the words. Pure."""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["same", "added", "removed"]
_WORD = re.compile(r"\s+|\w+|[^\w\s]")
CONTEXT = 3
"""Lines that are shown around a change."""
ALIKE = 0.5
"""From this share of equal words on, a line is the one before with other words; below, it is another line."""


@dataclass(frozen=True, slots=True)
class Span:
    """Words of a line that both sides have, or only one."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class DiffLine:
    """A line; of a `changed` one, its `spans` say which words came and went. A `gap` stands for equal lines."""

    kind: Literal["same", "added", "removed", "changed", "gap"]
    text: str = ""
    spans: tuple[Span, ...] = ()


def words(before: str, after: str) -> list[Span]:
    """Word by word; joined, what is not `added` is `before` and what is not `removed` is `after`."""
    old, new = _WORD.findall(before), _WORD.findall(after)
    spans: list[Span] = []
    for tag, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            spans.append(Span("same", "".join(old[a:b])))
            continue
        if a < b:
            spans.append(Span("removed", "".join(old[a:b])))
        if c < d:
            spans.append(Span("added", "".join(new[c:d])))
    return spans


def lines(before: str, after: str) -> list[DiffLine]:
    """Line by line, with CONTEXT around each change; empty when nothing changed."""
    old, new = before.splitlines(), after.splitlines()
    result: list[DiffLine] = []
    end = 0
    for group in difflib.SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(CONTEXT):
        if group[0][1] > end:
            result.append(DiffLine("gap"))
        for tag, a, b, c, d in group:
            if tag == "equal":
                result += [DiffLine("same", line) for line in old[a:b]]
            else:
                result += _replaced(old[a:b], new[c:d])
        end = group[-1][2]
    if result and end < len(old):
        result.append(DiffLine("gap"))
    return result


def _replaced(old: Sequence[str], new: Sequence[str]) -> Iterable[DiffLine]:
    """Lines that stand in the place of others, each beside the one it was made of."""
    for position in range(max(len(old), len(new))):
        gone = old[position] if position < len(old) else None
        come = new[position] if position < len(new) else None
        if gone is not None and come is not None and _alike(gone, come):
            yield DiffLine("changed", spans=tuple(words(gone, come)))
            continue
        if gone is not None:
            yield DiffLine("removed", gone)
        if come is not None:
            yield DiffLine("added", come)


def _alike(before: str, after: str) -> bool:
    old, new = _WORD.findall(before), _WORD.findall(after)
    return difflib.SequenceMatcher(None, old, new, autojunk=False).ratio() >= ALIKE
