"""A call comes in, whatever the carrier: it is joined with our socket or told why not; and what comes after that."""

import logging
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from redis.exceptions import RedisError

from apps.agents.live import NoAgent, live_agent
from apps.common import drain
from apps.common.database import in_thread
from apps.common.outage import AWAY
from apps.conversations import calls
from apps.conversations.models import Call
from apps.plans import allowance
from apps.plans.allowance import NotAllowed
from apps.telephony import numbers, placed, signatures
from apps.telephony.dialects import Dialect
from apps.telephony.dialects.dialect import Stream, Told
from apps.telephony.numbers import Route
from apps.telephony.twiml import Fallback
from apps.telephony.webhooks import ladder, signed_by
from apps.tenants.models import Tenant
from apps.tenants.scope import all_tenants, in_tenant
from apps.voice.admission import is_full
from apps.voice.core.call import ON_WITHOUT_US
from apps.voice.core.events import CarrierStopped
from apps.voice.tickets import Ticket, mint
from apps.voice.under_way import under_way

logger = logging.getLogger(__name__)

APOLOGY = "I am sorry, we have a technical problem at the moment. Please call again in a few minutes."
TO_A_PERSON = "Please hold on. I am putting you through to a person."
"""For who is not talked to any more, where there is one to ring: whether they asked for it, or we broke down."""
BUSY = "All our lines are busy at the moment. Please call again in a few minutes."
NOT_IN_SERVICE = "This number is not in service."
OVER = frozenset(
    {"completed", "busy", "failed", "no-answer", "canceled", "cancelled", "cancel", "rejected", "timeout", "unanswered"}
)
"""How carriers say that nothing more comes of a call."""
BROKEN = ON_WITHOUT_US | {"carrier_lost", "process_lost"}
"""`ended` of a call whose caller is still there and was not talked to to the end."""


def incoming(dialect: Dialect) -> Any:
    """The view for a call to one of our numbers of that carrier."""

    @signed_by(dialect)
    async def incoming(request: HttpRequest) -> HttpResponse:
        told = dialect.told(request)
        try:
            return await answered(request, told)
        except AWAY as error:  # an answer that is no document would leave the caller with the carrier's own words
            logger.warning("A call found a part away", extra={"error": type(error).__name__})
            return _document(dialect, dialect.say(APOLOGY))

    async def answered(request: HttpRequest, told: Told) -> HttpResponse:
        route = await in_thread(numbers.route, told.called, carrier=dialect.name)
        if route is None:
            return _document(dialect, dialect.say(NOT_IN_SERVICE))
        tenant = await in_tenant(route.tenant_id, Tenant.objects.get, pk=route.tenant_id)
        language = tenant.locale
        words = await in_tenant(route.tenant_id, placed.call_back, caller=told.caller, now=timezone.now())
        if words is not None:
            return _document(dialect, dialect.say(words, language=language))
        if drain.draining() or is_full():
            return _document(dialect, dialect.apologize(_ladder(request, dialect, route, BUSY, language=language)))
        fallback = _after_us(request, dialect, route, told, tenant)
        try:
            await in_tenant(route.tenant_id, may_answer, route.agent)
        except NotAllowed as refusal:
            return _document(dialect, dialect.say(refusal.message, language=language))
        except NoAgent:
            return _document(dialect, dialect.apologize(fallback))
        ticket = Ticket(route.tenant_id, agent=route.agent, caller=told.caller, number=told.called)
        try:
            return await joined(request, dialect, told, ticket, fallback)
        except RedisError:
            return _document(dialect, dialect.apologize(fallback))

    return incoming


async def joined(
    request: HttpRequest, dialect: Dialect, told: Told, ticket: Ticket, fallback: Fallback
) -> HttpResponse:
    """Joins a call with our socket, which opens by a ticket for this carrier's call alone."""
    token = await mint(ticket.of(dialect.name, told.call))
    url = signatures.request_url(request, target=f"/ws/voice/{dialect.name}/", socket=True)
    then = signatures.request_url(request, target=f"/voice/{dialect.name}/after")
    return _document(dialect, dialect.connect(Stream(url, token, then), told=told, fallback=fallback))


def may_answer(agent: str) -> None:
    """Raises NotAllowed or NoAgent when nobody can talk."""
    allowance.check(now=timezone.now())
    live_agent(slug=agent)


def after(dialect: Dialect) -> Any:
    """The view for a call whose stream is over: a call that ended well is hung up, any other gets the ladder."""

    @signed_by(dialect)
    async def after(request: HttpRequest) -> HttpResponse:
        told = dialect.told(request)
        if not dialect.is_over(told.status):
            return HttpResponse(status=204)
        route = await in_thread(numbers.route, told.called, carrier=dialect.name)
        if route is None or await in_tenant(route.tenant_id, _ended_well, dialect.name, told.call):
            return _document(dialect, dialect.hang_up())
        tenant = await in_tenant(route.tenant_id, Tenant.objects.get, pk=route.tenant_id)
        return _document(dialect, dialect.apologize(_after_us(request, dialect, route, told, tenant)))

    return after


def status(dialect: Dialect) -> Any:
    """The view for how a call stands. One that is over ends here, too, should its socket have said nothing."""

    @signed_by(dialect)
    async def status(request: HttpRequest) -> HttpResponse:
        told = dialect.told(request)
        if told.status in OVER:
            await end(told.call, carrier=dialect.name)
        return HttpResponse(status=204)

    return status


async def end(carrier_call: str, *, carrier: str, reason: str = "") -> None:
    """Ends a call on record; with a `reason` of its own before the session gives one."""
    call = await in_thread(_active, carrier, carrier_call) if carrier_call else None
    if call is None:
        return
    if not reason and (bridge := under_way().find(call.pk)) is not None:
        bridge.feed(CarrierStopped("stop"))
        return
    reason = reason or "caller_left"
    await in_tenant(call.tenant_id, calls.end, call_id=call.pk, reason=reason, now=timezone.now())


def _active(carrier: str, carrier_call: str) -> Call | None:
    with all_tenants(reason="a carrier's webhook names a call by the carrier's id"):
        return Call.objects.filter(carrier=carrier, carrier_call=carrier_call, status=Call.Status.ACTIVE).first()


def _ended_well(carrier: str, carrier_call: str) -> bool:
    ended = Call.objects.filter(carrier=carrier, carrier_call=carrier_call, status=Call.Status.ENDED)
    return ended.exclude(ended__in=BROKEN).exists()


def _human(tenant: Tenant, told: Told) -> str:
    """The business's own phone, unless it is the one that was called."""
    return tenant.phone if tenant.phone != told.called else ""


def _after_us(request: HttpRequest, dialect: Dialect, route: Route, told: Told, tenant: Tenant) -> Fallback:
    human = _human(tenant, told)
    words = TO_A_PERSON if human else APOLOGY
    return _ladder(request, dialect, route, words, language=tenant.locale, human=human)


def _ladder(
    request: HttpRequest, dialect: Dialect, route: Route, apology: str, *, language: str, human: str = ""
) -> Fallback:
    if dialect.has_voicemail:
        return ladder(request, route.line, apology=apology, language=language, human=human)
    return Fallback(apology, human=human, language=language)


def _document(dialect: Dialect, document: str) -> HttpResponse:
    return HttpResponse(document, content_type=dialect.content_type)
