"""The tools that tell about suburbs, from the agency's own figures."""

from typing import Annotated

from pydantic import Field

from apps.agents.sdk import ToolContext, ToolRefused, ToolResult, tool
from apps.business.core.wording import listed, spoken_money
from apps.verticals.real_estate.models import Suburb
from apps.verticals.real_estate.suburbs import all_suburbs, as_data, named, spoken_figures
from apps.verticals.real_estate.tools.arguments import SPOKEN, Topic

_GUIDE = "These are past figures, not a forecast."


@tool(label="Looking up the suburb")
def get_suburb_facts(
    ctx: ToolContext, *, suburb_name: Annotated[Topic, "name of the suburb, as the visitor said it"]
) -> ToolResult:
    """Tells what a suburb is like: median prices and rents, growth, schools, transport, commute, shops, lifestyle.

    Use it for questions about a suburb, an area or a neighborhood. Returns suburb_name, median_house_price,
    median_unit_price, median_weekly_rent, growth, days_on_market, commute, schools, transport, shops, lifestyle.
    """
    one = _suburb(suburb_name)
    figures = spoken_figures(one)
    parts = [f"In {one.name}, {figures}." if figures else f"{one.name} has no price figures on record."]
    if one.commute_minutes:
        parts.append(f"It is {one.commute_minutes} minutes from the center.")
    return ToolResult(" ".join(parts), as_data(one))


@tool(label="Comparing the suburbs")
def compare_suburbs(
    ctx: ToolContext,
    *,
    suburb_names: Annotated[
        list[Topic], "the two or three suburbs that the visitor named", Field(min_length=1, max_length=3)
    ],
) -> ToolResult:
    """Compares two or three suburbs: prices, rents, growth and the way to the center.

    Use it for questions such as which of two suburbs is cheaper or closer. Returns the facts of each suburb.
    """
    found = list(dict.fromkeys(_suburb(name) for name in suburb_names))
    if len(found) < 2:
        raise ToolRefused(
            "second_suburb_needed", f"With which suburb shall I compare {found[0].name}?", field="suburb_names"
        )
    said = listed([_spoken(one) for one in found])
    return ToolResult(f"{said}. {_GUIDE}", {"suburbs": [as_data(one) for one in found]})


def _spoken(one: Suburb) -> str:
    price = f"houses at {spoken_money(one.median_house_price_cents)}" if one.median_house_price_cents else ""
    unit = f"apartments at {spoken_money(one.median_unit_price_cents)}" if one.median_unit_price_cents else ""
    way = f"{one.commute_minutes} minutes to the center" if one.commute_minutes else ""
    return f"{one.name} has {listed([part for part in (price, unit, way) if part]) or 'no figures on record'}"


def _suburb(name: str) -> Suburb:
    suburbs = all_suburbs()
    one = named(name, suburbs)
    if one is None:
        known = f" I know {listed([other.name for other in suburbs[:SPOKEN]])} well." if suburbs else ""
        raise ToolRefused("suburb_not_found", f"I have no figures for that suburb.{known}", field="suburb_name")
    return one
