"""Carrying out the outbox: a duty of the worker.

A turn claims what is due, as much as there is room for, and begins to send it; it waits for nobody. A claim is the
row's own timer moved on by LEASE, so a worker that is killed leaves its deliveries to the next one, and several workers
share them. One endpoint has few places, so a slow one holds up itself and no other.
"""

import asyncio
import logging
import random
import time
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, wait
from datetime import datetime, timedelta
from smtplib import SMTPException
from typing import Any

from django.db.models import Min, Q
from django.utils import timezone

from apps.api.core.retries import is_hopeless, next_attempt
from apps.api.models import WebhookDelivery, WebhookEndpoint
from apps.api.webhooks import messages
from apps.api.webhooks.sender import HEAD, Outcome, send
from apps.common import duties, queues
from apps.common.queues import Waiting
from apps.common.sealing import Unreadable
from apps.tenants import audit
from apps.tenants.scope import all_tenants, in_tenant, tenant_scope

logger = logging.getLogger(__name__)

EVERY = 1.0
LEASE = timedelta(seconds=60)
"""Much longer than an attempt may take."""
PLACES = 48
PER_ENDPOINT = 4
KEPT = timedelta(days=30)
GONE = 410
Status = WebhookDelivery.Status

_under_way: dict[Future[None], str] = {}
"""What this process is sending, and for which endpoint."""


def perform(now: datetime) -> int:
    """The duty: sends what is due; how many attempts were begun. What is slow goes on while the next turn begins."""
    ends, begun = time.monotonic() + EVERY, 0
    while True:
        for future in [future for future in _under_way if future.done()]:
            del _under_way[future]
        for delivery in _claim(now):
            future = asyncio.run_coroutine_threadsafe(_deliver(delivery), duties.loop())
            _under_way[future] = delivery.endpoint_id
            begun += 1
        left = ends - time.monotonic()
        if not _under_way or left <= 0:
            return begun
        wait(list(_under_way), timeout=left, return_when=FIRST_COMPLETED)


def waiting(now: datetime) -> Waiting:
    """What is due and not yet delivered."""
    with all_tenants(reason="how much waits, whosever it is"):
        due = WebhookDelivery.objects.filter(status=Status.PENDING, next_at__lte=now, endpoint__is_active=True)
        return queues.waiting(due, "next_at", now)


def settled(*, within: float) -> bool:
    """Waits for what is under way; False when some of it still is."""
    return not wait(list(_under_way), timeout=within).not_done


def _claim(now: datetime) -> list[WebhookDelivery]:
    busy = Counter(_under_way.values())
    room = PLACES - busy.total()
    claimed: list[WebhookDelivery] = []
    with all_tenants(reason="what is due, whosever it is"):
        due = WebhookDelivery.objects.filter(status=Status.PENDING, next_at__lte=now, endpoint__is_active=True)
        waiting = due.values("endpoint").annotate(since=Min("next_at")).order_by("since").values_list("endpoint")
        for (endpoint_id,) in waiting:
            places = min(room - len(claimed), PER_ENDPOINT - busy[endpoint_id])
            if places <= 0:
                if len(claimed) >= room:
                    break
                continue
            rows = due.filter(endpoint=endpoint_id).select_related("endpoint").order_by("next_at", "id")[:places]
            claimed += [row for row in rows if _take(row, now)]
    return claimed


def _take(row: WebhookDelivery, now: datetime) -> bool:
    """Whether it is ours: another worker that saw the same row has moved its timer."""
    taken = WebhookDelivery.objects.filter(pk=row.pk, status=Status.PENDING, next_at=row.next_at).update(
        next_at=now + LEASE,
        attempts=row.attempts + 1,
        tried_at=now,
        first_tried_at=row.first_tried_at or now,
    )
    row.attempts, row.tried_at, row.first_tried_at = row.attempts + 1, now, row.first_tried_at or now
    return bool(taken)


async def _deliver(delivery: WebhookDelivery) -> None:
    try:
        body, headers = await in_tenant(delivery.tenant_id, _written, delivery)
        outcome = await send(url=delivery.endpoint.url, body=body, headers=headers)
    except Unreadable:
        outcome = Outcome(None, 0, error="The secret cannot be read any more: rotate it.")
    except Exception:
        logger.exception("A webhook could not be written", extra={"delivery": delivery.pk})
        outcome = Outcome(None, 0, error="We could not write the message.")
    try:
        await in_tenant(delivery.tenant_id, record, delivery, outcome, now=timezone.now())
    except Exception:
        # The claim runs out, and it is sent again: receivers know an event by its id.
        logger.exception("A webhook's outcome could not be recorded", extra={"delivery": delivery.pk})


def _written(delivery: WebhookDelivery) -> tuple[bytes, dict[str, str]]:
    body = messages.body_of(delivery)
    return body, messages.headers_of(delivery, body, now=timezone.now())


def record(delivery: WebhookDelivery, outcome: Outcome, *, now: datetime) -> None:
    """Writes down what came of an attempt; in the tenant's scope."""
    values: dict[str, Any] = {
        "answered": outcome.status,
        "duration_ms": outcome.duration_ms,
        "error": outcome.error[:200],
        "response_head": outcome.head[:HEAD],
    }
    endpoint = WebhookEndpoint.objects.filter(pk=delivery.endpoint_id)
    if outcome.is_delivered:
        WebhookDelivery.objects.filter(pk=delivery.pk).update(status=Status.DELIVERED, **values)
        endpoint.exclude(failing_since=None).update(failing_since=None)
        return
    again = next_attempt(attempts=delivery.attempts, now=now, chance=random.random())  # noqa: S311  # no secret
    values |= {"status": Status.FAILED} if again is None else {"next_at": again}
    WebhookDelivery.objects.filter(pk=delivery.pk, status=Status.PENDING).update(**values)
    endpoint.filter(failing_since=None).update(failing_since=delivery.tried_at)
    row = endpoint.first()
    if row is None or not row.is_active:
        return
    if outcome.status == GONE:
        _disable(row, "It answered 410: gone for good.", now=now)
    elif is_hopeless(failing_since=row.failing_since, first_tried_at=delivery.first_tried_at, given_up=again is None):
        _disable(
            row, f"For two days nothing has arrived; at last: {outcome.error or f'answer {outcome.status}'}.", now=now
        )


def _disable(endpoint: WebhookEndpoint, reason: str, *, now: datetime) -> None:
    """Switches it off, once; what waits for it is given up, so that it can be sent again. The letter is a duty's."""
    changed = WebhookEndpoint.objects.filter(pk=endpoint.pk, is_active=True).update(
        is_active=False, disabled_at=now, disabled_reason=reason[:200], is_told=False
    )
    if changed:
        WebhookDelivery.objects.filter(endpoint=endpoint, status=Status.PENDING).update(status=Status.FAILED)
        audit.record(actor="system", action="webhook.disabled", target=endpoint.pk, details={"reason": reason[:200]})


def write_letters(now: datetime) -> int:
    """A duty: tells the owners of endpoints that were switched off; how many letters were sent."""
    with all_tenants(reason="whose webhooks were switched off"):
        found = list(WebhookEndpoint.objects.filter(is_told=False).select_related("tenant"))
    return sum(_write_letter(endpoint) for endpoint in found)


def _write_letter(endpoint: WebhookEndpoint) -> bool:
    with tenant_scope(endpoint.tenant_id):
        message = messages.letter(endpoint)
        if not WebhookEndpoint.objects.filter(pk=endpoint.pk, is_told=False).update(is_told=True):
            return False
    try:
        message.send()
    except (SMTPException, OSError) as error:
        logger.error("letter not sent, to be tried again", extra={"error": type(error).__name__})
        with tenant_scope(endpoint.tenant_id):
            WebhookEndpoint.objects.filter(pk=endpoint.pk, is_active=False).update(is_told=False)
        return False
    return True


def forget_old(now: datetime) -> int:
    """A duty: deletes the log of what is done, or waits for an endpoint that is off, once it is older than KEPT."""
    with all_tenants(reason="the log is forgotten by its age, whosever it is"):
        over = ~Q(status=Status.PENDING) | Q(endpoint__is_active=False)
        old = WebhookDelivery.objects.filter(over, happened_at__lt=now - KEPT)
        return int(old.delete()[0])
