"""Tickets of callers who are not verified: help that cannot wait, and one of them for each conversation."""

from apps.agents.sdk import ToolContext
from apps.verticals.it_helpdesk.models import Ticket, TicketStatus


def own_unverified(ctx: ToolContext) -> Ticket | None:
    """The open ticket that this conversation has opened without a verified caller."""
    return (
        Ticket.objects.filter(conversation_id=ctx.conversation_id, employee=None)
        .exclude(status=TicketStatus.CLOSED)
        .select_related("technician__staff", "device")
        .first()
    )
