"""The tools that book, move and cancel visits. They write for the identified customer only."""

import datetime as dt
from typing import Annotated

from apps.agents.sdk import Time, ToolContext, ToolRefused, ToolResult, tool
from apps.business.bookings import BookingRefused
from apps.business.calendar import NoSuchTime, at
from apps.business.core.wording import spoken_money
from apps.verticals.salon.core.rules import is_late
from apps.verticals.salon.core.wording import spoken_hours
from apps.verticals.salon.house_rules import cancellation_window, house_rules
from apps.verticals.salon.models import Appointment, SalonSettings
from apps.verticals.salon.stylists import Line, Quote
from apps.verticals.salon.tools.arguments import (
    Id,
    Ids,
    Topic,
    active_stylist,
    actor,
    bookable_day,
    own_appointment,
    own_customer,
    quotes_for,
    wished_services,
)
from apps.verticals.salon.tools.sentences import refused, spoken_visit
from apps.verticals.salon.visits import (
    as_data,
    book_visit,
    cancel_visit,
    fee_for,
    move_visit,
    overlapping,
    services_of,
    upcoming,
)
from apps.verticals.salon.waitlist import fill_day

MOST_UPCOMING = 10
"""Visits ahead of one customer, so that nobody can fill the salon's book from a chat window."""


@tool(label="Booking your appointment", writes=True)
def create_appointment(
    ctx: ToolContext,
    *,
    service_ids: Annotated[Ids, "service_ids of everything wished in this visit"],
    customer_id: Annotated[Id, "customer_id of the identified customer"],
    stylist_id: Annotated[Id, "stylist_id of the chosen free slot"],
    date: Annotated[dt.date, "date of the chosen free slot"],
    time: Annotated[Time, "time of the chosen free slot"],
    notes: Annotated[Topic | None, "a wish for the stylist, in the visitor's words"] = None,
) -> ToolResult:
    """Books an appointment with a stylist for one or several services at a free time that the customer has chosen.

    Use it to book a new visit, after the customer is identified and has picked one of the offered times. Confirm
    before calling. Returns appointment_id, reference, stylist_name, date, time, duration, price.
    """
    customer = own_customer(ctx, customer_id)
    services = wished_services(service_ids)
    quote = quotes_for(services, active_stylist(stylist_id))[0]
    starts_at = _instant(ctx, date, time)
    existing = overlapping(customer, starts_at=starts_at, ends_at=starts_at + dt.timedelta(minutes=quote.minutes))
    if existing is not None:
        return _already(ctx, existing, quote=quote, starts_at=starts_at)
    if len(upcoming(customer, now=ctx.now)) >= MOST_UPCOMING:
        raise ToolRefused(
            "too_many_appointments", "You have many appointments ahead already. Please call us to add one."
        )
    rules = house_rules()
    try:
        appointment = book_visit(
            customer=customer,
            quote=quote,
            starts_at=starts_at,
            rules=rules,
            notes=notes or "",
            conversation_id=ctx.conversation_id,
            now=ctx.now,
            actor=actor(ctx),
        )
    except BookingRefused as refusal:
        raise refused(ctx, refusal, quote, starts_at=starts_at, rules=rules, field="time") from refusal
    return ToolResult(
        f"You are booked for {spoken_visit(ctx, appointment)}{_price(appointment)}. "
        f"Your reference is {appointment.booking.reference}.",
        as_data(appointment, zone=ctx.now.tzinfo),
    )


@tool(label="Moving your appointment", writes=True)
def reschedule_appointment(
    ctx: ToolContext,
    *,
    appointment_id: Annotated[Id, "appointment_id of the customer's appointment"],
    new_date: Annotated[dt.date, "date of the chosen free slot"],
    new_time: Annotated[Time, "time of the chosen free slot"],
    new_stylist_id: Annotated[Id | None, "stylist_id, only when it moves to another stylist"] = None,
) -> ToolResult:
    """Moves an upcoming appointment of the identified customer to another free time, or to another stylist.

    Use it to change or reschedule; list their appointments first, then free times. Confirm before calling. Returns
    appointment_id, reference, stylist_name, date, time, duration, price, status.
    """
    appointment = own_appointment(ctx, appointment_id)
    booking, rules = appointment.booking, house_rules()
    starts_at = _instant(ctx, new_date, new_time, prefix="new_")
    old_stylist, old_day = booking.staff.stylist, booking.starts_at.astimezone(ctx.now.tzinfo).date()
    other = new_stylist_id if new_stylist_id != old_stylist.pk else None
    moves_to = quotes_for(services_of(appointment), active_stylist(other, field="new_stylist_id"))[0] if other else None
    quote = moves_to or _as_booked(appointment)
    if booking.starts_at > ctx.now and is_late(booking.starts_at, now=ctx.now, window=cancellation_window(rules)):
        raise ToolRefused(
            "too_late_to_move",
            f"Your visit is less than {spoken_hours(rules.cancellation_hours)} away, so I cannot move it any more; I "
            "can only cancel it, for the late fee. For anything else please call us.",
        )
    ends_at = starts_at + dt.timedelta(minutes=quote.minutes)
    clash = overlapping(booking.contact.salon_customer, starts_at=starts_at, ends_at=ends_at)
    if clash is not None and clash.pk != appointment.pk:
        raise _double(ctx, clash, field="new_time")
    try:
        moved = move_visit(
            appointment=appointment, starts_at=starts_at, quote=moves_to, rules=rules, now=ctx.now, actor=actor(ctx)
        )
    except BookingRefused as refusal:
        raise refused(ctx, refusal, quote, starts_at=starts_at, rules=rules, field="new_time") from refusal
    fill_day(stylist=old_stylist, day=old_day, rules=rules, now=ctx.now, actor=actor(ctx))
    return ToolResult(
        f"Your appointment is now {spoken_visit(ctx, moved)}{_price(moved)}. "
        f"Your reference stays {moved.booking.reference}.",
        as_data(moved, zone=ctx.now.tzinfo),
    )


@tool(label="Cancelling your appointment", writes=True)
def cancel_appointment(
    ctx: ToolContext,
    *,
    appointment_id: Annotated[Id, "appointment_id of the customer's appointment"],
    reason: Annotated[Topic | None, "why, if the customer said so"] = None,
    accept_fee: Annotated[bool, "true only after the customer has heard the late fee and agreed to it"] = False,
) -> ToolResult:
    """Cancels an upcoming appointment of the identified customer; late cancellations cost a fee, which it names first.

    Use it when the customer no longer wants to come; list their appointments first. Confirm before calling. Returns
    appointment_id, reference, date, time, status, late_fee.
    """
    appointment = own_appointment(ctx, appointment_id)
    rules = house_rules()
    fee = fee_for(appointment, rules=rules, now=ctx.now)
    if fee and not accept_fee and appointment.booking.starts_at > ctx.now:
        raise _fee_warning(appointment, fee, rules)
    booking = appointment.booking
    stylist, day = booking.staff.stylist, booking.starts_at.astimezone(ctx.now.tzinfo).date()
    try:
        cancelled = cancel_visit(
            appointment=appointment, reason=reason or "", rules=rules, now=ctx.now, actor=actor(ctx)
        )
    except BookingRefused as refusal:
        raise ToolRefused(
            "too_late", "That appointment is cancelled or has already begun, so there is nothing left to cancel."
        ) from refusal
    fill_day(stylist=stylist, day=day, rules=rules, now=ctx.now, actor=actor(ctx))
    owed = f" The late fee is {spoken_money(fee)}." if fee else ""
    return ToolResult(
        f"Your appointment, {spoken_visit(ctx, cancelled)}, is cancelled.{owed}",
        {**as_data(cancelled, zone=ctx.now.tzinfo), "late_fee": spoken_money(fee) if fee else None},
    )


def _fee_warning(appointment: Appointment, fee: int, rules: SalonSettings) -> ToolRefused:
    return ToolRefused(
        "fee_applies",
        f"Your visit is less than {spoken_hours(rules.cancellation_hours)} away, so cancelling it now costs "
        f"{spoken_money(fee)}, which is {rules.late_fee_percent}% of it.",
        field="accept_fee",
        data={"late_fee": spoken_money(fee), "problem": "Ask whether they accept the fee, then call with accept_fee."},
    )


def _as_booked(appointment: Appointment) -> Quote:
    """With the lengths and prices agreed when it was booked."""
    lines = [Line(line.service, line.duration_minutes, line.price_cents) for line in appointment.lines.all()]
    return Quote(appointment.booking.staff.stylist, tuple(lines))


def _instant(ctx: ToolContext, date: dt.date, time: dt.time, *, prefix: str = "") -> dt.datetime:
    day = bookable_day(ctx, date, field=f"{prefix}date")
    try:
        return at(day=day, local=time.replace(second=0, microsecond=0, tzinfo=None))
    except NoSuchTime:
        raise ToolRefused(
            "no_such_time",
            "The clocks change that night, so that time does not exist.",
            field=f"{prefix}time",
        ) from None


def _already(ctx: ToolContext, existing: Appointment, *, quote: Quote, starts_at: dt.datetime) -> ToolResult:
    """The very visit asked for exists: that is success. Another at the same time is not."""
    booking = existing.booking
    same = {service.pk for service in services_of(existing)} == {line.service.pk for line in quote.lines}
    if not same or (booking.staff_id, booking.starts_at) != (quote.stylist.staff_id, starts_at):
        raise _double(ctx, existing, field="time")
    return ToolResult(
        f"You are booked already for {spoken_visit(ctx, existing)}. Your reference is {booking.reference}.",
        as_data(existing, zone=ctx.now.tzinfo),
    )


def _double(ctx: ToolContext, existing: Appointment, *, field: str) -> ToolRefused:
    return ToolRefused(
        "already_booked", f"You already have an appointment then: {spoken_visit(ctx, existing)}.", field=field
    )


def _price(appointment: Appointment) -> str:
    price = appointment.price_cents
    return "" if price is None else f", for {spoken_money(price)}"
