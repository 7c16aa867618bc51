"""The tools that know the caller's devices."""

from typing import Annotated, Any

from pydantic import Field

from apps.agents.sdk import ToolContext, ToolRefused, ToolResult, tool
from apps.business.core.wording import listed, spoken_date
from apps.tenants import audit
from apps.verticals.it_helpdesk import tickets
from apps.verticals.it_helpdesk.callers import visible_devices
from apps.verticals.it_helpdesk.core.wording import counted
from apps.verticals.it_helpdesk.models import Device
from apps.verticals.it_helpdesk.tools.arguments import (
    EmployeeId,
    Id,
    Topic,
    actor,
    own_device,
    own_employee,
    spoken_follow_up,
    ticket_data,
    today,
    verified,
)

_SPOKEN = 4
_LISTED = 40
AssetTag = Annotated[str, Field(max_length=40, json_schema_extra={"pattern": "^[A-Z]+-?[0-9]+$"})]


@tool(label="Looking up your devices")
def get_my_devices(ctx: ToolContext, *, employee_id: EmployeeId) -> ToolResult:
    """Lists the devices, equipment and hardware that the verified caller uses: laptop, printer, phone, with warranty.

    Returns device_id, asset_tag, kind, model_name, location, warranty_until, status of each.
    """
    found = list(visible_devices(own_employee(ctx, employee_id))[:_LISTED])
    if not found:
        return ToolResult("We have no device on file for you.", {"devices": []})
    said = listed([_spoken(device) for device in found[:_SPOKEN]])
    more = ", among others" if len(found) > _SPOKEN else ""
    return ToolResult(
        f"I see {counted(len(found), 'device')}: {said}{more}.", {"devices": [_data(device) for device in found]}
    )


@tool(label="Looking up the device")
def get_device_info(
    ctx: ToolContext,
    *,
    employee_id: EmployeeId,
    asset_tag: Annotated[AssetTag, "the asset tag on the label of the device"],
) -> ToolResult:
    """Tells about one device by the asset tag on its label: model, location, operating system, serial number, warranty.

    Returns device_id, asset_tag, model_name, operating_system, serial_number, location, warranty_until, status.
    """
    employee = own_employee(ctx, employee_id)
    device = visible_devices(employee).filter(asset_tag__iexact=asset_tag.strip()).first()
    if device is None:
        raise ToolRefused(
            "device_not_found", "I cannot find a device of that asset tag at your company.", field="asset_tag"
        )
    status = f" It is marked as {device.get_status_display().lower()}." if device.status != Device.Status.IN_USE else ""
    return ToolResult(f"That is {_spoken(device)}{_warranty(ctx, device)}.{status}", _data(device))


@tool(label="Blocking the device", writes=True)
def report_lost_device(
    ctx: ToolContext,
    *,
    device_id: Annotated[Id, "device_id of the caller's device"],
    reason: Annotated[Topic | None, "where and when it was lost, if the caller said so"] = None,
) -> ToolResult:
    """Reports a device as lost, stolen or missing: it is marked, and the security team locks it.

    Confirm before calling. Returns ticket_id, ticket_number, device_id, status.
    """
    employee = verified(ctx)
    device = own_device(employee, device_id)
    problem = f"{device.get_kind_display()} {device.asset_tag} is lost or stolen"
    if reason:
        problem = f"{problem}: {reason}"
    known = tickets.of_device(employee=employee, device=device, category="security")
    if device.status == Device.Status.LOST and known is not None:
        return ToolResult(
            f"It is reported as lost already, with ticket {known.reference}. {spoken_follow_up(ctx, known)}",
            {**ticket_data(known), "device_id": device.pk},
        )
    device.status = Device.Status.LOST
    device.save(update_fields=["status"])
    audit.record(actor=actor(ctx), action="device.lost", target=device.pk)
    ticket = tickets.open_ticket(
        employee=employee,
        problem=problem,
        category="security",
        urgency="critical",
        device=device,
        conversation_id=ctx.conversation_id,
        now=ctx.now,
        actor=actor(ctx),
    )
    ticket = tickets.escalate(ticket=ticket, reason="A device is lost or stolen.", now=ctx.now, actor=actor(ctx))
    return ToolResult(
        f"I have marked {device.asset_tag} as lost, and our security team will lock it. The ticket is "
        f"{ticket.reference}. {spoken_follow_up(ctx, ticket)}",
        {**ticket_data(ticket), "device_id": device.pk},
    )


def _spoken(device: Device) -> str:
    """Such as "the laptop NB-1042 (ThinkPad T14)"."""
    place = f", in {device.location}" if device.location and device.employee_id is None else ""
    return f"the {device.get_kind_display().lower()} {device.asset_tag} ({device.model_name}{place})"


def _warranty(ctx: ToolContext, device: Device) -> str:
    until = device.warranty_until_date
    if until is None:
        return ""
    verb = "is under warranty until" if until >= today(ctx) else "has been out of warranty since"
    return f", which {verb} {spoken_date(until, today=today(ctx))}"


def _data(device: Device) -> dict[str, Any]:
    return {
        "device_id": device.pk,
        "asset_tag": device.asset_tag,
        "kind": device.kind,
        "model_name": device.model_name,
        "operating_system": device.operating_system,
        "serial_number": device.serial_number,
        "location": device.location,
        "warranty_until": device.warranty_until_date.isoformat() if device.warranty_until_date else None,
        "status": device.status,
    }
