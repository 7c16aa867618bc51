"""What was measured of the bridges, as a Markdown table."""

from collections.abc import Sequence

from report import QUIET, SATURATED, markdown, percentile

from calls.measuring import Result

_PEERS = {
    "× Node": "Node",
    "× FastAPI": "FastAPI + websockets",
    "× audioop": "FastAPI + audioop",
    "× Pipecat": "Pipecat",
}
_COLUMNS = (
    "bridge",
    "CPU ms / call-second",
    *_PEERS,
    "CPU ms / call",
    "caller → model p50 / p99 ms",
    "model → caller p50 / p99 ms",
    "clear p50 / p99 ms",
    "kB / call",
    "lost: up, down, clears",
)


def _times(values: Sequence[float]) -> str:
    return " / ".join(f"{percentile(values, percent) * 1e3:.1f}" for percent in (50, 99))


def _lost(result: Result) -> str:
    """In percent of what was sent; `clear` in number."""
    up, down = 1 - len(result.to_model) / max(result.said, 1), 1 - len(result.to_caller) / max(result.spoken, 1)
    return f"{up:.1%}, {down:.1%}, {result.interrupted - len(result.clears)} of {result.interrupted}"


def _row(result: Result, peers: Sequence[Result | None]) -> list[str]:
    return [
        result.name + (" (saturated)" if result.load >= SATURATED else ""),
        f"{result.cpu_per_second * 1e3:.1f}",
        *(f"{result.cpu_per_second / peer.cpu_per_second:.2f}" if peer else "–" for peer in peers),
        f"{result.cpu_per_call * 1e3:.0f}",
        _times(result.to_model),
        _times(result.to_caller),
        _times(result.clears),
        f"{result.kb_per_call:.0f}",
        _lost(result),
    ]


def table(rows: Sequence[Result | str]) -> str:
    """The rows in order; then the reasons why others are missing."""
    results = [row for row in rows if isinstance(row, Result)]
    peers = [next((r for r in results if r.name.startswith(name)), None) for name in _PEERS.values()]
    lines = [markdown(_COLUMNS, [_row(result, peers) for result in results])]
    lines += [f"\nNot measured: {row}." for row in rows if isinstance(row, str)]
    lines += [
        f"\n{result.name}: {result.redis_per_second * 1e3:.2f} of its ms are those of Redis."
        for result in results
        if result.redis_per_second
    ]
    if results and (elsewhere := max(result.elsewhere for result in results)) > QUIET:
        lines += [f"\nThe machine was busy elsewhere with up to {elsewhere:.1f} cores: read the ratios, not the times."]
    return "\n".join(lines)
