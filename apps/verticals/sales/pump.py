"""The pump: turns what the dialer has claimed into calls. A duty of the worker; several may run, any may be killed."""

import asyncio
import datetime as dt
import logging

from django.db import transaction
from django.utils import timezone

from apps.business.contacts import readable_phone
from apps.common.duties import complete
from apps.common.errors import AppError
from apps.telephony.calls import CarrierLoginRefused, CarrierNotConfigured, CarrierUnavailable
from apps.telephony.links import NoPublicAddress
from apps.telephony.numbers import NoNumber
from apps.telephony.placing import OnMachine, place_call
from apps.tenants.models import Tenant
from apps.tenants.scope import all_tenants, current_tenant_id, in_tenant, tenant_scope
from apps.verticals.sales import campaigns, dialed, dialer
from apps.verticals.sales.models import Callback, Campaign, DialedCall

logger = logging.getLogger(__name__)

EVERY = 1.0
"""Seconds."""
PATIENCE = 60.0
"""Seconds for the carrier to take the orders of one turn."""
KIND = "outbound"
"""Who talks in a call that was promised."""
_NOBODY_CAN_BE_CALLED = (NoNumber, NoPublicAddress, CarrierNotConfigured, CarrierLoginRefused)
"""It is the account, not the number: the campaign is paused until somebody has mended it."""
_Ending = DialedCall.Ending
_MENDED = dt.timedelta(hours=1)


def perform(now: dt.datetime) -> int:
    """One turn for every account that has somebody to call, or a call under way. How many calls were placed."""
    claimed: list[tuple[str, DialedCall]] = []
    for tenant_id in _at_work(now):
        try:
            with tenant_scope(tenant_id):
                dialed.recover(now=now)
                calls = dialer.claim(now=now)
            claimed += [(tenant_id, call) for call in calls]
        except Exception:
            logger.exception("The dialer failed", extra={"tenant": tenant_id})
    if not claimed:
        return 0
    return complete(_dial_all(claimed), within=PATIENCE)


def _at_work(now: dt.datetime) -> list[str]:
    with all_tenants(reason="the dialer's duty looks for accounts with somebody to call"):
        running = Campaign.objects.filter(status=Campaign.Status.RUNNING)
        promised = Callback.objects.filter(state=Callback.State.PROMISED, next_at__lte=now)
        under_way = dialed.open_calls()
        found = {tenant for rows in (running, promised, under_way) for tenant in rows.values_list("tenant", flat=True)}
    return sorted(found)


async def _dial_all(claimed: list[tuple[str, DialedCall]]) -> int:
    return sum(await asyncio.gather(*(dial(tenant_id=tenant_id, call_id=call.pk) for tenant_id, call in claimed)))


async def dial(*, tenant_id: str, call_id: str) -> bool:
    """Places a claimed call, unless somebody has said stop since; whether the carrier has taken the order."""
    confirmed = await in_tenant(tenant_id, _confirm, call_id)
    if confirmed is None:
        return False
    call, voicemail = confirmed
    try:
        await place_call(
            tenant_id=tenant_id,
            to=call.phone,
            agent=_kind(call),
            message=voicemail,
            on_machine=OnMachine.MESSAGE if voicemail else OnMachine.HANG_UP,
            topic=dialed.TOPIC,
            about=call.pk,
            key=call.pk,
        )
    except CarrierUnavailable:
        return False  # it may ring or not: the line stays taken until that is known
    except AppError as refusal:
        logger.warning("A call of a campaign was not placed", extra={"call": call.pk, "reason": refusal.code})
        await in_tenant(tenant_id, _not_placed, call.pk, isinstance(refusal, _NOBODY_CAN_BE_CALLED))
        return False
    return True


def _kind(call: DialedCall) -> str:
    if call.campaign is not None:
        return call.campaign.agent
    return call.agent.kind if call.agent is not None and call.callback_id is None else KIND


def _confirm(call_id: str) -> tuple[DialedCall, str] | None:
    call = dialed.confirm(call_id=call_id, now=timezone.now())
    return None if call is None else (call, _voicemail(call.campaign))


def _voicemail(campaign: Campaign | None) -> str:
    """The message with the way out that the law asks for; "" = none is left."""
    if campaign is None or not campaign.voicemail:
        return ""
    tenant = Tenant.objects.get(pk=current_tenant_id())
    way_out = f"call {readable_phone(tenant.phone, tenant.region)}" if tenant.phone else "call us back"
    return f"{campaign.voicemail} If you want no more calls from {tenant.name}, {way_out} and say so."


def _not_placed(call_id: str, nobody_can_be_called: bool) -> None:
    """The order was refused, so the phone did not ring. Where the number may be the reason, the try counts."""
    now = timezone.now()
    with transaction.atomic():
        call = DialedCall.objects.select_for_update().get(pk=call_id)
        if call.state == DialedCall.State.ENDED:
            return
        dialed.end(call=call, ending=_Ending.NOT_DIALED if nobody_can_be_called else _Ending.FAILED, now=now)
        if not nobody_can_be_called:
            return
        if call.campaign_id is not None:
            campaigns.halt(campaign_id=call.campaign_id, now=now)
        Callback.objects.filter(pk=call.callback_id).update(next_at=now + _MENDED)
