"""The tools that say who works at the salon, and what each of them does."""

from typing import Annotated, Any

from apps.agents.sdk import ToolContext, ToolRefused, ToolResult, tool
from apps.business.core.wording import listed, spoken_length, spoken_money
from apps.business.models import StaffService
from apps.verticals.salon.menu import find_services, lowered, menu_services, spoken_services
from apps.verticals.salon.models import Stylist
from apps.verticals.salon.stylists import active_stylists, find_by_name, quotes
from apps.verticals.salon.tools.arguments import Topic

_SPOKEN = 6


@tool(label="Looking up our stylists")
def get_all_stylists(
    ctx: ToolContext,
    *,
    service_name: Annotated[
        Topic | None, "only who does this service, in the visitor's own words, when they ask who does one"
    ] = None,
) -> ToolResult:
    """Lists the stylists of the salon: everyone who works here, or who does a service, with their own price for it.

    Use it for questions about the team. Returns stylist_id, stylist_name, title, known_for, languages of each.
    """
    stylists = active_stylists()
    if not stylists:
        return ToolResult("Nobody here takes bookings at the moment.", {"stylists": []})
    ordered = find_services(service_name, menu_services()) if service_name else None
    wished = ordered.services or [group[0] for group in ordered.choices] if ordered else []
    if not wished:
        said = listed([_introduced(one) for one in stylists[:_SPOKEN]])
        more = f", and {len(stylists) - _SPOKEN} more" if len(stylists) > _SPOKEN else ""
        return ToolResult(f"Our stylists are {said}{more}.", {"stylists": [_data(one) for one in stylists]})
    offers = quotes(wished, stylists=stylists)
    if not offers:
        return ToolResult(f"None of our stylists does {spoken_services(wished)} in one visit.", {"stylists": []})
    said = listed([f"{one.stylist.staff.name} ({_terms(one.minutes, one.price_cents)})" for one in offers[:_SPOKEN]])
    return ToolResult(
        f"{spoken_services(wished)[:1].upper()}{spoken_services(wished)[1:]} is done by {said}.",
        {"stylists": [_data(one.stylist) for one in offers]},
    )


@tool(label="Looking up the stylist")
def get_stylist_by_name(
    ctx: ToolContext, *, stylist_name: Annotated[Topic, "the stylist's name, as the visitor said it"]
) -> ToolResult:
    """Tells about one stylist by name: what they are known for, which services they do at which price and length, which
    languages they speak.

    Use it when the visitor names a stylist. Returns stylist_id, stylist_name, known_for, languages, bio, skills.
    """
    stylists = active_stylists()
    found = find_by_name(stylist_name, stylists)
    if len(found) > 1:
        names = listed([one.staff.name for one in found], word="or")
        raise ToolRefused("which_stylist", f"Do you mean {names}?", field="stylist_name")
    if not found:
        names = listed([one.staff.name for one in stylists[:_SPOKEN]])
        who = f" We have {names}." if names else ""
        raise ToolRefused(
            "stylist_not_found", f"I cannot find a stylist of that name at our salon.{who}", field="stylist_name"
        )
    stylist = found[0]
    skills = StaffService.objects.filter(
        staff=stylist.staff_id, service__is_active=True, service__menu_entry__isnull=False
    ).select_related("service")
    known_for = f" is known for {stylist.known_for} and" if stylist.known_for else ""
    does = [
        f"{skill.service.name} ({_terms(int(skill.duration.total_seconds() // 60), skill.price)})" for skill in skills
    ]
    return ToolResult(
        f"{stylist.staff.name}{known_for} speaks {listed(stylist.languages.split(', '))}.",
        {**_data(stylist), "bio": stylist.bio, "skills": does},
    )


def _introduced(stylist: Stylist) -> str:
    return f"{stylist.staff.name} for {lowered(stylist.known_for)}" if stylist.known_for else stylist.staff.name


def _terms(minutes: int, price_cents: int | None) -> str:
    price = "price on request" if price_cents is None else spoken_money(price_cents)
    return f"{price}, {spoken_length(minutes)}"


def _data(stylist: Stylist) -> dict[str, Any]:
    return {
        "stylist_id": stylist.pk,
        "stylist_name": stylist.staff.name,
        "title": stylist.staff.title,
        "known_for": stylist.known_for,
        "languages": stylist.languages,
    }
