"""The tools that read the data of the caller's organization, and the helpdesk's own hours."""

from typing import Annotated

from django.db.models import Q

from apps.agents.sdk import ToolContext, ToolResult, tool
from apps.business.calendar import is_open, office_hours
from apps.business.core.wording import listed, spoken_date, spoken_week
from apps.business.models import Closure
from apps.tenants.models import Tenant
from apps.verticals.it_helpdesk.core.routing import Category
from apps.verticals.it_helpdesk.core.wording import counted, spoken_moment
from apps.verticals.it_helpdesk.models import Device, Employee, Organization, Outage, Ticket, TicketStatus
from apps.verticals.it_helpdesk.tools.arguments import EmployeeId, own_employee, today

_PLAN = {
    Organization.Plan.STANDARD: "support during our support hours",
    Organization.Plan.AROUND_THE_CLOCK: "support around the clock",
}


@tool(label="Looking up your company")
def get_organization_info(ctx: ToolContext, *, employee_id: EmployeeId) -> ToolResult:
    """Tells what is on file about the caller's own company (organization): support plan or contract, site address, IT
    contact, how many people, devices and open tickets.

    Returns organization, plan, site_address, it_contact, people, devices, open_tickets.
    """
    organization = own_employee(ctx, employee_id).organization
    team = Employee.objects.filter(organization=organization, is_active=True).select_related("contact")
    contacts = [one.contact.name for one in team if one.is_it_contact]
    devices = Device.objects.filter(organization=organization).exclude(status=Device.Status.RETIRED).count()
    open_tickets = Ticket.objects.filter(organization=organization).exclude(status=TicketStatus.CLOSED).count()
    contact = f" Your IT contact is {listed(contacts)}." if contacts else ""
    return ToolResult(
        f"{organization.name} has {_PLAN[Organization.Plan(organization.plan)]}, with "
        f"{counted(devices, 'device')} and {counted(open_tickets, 'open ticket')}.{contact}",
        {
            "organization": organization.name,
            "plan": organization.get_plan_display(),
            "site_address": organization.address,
            "it_contact": listed(contacts),
            "people": len(team),
            "devices": devices,
            "open_tickets": open_tickets,
        },
    )


@tool(label="Checking for outages")
def get_service_status(
    ctx: ToolContext,
    *,
    employee_id: EmployeeId,
    category: Annotated[Category | None, "only this area, when the caller named one"] = None,
) -> ToolResult:
    """Tells whether there is a known outage or disruption at the caller's company: is something down for everybody?

    Returns outages: title, category, since, expected_end of each.
    """
    employee = own_employee(ctx, employee_id)
    theirs = Q(organization=None) | Q(organization_id=employee.organization_id)
    found = Outage.objects.filter(theirs, started_at__lte=ctx.now, ended_at=None)
    outages = list(found.filter(category=category) if category else found)
    if not outages:
        return ToolResult("There is no known outage at the moment.", {"outages": []})
    said = listed([_spoken(ctx, outage) for outage in outages])
    return ToolResult(
        f"Yes, we know of {counted(len(outages), 'outage')}: {said}. You need not report it.",
        {
            "outages": [
                {
                    "title": outage.title,
                    "category": outage.category,
                    "since": outage.started_at.astimezone(ctx.now.tzinfo).isoformat(timespec="minutes"),
                    "expected_end": outage.expected_end_at.astimezone(ctx.now.tzinfo).isoformat(timespec="minutes")
                    if outage.expected_end_at
                    else None,
                }
                for outage in outages
            ]
        },
    )


def _spoken(ctx: ToolContext, outage: Outage) -> str:
    since = spoken_moment(outage.started_at.astimezone(ctx.now.tzinfo), today=today(ctx))
    end = outage.expected_end_at
    until = f", expected to end {spoken_moment(end.astimezone(ctx.now.tzinfo), today=today(ctx))}" if end else ""
    return f"“{outage.title}” since {since}{until}"


@tool(label="Looking up our hours")
def get_support_hours(ctx: ToolContext) -> ToolResult:
    """Tells the support hours: when the helpdesk is open, whether it is open now, holidays, address and phone number.

    Use it for questions about when or where we can be reached. Returns hours by weekday, closures, address, phone.
    """
    days = office_hours()
    week = spoken_week([[(span.opens, span.closes) for span in day.openings] for day in days])
    closures = list(Closure.objects.filter(end_date__gte=today(ctx)).order_by("start_date")[:2])
    closed = "".join(
        f" We are closed on {spoken_date(closure.start_date, today=today(ctx))}"
        f"{f' for {closure.reason}' if closure.reason else ''}."
        for closure in closures
    )
    state = "We are open right now" if is_open(now=ctx.now) else "We are closed right now"
    tenant = Tenant.objects.get()
    hours = f"Our support hours are {week}." if week else "We have no regular hours; please call us."
    return ToolResult(
        f"{hours}{closed} {state}.",
        {
            "hours": {
                day.name: [f"{span.opens:%H:%M} to {span.closes:%H:%M}" for span in day.openings] for day in days
            },
            "closures": [f"{closure.start_date} {closure.reason}".strip() for closure in closures],
            "address": tenant.address,
            "phone": tenant.phone,
        },
    )
