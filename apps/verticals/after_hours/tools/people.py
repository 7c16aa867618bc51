"""The tool that brings a person."""

from apps.agents.sdk import ToolContext, ToolResult, tool
from apps.verticals.after_hours import incidents
from apps.verticals.after_hours.core.ladder import State
from apps.verticals.after_hours.tools.arguments import (
    Callback,
    Description,
    actor,
    number,
    report_data,
    ring_first,
    spoken_state,
    trade_of,
)
from apps.verticals.after_hours.tools.reporting import check_number_of_reports


@tool(label="Getting a person", writes=True)
def request_human(ctx: ToolContext, *, description: Description, phone: Callback) -> ToolResult:
    """Gets a human, a real person: somebody calls back; at once in an emergency, else when the office opens.

    Use it when the caller wants a human, a manager or a call back, and whenever you cannot help. Returns report_id,
    reference, status.
    """
    callback = number(phone)
    incident, is_new = incidents.open_incident(
        channel="chat" if ctx.channel == "chat" else "phone",
        description=description,
        trade=trade_of(ctx),
        callback_phone=callback,
        conversation_id=ctx.conversation_id,
        now=ctx.now,
        actor=actor(ctx),
    )
    first = f"{ring_first()} " if incident.is_danger else ""
    if is_new:
        check_number_of_reports(ctx, first=first)
    else:
        return ToolResult(f"{first}{spoken_state(incident)}", report_data(incident))
    if incident.state == State.PENDING:
        say = f"A person from our office calls you when it opens; your reference is {incident.reference}."
    else:
        say = f"We are ringing our people on call right now, and one of them calls you; it is {incident.reference}."
    return ToolResult(f"{first}{say}", report_data(incident))
