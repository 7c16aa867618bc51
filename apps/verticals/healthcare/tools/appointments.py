"""The tools that book, cancel and move appointments. They write for the identified patient only."""

import datetime as dt
from typing import Annotated

from apps.agents.sdk import Time, ToolContext, ToolRefused, ToolResult, tool
from apps.business.bookings import BookingRefused, SlotTaken, cancel, reschedule
from apps.business.calendar import NoSuchTime, at
from apps.business.core.wording import spoken_moment
from apps.verticals.healthcare.appointments import as_data, overlapping, schedule, upcoming
from apps.verticals.healthcare.models import Appointment, Provider
from apps.verticals.healthcare.slots import NOTICE, Opening, spoken_openings
from apps.verticals.healthcare.tools.arguments import (
    Id,
    Kind,
    Reason,
    Topic,
    actor,
    bookable_day,
    length,
    own_appointment,
    own_patient,
    provider_for,
    today,
)

MOST_UPCOMING = 10
"""Appointments ahead of one patient, so that nobody can fill the clinic's book from a chat window."""

_REFUSALS = {
    "in_the_past": "That time is past or less than an hour away.",
    "too_far_ahead": "We only book up to a year ahead.",
    "booking_closed": "That appointment is cancelled or has already begun, so I cannot change it.",
}


@tool(label="Booking your appointment", writes=True)
def schedule_appointment(
    ctx: ToolContext,
    *,
    patient_id: Annotated[Id, "patient_id of the identified patient"],
    provider_id: Annotated[Id, "provider_id of the chosen free slot"],
    date: Annotated[dt.date, "date of the chosen free slot"],
    time: Annotated[Time, "time of the chosen free slot"],
    appointment_type: Annotated[Kind, "what kind of visit it is; consultation unless something else was said"],
    reason: Annotated[Reason, "reason for the visit, in the patient's words"],
    duration: Annotated[int, "length in minutes"] = 30,
) -> ToolResult:
    """Books an appointment with a doctor for the identified patient at a free time that they have chosen.

    Use it to schedule a new visit, after the patient is identified and has picked one of the offered times.
    Confirm before calling. Returns appointment_id, provider_name, date, time, reference.
    """
    patient = own_patient(ctx, patient_id)
    provider = provider_for(patient, provider_id)
    minutes = length(duration)
    starts_at = _instant(ctx, date, time)
    existing = overlapping(patient, starts_at=starts_at, ends_at=starts_at + minutes)
    if existing is not None:
        return _already(ctx, existing, provider=provider, starts_at=starts_at)
    if len(upcoming(patient, now=ctx.now)) >= MOST_UPCOMING:
        raise ToolRefused(
            "too_many_appointments",
            "You have many appointments ahead already. Please call our office to add one.",
        )
    try:
        appointment = schedule(
            patient=patient,
            provider=provider,
            starts_at=starts_at,
            duration=minutes,
            appointment_type=appointment_type,
            reason=reason,
            conversation_id=ctx.conversation_id,
            now=ctx.now,
            actor=actor(ctx),
        )
    except BookingRefused as refusal:
        raise _refused(ctx, refusal, provider, minutes, field="time") from refusal
    return ToolResult(f"You are booked {_spoken(ctx, appointment)}.", as_data(appointment, zone=ctx.now.tzinfo))


@tool(label="Cancelling your appointment", writes=True)
def cancel_appointment(
    ctx: ToolContext,
    *,
    appointment_id: Annotated[Id, "appointment_id of the patient's appointment"],
    reason: Annotated[Topic | None, "why, if the patient said so"] = None,
) -> ToolResult:
    """Cancels an upcoming appointment of the identified patient.

    Use it when the patient no longer wants to come; list their appointments first. Confirm before calling.
    Returns appointment_id, date, time, status.
    """
    appointment = own_appointment(ctx, appointment_id)
    try:
        appointment.booking = cancel(booking=appointment.booking, reason=reason or "", now=ctx.now, actor=actor(ctx))
    except BookingRefused as refusal:
        raise ToolRefused(
            "too_late",
            "That appointment is cancelled or has already begun, so there is nothing left to cancel.",
        ) from refusal
    return ToolResult(
        f"Your appointment {_spoken(ctx, appointment)} is cancelled.",
        as_data(appointment, zone=ctx.now.tzinfo),
    )


@tool(label="Moving your appointment", writes=True)
def reschedule_appointment(
    ctx: ToolContext,
    *,
    appointment_id: Annotated[Id, "appointment_id of the patient's appointment"],
    new_date: Annotated[dt.date, "date of the chosen free slot"],
    new_time: Annotated[Time, "time of the chosen free slot"],
    new_provider_id: Annotated[Id | None, "provider_id, only when it moves to another provider"] = None,
) -> ToolResult:
    """Moves an upcoming appointment of the identified patient to another free time, or to another provider.

    Use it to change or reschedule; list their appointments first, then free times. Confirm before calling.
    Returns appointment_id, provider_name, date, time, status.
    """
    appointment = own_appointment(ctx, appointment_id)
    booking = appointment.booking
    provider: Provider = booking.staff.provider
    starts_at = _instant(ctx, new_date, new_time, prefix="new_")
    duration = booking.ends_at - booking.starts_at
    if new_provider_id and new_provider_id != provider.pk:
        provider = provider_for(booking.contact.patient, new_provider_id, field="new_provider_id")
    other = overlapping(booking.contact.patient, starts_at=starts_at, ends_at=starts_at + duration)
    if other is not None and other.pk != appointment.pk:
        raise _double(ctx, other, field="new_time")
    try:
        appointment.booking = reschedule(
            booking=booking,
            starts_at=starts_at,
            staff=provider.staff,
            now=ctx.now,
            notice=NOTICE,
            actor=actor(ctx),
        )
    except BookingRefused as refusal:
        raise _refused(ctx, refusal, provider, duration, field="new_time") from refusal
    return ToolResult(
        f"Your appointment is now {_spoken(ctx, appointment)}.", as_data(appointment, zone=ctx.now.tzinfo)
    )


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


def _already(ctx: ToolContext, existing: Appointment, *, provider: Provider, starts_at: dt.datetime) -> ToolResult:
    """The very appointment asked for exists: that is success. Another at the same time is not."""
    booking = existing.booking
    if (booking.staff_id, booking.starts_at) != (provider.staff_id, starts_at):
        raise _double(ctx, existing, field="time")
    return ToolResult(f"You are booked already {_spoken(ctx, existing)}.", as_data(existing, zone=ctx.now.tzinfo))


def _double(ctx: ToolContext, existing: Appointment, *, field: str) -> ToolRefused:
    return ToolRefused(
        "already_booked",
        f"You already have an appointment then, {_spoken(ctx, existing)}.",
        field=field,
    )


def _refused(
    ctx: ToolContext, refusal: BookingRefused, provider: Provider, duration: dt.timedelta, *, field: str
) -> ToolRefused:
    """The book's refusal in the clinic's words, with the free times nearest to the wish."""
    if say := _REFUSALS.get(refusal.code):
        return ToolRefused(refusal.code, say, field=field)
    minutes = int(duration.total_seconds() // 60)
    free = [
        Opening(provider, dt.datetime.fromisoformat(start).replace(tzinfo=ctx.now.tzinfo), minutes)
        for start in refusal.details.get("free", [])
    ]
    problem = (
        "I am sorry, that time has just been taken."
        if isinstance(refusal, SlotTaken)
        else f"{provider.staff.name} does not see patients at that time."
    )
    instead = f"I have {spoken_openings(free, today=today(ctx))}." if free else "I see nothing free near it."
    return ToolRefused(
        refusal.code,
        f"{problem} {instead}",
        field=field,
        data={"slots": [opening.as_data() for opening in free]},
    )


def _spoken(ctx: ToolContext, appointment: Appointment) -> str:
    """Such as "on Tuesday, November 24 at 9:30 AM with Dr. Hart"."""
    booking = appointment.booking
    moment = spoken_moment(booking.starts_at.astimezone(ctx.now.tzinfo), today=today(ctx))
    return f"on {moment} with {booking.staff.name}"
