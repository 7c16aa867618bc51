"""What Twilio asks and tells over HTTP of calls that an agent holds. The other webhooks are telephony's own."""

import logging

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.agents.live import NoAgent, live_agent
from apps.common import drain
from apps.common.database import in_thread
from apps.conversations import calls
from apps.conversations.models import Call
from apps.plans import allowance
from apps.plans.allowance import NotAllowed
from apps.telephony import numbers, placed, placing, signatures, twiml
from apps.telephony.calls import CarrierError, gateway
from apps.telephony.core import progress
from apps.telephony.models import PlacedCall
from apps.telephony.twiml import Fallback
from apps.telephony.webhooks import ladder, markup, placed_call, question, signed, whole_number
from apps.tenants.models import Tenant
from apps.tenants.scope import all_tenants, in_tenant
from apps.voice.admission import is_full
from apps.voice.core.events import CarrierStopped
from apps.voice.tickets import Ticket, mint
from apps.voice.under_way import under_way

logger = logging.getLogger(__name__)

STREAM = "/ws/voice/twilio/"
APOLOGY = "I am sorry, we have a technical problem at the moment. Please call again in a few minutes."
BUSY = "All our lines are busy at the moment. Please call again in a few minutes."
CALL_LATER = "I am sorry, we have a technical problem at the moment. We will call you again. Goodbye."
NOT_IN_SERVICE = "This number is not in service."
OVER = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
"""Values of CallStatus after which nothing comes."""


@signed
async def incoming(request: HttpRequest) -> HttpResponse:
    """Somebody calls one of our numbers: join the call with our socket, or say why not."""
    called, caller = request.POST.get("To", ""), request.POST.get("From", "")
    route = await in_thread(numbers.route, called)
    if route is None:
        return markup(twiml.say(NOT_IN_SERVICE))
    tenant = await in_tenant(route.tenant_id, Tenant.objects.get, pk=route.tenant_id)
    language = tenant.locale
    words = await in_tenant(route.tenant_id, placed.call_back, caller=caller, now=timezone.now())
    if words is not None:
        return markup(twiml.say(words, language=language))
    if drain.draining() or is_full():
        return markup(twiml.apologize(ladder(request, route.line, apology=BUSY, language=language)))
    human = tenant.phone if tenant.phone != called else ""
    fallback = ladder(request, route.line, apology=APOLOGY, language=language, human=human)
    try:
        await in_tenant(route.tenant_id, _may_answer, route.agent)
    except NotAllowed as refusal:
        return markup(twiml.say(refusal.message, language=language))
    except NoAgent:
        return markup(twiml.apologize(fallback))
    ticket = Ticket(route.tenant_id, agent=route.agent, caller=caller, number=called)
    return await _joined(request, ticket, fallback)


@signed
async def outgoing(request: HttpRequest) -> HttpResponse:
    """Somebody answers a call of ours: an agent talks to them, or the question is asked."""
    call = await placed_call(request)
    if call is None:
        return HttpResponse(status=404)
    await _report(request, call, status="in-progress")
    if call.question:
        return question(request, call)
    if drain.draining() or is_full():
        return markup(twiml.say(CALL_LATER))
    try:
        await in_tenant(call.tenant_id, _may_answer, call.agent)
    except (NotAllowed, NoAgent) as refusal:
        logger.warning("A call of ours has no agent", extra={"call": call.pk, "reason": refusal.code})
        return markup(twiml.say(CALL_LATER))
    ticket = Ticket(call.tenant_id, agent=call.agent, caller=call.to, number=call.number, direction="outbound")
    return await _joined(request, ticket, Fallback(CALL_LATER))


async def _joined(request: HttpRequest, ticket: Ticket, fallback: Fallback) -> HttpResponse:
    url = signatures.request_url(request, target=STREAM, socket=True)
    parameters = {"token": await mint(ticket)}
    return markup(twiml.connect_stream(url=url, parameters=parameters, fallback=fallback))


def _may_answer(agent: str) -> None:
    """Raises NotAllowed or NoAgent when nobody can talk."""
    allowance.check(now=timezone.now())
    live_agent(slug=agent)


@signed
async def status(request: HttpRequest) -> HttpResponse:
    """How a call stands. One that is over ends here, too, should its socket have said nothing."""
    told = request.POST.get("CallStatus", "")
    if told in OVER:
        await _end(request.POST.get("CallSid", ""))
    if "call" not in request.GET:
        return HttpResponse(status=204)
    call = await placed_call(request)
    if call is None:
        return HttpResponse(status=404)
    await _report(request, call, status=told)
    return HttpResponse(status=204)


@signed
async def amd(request: HttpRequest) -> HttpResponse:
    """Who has answered a call of ours. A machine is left the message after its beep, or is hung up on."""
    call = await placed_call(request)
    if call is None:
        return HttpResponse(status=404)
    verdict = request.POST.get("AnsweredBy", "")
    await _report(request, call, answered_by=verdict)
    leaves = call.on_machine == PlacedCall.OnMachine.MESSAGE and verdict != "fax"
    if progress.is_machine(verdict) and (not leaves or progress.can_hear_message(verdict)):
        carrier_call = request.POST["CallSid"]
        await _end(carrier_call, reason=Call.MACHINE)
        try:
            if leaves:
                await placing.leave_message(call, carrier_call, twiml=twiml.say(call.message))
            else:
                await gateway().hang_up(carrier_call)
        except CarrierError as error:
            logger.warning("A machine was not dealt with", extra={"call": call.pk, "reason": error.code})
    return HttpResponse(status=204)


async def _report(request: HttpRequest, call: PlacedCall, *, status: str = "", answered_by: str = "") -> None:
    duration = request.POST.get("CallDuration", "")
    await in_tenant(
        call.tenant_id,
        placed.report,
        call_id=call.pk,
        carrier_call=request.POST["CallSid"][:64],
        status=status,
        answered_by=answered_by,
        seconds=whole_number(duration) if duration else None,
        error=request.POST.get("ErrorCode", ""),
        now=timezone.now(),
    )


async def _end(carrier_call: str, *, reason: str = "") -> None:
    """Ends a call on record; with a `reason` of its own before the session gives one."""
    call = await in_thread(_active, carrier_call) if carrier_call else None
    if call is None:
        return
    if not reason and (bridge := under_way().find(call.pk)) is not None:
        bridge.feed(CarrierStopped("stop"))
        return
    reason = reason or "caller_left"
    await in_tenant(call.tenant_id, calls.end, call_id=call.pk, reason=reason, now=timezone.now())


def _active(carrier_call: str) -> Call | None:
    with all_tenants(reason="a carrier's webhook names a call by the carrier's id"):
        return Call.objects.filter(carrier="twilio", carrier_call=carrier_call, status=Call.Status.ACTIVE).first()
