"""Texts: sending them, what comes of them, and those that come in."""

import datetime as dt
from functools import partial

import phonenumbers
from django.db import IntegrityError, transaction

from apps.common.callbacks import told
from apps.common.errors import AppError, InvalidInput
from apps.common.ids import is_id
from apps.telephony import numbers
from apps.telephony.calls import CarrierError, CarrierRefused, CarrierUnavailable, gateway
from apps.telephony.core import progress
from apps.telephony.core.keywords import Keyword, keyword_of
from apps.telephony.links import link
from apps.telephony.listeners import listener_of
from apps.telephony.models import OptOut, PlacedCall, TextMessage
from apps.telephony.placing import check_number
from apps.tenants.models import Tenant
from apps.tenants.scope import all_tenants, current_tenant_id, in_tenant

MAX_TEXT = 1600
"""Characters, the carrier's limit."""
THREAD = dt.timedelta(days=30)
"""For so long a text answers the last one that we sent."""
ONE_REPLY = dt.timedelta(hours=24)
"""The automatic reply goes to a number once in this time: two machines must not write to each other for ever."""
_STOPPED = 21610  # https://www.twilio.com/docs/api/errors/21610
RECEIVED = "received"


class OptedOut(AppError):
    """They wrote STOP to the business, and no START since."""

    code = "opted_out"
    status = 409


async def send_text(
    *, tenant_id: str, to: str, body: str, number: str = "", topic: str = "", about: str = "", key: str = ""
) -> TextMessage:
    """Sends an SMS. Arguments and errors are those of `placing.place_call`, and:

    Raises:
        OptedOut: they do not want it; nothing was sent.
        InvalidInput: nothing to send, or more than `MAX_TEXT` characters.
    """
    check_number(to)
    if not 0 < len(body) <= MAX_TEXT:
        raise InvalidInput(f"A text has 1 to {MAX_TEXT} characters.", field="body")
    link("sms-status")  # or nothing could come of it
    text, is_new = await in_tenant(
        tenant_id, _create, {"number": number, "other": to, "body": body, "topic": topic, "about": about, "key": key}
    )
    if not is_new:
        return text
    callback = link("sms-status", text=text.pk)
    try:
        sid = await gateway().send_message(to=to, from_=text.number, body=body, status_callback=callback)
    except CarrierUnavailable:
        raise
    except CarrierError as refusal:
        stopped = isinstance(refusal, CarrierRefused) and refusal.details.get("carrier_code") == _STOPPED
        await in_tenant(tenant_id, _fail, text, refusal, stopped)
        if stopped:
            raise OptedOut("This number does not want texts from us.", field="to") from None
        raise
    return await in_tenant(tenant_id, report, text_id=text.pk, carrier_message=sid, status="queued")


def _create(fields: dict[str, str]) -> tuple[TextMessage, bool]:
    number = numbers.own(fields["number"])
    if fields["key"] and (known := TextMessage.objects.filter(key=fields["key"]).first()) is not None:
        return known, False
    if opted_out(fields["other"]):
        raise OptedOut("This number does not want texts from us.", field="to")
    try:
        with transaction.atomic():
            outbound = TextMessage.Direction.OUTBOUND
            return TextMessage.objects.create(**{**fields, "number": number}, direction=outbound), True
    except IntegrityError:
        return TextMessage.objects.get(key=fields["key"]), False


@transaction.atomic
def _fail(text: TextMessage, refusal: CarrierError, stopped: bool) -> None:
    if stopped:  # the carrier knows it from a STOP that we were not told of
        OptOut.objects.get_or_create(number=text.other)
    text.status, text.error = progress.FAILED, f"{refusal.code} {refusal.details.get('carrier_code') or ''}".strip()
    text.save(update_fields=["status", "error"])


def locate(text_id: str, *, carrier_message: str) -> TextMessage | None:
    """The text that a webhook names by our id; None when it is none, or not that message of the carrier's."""
    if not is_id(text_id) or not carrier_message:
        return None
    with all_tenants(reason="the carrier's webhook names a text that we sent"):
        text = TextMessage.objects.filter(pk=text_id, direction=TextMessage.Direction.OUTBOUND).first()
    return text if text is not None and text.carrier_message in ("", carrier_message) else None


@transaction.atomic
def report(*, text_id: str, carrier_message: str, status: str, error: str = "") -> TextMessage:
    """What the carrier tells of a text, in any order; its listener is told of what is new."""
    text = TextMessage.objects.select_for_update().get(pk=text_id)
    before = text.status
    text.carrier_message = text.carrier_message or carrier_message
    text.status = progress.text_after(before, status)
    text.error = text.error or error[:64]
    text.save(update_fields=["carrier_message", "status", "error"])
    if text.status != before:
        told(partial(listener_of(text.topic).text_changed, text))
    return text


@transaction.atomic
def receive(*, carrier_message: str, number: str, other: str, body: str, now: dt.datetime) -> str:
    """An SMS to one of the tenant's numbers; the reply, "" for none. The same one again has the same reply.

    STOP, START and HELP are answered here. Whoever has stopped gets no reply, but what they write still counts.
    """
    text = TextMessage(
        direction=TextMessage.Direction.INBOUND,
        number=number,
        other=other,
        body=body.replace("\0", "")[:MAX_TEXT],  # PostgreSQL takes no NUL
        carrier_message=carrier_message,
        status=RECEIVED,
        created_at=now,
    )
    try:
        with transaction.atomic():
            text.save()
    except IntegrityError:
        known = TextMessage.objects.filter(carrier_message=carrier_message).first()
        return known.reply if known is not None else ""
    tenant = Tenant.objects.get(pk=current_tenant_id())
    stopped = opted_out(other)
    keyword = keyword_of(body, opted_out=stopped)
    if keyword is not None:
        reply = _obey(keyword, tenant, other)
    else:
        reply = _hear(text, tenant, now)
        reply = "" if stopped else reply
    text.reply = reply[:MAX_TEXT]
    text.save(update_fields=["reply", "topic", "about"])
    return text.reply


def _obey(keyword: Keyword, tenant: Tenant, other: str) -> str:
    if keyword == "stop":
        OptOut.objects.get_or_create(number=other)
        return f"You will get no more texts from {tenant.name}. Reply START to get them again."
    if keyword == "start":
        OptOut.objects.filter(number=other).delete()
        return f"You will get texts from {tenant.name} again. Reply STOP to end them, HELP for help."
    return f"{tenant.name}{_by_phone(tenant)}. Reply STOP to get no more texts. Message and data rates may apply."


def _hear(text: TextMessage, tenant: Tenant, now: dt.datetime) -> str:
    """What the listener of the last text or call to them says to it, or the industry's; else words of our own."""
    since = now - THREAD
    outgoing = {"direction": TextMessage.Direction.OUTBOUND, "other": text.other, "created_at__gte": since}
    written = TextMessage.objects.filter(**outgoing).exclude(topic="").first()
    called = PlacedCall.objects.filter(to=text.other, created_at__gte=since).exclude(topic="").first()
    last = max(filter(None, (written, called)), key=lambda row: row.created_at, default=None)
    text.topic, text.about = (last.topic, last.about) if last is not None else (tenant.vertical, "")
    reply = told(partial(listener_of(text.topic).text_received, text))
    if reply is not None:
        return reply
    inbound = TextMessage.objects.filter(direction=TextMessage.Direction.INBOUND, other=text.other)
    if inbound.filter(created_at__gte=now - ONE_REPLY).exclude(pk=text.pk).exclude(reply="").exists():
        return ""
    return f"Thank you for your message. {tenant.name} will get back to you{_by_phone(tenant, ', or call us')}."


def _by_phone(tenant: Tenant, before: str = ", phone") -> str:
    if not tenant.phone:
        return ""
    style = phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return f"{before} {phonenumbers.format_number(phonenumbers.parse(tenant.phone), style)}"


def opted_out(number: str) -> bool:
    """Whether the tenant in scope may not text them."""
    return OptOut.objects.filter(number=number).exists()
