"""What people say about their plans, read as levels for the score. Pure."""

from dataclasses import dataclass
from typing import Final, Literal

from apps.verticals.sales.core.scoring import Findings, Level

Interest = Literal["buying", "comparing", "curious", "no_interest"]
Timeline = Literal["now", "this_quarter", "this_year", "no_plans"]
Budget = Literal["approved", "planned", "no_budget"]
Authority = Literal["decides", "recommends", "uses"]
Mood = Literal["positive", "neutral", "negative"]

_INTENT: Final[dict[Interest, Level]] = {
    "buying": "high", "comparing": "medium", "curious": "low", "no_interest": "none",
}  # fmt: skip
_URGENCY: Final[dict[Timeline, Level]] = {
    "now": "high", "this_quarter": "medium", "this_year": "low", "no_plans": "none",
}  # fmt: skip
_BUDGET: Final[dict[Budget, Level]] = {"approved": "high", "planned": "medium", "no_budget": "none"}
_AUTHORITY: Final[dict[Authority, Level]] = {"decides": "high", "recommends": "medium", "uses": "low"}
_SENTIMENT: Final[dict[Mood, Level]] = {"positive": "high", "neutral": "medium", "negative": "none"}
_ALONE, _SMALL, _LARGE = 1, 10, 500


@dataclass(frozen=True, slots=True)
class Answers:
    """As they were given; None = not asked, or not answered."""

    interest: Interest | None = None
    timeline: Timeline | None = None
    budget: Budget | None = None
    authority: Authority | None = None
    team_size: int | None = None
    mood: Mood | None = None
    disqualifier: str = ""


def findings(answers: Answers) -> Findings:
    """The same as levels."""
    return Findings(
        intent=_INTENT[answers.interest] if answers.interest else None,
        fit=fit(answers.team_size),
        authority=_AUTHORITY[answers.authority] if answers.authority else None,
        urgency=_URGENCY[answers.timeline] if answers.timeline else None,
        budget=_BUDGET[answers.budget] if answers.budget else None,
        sentiment=_SENTIMENT[answers.mood] if answers.mood else None,
        is_disqualified=bool(answers.disqualifier.strip()),
    )


def fit(team_size: int | None) -> Level | None:
    """Teams of ten to five hundred are those we serve best."""
    if team_size is None:
        return None
    if team_size <= _ALONE:
        return "low"
    return "medium" if team_size < _SMALL or team_size > _LARGE else "high"
