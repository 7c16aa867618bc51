"""The tool that takes a report. It needs no identification: a flooded kitchen comes before paperwork."""

from typing import Annotated

from apps.agents.sdk import ToolContext, ToolRefused, ToolResult, tool
from apps.verticals.after_hours import incidents
from apps.verticals.after_hours.core.ladder import State
from apps.verticals.after_hours.core.scoring import score
from apps.verticals.after_hours.core.wording import LABELS, an
from apps.verticals.after_hours.models import Incident
from apps.verticals.after_hours.rules import line_rules
from apps.verticals.after_hours.tools.arguments import (
    Address,
    Callback,
    Description,
    FullName,
    Topic,
    actor,
    caller,
    number,
    report_data,
    ring_first,
    trade_of,
    where,
)

MOST = 3
"""Reports that one conversation may make, so that nobody wakes the whole team from a chat window."""


@tool(label="Taking your report", writes=True)
def record_problem(
    ctx: ToolContext,
    *,
    description: Description,
    address: Address,
    name: FullName,
    phone: Callback,
    unit: Annotated[Topic | None, "the unit or apartment, if they said it"] = None,
) -> ToolResult:
    """Takes down what has happened in a home or building: burst pipe, flood, water pouring or leaking, blocked drain
    or toilet, no heat, gas smell, no power, sparks, locked out, lost key, loud party or noise, anything broken.

    Use it at once for every new problem, to report or log it, before anything else; no identification is needed. In an
    emergency the people on call are rung. Returns report_id, reference, category, status, urgency.
    """
    urgency = score(description)
    first = f"{ring_first()} " if urgency.danger else ""
    is_emergency = urgency.value >= line_rules().threshold
    place = where(address, anywhere=is_emergency, first=first)
    callback = number(phone)
    contact = caller(ctx, name, callback)
    incident, is_first = incidents.open_incident(
        channel="chat" if ctx.channel == "chat" else "phone",
        description=description,
        trade=trade_of(ctx),
        contact=contact,
        callback_phone=callback,
        building=place.building,
        address=place.address,
        unit=unit or "",
        conversation_id=ctx.conversation_id,
        now=ctx.now,
        actor=actor(ctx),
    )
    if is_first:
        check_number_of_reports(ctx, first=first)
    elif incident.description != description:
        incident = incidents.add_note(incident=incident, text=description, now=ctx.now, actor=actor(ctx))
    return ToolResult(f"{first}{told(incident)}", report_data(incident))


def check_number_of_reports(ctx: ToolContext, *, first: str = "") -> None:
    """Raises ToolRefused, `too_many_reports`, which takes back the one that was too much."""
    if Incident.objects.filter(conversation_id=ctx.conversation_id).count() > MOST:
        raise ToolRefused("too_many_reports", f"{first}I have taken several reports already; please call us for more.")


def told(incident: Incident) -> str:
    """What happens now."""
    if incident.state == State.PENDING:
        return (
            f"By our rules that can wait for office hours. I have noted it as report {incident.reference}, and our "
            "office calls you when it opens; I can also book a visit."
        )
    if incident.state == State.ESCALATED:
        return (
            f"That is {an(LABELS[incident.trade])} emergency: we are ringing our people on call right now, and one of "
            f"them will call you. Your reference is {incident.reference}."
        )
    who = incident.acknowledged_by.staff.name if incident.acknowledged_by else "Our management"
    return f"That is report {incident.reference} already. {who} looks after it and will call you."
