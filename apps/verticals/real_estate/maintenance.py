"""Maintenance: requests, whom to send, and what happens to them."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models.functions import Length

from apps.business.core.names import clean
from apps.tenants import audit
from apps.tenants.models import Tenant
from apps.tenants.scope import current_tenant_id
from apps.verticals.real_estate.core.addresses import find_address
from apps.verticals.real_estate.core.urgency import Category, Priority, answer_by
from apps.verticals.real_estate.models import Contractor, MaintenanceNote, MaintenanceRequest, Property, Renter
from apps.verticals.real_estate.models.maintenance import CLOSED, RequestStatus

MAX_NOTE = 1_000
MAX_ACCESS = 200
MAX_DESCRIPTION = 2_000


def open_requests(renter: Renter) -> list[MaintenanceRequest]:
    """What the renter has reported and is not done, the latest first."""
    requests = MaintenanceRequest.objects.filter(renter=renter).exclude(status__in=CLOSED)
    return list(requests.select_related("contractor", "property"))


def recently_closed(renter: Renter, *, since: dt.datetime) -> list[MaintenanceRequest]:
    """What was reported since and is done or cancelled."""
    requests = MaintenanceRequest.objects.filter(renter=renter, status__in=CLOSED, reported_at__gte=since)
    return list(requests.select_related("contractor", "property"))


def managed_at(address: str) -> list[Property]:
    """The homes under management at an address as people say it; several when it is not clear."""
    homes = {one.pk: one for one in Property.objects.filter(is_managed=True).select_related("suburb")}
    return [homes[key] for key in find_address(address, {key: one.address for key, one in homes.items()})]


def on_call(category: str) -> Contractor | None:
    """Who comes at once for such a thing: of the trade, else whoever is on call for anything."""
    ready = Contractor.objects.filter(is_on_call=True, is_active=True)
    return ready.filter(trade=category).first() or ready.filter(trade="other").first()


@transaction.atomic
def report(
    *,
    home: Property,
    renter: Renter | None,
    category: Category,
    priority: Priority,
    description: str,
    access: str = "",
    callback_phone: str = "",
    conversation_id: str = "",
    now: dt.datetime,
    actor: str,
) -> tuple[MaintenanceRequest, bool]:
    """A request, and whether it is new: the same trade told of twice in one conversation is one request.

    An emergency is dispatched at once to who is on call.
    """
    # One after the other for the whole business: references never clash, and a repetition finds the first.
    tenant = Tenant.objects.select_for_update(no_key=True).get(pk=current_tenant_id())
    same = MaintenanceRequest.objects.filter(property=home, category=category, conversation_id=conversation_id)
    known = same.exclude(status__in=CLOSED).select_related("contractor", "property").first()
    if known is not None and conversation_id:
        return _raised(known, priority, now=now, actor=actor), False
    sent = on_call(category) if priority == "emergency" else None
    request = MaintenanceRequest(
        reference=_next_reference(tenant, now),
        property=home,
        renter=renter,
        category=category,
        priority=priority,
        description=clean(description, limit=MAX_DESCRIPTION),
        access=clean(access, limit=MAX_ACCESS),
        callback_phone=callback_phone,
        contractor=sent,
        status=RequestStatus.ASSIGNED if sent else RequestStatus.OPEN,
        reported_at=now,
        answer_by=answer_by(priority, now),
        conversation_id=conversation_id,
    )
    request.save()
    if sent:
        add_note(request=request, text=f"Dispatched at once to {sent.name}.", now=now, actor=actor)
    audit.record(actor=actor, action="maintenance.reported", target=request.pk, details={"priority": priority})
    return request, True


def _raised(request: MaintenanceRequest, priority: Priority, *, now: dt.datetime, actor: str) -> MaintenanceRequest:
    """A repetition that turns out to be an emergency becomes one."""
    if priority != "emergency" or request.priority == "emergency":
        return request
    request.priority = priority
    request.answer_by = answer_by(priority, now)
    request.contractor = on_call(request.category) or request.contractor
    request.status = RequestStatus.ASSIGNED if request.contractor else request.status
    request.save()
    add_note(request=request, text="Raised to an emergency.", now=now, actor=actor)
    return request


@transaction.atomic
def add_note(*, request: MaintenanceRequest, text: str, now: dt.datetime, actor: str) -> MaintenanceNote:
    """Appends to what happened; the same words twice in a row are one note."""
    words = clean(text, limit=MAX_NOTE)
    last = MaintenanceNote.objects.filter(request=request).order_by("-created_at", "-id").first()
    if last is not None and last.text == words:
        return last
    note = MaintenanceNote(request=request, text=words, author=actor, created_at=now)
    note.save()
    return note


@transaction.atomic
def cancel(*, request: MaintenanceRequest, now: dt.datetime, actor: str) -> MaintenanceRequest:
    """Calls it off; the caller has seen that it is not closed."""
    request.status = RequestStatus.CANCELLED
    request.save(update_fields=["status"])
    add_note(request=request, text="Cancelled by the renter.", now=now, actor=actor)
    audit.record(actor=actor, action="maintenance.cancelled", target=request.pk)
    return request


def _next_reference(tenant: Tenant, now: dt.datetime) -> str:
    """Such as M-20261122-001: the local day of the report and a number."""
    prefix = f"M-{now.astimezone(tenant.zone):%Y%m%d}-"
    references = MaintenanceRequest.objects.filter(reference__startswith=prefix).values_list("reference", flat=True)
    last = references.order_by(Length("reference").desc(), "-reference").first()
    return f"{prefix}{int(last.removeprefix(prefix)) + 1 if last else 1:03d}"


def as_data(request: MaintenanceRequest, *, zone: dt.tzinfo | None) -> dict[str, Any]:
    """The facts a model may chain on; times are local."""
    return {
        "request_id": request.pk,
        "reference": request.reference,
        "category": request.category,
        "description": request.description[:200],
        "priority": request.priority,
        "status": request.status,
        "contractor_name": request.contractor.name if request.contractor else None,
        "answer_by": f"{request.answer_by.astimezone(zone):%Y-%m-%dT%H:%M}",
    }
