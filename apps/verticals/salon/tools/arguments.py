"""What the salon's tools share: their argument types and the checks in front of them."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field

from apps.agents.sdk import ToolContext, ToolRefused
from apps.business.core.wording import listed
from apps.business.models import Service
from apps.verticals.salon.menu import spoken_services
from apps.verticals.salon.models import Appointment, Customer, Stylist
from apps.verticals.salon.stylists import Quote, active_stylists, quotes
from apps.verticals.salon.visits import visits

Id = Annotated[str, Field(max_length=64)]
Name = Annotated[str, Field(min_length=1, max_length=80)]
Topic = Annotated[str, Field(min_length=1, max_length=200)]
PartOfDay = Literal["morning", "afternoon", "evening"]
MOST_SERVICES = 5
"""Services of one visit."""
Ids = Annotated[list[Id], Field(min_length=1, max_length=MOST_SERVICES)]

BOOKABLE_DAYS = 365
"""How far ahead the book is open."""


def actor(ctx: ToolContext) -> str:
    """For the audit trail."""
    return f"agent:{ctx.agent}"


def today(ctx: ToolContext) -> dt.date:
    """The salon's date."""
    return ctx.now.date()


def identified_customer(ctx: ToolContext) -> Customer | None:
    """Whom this conversation has identified, if they are a customer."""
    if not ctx.contact_id:
        return None
    found = Customer.objects.filter(contact_id=ctx.contact_id)
    return found.select_related("contact", "preferred_stylist").first()


def own_customer(ctx: ToolContext, customer_id: str) -> Customer:
    """The customer this conversation has identified, who must be the one asked about.

    Raises:
        ToolRefused: `not_identified`, in the same words whether such a customer exists or not.
    """
    customer = identified_customer(ctx)
    if customer is None or customer.pk != customer_id:
        raise not_identified()
    return customer


def own_appointment(ctx: ToolContext, appointment_id: str) -> Appointment:
    """An appointment of the customer this conversation has identified.

    Raises:
        ToolRefused: `not_identified`, in the same words whether such an appointment exists or not.
    """
    own = visits().filter(booking__contact_id=ctx.contact_id) if ctx.contact_id else visits().none()
    appointment = own.filter(pk=appointment_id).first()
    if appointment is None:
        raise not_identified()
    return appointment


def not_identified() -> ToolRefused:
    return ToolRefused(
        "not_identified",
        "Before I can help with that, I need to find you by your full name and phone number.",
    )


def wished_services(service_ids: list[str]) -> list[Service]:
    """The services of these ids, each once, in this order; all can be booked.

    Raises:
        ToolRefused: `service_not_found` or `consultation_needed`.
    """
    on_menu = Service.objects.filter(pk__in=service_ids, is_active=True, menu_entry__isnull=False)
    by_id = {service.pk: service for service in on_menu.select_related("menu_entry__add_on")}
    if missing := [one for one in service_ids if one not in by_id]:
        raise ToolRefused(
            "service_not_found",
            "I cannot find that service on our menu.",
            field="service_ids",
            data={"problem": f"{missing[0][:40]} is no service_id of this salon; see find_service_by_name."},
        )
    services = [by_id[one] for one in dict.fromkeys(service_ids)]
    if closed := [service for service in services if not service.bookable]:
        raise ToolRefused(
            "consultation_needed",
            f"For {spoken_services(closed)} we talk to you first. Please call us, and we will arrange it.",
            field="service_ids",
        )
    return services


def active_stylist(stylist_id: str, *, field: str = "stylist_id") -> Stylist:
    """A stylist who takes bookings.

    Raises:
        ToolRefused: `stylist_not_found`.
    """
    stylist = Stylist.objects.filter(pk=stylist_id, staff__is_active=True).select_related("staff").first()
    if stylist is None:
        raise ToolRefused("stylist_not_found", "I cannot find that stylist at our salon.", field=field)
    return stylist


def quotes_for(services: list[Service], stylist: Stylist | None, *, field: str = "stylist_id") -> list[Quote]:
    """How each stylist who does all of it would do it; one when a stylist is wished.

    Raises:
        ToolRefused: `stylist_cannot_do_it`, with those who can, or `nobody_does_it`.
    """
    found = quotes(services, stylists=[stylist] if stylist else None)
    if found:
        return found
    others = quotes(services, stylists=active_stylists()) if stylist else []
    if stylist and others:
        names = listed([quote.stylist.staff.name for quote in others], word="or")
        raise ToolRefused(
            "stylist_cannot_do_it",
            f"{stylist.staff.name} does not do {spoken_services(services)}, but {names} can.",
            field=field,
            data={
                "stylists": [{"stylist_id": one.stylist.pk, "stylist_name": one.stylist.staff.name} for one in others]
            },
        )
    raise ToolRefused(
        "nobody_does_it",
        f"None of our stylists does {spoken_services(services)} in one visit. "
        + ("Would you like them one by one?" if len(services) > 1 else "Please call us about it."),
        field="service_ids",
    )


def bookable_day(ctx: ToolContext, date: dt.date, *, field: str = "date") -> dt.date:
    """A day that the book is open for.

    Raises:
        ToolRefused: `in_the_past` or `too_far_ahead`.
    """
    if date < today(ctx):
        raise ToolRefused("in_the_past", "That day is in the past.", field=field)
    if date > today(ctx) + dt.timedelta(days=BOOKABLE_DAYS):
        raise ToolRefused("too_far_ahead", "We only book up to a year ahead.", field=field)
    return date
