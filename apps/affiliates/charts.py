"""Plain SVG bar charts, drawn by the server: a page of figures needs no script. The table beside says the same."""

from collections.abc import Sequence
from dataclasses import dataclass

HEIGHT = 120
"""Of the drawing, in its own units."""
STEP = 20
GAP = 5
_LEAST = 2
"""A value that is not zero can be seen."""


@dataclass(frozen=True, slots=True)
class Bar:
    x: int
    y: float
    height: float
    width: int
    label: str
    value: str
    is_negative: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """Ready for `affiliates/chart.html`."""

    title: str
    width: int
    baseline: float
    bars: list[Bar]

    @property
    def height(self) -> int:
        return HEIGHT


def bars(title: str, values: Sequence[tuple[str, float, str]]) -> Chart:
    """A chart of (label, value, value in words); below zero hangs from the baseline."""
    highest = max([0.0, *(value for _, value, _ in values)])
    lowest = min([0.0, *(value for _, value, _ in values)])
    span = (highest - lowest) or 1.0
    baseline = HEIGHT * highest / span if highest or lowest else float(HEIGHT)
    drawn = []
    for position, (label, value, words) in enumerate(values):
        height = max(_LEAST, HEIGHT * abs(value) / span) if value else 0.0
        top = baseline - height if value > 0 else baseline
        drawn.append(Bar(position * STEP, round(top, 2), round(height, 2), STEP - GAP, label, words, value < 0))
    return Chart(title, max(1, len(values)) * STEP - GAP, round(baseline, 2), drawn)
