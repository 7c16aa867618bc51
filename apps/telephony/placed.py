"""The record of a call that we make: what the carrier tells of it, and the keys that are pressed."""

import datetime as dt
import logging
from collections.abc import Sequence
from functools import partial

from django.db import IntegrityError, transaction

from apps.common.callbacks import told
from apps.common.ids import is_id
from apps.telephony.core import progress
from apps.telephony.listeners import listener_of
from apps.telephony.models import PlacedCall
from apps.tenants.scope import all_tenants

logger = logging.getLogger(__name__)

RECENT = dt.timedelta(hours=12)
"""For so long somebody who calls may be calling back."""


def create(*, key: str, **fields: str) -> tuple[PlacedCall, bool]:
    """A call that is about to be made; with a key that was used before, the call of then.

    Returns:
        (the call, whether it is new).
    """
    try:
        with transaction.atomic():
            return PlacedCall.objects.create(key=key, **fields), True
    except IntegrityError:
        return PlacedCall.objects.get(key=key), False


@transaction.atomic
def claim(*, call_id: str, after: dt.timedelta, now: dt.datetime) -> tuple[PlacedCall, bool]:
    """The call, and whether it is for us to find out what became of it: it is unconfirmed, and nobody does just now."""
    call = PlacedCall.objects.select_for_update().get(pk=call_id)
    is_open = call.status == progress.UNCONFIRMED and not call.carrier_call
    if not is_open or now - call.changed_at < after:
        return call, False
    call.changed_at = now
    call.save(update_fields=["changed_at"])
    return call, True


def others_of(carrier_calls: Sequence[str], *, call_id: str) -> set[str]:
    """Those of the carrier's calls that are known to be another one of the tenant's than this."""
    others = PlacedCall.objects.filter(carrier_call__in=carrier_calls).exclude(pk=call_id)
    return set(others.values_list("carrier_call", flat=True))


def locate(*, call_id: str, carrier_call: str) -> PlacedCall | None:
    """The call that a webhook names by our id; None when it is none, or not that call of the carrier's."""
    if not is_id(call_id) or not carrier_call:
        return None
    with all_tenants(reason="the carrier's webhook names a call that we made"):
        call = PlacedCall.objects.filter(pk=call_id).first()
    return call if call is not None and call.carrier_call in ("", carrier_call) else None


@transaction.atomic
def report(
    *,
    call_id: str,
    carrier_call: str,
    now: dt.datetime,
    status: str = "",
    answered_by: str = "",
    seconds: int | None = None,
    error: str = "",
) -> PlacedCall:
    """What the carrier tells of a call, in any order; its listener is told of what is new.

    Args:
        status: in the carrier's own words, such as `in-progress`.
        answered_by: the verdict of answering-machine detection.
        seconds: how long it took, once it is over.
    """
    call = PlacedCall.objects.select_for_update().get(pk=call_id)
    before = (call.status, call.answered_by)
    call.carrier_call = call.carrier_call or carrier_call
    call.status = progress.call_after(call.status, status)
    call.answered_by = call.answered_by or answered_by[:32]
    call.seconds = seconds if call.seconds is None else call.seconds
    call.error = call.error or error[:64]
    changed = (call.status, call.answered_by) != before
    if changed:
        call.changed_at = now
    call.save()
    if changed:
        told(partial(listener_of(call.topic).call_changed, call))
    return call


@transaction.atomic
def press(*, call_id: str, digits: str, now: dt.datetime) -> str | None:
    """The words that answer a key; None when it means nothing here. Told twice, it is heard once."""
    call = PlacedCall.objects.select_for_update().get(pk=call_id)
    if call.digits:
        return call.reply
    reply = told(partial(listener_of(call.topic).digits_pressed, call, digits))
    if reply is None:
        return None
    call.digits, call.reply, call.changed_at = digits[:16], reply, now
    call.save(update_fields=["digits", "reply", "changed_at"])
    return reply


@transaction.atomic
def leave_message(*, call_id: str) -> bool:
    """Whether the message is to be left now: once, when the carrier tells of the beep twice."""
    return bool(PlacedCall.objects.filter(pk=call_id, message_left=False).update(message_left=True))


def call_back(*, caller: str, now: dt.datetime) -> str | None:
    """What somebody hears whom we have called lately, when it was about something; None = the agent answers."""
    call = PlacedCall.objects.filter(to=caller, created_at__gte=now - RECENT).exclude(topic="").first()
    return None if call is None else told(partial(listener_of(call.topic).called_back, call))
