"""The tools that say what the clinic does and when it is open."""

import datetime as dt
from typing import Annotated, Any

from apps.agents.sdk import ToolContext, ToolResult, tool
from apps.business.calendar import is_open, office_hours
from apps.business.core.wording import (
    listed,
    spoken_date,
    spoken_length,
    spoken_money,
    spoken_week,
)
from apps.business.models import Closure, Service
from apps.tenants.models import Tenant
from apps.verticals.healthcare.core.codes import code_system
from apps.verticals.healthcare.providers import spoken_specialty
from apps.verticals.healthcare.services import matching, offered_services
from apps.verticals.healthcare.tools.arguments import Topic, today

_SPOKEN = 4
_LISTED = 40
_CLOSURES_AHEAD = dt.timedelta(days=30)


@tool(label="Looking up our services")
def get_services(
    ctx: ToolContext,
    *,
    category: Annotated[
        Topic | None,
        "what is asked about, in the visitor's words: Dentistry (tooth, teeth cleaning, filling, crown), "
        "Vaccinations (flu shot, vaccine, tetanus), Imaging (x-ray, scan), Laboratory (blood test, strep), "
        "or any other service or specialty",
    ] = None,
) -> ToolResult:
    """Lists the services of the clinic with their prices, lengths and billing codes (CPT or CDT).

    Use it for questions about what is offered, what something costs or how long it takes. Returns name,
    category, price, duration, code, code_system of each.
    """
    services = offered_services()
    found = matching(category, services) if category else services
    data = {"services": [_data(service) for service in found[:_LISTED]]}
    if not found:
        return ToolResult(f"I do not see that in our list of services. {_overview(services)}".strip(), data)
    if not category and len(found) > _SPOKEN:
        return ToolResult(_overview(services), data)
    more = ", among others" if len(found) > _SPOKEN else ""
    return ToolResult(f"We offer {listed([_spoken(service) for service in found[:_SPOKEN]])}{more}.", data)


def _overview(services: list[Service]) -> str:
    """Such as "We offer 22 services in dentistry, imaging and more."."""
    kinds = list(dict.fromkeys(spoken_specialty(service.category) for service in services if service.category))
    if not kinds:
        return ""
    said = listed(kinds) if len(kinds) <= _SPOKEN else f"{', '.join(kinds[:_SPOKEN])} and more"
    return f"We offer {len(services)} services in {said}."


def _spoken(service: Service) -> str:
    price = "price on request" if service.price_cents is None else f"for {spoken_money(service.price_cents)}"
    return f"{service.name} {price} ({spoken_length(service.duration_minutes)})"


def _data(service: Service) -> dict[str, Any]:
    return {
        "name": service.name,
        "category": service.category,
        "price": None if service.price_cents is None else spoken_money(service.price_cents),
        "duration": service.duration_minutes,
        "code": service.code,
        "code_system": code_system(service.code),
    }


@tool(label="Looking up our hours")
def get_office_hours(ctx: ToolContext) -> ToolResult:
    """Tells the opening hours of the clinic, whether it is open now, holidays, its address and phone number.

    Use it for questions about when or where. Returns hours by weekday, closures, address, phone.
    """
    days = office_hours()
    week = spoken_week([[(span.opens, span.closes) for span in day.openings] for day in days])
    closures = list(Closure.objects.filter(end_date__gte=today(ctx), start_date__lte=today(ctx) + _CLOSURES_AHEAD))
    closed = "".join(f" We are closed on {_spoken_closure(ctx, closure)}." for closure in closures[:_SPOKEN])
    state = "We are open right now" if is_open(now=ctx.now) else "We are closed right now"
    tenant = Tenant.objects.get()
    hours = f"We are open {week}." if week else "We have no regular opening hours; please call us."
    return ToolResult(
        f"{hours}{closed} {state}.",
        {
            "hours": {
                day.name: [f"{span.opens:%H:%M} to {span.closes:%H:%M}" for span in day.openings] for day in days
            },
            "closures": [
                f"{closure.start_date} to {closure.end_date} {closure.reason}".strip() for closure in closures
            ],
            "address": tenant.address,
            "phone": tenant.phone,
        },
    )


def _spoken_closure(ctx: ToolContext, closure: Closure) -> str:
    first = spoken_date(closure.start_date, today=today(ctx))
    if closure.end_date != closure.start_date:
        first += f" to {spoken_date(closure.end_date, today=today(ctx))}"
    return f"{first} for {closure.reason}" if closure.reason else first
