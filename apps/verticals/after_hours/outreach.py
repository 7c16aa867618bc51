"""Sends what is to be sent: calls, texts and e-mails of every business, side by side. A duty of the worker.

A worker that is killed may have sent something without a record of it; when its claim has run out, another one sends
it again. A call goes again under the same key: telephony asks the carrier whether it has such a call and orders it only
if not, so a phone rings once. A text goes under a key of its own each time, for two alike are no harm: it arrives at
least once.
"""

import asyncio
import datetime as dt
import logging

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Q, QuerySet

from apps.common.database import in_thread
from apps.tenants.scope import all_tenants, tenant_scope
from apps.verticals.after_hours.core.ladder import UNDECIDED
from apps.verticals.after_hours.journal import Kind as LogKind
from apps.verticals.after_hours.journal import enter
from apps.verticals.after_hours.models import Outreach
from apps.verticals.after_hours.phone import Order, Phone, Receipt, Telephony

logger = logging.getLogger(__name__)

TOPIC = "after_hours"
LEASE = dt.timedelta(seconds=15)
"""For so long a row is the worker's that has begun to send it; longer than `_PATIENCE`."""
_BATCH = 100
_PATIENCE = 12.0
"""Seconds for one order: a carrier that hangs must not keep the next ones waiting."""
_ATTEMPTS = 8
"""A rung's window, at one a `LEASE`."""
_WAITING = Outreach.Status.WAITING


def reach_out(now: dt.datetime, phone: Phone | None = None) -> int:
    """Sends what waits, and ends calls that are not needed any more; how many things were done."""
    with all_tenants(reason="what every business has to send is looked at"):
        waiting = list(_unclaimed(now).order_by("created_at", "id")[:_BATCH])
        ringing = list(Outreach.objects.filter(hangs_up=True)[:_BATCH])
    if not waiting and not ringing:
        return 0
    return asyncio.run(_all(waiting, ringing, phone or Telephony(TOPIC), now))


def _unclaimed(now: dt.datetime) -> QuerySet[Outreach]:
    waiting = Outreach.objects.filter(status=_WAITING)
    return waiting.filter(Q(claimed_at=None) | Q(claimed_at__lte=now - LEASE))


async def _all(waiting: list[Outreach], ringing: list[Outreach], phone: Phone, now: dt.datetime) -> int:
    sending = [_send(row, phone, now) for row in waiting]
    ending = [_hang_up(row, phone) for row in ringing]
    try:
        return sum(await asyncio.gather(*sending, *ending))
    finally:
        await phone.aclose()


async def _send(row: Outreach, phone: Phone, now: dt.datetime) -> int:
    if not await in_thread(_claim, row, now):
        return 0
    try:
        async with asyncio.timeout(_PATIENCE):
            if row.kind == Outreach.Kind.EMAIL:
                await in_thread(_mail, row)
                receipt = Receipt(row.to[:32])
            else:
                receipt = await phone.send(_order(row))
    except TimeoutError:
        receipt = Receipt(error="timeout", is_sure=False)
    except Exception:
        logger.exception("Something could not be sent", extra={"outreach": row.pk})
        receipt = Receipt(error="failed", is_sure=False)
    if not receipt.is_sure and row.attempts < _ATTEMPTS:
        return 0  # it goes again when the claim has run out
    await in_thread(_record, row, receipt, now)
    return 1


def _order(row: Outreach) -> Order:
    return Order(
        tenant_id=row.tenant_id,
        kind="call" if row.kind == Outreach.Kind.CALL else "text",
        to=row.to,
        words=row.words,
        message=row.message,
        key=row.pk if row.kind == Outreach.Kind.CALL else f"{row.pk}:{row.attempts}",
        about=row.pk,
    )


def _claim(row: Outreach, now: dt.datetime) -> bool:
    """Whether it is still to be sent, and nobody else does."""
    row.attempts += 1
    with tenant_scope(row.tenant_id):
        return bool(_unclaimed(now).filter(pk=row.pk).update(claimed_at=now, attempts=row.attempts))


def _mail(row: Outreach) -> None:
    subject = row.words.split("\n", 1)[0]
    send_mail(subject, row.words, settings.DEFAULT_FROM_EMAIL, [row.to])


def _record(row: Outreach, receipt: Receipt, now: dt.datetime) -> None:
    with tenant_scope(row.tenant_id), transaction.atomic():
        current = Outreach.objects.select_for_update().filter(pk=row.pk).first()
        if current is None or current.status not in (_WAITING, Outreach.Status.DROPPED):
            return  # the carrier has told of it meanwhile, or another worker has
        current.reference, current.error = receipt.reference, receipt.error
        if receipt.error and receipt.is_sure:
            current.status = Outreach.Status.FAILED
        else:
            current.status = Outreach.Status.SENT if receipt.is_sure else Outreach.Status.UNCONFIRMED
        incident = current.incident
        asks = current.kind == Outreach.Kind.CALL and current.purpose != Outreach.Purpose.NOTICE
        current.hangs_up = asks and bool(current.reference) and incident.state not in UNDECIDED
        current.save(update_fields=["reference", "error", "status", "hangs_up"])
        if current.status != Outreach.Status.SENT:
            enter(
                incident,
                LogKind.REACHED,
                f"{current.get_kind_display()} {_DOUBT[current.status]} ({current.error or 'no confirmation'})",
                now=now,
                actor="system",
                responder=current.responder,
            )


_DOUBT = {Outreach.Status.FAILED: "failed", Outreach.Status.UNCONFIRMED: "may not have gone out"}


async def _hang_up(row: Outreach, phone: Phone) -> int:
    if row.reference:
        await phone.hang_up(row.tenant_id, row.reference)
    await in_thread(_hung_up, row)
    return 1


def _hung_up(row: Outreach) -> None:
    with tenant_scope(row.tenant_id):
        Outreach.objects.filter(pk=row.pk).update(hangs_up=False)
