"""The tools that say when the salon is open and by which rules it works."""

import datetime as dt

from apps.agents.sdk import ToolContext, ToolResult, tool
from apps.business.calendar import is_open, office_hours
from apps.business.core.wording import spoken_date, spoken_week
from apps.business.models import Closure
from apps.tenants.models import Tenant
from apps.verticals.salon.core.wording import spoken_hours
from apps.verticals.salon.house_rules import house_rules
from apps.verticals.salon.tools.arguments import today

_SPOKEN = 3
_CLOSURES_AHEAD = dt.timedelta(days=30)


@tool(label="Looking up our house rules")
def get_salon_settings(ctx: ToolContext) -> ToolResult:
    """Tells the salon's policies and its address: cancellations, how long ahead to come forward, parking, cards.

    Use it for questions about the cancellation policy, late cancellations, notice, parking, or where the salon is.
    Returns booking_notice_hours, cancellation_hours, late_fee_percent, policy, address, phone.
    """
    rules, tenant = house_rules(), Tenant.objects.get()
    say = (
        f"We ask for {spoken_hours(rules.booking_notice_hours)} notice to book, and you can cancel free of charge up "
        f"to {spoken_hours(rules.cancellation_hours)} before your visit; later it costs "
        f"{rules.late_fee_percent}% of it."
    )
    where = f" We are at {tenant.address}." if tenant.address else ""
    return ToolResult(
        f"{say}{where}{f' {rules.policy}' if rules.policy else ''}",
        {
            "booking_notice_hours": rules.booking_notice_hours,
            "cancellation_hours": rules.cancellation_hours,
            "late_fee_percent": rules.late_fee_percent,
            "policy": rules.policy,
            "address": tenant.address,
            "phone": tenant.phone,
        },
    )


@tool(label="Looking up our hours")
def get_business_hours(ctx: ToolContext) -> ToolResult:
    """Tells the opening hours of the salon, whether it is open now, and holidays.

    Use it for questions about when the salon is open. Returns hours by weekday and closures.
    """
    days = office_hours()
    week = spoken_week([[(span.opens, span.closes) for span in day.openings] for day in days])
    closures = list(Closure.objects.filter(end_date__gte=today(ctx), start_date__lte=today(ctx) + _CLOSURES_AHEAD))
    closed = "".join(f" We are closed on {_spoken(ctx, closure)}." for closure in closures[:_SPOKEN])
    state = "We are open right now" if is_open(now=ctx.now) else "We are closed right now"
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
        },
    )


def _spoken(ctx: ToolContext, closure: Closure) -> str:
    first = spoken_date(closure.start_date, today=today(ctx))
    if closure.end_date != closure.start_date:
        first += f" to {spoken_date(closure.end_date, today=today(ctx))}"
    return f"{first} for {closure.reason}" if closure.reason else first
