"""The slope of a measurement over time, with how sure one can be of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf, sqrt

BLOCKS = 12
"""Samples are averaged into so many blocks first: neighbors resemble each other, and would feign certainty."""
_T95 = 2.228
"""Student's t, two-sided 95 %, for BLOCKS - 2 degrees of freedom."""


@dataclass(frozen=True, slots=True)
class Slope:
    """Per unit of time, with its 95 % confidence interval."""

    value: float
    low: float
    high: float


def slope(times: Sequence[float], values: Sequence[float]) -> Slope:
    """The least-squares slope; without bounds when there are fewer than two samples a block."""
    if len(times) < 2 * BLOCKS:
        return Slope(0.0, -inf, inf)
    edges = [len(times) * block // BLOCKS for block in range(BLOCKS + 1)]
    spans = [slice(start, end) for start, end in pairwise(edges)]
    xs = [sum(times[span]) / len(times[span]) for span in spans]
    ys = [sum(values[span]) / len(values[span]) for span in spans]
    x_mean, y_mean = sum(xs) / BLOCKS, sum(ys) / BLOCKS
    spread = sum((x - x_mean) ** 2 for x in xs)
    value = sum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys, strict=True)) / spread
    rest = sum((y - y_mean - value * (x - x_mean)) ** 2 for x, y in zip(xs, ys, strict=True))
    error = _T95 * sqrt(rest / (BLOCKS - 2) / spread)
    return Slope(value, value - error, value + error)
