"""The tools of an identified renter whose home needs mending."""

import datetime as dt
from typing import Annotated, Literal

from apps.agents.sdk import ToolContext, ToolRefused, ToolResult, tool
from apps.business.core.wording import listed, spoken_moment
from apps.tenants.models import Tenant
from apps.verticals.real_estate import maintenance
from apps.verticals.real_estate.core.urgency import Priority, assess, emergency_number, settled_priority
from apps.verticals.real_estate.maintenance import as_data
from apps.verticals.real_estate.models import MaintenanceRequest
from apps.verticals.real_estate.tools.arguments import (
    SPOKEN,
    Id,
    Topic,
    Words,
    actor,
    not_identified,
    own_lease,
    own_renter,
    today,
)
from apps.verticals.real_estate.tools.renters import RenterId

Action = Literal["add_note", "cancel"]
MOST_OPEN = 10
"""Open requests of one renter; more is for the property manager to hear in person."""
_CLOSED_SINCE = dt.timedelta(days=30)
_STATUS = {
    "open": "waits to be assigned",
    "assigned": "is assigned to {who}",
    "in_progress": "is being worked on by {who}",
    "pending_parts": "waits for parts",
    "completed": "is done",
    "cancelled": "is cancelled",
}


@tool(label="Reporting it to maintenance", writes=True)
def create_maintenance_request(
    ctx: ToolContext,
    *,
    renter_id: RenterId,
    description: Annotated[Words, "what is broken or wrong, in the renter's words"],
    priority: Annotated[Priority | None, "only when the renter said how urgent it is"] = None,
    access: Annotated[Topic | None, "when and how somebody may come in, if they said so"] = None,
) -> ToolResult:
    """Reports a maintenance problem in the identified renter's home: something broken,
    dripping, leaking or not working, a repair.

    Use it when a renter wants something fixed. It sets the priority by what is described and sends somebody at once
    in an emergency. Confirm before calling. Returns request_id, reference, priority, status, answer_by.
    """
    lease = own_lease(ctx, renter_id)
    found = assess(description)
    level = settled_priority(found.priority, priority)
    if len(maintenance.open_requests(lease.renter)) >= MOST_OPEN:
        raise ToolRefused(
            "too_many_requests", "Many of your requests are open already. Please call your property manager."
        )
    request, is_new = maintenance.report(
        home=lease.property,
        renter=lease.renter,
        category=found.category,
        priority=level,
        description=description,
        access=access or "",
        callback_phone=lease.renter.contact.phone,
        conversation_id=ctx.conversation_id,
        now=ctx.now,
        actor=actor(ctx),
    )
    if not is_new:
        maintenance.add_note(request=request, text=description, now=ctx.now, actor=actor(ctx))
    first = f"{ring_first()} " if found.danger else ""
    return ToolResult(f"{first}{told(ctx, request, is_new=is_new)}", as_data(request, zone=ctx.now.tzinfo))


@tool(label="Looking at your requests")
def get_maintenance_status(ctx: ToolContext, *, renter_id: RenterId) -> ToolResult:
    """Tells the identified renter the status and progress of what they have reported.

    Use it when a renter asks what became of a repair, and before updating a request. Returns request_id,
    reference, description, priority, status of each.
    """
    renter = own_renter(ctx, renter_id)
    requests = maintenance.open_requests(renter)
    if not requests:
        requests = maintenance.recently_closed(renter, since=ctx.now - _CLOSED_SINCE)[:1]
    data = {"requests": [as_data(request, zone=ctx.now.tzinfo) for request in requests]}
    if not requests:
        return ToolResult("You have no open maintenance request.", data)
    said = [f"“{request.description[:60].rstrip()}” {_state(request)}" for request in requests[:SPOKEN]]
    return ToolResult(f"Your request {listed(said)}.", data)


@tool(label="Updating your request", writes=True)
def update_maintenance_request(
    ctx: ToolContext,
    *,
    request_id: Annotated[Id, "request_id of the renter's request"],
    note: Annotated[Words, "what is to be added, in the renter's words; why, when it is cancelled"],
    action: Annotated[Action, "add_note (more information), cancel (withdraw, no longer needed)"] = "add_note",
) -> ToolResult:
    """Updates an open maintenance request of the identified renter: adds information, or cancels it.

    Use it when a renter has more to say about a repair or no longer needs it; look at their requests first. Confirm
    before calling. Returns request_id, reference, status, priority.
    """
    request = _own(ctx, request_id)
    if request.is_closed:
        raise ToolRefused("request_closed", "That request is closed already; shall I open a new one?")
    if action == "cancel":
        maintenance.add_note(request=request, text=note, now=ctx.now, actor=actor(ctx))
        request = maintenance.cancel(request=request, now=ctx.now, actor=actor(ctx))
        return ToolResult(f"Request {request.reference} is cancelled.", as_data(request, zone=ctx.now.tzinfo))
    maintenance.add_note(request=request, text=note, now=ctx.now, actor=actor(ctx))
    return ToolResult(f"I have added that to request {request.reference}.", as_data(request, zone=ctx.now.tzinfo))


def told(ctx: ToolContext, request: MaintenanceRequest, *, is_new: bool) -> str:
    """What happens now."""
    if request.priority == "emergency" and request.contractor:
        return f"I have sent {request.contractor.name} to you right now; your reference is {request.reference}."
    due = spoken_moment(request.answer_by.astimezone(ctx.now.tzinfo), today=today(ctx))
    level = "an emergency" if request.priority == "emergency" else f"{request.priority} priority"
    start = "I have reported it" if is_new else "That is reported already"
    return f"{start} as {level}, reference {request.reference}; somebody will get back to you by {due}."


def ring_first() -> str:
    """For danger to life: before anything else."""
    return f"Please get to safety and call {emergency_number(Tenant.objects.get().region)} right now."


def _state(request: MaintenanceRequest) -> str:
    who = request.contractor.name if request.contractor else "our team"
    return _STATUS[request.status].format(who=who)


def _own(ctx: ToolContext, request_id: str) -> MaintenanceRequest:
    if not ctx.contact_id:
        raise not_identified()
    own = MaintenanceRequest.objects.filter(renter__contact_id=ctx.contact_id).select_related("contractor", "property")
    request = own.filter(pk=request_id).first()
    if request is None:
        raise not_identified()
    return request
