import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.edge.core.probe import HEARTBEAT, MAX_EVENTS, MAX_LIFETIME, Probe, beats

pytestmark = pytest.mark.once

PROBES = st.builds(Probe, st.just("probe_1"), st.integers(1, 20), st.floats(0, 100, allow_nan=False))


@given(PROBES)
def test_events_come_in_order_at_their_interval(probe: Probe) -> None:
    clock, made = 0.0, {}
    for wait, number in beats(probe):
        assert 0 <= wait <= HEARTBEAT
        clock += wait
        if number is not None:
            made[number] = clock
    assert made == pytest.approx({number: (number - 1) * probe.interval for number in range(1, probe.events + 1)})
    assert clock == pytest.approx(probe.lifetime)


def test_a_quiet_time_is_filled_with_keep_alives() -> None:
    assert list(beats(Probe("p", 2, 40.0))) == [(0.0, 1), (15.0, None), (15.0, None), (10.0, 2)]


@pytest.mark.parametrize(
    ("events", "interval"),
    [(0, 1.0), (MAX_EVENTS + 1, 0.0), (2, MAX_LIFETIME + 1), (2, -1.0), (2, float("nan")), (2, float("inf"))],
)
def test_what_a_probe_may_cost_is_bounded(events: int, interval: float) -> None:
    with pytest.raises(ValueError, match="A probe"):
        Probe("p", events, interval)
