"""Every vertical's dialogues pass against the simulated model, through the real chat."""

import pytest

from apps.agents.registry import verticals
from apps.chat.rehearsal import rehearse, scenarios_of

CASES = [(slug, scenario) for slug, vertical in verticals().items() for scenario in scenarios_of(vertical)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("slug", "scenario"), CASES, ids=lambda value: getattr(value, "name", value))
async def test_a_scenario_passes(slug: str, scenario) -> None:
    report = await rehearse(verticals()[slug], scenario)
    shown = "\n".join(f"{who:<8}{text}" for who, text in report.transcript)
    assert report.problems == [], shown


@pytest.mark.once
def test_every_vertical_has_at_least_twelve() -> None:
    for slug, vertical in verticals().items():
        assert len(scenarios_of(vertical)) >= 12, slug
