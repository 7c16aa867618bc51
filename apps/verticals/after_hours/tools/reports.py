"""The tools for a report that was made: its status, what is added or corrected, and withdrawing it."""

import re
from typing import Annotated, Any

from pydantic import Field

from apps.agents.sdk import Phone, ToolContext, ToolRefused, ToolResult, tool
from apps.verticals.after_hours import incidents, reports
from apps.verticals.after_hours.core.addresses import unit_of
from apps.verticals.after_hours.core.ladder import State
from apps.verticals.after_hours.core.scoring import score
from apps.verticals.after_hours.incidents import IncidentClosed, NoEmergency
from apps.verticals.after_hours.tools.arguments import (
    ReportId,
    Topic,
    Words,
    actor,
    booked_visit,
    number,
    open_report,
    own_report,
    report_data,
    report_not_found,
    ring_first,
    spoken_state,
    where,
)
from apps.verticals.after_hours.tools.visits import spoken_visit

Reference = Annotated[str, Field(max_length=20, json_schema_extra={"pattern": "^AH-?[0-9]+$"})]


@tool(label="Looking for your report")
def find_report(
    ctx: ToolContext,
    *,
    reference: Annotated[Reference, "the reference of the report"],
    phone: Annotated[Phone, "the phone number that the report was made with"],
) -> ToolResult:
    """Finds a report that was made earlier, by its reference such as AH-1042 and the caller's phone number.

    Use it first when a caller comes back to a report, visit or emergency that is not of this conversation. Returns
    report_id, reference, category, status.
    """
    digits = re.fullmatch(r"(?:AH)?[\s#-]*([0-9]{1,9})", reference.strip(), re.IGNORECASE)
    callback = number(phone)
    incident = reports.by_reference(number=int(digits[1]), phone=callback) if digits else None
    if incident is None:
        raise report_not_found(field="reference")
    if incident.contact_id:
        ctx.bind_contact(incident.contact_id)
    else:  # it came by a text or an e-mail, so that nobody is known by name: it belongs to this conversation now
        incident.conversation_id = ctx.conversation_id
        incident.save(update_fields=["conversation_id"])
    return ToolResult(f"I have found report {incident.reference}.", report_data(incident))


@tool(label="Looking at your report")
def get_report_status(ctx: ToolContext, *, report_id: ReportId) -> ToolResult:
    """Tells the status and progress of a report: who comes, whether somebody has taken it, when the visit is.

    Use it when a caller asks what is happening, how long it takes or who is coming. Returns report_id, reference,
    status, taken_by.
    """
    incident = own_report(ctx, report_id)
    visit = booked_visit(incident)
    when = f" A visit is booked {spoken_visit(ctx, visit)}." if visit else ""
    taker = incident.acknowledged_by.staff.name if incident.acknowledged_by else ""
    return ToolResult(f"{spoken_state(incident)}{when}", {**report_data(incident), "taken_by": taker})


@tool(label="Adding to your report", writes=True)
def add_to_report(
    ctx: ToolContext, *, report_id: ReportId, note: Annotated[Words, "what is to be added, in the caller's words"]
) -> ToolResult:
    """Adds a note, news or more information to an open report; whoever looks after it is told.

    Use it when a caller has more to say about it, or it has got worse. Confirm before calling. Returns report_id,
    reference, status, urgency.
    """
    before = open_report(ctx, report_id)
    incident = incidents.add_note(incident=before, text=note, now=ctx.now, actor=actor(ctx))
    first = f"{ring_first()} " if score(note).danger else ""
    rung = before.state == State.PENDING and incident.state == State.ESCALATED
    more = " That makes it an emergency, so we are ringing our people on call right now." if rung else ""
    return ToolResult(f"{first}I have added that to report {incident.reference}.{more}", report_data(incident))


@tool(label="Correcting your report", writes=True)
def correct_report(
    ctx: ToolContext,
    *,
    report_id: ReportId,
    new_phone: Annotated[Phone | None, "the right phone number to call back, if that was wrong"] = None,
    new_address: Annotated[Topic | None, "the right address, if that was wrong"] = None,
    new_unit: Annotated[Topic | None, "the right unit, if that was wrong"] = None,
) -> ToolResult:
    """Corrects the call-back number, the address or the unit of an open report; whoever looks after it is told.

    Use it when something was taken down wrong or has to be updated or changed. Confirm before calling. Returns
    report_id, reference, building, unit.
    """
    incident = open_report(ctx, report_id)
    changes: dict[str, Any] = {}
    if new_phone:
        changes["callback_phone"] = number(new_phone)
    if new_address:
        place = where(new_address, anywhere=incident.state != State.PENDING)
        changes |= {"building": place.building, "address": place.address}
        changes |= {"unit": unit} if (unit := unit_of(new_address)) else {}
    if new_unit:
        changes["unit"] = new_unit.removeprefix("unit ").strip()[:20]
    if not changes:
        raise ToolRefused("nothing_to_correct", "What should I correct: the phone number, the address or the unit?")
    incident = incidents.correct(incident=incident, changes=changes, now=ctx.now, actor=actor(ctx))
    return ToolResult(f"I have corrected report {incident.reference}.", report_data(incident))


@tool(label="Escalating your report", writes=True)
def escalate_report(
    ctx: ToolContext, *, report_id: ReportId, reason: Annotated[Words, "why it cannot wait, in the caller's words"]
) -> ToolResult:
    """Escalates a report that was left for the office: it has become an emergency, so the people on call are rung.

    Use it when a caller insists that it cannot wait, and says why. Confirm before calling. Returns report_id,
    reference, status, urgency.
    """
    incident = open_report(ctx, report_id)
    if incident.state != State.PENDING:
        return ToolResult(spoken_state(incident), report_data(incident))
    try:
        incident = incidents.insist(incident=incident, reason=reason, now=ctx.now, actor=actor(ctx))
    except NoEmergency as refusal:
        raise ToolRefused(
            "no_emergency",
            "By what you tell me that is no emergency by our rules, so I cannot wake our people on call; our office "
            "takes it up when it opens.",
        ) from refusal
    first = f"{ring_first()} " if incident.is_danger else ""
    return ToolResult(
        f"{first}I have escalated report {incident.reference}: we are ringing our people on call right now.",
        report_data(incident),
    )


@tool(label="Withdrawing your report", writes=True)
def withdraw_report(
    ctx: ToolContext, *, report_id: ReportId, reason: Annotated[Topic | None, "why, if they said so"] = None
) -> ToolResult:
    """Withdraws or cancels a report that is solved or not needed any more; whoever was called is told that nobody has
    to come.

    Use it when a caller calls it off. Confirm before calling. Returns report_id, reference, status.
    """
    incident = own_report(ctx, report_id)
    if booked_visit(incident) is not None:
        raise ToolRefused("visit_booked", "A visit is booked for that report; shall I cancel the visit first?")
    try:
        incident = incidents.close(
            incident=incident, reason=reason or "The caller says so.", now=ctx.now, actor=actor(ctx)
        )
    except IncidentClosed:
        return ToolResult(f"Report {incident.reference} is closed already.", report_data(incident))
    return ToolResult(f"Report {incident.reference} is withdrawn; nobody is coming.", report_data(incident))
