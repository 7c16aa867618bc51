"""What the helpdesk's tools share: their argument types and the checks in front of them."""

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import Field

from apps.agents.sdk import ToolContext, ToolRefused
from apps.verticals.it_helpdesk.callers import employee_of, visible_devices, visible_tickets
from apps.verticals.it_helpdesk.core.wording import spoken_moment
from apps.verticals.it_helpdesk.models import Device, Employee, Ticket, TicketStatus

Id = Annotated[str, Field(max_length=64)]
Name = Annotated[str, Field(min_length=1, max_length=80)]
Topic = Annotated[str, Field(max_length=200)]
Words = Annotated[str, Field(min_length=1, max_length=500)]
PartOfDay = Literal["morning", "afternoon", "evening"]
EmployeeId = Annotated[Id, "employee_id of the verified caller"]

BOOKABLE_DAYS = 60
"""How far ahead a visit can be booked."""


def actor(ctx: ToolContext) -> str:
    """For the audit trail."""
    return f"agent:{ctx.agent}"


def today(ctx: ToolContext) -> dt.date:
    """The helpdesk's date."""
    return ctx.now.date()


def verified(ctx: ToolContext) -> Employee:
    """Whom this conversation has verified.

    Raises:
        ToolRefused: `not_verified`.
    """
    employee = employee_of(ctx.contact_id)
    if employee is None:
        raise not_verified()
    return employee


def own_employee(ctx: ToolContext, employee_id: str) -> Employee:
    """The caller this conversation has verified, who must be the one named.

    Raises:
        ToolRefused: `not_verified`, in the same words whether there is such a person or not.
    """
    employee = verified(ctx)
    if employee.pk != employee_id:
        raise not_verified()
    return employee


def not_verified() -> ToolRefused:
    return ToolRefused(
        "not_verified",
        "Before I can help with that, I need your company, your full name and your company's 4-digit code.",
    )


def own_device(employee: Employee, device_id: str) -> Device:
    """A device that the caller may ask about.

    Raises:
        ToolRefused: `device_not_found`, in the same words whether it is somebody else's or nobody's.
    """
    device = visible_devices(employee).filter(pk=device_id).first()
    if device is None:
        raise ToolRefused(
            "device_not_found", "I cannot find that device among those of your company.", field="device_id"
        )
    return device


def own_ticket(ctx: ToolContext, ticket_id: str) -> Ticket:
    """A ticket that the verified caller may ask about.

    Raises:
        ToolRefused: `not_verified`, or `ticket_not_found`, in the same words whether it is somebody else's or nobody's.
    """
    ticket = visible_tickets(verified(ctx)).filter(pk=ticket_id).first()
    if ticket is None:
        raise ToolRefused("ticket_not_found", "I cannot find that ticket among yours.", field="ticket_id")
    return ticket


def open_ticket_of(ctx: ToolContext, ticket_id: str) -> Ticket:
    """As `own_ticket`, and it must be open.

    Raises:
        ToolRefused: also `ticket_closed`.
    """
    ticket = own_ticket(ctx, ticket_id)
    if not ticket.is_open:
        raise ToolRefused("ticket_closed", f"Ticket {ticket.reference} is closed already.", field="ticket_id")
    return ticket


def bookable_day(ctx: ToolContext, date: dt.date, *, field: str = "date") -> dt.date:
    """A day on which a technician can come.

    Raises:
        ToolRefused: `in_the_past` or `too_far_ahead`.
    """
    if date < today(ctx):
        raise ToolRefused("in_the_past", "That day is in the past.", field=field)
    if date > today(ctx) + dt.timedelta(days=BOOKABLE_DAYS):
        raise ToolRefused("too_far_ahead", "We plan visits up to two months ahead.", field=field)
    return date


def ticket_data(ticket: Ticket) -> dict[str, Any]:
    """The facts of a ticket under the names of the tools' arguments."""
    return {
        "ticket_id": ticket.pk,
        "ticket_number": ticket.reference,
        "problem": ticket.problem,
        "category": ticket.category,
        "status": ticket.status,
        "priority": ticket.priority,
        "technician_name": ticket.technician.staff.name if ticket.technician else "",
        "device": ticket.device.asset_tag if ticket.device else "",
    }


def spoken_follow_up(ctx: ToolContext, ticket: Ticket) -> str:
    """Who gets in touch and until when: "Ines Park will get in touch by today at 3 PM."."""
    who = ticket.technician.staff.name if ticket.technician else "Our team"
    if ticket.due_at is None:
        return f"{who} will get in touch as soon as we are back."
    return f"{who} will get in touch by {spoken_moment(ticket.due_at.astimezone(ctx.now.tzinfo), today=today(ctx))}."


STATUS = {
    TicketStatus.OPEN: "is open",
    TicketStatus.IN_PROGRESS: "is in progress",
    TicketStatus.ESCALATED: "is escalated",
    TicketStatus.WAITING: "is waiting for your answer",
    TicketStatus.CLOSED: "is closed",
}
