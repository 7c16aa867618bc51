"""Calling people: with an agent who talks to them, or with a question that a key answers."""

import re
from datetime import timedelta
from typing import Any, Final

import phonenumbers
from django.utils import timezone

from apps.common.errors import InvalidInput
from apps.telephony import numbers, placed
from apps.telephony.calls import CallOver, CarrierError, CarrierUnavailable, Outbound, gateway
from apps.telephony.core import progress
from apps.telephony.links import link
from apps.telephony.models import PlacedCall
from apps.tenants.scope import in_tenant

OnMachine = PlacedCall.OnMachine
RING = 30
"""Seconds."""
SETTLE_AFTER = timedelta(seconds=15)
"""No order to the carrier takes so long."""
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_KIND = phonenumbers.PhoneNumberType
_COSTLY: Final = {_KIND.PREMIUM_RATE, _KIND.SHARED_COST}
_OF_NO_COUNTRY: Final = {808, 870, 878, 881, 882, 883, 888, 979}
"""Satellites, networks of their own, and premium numbers of the whole world: ITU-T E.164, list of assigned codes."""


class InvalidNumber(InvalidInput):
    """Not a number that can be called."""

    code = "invalid_number"


class CostlyNumber(InvalidNumber):
    """Whoever has it earns from each call and text; it is often a stranger who gives it to us (toll fraud)."""

    code = "costly_number"


def check_number(number: str) -> None:
    """Raises InvalidNumber unless it is E.164, CostlyNumber for premium numbers and those of satellites."""
    if not _E164.fullmatch(number):
        raise InvalidNumber("Expected a phone number such as +12125550100.", field="to")
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        raise InvalidNumber("There is no such country code.", field="to") from None
    if parsed.country_code in _OF_NO_COUNTRY or phonenumbers.number_type(parsed) in _COSTLY:
        raise CostlyNumber("Premium and satellite numbers are neither called nor texted.", field="to")


async def place_call(
    *,
    tenant_id: str,
    to: str,
    number: str = "",
    agent: str = "",
    message: str = "",
    on_machine: str = OnMachine.HANG_UP,
    topic: str = "",
    about: str = "",
    key: str = "",
    ring_seconds: int = RING,
) -> PlacedCall:
    """Calls `to`; whoever answers talks to an agent. Returns when the carrier has taken the order.

    Detection of answering machines never delays the agent's first word: the verdict comes while it speaks.

    Args:
        to: E.164.
        number: which of the tenant's numbers is shown; "" = its first.
        agent: slug of who talks; "" = the front agent.
        message: left on a machine after its beep, with `on_machine` "message".
        topic: whose call it is (listeners.py), with `about` as a reference of theirs.
        key: idempotency key. The same one again calls nobody, and returns the call of then.

    Raises:
        InvalidNumber, NoNumber, NoPublicAddress: nothing was done.
        CarrierUnavailable: the carrier may have got it or not; the call stays `unconfirmed` until it tells of it.
        CarrierError: it refuses; the call has failed.
    """
    return await _place(
        tenant_id,
        ring_seconds,
        {"to": to, "number": number, "agent": agent, "message": message, "on_machine": on_machine}
        | {"topic": topic, "about": about, "key": key},
    )


async def ask(
    *,
    tenant_id: str,
    to: str,
    question: str,
    number: str = "",
    message: str = "",
    topic: str = "",
    about: str = "",
    key: str = "",
    ring_seconds: int = RING,
) -> PlacedCall:
    """Calls `to`, speaks `question` and waits for a key, which the topic's listener hears and answers.

    On an answering machine `message` is left after the beep; without one it is hung up on. Else as `place_call`.
    """
    return await _place(
        tenant_id,
        ring_seconds,
        {"to": to, "number": number, "question": question, "message": message}
        | {"on_machine": OnMachine.MESSAGE if message else OnMachine.HANG_UP}
        | {"topic": topic, "about": about, "key": key},
    )


async def settle(*, tenant_id: str, call_id: str, ring_seconds: int = RING) -> PlacedCall:
    """Finds out what became of a call that stayed `unconfirmed`, because whoever ordered it died or heard nothing.

    The carrier is asked; where it knows of no such call, it is ordered now. Every other call is returned as it is, and
    so is one whose order may still be under way, for `SETTLE_AFTER`.

    Raises:
        CarrierUnavailable: nothing is known yet; try again after `SETTLE_AFTER`.
        CarrierError: it refuses; the call has failed.
    """
    call, is_ours = await in_tenant(tenant_id, placed.claim, call_id=call_id, after=SETTLE_AFTER, now=timezone.now())
    if not is_ours:
        return call
    ordered = await gateway().calls(to=call.to, from_=call.number, since=call.created_at)
    # The carrier's own word of this very call may have come meanwhile: that is no reason to order it again.
    others = await in_tenant(tenant_id, placed.others_of, [sid for sid, _ in ordered], call_id=call.pk)
    found = next(((sid, status) for sid, status in ordered if sid not in others), None)
    return await (_report(call, *found) if found else _order(call, ring_seconds))


async def cancel(*, tenant_id: str, call_id: str) -> None:
    """Ends a call that rings or goes on; one that is over is left as it is.

    Raises:
        CarrierError: the carrier did not do it.
    """
    call = await in_tenant(tenant_id, PlacedCall.objects.get, pk=call_id)
    if call.carrier_call and call.status not in progress.CALL_OVER:
        await gateway().hang_up(call.carrier_call)


async def leave_message(call: PlacedCall, carrier_call: str, *, twiml: str) -> None:
    """Goes on with a machine that records now: once."""
    if await in_tenant(call.tenant_id, placed.leave_message, call_id=call.pk):
        try:
            await gateway().redirect(carrier_call, twiml=twiml)
        except CallOver:
            return


async def _place(tenant_id: str, ring_seconds: int, fields: dict[str, str]) -> PlacedCall:
    check_number(fields["to"])
    if fields.get("on_machine") == OnMachine.MESSAGE and not fields["message"]:
        raise InvalidInput("A message to leave on the machine is needed.", field="message")
    link("outgoing")  # or nothing could come of the call
    call, is_new = await in_tenant(tenant_id, _create, fields)
    return await _order(call, ring_seconds) if is_new else call


async def _order(call: PlacedCall, ring_seconds: int) -> PlacedCall:
    try:
        sid = await gateway().start_call(_outbound(call, ring_seconds))
    except CarrierUnavailable:
        raise
    except CarrierError as refusal:
        error = f"{refusal.code} {refusal.details.get('carrier_code') or ''}".strip()
        await in_tenant(call.tenant_id, _fail, call, error)
        raise
    return await _report(call, sid, "queued")


async def _report(call: PlacedCall, sid: str, status: str) -> PlacedCall:
    return await in_tenant(
        call.tenant_id, placed.report, call_id=call.pk, carrier_call=sid, status=status, now=timezone.now()
    )


def _create(fields: dict[str, Any]) -> tuple[PlacedCall, bool]:
    return placed.create(**{**fields, "number": numbers.own(fields["number"])})


def _fail(call: PlacedCall, error: str) -> None:
    """Nobody is told: who has placed the call gets the carrier's refusal."""
    call.status, call.error, call.changed_at = progress.FAILED, error[:64], timezone.now()
    call.save(update_fields=["status", "error", "changed_at"])


def _outbound(call: PlacedCall, ring_seconds: int) -> Outbound:
    detects = call.on_machine != OnMachine.TALK
    return Outbound(
        call.to,
        call.number,
        link("outgoing", call=call.pk),
        status_callback=link("status", call=call.pk),
        answering_machine=link("amd", call=call.pk) if detects else "",
        ring_seconds=ring_seconds,
        after_beep=call.on_machine == OnMachine.MESSAGE,
    )
