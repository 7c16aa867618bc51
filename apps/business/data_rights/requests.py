"""Asking for an export or an erasure, and doing it: a duty of the worker that a kill at any moment only delays.

A request is claimed by one worker at a time, which shows that it lives by moving `claimed_at`. All that is done for it
may be done again; so whoever finds it with an old claim begins from the start and soon is where the dead one was.
"""

import datetime as dt
import logging
from collections.abc import Callable
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from apps.business.data_rights import erasures, exports
from apps.business.data_rights.models import DataRequest
from apps.business.data_rights.progress import LEASE, LostClaim, Progress
from apps.business.models import Contact
from apps.common import queues
from apps.common.errors import AppError
from apps.common.ids import new_id
from apps.common.queues import Waiting
from apps.tenants import audit
from apps.tenants.models import Tenant
from apps.tenants.scope import all_tenants, tenant_scope

logger = logging.getLogger(__name__)

EVERY: Final = 2.0
MOST_ATTEMPTS = 40
"""Claims whose worker died or failed: what breaks off so often will not pass by itself."""
OPEN: Final = (DataRequest.Status.WAITING, DataRequest.Status.WORKING)
Kind = DataRequest.Kind
Status = DataRequest.Status


class WrongName(AppError):
    """An erasure cannot be undone, so the name is typed."""

    code = "wrong_name"
    status = 422


class AlreadyAsked(AppError):
    code = "already_asked"
    status = 409


def ask_export(*, contact: Contact, actor: str, now: dt.datetime) -> DataRequest:
    """An export that the worker makes soon; the one under way, if there is one."""
    return _ask(contact, Kind.EXPORT, actor, now)


def ask_erasure(*, contact: Contact, typed_name: str, actor: str, now: dt.datetime) -> DataRequest:
    """An erasure that the worker begins soon.

    Raises:
        WrongName: what was typed is not the contact's name.
    """
    if " ".join(typed_name.split()) != contact.name:
        raise WrongName(f"Type the name exactly as it stands here: {contact.name}", field="name")
    return _ask(contact, Kind.ERASURE, actor, now)


def _ask(contact: Contact, kind: str, actor: str, now: dt.datetime) -> DataRequest:
    under_way = DataRequest.objects.filter(contact_id=contact.pk, kind=kind, status__in=OPEN)
    try:
        with transaction.atomic():
            request: DataRequest = DataRequest.objects.create(
                kind=kind, contact_id=contact.pk, actor=actor, asked_at=now, due_at=now
            )
            audit.record(actor=actor, action=f"contact.{kind}_asked", target=contact.pk)
            return request
    except IntegrityError:
        found = under_way.first()
        if found is None:
            raise AlreadyAsked("This was asked for just now. Please try again.") from None
        return found


def perform(now: dt.datetime) -> int:
    """Does one request that is due; how many (0 or 1). A duty of the worker."""
    request = _claim(now)
    if request is None:
        return 0
    works: dict[str, Callable[[Progress], None]] = {Kind.EXPORT: exports.make, Kind.ERASURE: erasures.erase}
    with tenant_scope(request.tenant_id):
        tenant = Tenant.objects.get(pk=request.tenant_id)
    progress = Progress(request, tenant)
    try:
        works[request.kind](progress)
    except LostClaim:
        return 0
    except Exception:
        # It stays claimed: tried again when the claim is old, by whoever is there.
        logger.exception("A data request broke off", extra={"request": request.pk, "tenant": request.tenant_id})
        return 0
    return 1


def waiting(now: dt.datetime) -> Waiting:
    """What is due and not yet done."""
    with all_tenants(reason="how much waits, whosever it is"):
        return queues.waiting(DataRequest.objects.filter(status__in=OPEN, due_at__lte=now), "due_at", now)


def _claim(now: dt.datetime) -> DataRequest | None:
    due = Q(status=Status.WAITING, due_at__lte=now) | Q(status=Status.WORKING, claimed_at__lt=now - LEASE)
    with all_tenants(reason="the worker does what contacts of every tenant asked for"):
        if not DataRequest.objects.filter(due).exists():
            return None  # without a lock, as nearly always
        with transaction.atomic():
            waiting = DataRequest.objects.select_for_update(skip_locked=True).filter(due).order_by("due_at")
            request: DataRequest | None = waiting.first()
            if request is None:
                return None
            if request.attempts >= MOST_ATTEMPTS:
                request.status, request.finished_at, request.claim = Status.FAILED, now, ""
                request.save(update_fields=["status", "finished_at", "claim"])
                logger.error("A data request is given up", extra={"request": request.pk})
                return None
            request.claim, request.claimed_at, request.status = new_id("clm"), timezone.now(), Status.WORKING
            request.attempts += 1
            request.save(update_fields=["claim", "claimed_at", "status", "attempts"])
            return request
