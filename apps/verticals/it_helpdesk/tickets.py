"""Tickets: opening, noting, escalating and closing them; every change is a line of the ticket's history."""

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Count, Max, Q

from apps.business.core.names import clean
from apps.business.timetable import read_timetable
from apps.common.errors import AppError
from apps.tenants import audit
from apps.tenants.models import Tenant
from apps.tenants.scope import current_tenant_id
from apps.verticals.it_helpdesk.core.clock import due_at
from apps.verticals.it_helpdesk.core.routing import HUMAN, MINUTES, categorize, urgency_of
from apps.verticals.it_helpdesk.models import (
    Device,
    Employee,
    Organization,
    Priority,
    Technician,
    Ticket,
    TicketEntry,
    TicketStatus,
)

MAX_PROBLEM = 500
MAX_NOTE = 1_000
_FIRST_NUMBER = 1001
_AHEAD = dt.timedelta(days=21)
"""How far ahead support hours are looked at; longer closures leave a ticket without a due time."""


class TicketClosed(AppError):
    """A closed ticket takes no notes and cannot be escalated."""

    code = "ticket_closed"
    status = 409


@transaction.atomic
def open_ticket(
    *,
    employee: Employee | None,
    problem: str,
    category: str | None = None,
    urgency: str | None = None,
    device: Device | None = None,
    tried: Sequence[str] = (),
    conversation_id: str = "",
    now: dt.datetime,
    actor: str,
) -> Ticket:
    """A new ticket with its priority, its due time and the technician who has the fewest; what was tried goes along.

    Those for a person (see core.routing) are escalated at once.

    Args:
        employee: None for a caller who is not verified.
        category: None = recognized by the words of the problem.
        tried: what the caller did already, a line each.
    """
    kind = category or categorize(problem)
    priority = urgency_of(kind, urgency)
    _lock_tenant()
    ticket = Ticket(
        number=(Ticket.objects.aggregate(last=Max("number"))["last"] or _FIRST_NUMBER - 1) + 1,
        organization=employee.organization if employee else None,
        employee=employee,
        device=device,
        category=kind,
        priority=priority,
        problem=clean(problem, limit=MAX_PROBLEM),
        technician=_technician_for(kind, level=Technician.Level.FIRST),
        due_at=due(organization=employee.organization if employee else None, urgency=priority, now=now),
        opened_at=now,
        conversation_id=conversation_id,
    )
    ticket.save()
    _enter(ticket, TicketEntry.Kind.OPENED, ticket.problem, now=now, actor=actor)
    for line in tried:
        _enter(ticket, TicketEntry.Kind.TRIED, line, now=now, actor=actor)
    audit.record(actor=actor, action="ticket.opened", target=ticket.pk)
    if kind in HUMAN:
        ticket = escalate(ticket=ticket, reason="Data-center tickets go straight to a person.", now=now, actor=actor)
    return ticket


def due(*, organization: Organization | None, urgency: str, now: dt.datetime) -> dt.datetime | None:
    """When somebody answers at the latest.

    Counted in support hours, except for organizations with support around the clock and for whatever is critical.
    """
    allowance = dt.timedelta(minutes=MINUTES[urgency])
    around_the_clock = organization is not None and organization.plan == Organization.Plan.AROUND_THE_CLOCK
    if around_the_clock or urgency == "critical":
        return now.astimezone(dt.UTC) + allowance
    zone = Tenant.objects.get(pk=current_tenant_id()).zone
    first = now.astimezone(zone).date()
    timetable = read_timetable(staff=(), first=first, last=first + _AHEAD, zone=zone)
    days = (first + dt.timedelta(days=number) for number in range(_AHEAD.days + 1))
    spans = ((span.starts_at, span.ends_at) for day in days for span in timetable.opened_on(day, None))
    return due_at(now.astimezone(dt.UTC), allowance, spans)


def twin(*, employee: Employee, problem: str, conversation_id: str) -> Ticket | None:
    """The open ticket that this conversation has opened for the same problem."""
    return (
        Ticket.objects.filter(
            employee=employee,
            conversation_id=conversation_id,
            problem__iexact=clean(problem, limit=MAX_PROBLEM),
        )
        .exclude(status=TicketStatus.CLOSED)
        .select_related("technician__staff", "device")
        .first()
    )


def of_device(*, employee: Employee, device: Device, category: str) -> Ticket | None:
    """The newest open ticket of that category about a device of the caller's organization."""
    return (
        Ticket.objects.filter(organization_id=employee.organization_id, device=device, category=category)
        .exclude(status=TicketStatus.CLOSED)
        .select_related("technician__staff", "device")
        .first()
    )


@transaction.atomic
def add_note(*, ticket: Ticket, text: str, now: dt.datetime, actor: str) -> TicketEntry:
    """A note; the same one twice in a row is one.

    Raises:
        TicketClosed.
    """
    current = _lock_open(ticket)
    note = clean(text, limit=MAX_NOTE)
    last = current.entries.order_by("-at", "-id").first()
    if last is not None and last.kind == TicketEntry.Kind.NOTE and last.text == note:
        return last
    if current.status == TicketStatus.WAITING:
        current.status = TicketStatus.IN_PROGRESS
        current.save(update_fields=["status"])
    return _enter(current, TicketEntry.Kind.NOTE, note, now=now, actor=actor)


@transaction.atomic
def escalate(*, ticket: Ticket, reason: str, now: dt.datetime, actor: str) -> Ticket:
    """Hands the ticket to the next level: a technician of a higher one, at least high priority, and due anew.

    A ticket that is escalated already stays as it is. Returns the ticket as it is now.

    Raises:
        TicketClosed.
    """
    current = _lock_open(ticket)
    if current.status == TicketStatus.ESCALATED:
        return current
    level = current.technician.level if current.technician else Technician.Level.FIRST
    # A specialist who has not begun yet is who it would go up to.
    higher = max(Technician.Level.SECOND, level if current.status == TicketStatus.OPEN else level + 1)
    current.technician = _technician_for(current.category, level=higher) or current.technician
    if current.priority != Priority.CRITICAL:
        current.priority = Priority.HIGH
    current.due_at = due(organization=current.organization, urgency=current.priority, now=now)
    current.status = TicketStatus.ESCALATED
    current.escalated_at = now
    current.escalation_reason = clean(reason, limit=300)
    current.save()
    _enter(current, TicketEntry.Kind.ESCALATED, current.escalation_reason, now=now, actor=actor)
    audit.record(actor=actor, action="ticket.escalated", target=current.pk)
    return current


@transaction.atomic
def close(*, ticket: Ticket, reason: str, now: dt.datetime, actor: str) -> Ticket:
    """Closes the ticket. Returns it as it is now.

    Raises:
        TicketClosed: it is closed already.
    """
    current = _lock_open(ticket)
    current.status, current.closed_at = TicketStatus.CLOSED, now
    current.save(update_fields=["status", "closed_at"])
    _enter(current, TicketEntry.Kind.CLOSED, clean(reason, limit=MAX_NOTE), now=now, actor=actor)
    audit.record(actor=actor, action="ticket.closed", target=current.pk)
    return current


@transaction.atomic
def take_up(*, ticket: Ticket, now: dt.datetime, actor: str) -> Ticket:
    """Somebody works on it from here on. Returns the ticket as it is now.

    Raises:
        TicketClosed.
    """
    current = _lock_open(ticket)
    current.status = TicketStatus.IN_PROGRESS
    current.save(update_fields=["status"])
    _enter(current, TicketEntry.Kind.CHANGED, "Taken up", now=now, actor=actor)
    audit.record(actor=actor, action="ticket.taken_up", target=current.pk)
    return current


def record_visit(*, ticket: Ticket, text: str, now: dt.datetime, actor: str) -> None:
    """Notes in the history that a visit was booked, moved or cancelled."""
    _enter(ticket, TicketEntry.Kind.VISIT, text, now=now, actor=actor)


@transaction.atomic
def record_change(*, ticket: Ticket, fields: Sequence[str], now: dt.datetime, actor: str) -> None:
    """Notes in the history what a person of the team changed by hand."""
    _enter(ticket, TicketEntry.Kind.CHANGED, ", ".join(fields), now=now, actor=actor)


def _enter(ticket: Ticket, kind: TicketEntry.Kind, text: str, *, now: dt.datetime, actor: str) -> TicketEntry:
    entry: TicketEntry = TicketEntry.objects.create(ticket=ticket, kind=kind, text=text, actor=actor, at=now)
    return entry


def _technician_for(category: str, *, level: int) -> Technician | None:
    """Who takes it, of that level or above: a specialist first, then the lowest level, then the fewest open tickets."""
    able = Technician.objects.filter(staff__is_active=True, level__gte=level).select_related("staff")
    counted = able.annotate(load=Count("tickets", filter=~Q(tickets__status=TicketStatus.CLOSED)))
    return min(counted, key=lambda one: (one.specialty != category, one.level, one.load, one.pk), default=None)


def _lock_tenant() -> None:
    """Tickets of one tenant are numbered one after the other, so that no number is given twice."""
    Tenant.objects.select_for_update(no_key=True).get(pk=current_tenant_id())


def _lock_open(ticket: Ticket) -> Ticket:
    """The ticket as the database has it, if it can still be worked on."""
    _lock_tenant()
    current: Ticket = Ticket.objects.select_related("organization", "technician__staff", "device").get(pk=ticket.pk)
    if not current.is_open:
        raise TicketClosed(f"Ticket {current.reference} is closed.")
    return current
