"""What was measured, as a Markdown table."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil

SATURATED = 0.95
"""Cores' worth of CPU from which a server of one thread is at its end."""
QUIET = 0.2
"""Cores of other work up to which times mean something."""
_COLUMNS = (
    "server",
    "CPU µs / token",
    "× Starlette",
    "× Node",
    "× floor",
    "of it streaming",
    "CPU ms / answer",
    "first token, all at once: p50 / p99 ms",
    "first token, one more: p50 / p99 ms",
    "gap p99 ms",
    "kB / stream",
    "tokens delivered",
)


@dataclass
class Result:
    """One server under load. CPU and times in seconds, memory in kB; user and system time of the whole process tree."""

    name: str
    cpu_per_token: float
    """From the first request to the last trace of the last answer, so with what opening and ending an answer costs."""
    redis_per_token: float
    """The part of it that an embedded Redis takes."""
    streaming_per_token: float | None
    """While every stream is open and none begins or ends; None when there was no such second."""
    load: float
    """Cores kept busy by the server, from the first request to the last token."""
    elsewhere: float
    """Cores kept busy by what is no part of the benchmark."""
    firsts: list[float]
    gaps: list[float]
    tokens: int
    expected: int
    whole: int
    streams: int
    probes: list[float] = field(default_factory=list)
    """To the first token of single streams while the others run."""
    kb_per_stream: float | None = None

    @property
    def cpu_per_answer(self) -> float | None:
        """What an answer costs beyond its streaming."""
        if self.streaming_per_token is None:
            return None
        return (self.cpu_per_token - self.streaming_per_token) * self.tokens / self.streams

    @property
    def complete(self) -> bool:
        return self.tokens == self.expected and self.whole == self.streams


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that `percent` of all do not exceed; NaN without values."""
    ordered = sorted(values)
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)] if ordered else float("nan")


def _number(value: float | None, scale: float, decimals: int = 0) -> str:
    return "–" if value is None else f"{value * scale:.{decimals}f}"


def _times(values: Sequence[float], base: Sequence[float]) -> str:
    """p50 / p99 in ms, over the p50 of `base`."""
    start = percentile(base, 50) if base else 0.0
    return " / ".join(_number(percentile(values, percent) - start, 1e3) for percent in (50, 99))


def _row(result: Result, provider: Result, peers: Sequence[Result | None]) -> list[str]:
    ratios = [f"{result.cpu_per_token / peer.cpu_per_token:.2f}" if peer else "–" for peer in peers]
    alone = result is provider
    return [
        result.name + (" (saturated)" if result.load >= SATURATED else ""),
        _number(result.cpu_per_token, 1e6),
        *(["–"] * len(ratios) if alone else ratios),
        _number(result.streaming_per_token, 1e6),
        _number(result.cpu_per_answer, 1e3, 1),
        _times(result.firsts, [] if alone else provider.firsts),
        _times(result.probes, [] if alone else provider.probes),
        _number(percentile(result.gaps, 99), 1e3),
        _number(result.kb_per_stream, 1),
        f"{result.tokens:,} of {result.expected:,}, {result.whole} of {result.streams} ended",
    ]


def markdown(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose first column is text and whose others are numbers."""
    cells = [columns, ["---", *["--:"] * (len(columns) - 1)], *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


def table(rows: Sequence[Result | str]) -> str:
    """The rows in order, the first being the provider alone; then the reasons why others are missing."""
    results = [row for row in rows if isinstance(row, Result)]
    provider = results[0]
    peers = [next((r for r in results if r.name.startswith(name)), None) for name in ("Starlette", "Node", "Floor")]
    lines = [markdown(_COLUMNS, [_row(result, provider, peers) for result in results])]
    lines += [f"\nNot measured: {row}." for row in rows if isinstance(row, str)]
    lines += [
        f"\n{result.name}: {result.redis_per_token * 1e6:.0f} of its µs a token are those of Redis."
        for result in results
        if result.redis_per_token
    ]
    if (elsewhere := max(result.elsewhere for result in results)) > QUIET:
        lines += [f"\nThe machine was busy elsewhere with up to {elsewhere:.1f} cores: read the ratios, not the times."]
    return "\n".join(lines)
