"""What an identified customer may ask about their own visits."""

from typing import Annotated

from apps.agents.sdk import Phone, ToolContext, ToolRefused, ToolResult, tool
from apps.business.core.wording import listed
from apps.business.models import OPEN_STATUSES
from apps.verticals.salon.models import Customer
from apps.verticals.salon.tools.arguments import Id, own_customer
from apps.verticals.salon.tools.customers import check_attempts, normal_number
from apps.verticals.salon.tools.sentences import spoken_visit
from apps.verticals.salon.visits import as_data, upcoming, visits

_SPOKEN = 4


@tool(label="Looking at your appointments")
def get_customer_appointments(
    ctx: ToolContext, *, customer_id: Annotated[Id, "customer_id of the identified customer"]
) -> ToolResult:
    """Lists the identified customer's upcoming appointments, the next one first.

    Use it when a customer asks about their appointments, and before moving or cancelling one. Returns
    appointment_id, reference, service_names, stylist_id, stylist_name, date, time, price, status of each.
    """
    customer = own_customer(ctx, customer_id)
    found = upcoming(customer, now=ctx.now)
    if not found:
        return ToolResult("You have no upcoming appointments.", {"appointments": []})
    said = listed([spoken_visit(ctx, appointment) for appointment in found[:_SPOKEN]])
    count = "one appointment" if len(found) == 1 else f"{len(found)} appointments"
    first = "; the first are " if len(found) > _SPOKEN else ": "
    return ToolResult(
        f"You have {count}{first}{said}.",
        {"appointments": [as_data(appointment, zone=ctx.now.tzinfo) for appointment in found]},
    )


@tool(label="Looking for your booking")
def get_appointment_by_reference(
    ctx: ToolContext,
    *,
    reference: Annotated[str, "booking reference, such as GB-20261122-001"],
    phone: Annotated[Phone | None, "the phone number it was booked with; ask for it"] = None,
) -> ToolResult:
    """Finds an appointment by its booking reference and the phone number it was booked with, and identifies the
    customer.

    Use it when the visitor gives a reference. The phone number is not needed once the customer is identified. Returns
    appointment_id, customer_id, stylist_id, stylist_name, service_names, date, time, price, status.
    """
    number = normal_number(phone) if phone else None
    check_attempts(ctx)
    known = visits().filter(booking__contact__salon_customer__isnull=False)
    appointment = known.filter(booking__reference=reference.strip().upper()).first()
    own = appointment is not None and appointment.booking.contact_id == ctx.contact_id
    if not own and number is None:
        raise ToolRefused(
            "phone_needed", "To open a booking I also need the phone number it was booked with.", field="phone"
        )
    if appointment is None or not (own or appointment.booking.contact.phone == number):
        raise ToolRefused("not_found", "I could not find that reference with that phone number.")
    customer: Customer = appointment.booking.contact.salon_customer
    ctx.bind_contact(customer.contact_id)
    spoken = spoken_visit(ctx, appointment)
    status = appointment.booking.status
    state = "" if status in OPEN_STATUSES else f" It is {appointment.booking.get_status_display().lower()}."
    return ToolResult(
        f"I have found it: {spoken}.{state}",
        {"customer_id": customer.pk, **as_data(appointment, zone=ctx.now.tzinfo)},
    )
