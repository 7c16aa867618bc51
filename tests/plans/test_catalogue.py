"""The plans as they are sold."""

import pytest

from apps.plans.core.catalogue import GROWTH, PLANS, SCALE, STARTER, catalogue, dollars


def test_the_pricing_page() -> None:
    rows = [
        (
            plan.name,
            plan.monthly_price,
            plan.annual_price,
            plan.interactions,
            plan.numbers,
            plan.overage_price,
        )
        for plan in catalogue()
    ]
    assert rows == [
        ("Starter", "$149", "$1,519.80", 2_000, 1, "$0.075"),
        ("Growth", "$499", "$5,089.80", 10_000, 3, "$0.05"),
        ("Scale", "$1,499", "$15,289.80", 50_000, 10, "$0.03"),
    ]


def test_each_plan_has_the_channels_of_the_one_below_and_one_more() -> None:
    assert set(STARTER.channels) == {"voice", "chat"}
    assert set(GROWTH.channels) - set(STARTER.channels) == {"sms"}
    assert set(SCALE.channels) - set(GROWTH.channels) == {"whatsapp"}


def test_a_year_costs_15_percent_less_to_the_cent() -> None:
    for plan in catalogue():
        assert plan.annual_cents * 100 == plan.monthly_cents * 12 * 85


def test_plans_are_found_by_slug() -> None:
    assert all(PLANS[plan.slug] is plan for plan in catalogue())


@pytest.mark.parametrize(
    ("mills", "text"), [(0, "$0"), (5, "$0.005"), (10, "$0.01"), (1000, "$1"), (1_234_560, "$1,234.56")]
)
def test_amounts_read_as_people_write_them(mills: int, text: str) -> None:
    assert dollars(mills) == text
