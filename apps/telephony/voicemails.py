"""What callers leave when nobody can answer."""

import datetime as dt
from functools import partial

from django.db import IntegrityError, transaction

from apps.common.callbacks import told
from apps.telephony.account import configured
from apps.telephony.calls import Gateway
from apps.telephony.listeners import listener_of
from apps.telephony.models import Voicemail
from apps.tenants.models import Tenant
from apps.tenants.scope import current_tenant_id


@transaction.atomic
def keep(
    *,
    recording: str,
    carrier_call: str,
    number: str,
    now: dt.datetime,
    caller: str = "",
    seconds: int = 0,
    is_ready: bool = False,
) -> Voicemail:
    """What the carrier tells of a recording: first that it was made, later that it can be played, or the other way."""
    try:
        with transaction.atomic():
            Voicemail.objects.create(recording=recording, carrier_call=carrier_call, number=number, created_at=now)
    except IntegrityError:
        pass  # told before; another tenant's is not found below
    voicemail = Voicemail.objects.select_for_update().get(recording=recording)
    was_ready = voicemail.is_ready
    voicemail.caller = voicemail.caller or caller[:32]
    voicemail.seconds = voicemail.seconds or seconds
    voicemail.is_ready = was_ready or is_ready
    voicemail.save()
    if voicemail.is_ready and not was_ready:
        topic = Tenant.objects.get(pk=current_tenant_id()).vertical
        told(partial(listener_of(topic).voicemail_left, voicemail))
    return voicemail


async def sound(recording: str) -> bytes:
    """The recording as WAV, from the carrier.

    Raises:
        CallOver: the carrier has it no more.
        CarrierError: one of its other kinds.
    """
    gateway = Gateway(configured())  # of its own: an admin's page runs on no lasting event loop
    try:
        return await gateway.sound(recording)
    finally:
        await gateway.aclose()


async def forget(recording: str) -> None:
    """Deletes the recording at the carrier.

    Raises:
        CarrierError: one of its kinds.
    """
    gateway = Gateway(configured())
    try:
        await gateway.forget(recording)
    finally:
        await gateway.aclose()
