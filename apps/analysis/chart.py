"""A chart of days as the page draws it: places and sizes in an SVG of fixed size."""

from dataclasses import dataclass
from math import ceil

from apps.analysis.report import Day

WIDTH, HEIGHT = 720, 200
LEFT, TOP, BOTTOM = 34, 8, 22
_GAP = 0.25
"""Of a day's width, between two bars."""
_LABELS = 8


@dataclass(frozen=True, slots=True)
class Bar:
    """One day: the answered conversations, and the resolved ones among them from the ground up."""

    day: Day
    x: float
    width: float
    answered_y: float
    answered_height: float
    resolved_y: float
    resolved_height: float
    label: str


@dataclass(frozen=True, slots=True)
class Line:
    """Of the grid, at a number of conversations."""

    y: float
    value: int


@dataclass(frozen=True, slots=True)
class Chart:
    bars: list[Bar]
    grid: list[Line]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    ground: int = HEIGHT - BOTTOM


def chart(days: list[Day]) -> Chart:
    """Bars for each day, and a grid whose steps are whole numbers."""
    step = max(1, ceil(max((day.answered for day in days), default=0) / 4))
    top = step * 4
    room = HEIGHT - TOP - BOTTOM
    each = (WIDTH - LEFT) / max(1, len(days))
    every = ceil(len(days) / _LABELS)

    def height(count: int) -> float:
        return round(room * count / top, 2)

    ground = HEIGHT - BOTTOM
    bars = [
        Bar(
            day=day,
            x=round(LEFT + position * each + each * _GAP / 2, 2),
            width=round(each * (1 - _GAP), 2),
            answered_y=ground - height(day.answered),
            answered_height=height(day.answered),
            resolved_y=ground - height(day.resolved),
            resolved_height=height(day.resolved),
            label=f"{day.date:%b %-d}" if position % every == 0 else "",
        )
        for position, day in enumerate(days)
    ]
    grid = [Line(ground - height(step * n), step * n) for n in range(5)]
    return Chart(bars, grid)
