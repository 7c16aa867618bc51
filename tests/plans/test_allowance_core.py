"""Who may answer, and when the owner is warned."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.plans.core.allowance import Allowed, Overage, Refused, alerts, decide
from apps.plans.core.catalogue import STARTER, catalogue
from apps.plans.core.trial import Status

LIMIT = STARTER.interactions


@pytest.mark.parametrize(
    ("status", "used", "overage", "expected"),
    [
        ("trial", 0, "stop", Allowed()),
        ("trial", LIMIT - 1, "stop", Allowed()),
        ("trial", LIMIT, "stop", Refused("limit_reached")),
        ("trial", LIMIT, "bill", Refused("limit_reached")),  # no card yet
        ("active", LIMIT - 1, "stop", Allowed()),
        ("active", LIMIT, "stop", Refused("limit_reached")),
        ("active", LIMIT * 9, "bill", Allowed()),
        ("paused", 0, "bill", Refused("trial_expired")),
        ("canceled", 0, "bill", Refused("no_subscription")),
    ],
)
def test_the_table(status: Status, used: int, overage: Overage, expected: Allowed | Refused) -> None:
    assert decide(status=status, plan=STARTER, used=used, overage=overage) == expected


@given(st.sampled_from(catalogue()), st.integers(0, 200_000), st.integers(0, 1_000))
def test_more_usage_never_takes_an_alert_back(plan, used, more) -> None:
    before, after = alerts(plan=plan, used=used), alerts(plan=plan, used=used + more)
    assert after[: len(before)] == before


@pytest.mark.parametrize(("used", "expected"), [(1_599, ()), (1_600, (80,)), (1_999, (80,)), (2_000, (80, 100))])
def test_alerts_at_80_and_100_percent(used: int, expected: tuple[int, ...]) -> None:
    assert alerts(plan=STARTER, used=used) == expected
