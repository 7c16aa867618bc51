"""Suburbs: finding one by name, and what is known about it."""

from typing import Any

from rapidfuzz import fuzz

from apps.business.core.names import fold
from apps.business.core.wording import listed, spoken_money
from apps.verticals.real_estate.models import Suburb

_SCORE = 80


def all_suburbs() -> list[Suburb]:
    return list(Suburb.objects.all())


def named(name: str, suburbs: list[Suburb]) -> Suburb | None:
    """The suburb that is meant by a name or a postcode; a slip is forgiven, a tie is not."""
    asked = fold(name)
    if exact := [one for one in suburbs if asked in (fold(one.name), one.postcode)]:
        return exact[0]
    scores = sorted(((fuzz.ratio(asked, fold(one.name)), one) for one in suburbs), key=lambda pair: -pair[0])
    if not scores or scores[0][0] < _SCORE or (len(scores) > 1 and scores[1][0] == scores[0][0]):
        return None
    return scores[0][1]


def spoken_figures(one: Suburb) -> str:
    """What is known of prices, such as "houses have a median price of $2,450,000, up 4.1% in 12 months"."""
    parts = []
    if one.median_house_price_cents:
        parts.append(f"houses have a median price of {spoken_money(one.median_house_price_cents)}")
    if one.median_unit_price_cents:
        parts.append(f"apartments one of {spoken_money(one.median_unit_price_cents)}")
    if one.median_weekly_rent_cents:
        parts.append(f"the median rent is {spoken_money(one.median_weekly_rent_cents)} a week")
    if one.yearly_growth_percent is not None:
        change = "up" if one.yearly_growth_percent >= 0 else "down"
        parts.append(f"prices are {change} {abs(one.yearly_growth_percent)}% in 12 months")
    return listed(parts)


def as_data(one: Suburb) -> dict[str, Any]:
    """Every fact on record; what is not known is left out."""

    def money(cents: int | None) -> str | None:
        return None if cents is None else spoken_money(cents)

    facts = {
        "suburb_name": one.name,
        "postcode": one.postcode,
        "state": one.state,
        "median_house_price": money(one.median_house_price_cents),
        "median_unit_price": money(one.median_unit_price_cents),
        "median_weekly_rent": money(one.median_weekly_rent_cents),
        "growth": None if one.yearly_growth_percent is None else f"{one.yearly_growth_percent}%",
        "days_on_market": one.days_on_market,
        "commute": f"{one.commute_minutes} minutes to the center" if one.commute_minutes else None,
        "population": one.population,
        "schools": one.schools,
        "transport": one.transport,
        "shops": one.shops,
        "lifestyle": one.lifestyle,
        "source": one.source,
        "as_of": one.as_of_date.isoformat() if one.as_of_date else None,
    }
    return {name: value for name, value in facts.items() if value not in (None, "")}
