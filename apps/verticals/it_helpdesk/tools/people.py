"""The tool that brings a person of the team."""

from typing import Annotated

from apps.agents.sdk import ToolContext, ToolResult, tool
from apps.tenants.models import Tenant
from apps.verticals.it_helpdesk import tickets
from apps.verticals.it_helpdesk.callers import employee_of
from apps.verticals.it_helpdesk.tools.arguments import Words, actor, spoken_follow_up, ticket_data
from apps.verticals.it_helpdesk.tools.unverified import own_unverified


@tool(label="Getting a person", writes=True)
def request_human(
    ctx: ToolContext, *, problem: Annotated[Words, "what it is about, in the caller's words"]
) -> ToolResult:
    """Escalates to a human: a person of the team takes over and calls back.

    Use it when the caller wants a human, a real person, a manager or a call back, for everything in the data center or
    server room (server rack, storage, cooling), and whenever you cannot help. Needs no verification. Returns ticket_id,
    ticket_number, status.
    """
    employee = employee_of(ctx.contact_id)
    ticket = (
        tickets.twin(employee=employee, problem=problem, conversation_id=ctx.conversation_id)
        if employee
        else own_unverified(ctx)
    ) or tickets.open_ticket(
        employee=employee,
        problem=problem,
        urgency="high",
        conversation_id=ctx.conversation_id,
        now=ctx.now,
        actor=actor(ctx),
    )
    ticket = tickets.escalate(ticket=ticket, reason="The caller needs a person.", now=ctx.now, actor=actor(ctx))
    phone = Tenant.objects.get().phone
    reach = f" You can also call us at {phone}." if phone and ctx.channel == "chat" else ""
    return ToolResult(
        f"A person takes over with ticket {ticket.reference}. {spoken_follow_up(ctx, ticket)}{reach}",
        ticket_data(ticket),
    )
