"""Where a call's time went, as bars on one scale."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MOST = 24
"""Bars of a kind; a page of more is read by nobody."""


@dataclass(frozen=True, slots=True)
class Bar:
    """From `begin` to `end` milliseconds; the same in percent of the longest, for the drawing."""

    kind: str
    name: str
    begin: float
    end: float
    left: float = 0.0
    width: float = 0.0

    @property
    def ms(self) -> int:
        return round(self.end - self.begin)


def waterfall(timings: Mapping[str, Any], tools: Sequence[Mapping[str, Any]]) -> list[Bar]:
    """The way to the first word, then each answer, then the tools.

    Args:
        timings: a call's, in milliseconds.
        tools: with `name` and `duration_ms`.
    """
    ready, first = timings.get("model_ready"), timings.get("first_audio")
    bars = []
    if ready:
        bars.append(Bar("setup", "Model ready", 0, ready))
    if first:
        bars.append(Bar("setup", "First sound", ready or 0, first))
    for at, wait in timings.get("answers_at", [])[:MOST]:
        bars.append(Bar("answer", f"Answer at {int(at) // 60}:{int(at) % 60:02}", 0, wait))
    for tool in tools[:MOST]:
        if tool["duration_ms"] is not None:
            bars.append(Bar("tool", tool["name"], 0, tool["duration_ms"]))
    longest = max((bar.end for bar in bars), default=0) or 1
    return [
        Bar(
            bar.kind,
            bar.name,
            bar.begin,
            bar.end,
            round(bar.begin * 100 / longest, 2),
            round((bar.end - bar.begin) * 100 / longest, 2),
        )
        for bar in bars
    ]
