"""The tool that says when the office is open, and what the line is for."""

from apps.agents.sdk import ToolContext, ToolResult, tool
from apps.business.calendar import is_open, office_hours
from apps.business.contacts import readable_phone
from apps.business.core.wording import spoken_week
from apps.tenants.models import Tenant


@tool(label="Looking up our office hours")
def get_office_info(ctx: ToolContext) -> ToolResult:
    """Tells the office hours, whether the office is open now, its phone number and address.

    Use it for questions about when the office is open, where it is, rent, leases, deliveries and everything else that
    is for the office. Returns hours, phone, address.
    """
    tenant, days = Tenant.objects.get(), office_hours()
    week = spoken_week([[(span.opens, span.closes) for span in day.openings] for day in days])
    state = "open" if is_open(now=ctx.now) else "closed"
    hours = f"Our office is open {week}; it is {state} right now." if week else "Our office has no regular hours."
    reach = f" You reach it at {readable_phone(tenant.phone, tenant.region)}." if tenant.phone else ""
    return ToolResult(
        f"{hours}{reach} For emergencies we are here around the clock.",
        {
            "hours": {
                day.name: [f"{span.opens:%H:%M} to {span.closes:%H:%M}" for span in day.openings] for day in days
            },
            "phone": tenant.phone,
            "address": tenant.address,
        },
    )
