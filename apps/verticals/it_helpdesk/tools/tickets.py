"""The tools that open, look up and change tickets, for the verified caller only."""

import datetime as dt
import re
from typing import Annotated

from pydantic import Field

from apps.agents.sdk import ToolContext, ToolRefused, ToolResult, tool
from apps.business.core.wording import listed
from apps.verticals.it_helpdesk import tickets
from apps.verticals.it_helpdesk.callers import visible_tickets
from apps.verticals.it_helpdesk.core.routing import Category, Urgency
from apps.verticals.it_helpdesk.core.wording import counted, spoken_moment
from apps.verticals.it_helpdesk.models import TicketEntry, TicketStatus
from apps.verticals.it_helpdesk.tools.arguments import (
    STATUS,
    EmployeeId,
    Id,
    Topic,
    Words,
    actor,
    open_ticket_of,
    own_device,
    own_employee,
    own_ticket,
    spoken_follow_up,
    ticket_data,
    today,
)

MOST_OPEN = 10
"""Open tickets of one caller, so that nobody can fill the team's list from a chat window."""
_SPOKEN = 4
_LISTED = 20
TicketNumber = Annotated[str, Field(max_length=20, json_schema_extra={"pattern": "^INC-?[0-9]+$"})]


@tool(label="Opening a ticket", writes=True)
def create_ticket(
    ctx: ToolContext,
    *,
    employee_id: EmployeeId,
    problem: Annotated[Words, "what is wrong, in the caller's words"],
    category: Annotated[Category | None, "what it is about, when that is clear"] = None,
    urgency: Annotated[
        Urgency | None,
        "how urgent the caller says it is: critical (everybody is down, nobody can work), high (urgent, cannot work at "
        "all, deadline), low (whenever there is time)",
    ] = None,
    device_id: Annotated[Id | None, "device_id, when it is about one device"] = None,
) -> ToolResult:
    """Creates a new ticket: raise, log, file, submit, report or open a ticket for a problem that is not solved.

    Use it when the caller asks for a ticket and for whatever stays unresolved. Data-center problems go straight to a
    person. Confirm before calling. Returns ticket_id, ticket_number, status, priority.
    """
    employee = own_employee(ctx, employee_id)
    device = own_device(employee, device_id) if device_id else None
    existing = tickets.twin(employee=employee, problem=problem, conversation_id=ctx.conversation_id)
    if existing is not None:
        return ToolResult(
            f"That is ticket {existing.reference} already. {spoken_follow_up(ctx, existing)}", ticket_data(existing)
        )
    if visible_tickets(employee).filter(employee=employee).exclude(status=TicketStatus.CLOSED).count() >= MOST_OPEN:
        raise ToolRefused("too_many_tickets", "You have many open tickets already. Please call our office to add one.")
    ticket = tickets.open_ticket(
        employee=employee,
        problem=problem,
        category=category,
        urgency=urgency,
        device=device,
        conversation_id=ctx.conversation_id,
        now=ctx.now,
        actor=actor(ctx),
    )
    person = " A person takes over at once." if ticket.status == TicketStatus.ESCALATED else ""
    return ToolResult(
        f"I have opened ticket {ticket.reference}.{person} {spoken_follow_up(ctx, ticket)}", ticket_data(ticket)
    )


@tool(label="Looking at your tickets")
def get_my_tickets(ctx: ToolContext, *, employee_id: EmployeeId) -> ToolResult:
    """Lists the verified caller's open tickets, the newest first.

    Use it when a caller asks about their tickets, and before noting, escalating or closing one. Returns ticket_id,
    ticket_number, problem, status, priority, technician_name of each.
    """
    employee = own_employee(ctx, employee_id)
    found = list(visible_tickets(employee).exclude(status=TicketStatus.CLOSED)[:_LISTED])
    if not found:
        return ToolResult("You have no open tickets.", {"tickets": []})
    said = [f"{ticket.reference}, “{ticket.problem}”, which {STATUS[TicketStatus(ticket.status)]}" for ticket in found]
    first = "; the newest are " if len(found) > _SPOKEN else ": "
    return ToolResult(
        f"You have {counted(len(found), 'open ticket')}{first}{listed(said[:_SPOKEN])}.",
        {"tickets": [ticket_data(ticket) for ticket in found]},
    )


@tool(label="Looking up the ticket")
def get_ticket_status(
    ctx: ToolContext,
    *,
    employee_id: EmployeeId,
    ticket_number: Annotated[TicketNumber, "the number of the ticket"],
) -> ToolResult:
    """Tells the status and progress of one ticket by its number, such as INC-1042, with its latest news.

    Use it when the caller names a ticket number or asks how far it is. Returns ticket_id, ticket_number, status,
    technician_name.
    """
    employee = own_employee(ctx, employee_id)
    digits = re.fullmatch(r"(?:INC)?[\s#-]*([0-9]{1,9})", ticket_number.strip(), re.IGNORECASE)
    found = visible_tickets(employee).filter(number=int(digits[1])) if digits else visible_tickets(employee).none()
    ticket = found.first()
    if ticket is None:
        raise ToolRefused(
            "ticket_not_found", "I cannot find a ticket of that number among yours.", field="ticket_number"
        )
    told = (TicketEntry.Kind.NOTE, TicketEntry.Kind.ESCALATED, TicketEntry.Kind.VISIT, TicketEntry.Kind.CLOSED)
    latest = ticket.entries.filter(kind__in=told).order_by("-at", "-id").first()
    who = f" with {ticket.technician.staff.name}" if ticket.technician and ticket.is_open else ""
    news = f" Latest news from {_moment(ctx, latest.at)}: {latest.text.rstrip('.')}." if latest and latest.text else ""
    return ToolResult(
        f"Ticket {ticket.reference}, “{ticket.problem}”, {STATUS[TicketStatus(ticket.status)]}{who}.{news}",
        {**ticket_data(ticket), "latest_news": latest.text if latest else ""},
    )


@tool(label="Adding to your ticket", writes=True)
def add_ticket_note(
    ctx: ToolContext,
    *,
    ticket_id: Annotated[Id, "ticket_id of the caller's ticket"],
    message: Annotated[Words, "what to add to the ticket"],
) -> ToolResult:
    """Adds a note, comment or more information to an open ticket of the verified caller.

    Confirm before calling. Returns ticket_id, ticket_number, status.
    """
    ticket = open_ticket_of(ctx, ticket_id)
    tickets.add_note(ticket=ticket, text=message, now=ctx.now, actor=actor(ctx))
    ticket.refresh_from_db(fields=["status"])
    return ToolResult(f"I have added that to ticket {ticket.reference}.", ticket_data(ticket))


@tool(label="Escalating your ticket", writes=True)
def escalate_ticket(
    ctx: ToolContext,
    *,
    ticket_id: Annotated[Id, "ticket_id of the caller's ticket"],
    reason: Annotated[Topic | None, "why it cannot wait, if the caller said so"] = None,
) -> ToolResult:
    """Escalates an open ticket of the verified caller to a specialist of the next level.

    Use it when a ticket takes too long, has become urgent or must go up. Confirm before calling. Returns ticket_id,
    ticket_number, status, technician_name.
    """
    ticket = open_ticket_of(ctx, ticket_id)
    was_escalated = ticket.status == TicketStatus.ESCALATED
    ticket = tickets.escalate(ticket=ticket, reason=reason or "The caller asked for it.", now=ctx.now, actor=actor(ctx))
    said = "is escalated already" if was_escalated else "is escalated"
    return ToolResult(f"Ticket {ticket.reference} {said}. {spoken_follow_up(ctx, ticket)}", ticket_data(ticket))


@tool(label="Closing your ticket", writes=True)
def close_ticket(
    ctx: ToolContext,
    *,
    ticket_id: Annotated[Id, "ticket_id of the caller's ticket"],
    reason: Annotated[Topic | None, "why it is done, if the caller said so"] = None,
) -> ToolResult:
    """Closes a ticket of the verified caller that is solved, fixed or not needed any more.

    Confirm before calling. Returns ticket_id, ticket_number, status.
    """
    ticket = own_ticket(ctx, ticket_id)
    if not ticket.is_open:
        return ToolResult(f"Ticket {ticket.reference} is closed already.", ticket_data(ticket))
    ticket = tickets.close(ticket=ticket, reason=reason or "The caller says so.", now=ctx.now, actor=actor(ctx))
    return ToolResult(f"Ticket {ticket.reference} is closed.", ticket_data(ticket))


def _moment(ctx: ToolContext, at: dt.datetime) -> str:
    return spoken_moment(at.astimezone(ctx.now.tzinfo), today=today(ctx))
