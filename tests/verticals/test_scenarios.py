"""Every vertical's dialogues pass against the simulated model, through the real chat."""

import pytest
from django.conf import settings

from apps.agents.registry import verticals
from apps.chat.rehearsal import rehearse, scenarios_of

CASES = [(slug, scenario) for slug, vertical in verticals().items() for scenario in scenarios_of(vertical)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("slug", "scenario"), CASES, ids=lambda value: getattr(value, "name", value))
async def test_a_scenario_passes(slug: str, scenario) -> None:
    report = await rehearse(verticals()[slug], scenario)
    shown = "\n".join(f"{who:<8}{text}" for who, text in report.transcript)
    assert report.problems == [], shown


KINDS = {
    "there and back": ("there_and_back",),
    "a change of mind": ("change_of_mind",),
    "a corrected date": ("correct_the_date",),
    "an impossible wish": ("impossible",),
    "an angry visitor": ("angry",),
    "somebody else's data": ("somebody_elses_data",),
    "not for an agent": ("must_not_answer", "not_for_an_agent", "diagnosis", "no_forecast"),
}


@pytest.mark.once
@pytest.mark.parametrize("slug", verticals())
def test_every_vertical_plays_what_goes_wrong(slug: str) -> None:
    files = {path.stem: path for path in (settings.VERTICALS_DIR / slug / "scenarios").glob("*.yaml")}
    played = {kind for kind, names in KINDS.items() if any(name in stem for name in names for stem in files)}
    alone = len(verticals()[slug].agents) == 1
    assert played == KINDS.keys() - ({"there and back"} if alone else set())
    if not alone:
        there_and_back = next(
            text for stem, path in files.items() if "there_and_back" in stem for text in [path.read_text()]
        )
        assert there_and_back.index("transfer_to_") < there_and_back.index("transfer_to_triage")


@pytest.mark.once
def test_every_vertical_has_at_least_twelve() -> None:
    for slug, vertical in verticals().items():
        assert len(scenarios_of(vertical)) >= 12, slug
