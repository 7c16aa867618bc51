"""The slope that decides whether memory grows."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slope import slope

pytestmark = pytest.mark.once
MINUTES = [number / 6 for number in range(120)]


@given(st.floats(-1e3, 1e3), st.floats(-1e6, 1e6))
def test_a_straight_line_has_its_slope_for_certain(rise: float, start: float) -> None:
    found = slope(MINUTES, [start + rise * minute for minute in MINUTES])
    assert found.value == pytest.approx(rise, abs=1e-3)
    assert found.low == pytest.approx(found.high, abs=1e-2)


@given(st.integers())
def test_noise_alone_is_no_certain_growth_worth_a_name(seed: int) -> None:
    chance = random.Random(seed)
    found = slope(MINUTES, [100_000 + chance.uniform(-500, 500) for _ in MINUTES])
    assert found.low <= found.value <= found.high
    assert found.low < 50


def test_too_few_samples_are_no_evidence() -> None:
    assert slope([1.0, 2.0], [1.0, 9.0]).low == float("-inf")
