"""The tools that say what the salon does, and what goes well with it."""

from typing import Annotated, Any

from apps.agents.sdk import ToolContext, ToolRefused, ToolResult, tool
from apps.business.core.wording import listed, spoken_length, spoken_money
from apps.business.models import Service
from apps.conversations.models import ToolCall
from apps.verticals.salon.menu import (
    as_data,
    categories,
    find_services,
    lowered,
    menu_services,
    spoken_offer,
    spoken_services,
)
from apps.verticals.salon.stylists import quotes
from apps.verticals.salon.tools.arguments import Ids, Topic, wished_services

_SPOKEN = 4


@tool(label="Looking up our menu")
def get_all_services(
    ctx: ToolContext,
    *,
    category: Annotated[Topic | None, "one of the salon's categories; see get_service_categories"] = None,
) -> ToolResult:
    """Lists the whole menu, or one category of it.

    Use it when the visitor asks what there is; for something that they name use find_service_by_name. Returns
    service_name, category, price, duration of each.
    """
    services = menu_services()
    if category is None:
        return ToolResult(_overview(services), {"services": [as_data(one) for one in services]})
    found = [one for one in services if one.category.casefold() == category.casefold()]
    if not found:
        return ToolResult(f"We have no such category. {_overview(services)}", {"services": []})
    more = ", among others" if len(found) > _SPOKEN else ""
    said = listed([spoken_offer(one) for one in found[:_SPOKEN]])
    return ToolResult(f"We offer {said}{more}.", {"services": [as_data(one) for one in found]})


@tool(label="Looking up our menu")
def get_service_categories(ctx: ToolContext) -> ToolResult:
    """Lists the kinds of services there are, with how many services each has.

    Use it for a first overview of what the salon does. Returns category and count of each.
    """
    services = menu_services()
    data = [
        {"category": category, "count": sum(one.category == category for one in services)}
        for category in categories(services)
    ]
    return ToolResult(_overview(services), {"categories": data})


def _overview(services: list[Service]) -> str:
    kinds = [category.lower() for category in categories(services)]
    if not kinds:
        return "Our menu is being rewritten at the moment; please call us."
    return f"We offer {len(services)} services in {listed(kinds)}."


@tool(label="Looking up our menu")
def find_service_by_name(
    ctx: ToolContext,
    *,
    service_name: Annotated[Topic, "name of the service or services, in the visitor's own words"],
) -> ToolResult:
    """Finds services on the menu by what the visitor calls them, and how much they cost; several at once is fine.

    Use it as soon as a service is named: it understands typos, nicknames and "cut and color". Returns service_ids
    when it is clear what is meant, and the services (service_id, service_name, price, duration); when several could
    be meant, only the services to choose from.
    """
    services = menu_services()
    found = find_services(service_name, services)
    missing = f"I do not see {listed(list(found.unknown), word='or')} on our menu. " if found.unknown else ""
    if not found.services and not found.choices:
        missing = missing or "I do not see that on our menu. "
        raise ToolRefused(
            "service_not_found", f"{missing}{_overview(services)}", data={"categories": categories(services)}
        )
    clear = f"{_capital(spoken_services(found.services))} is noted. " if found.choices and found.services else ""
    if found.choices:
        options = found.choices[0]
        said = listed([spoken_offer(one) for one in options[:_SPOKEN]], word="or")
        return ToolResult(
            f"{missing}{clear}We have {said}.",
            {"services": [as_data(one) for one in options], "clear": [one.name for one in found.services]},
        )
    said = listed([spoken_offer(one) for one in found.services])
    return ToolResult(
        f"{missing}We have {said}.",
        {"service_ids": [one.pk for one in found.services], "services": [as_data(one) for one in found.services]},
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


@tool(label="Thinking of what goes with it")
def suggest_add_on(
    ctx: ToolContext,
    *,
    service_ids: Annotated[Ids, "service_ids that the visitor has settled on"],
) -> ToolResult:
    """Suggests one extra that goes well with the chosen services, with its price.

    Use it once, when the service is settled and before the time is; never again in the conversation, whatever the
    answer was. Returns add_on (service_id, service_name, price, duration, reason), or none.
    """
    services = wished_services(service_ids)
    if _has_suggested(ctx):
        raise ToolRefused("already_suggested", "I have made my suggestion already, so let us stay with your choice.")
    for service in services:
        add_on = service.menu_entry.add_on
        if add_on is None or add_on in services or not add_on.can_be_booked:
            continue
        if quotes([*services, add_on]):
            return _suggestion(service, add_on)
    return ToolResult("That goes very well as it is.", {"add_on": None})


def _suggestion(service: Service, add_on: Service) -> ToolResult:
    price = "" if add_on.price_cents is None else f" for {spoken_money(add_on.price_cents)}"
    reason = f": {service.menu_entry.add_on_reason.rstrip('.')}" if service.menu_entry.add_on_reason else ""
    length = spoken_length(add_on.duration_minutes)
    data: dict[str, Any] = {**as_data(add_on), "reason": service.menu_entry.add_on_reason}
    return ToolResult(
        f"Many customers add {lowered(add_on.name)}{price} ({length}) to {lowered(service.name)}{reason}.",
        {"add_on": data},
    )


def _has_suggested(ctx: ToolContext) -> bool:
    """Whether this conversation has heard a suggestion; the record of the calls tells."""
    calls = ToolCall.objects.filter(
        conversation_id=ctx.conversation_id, name="suggest_add_on", status=ToolCall.Status.DONE
    )
    return calls.filter(result__data__add_on__has_key="service_id").exists()
