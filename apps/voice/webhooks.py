"""What Twilio alone asks and tells over HTTP. What all carriers do is in `answering`."""

import logging

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.agents.live import NoAgent
from apps.common import drain
from apps.common.database import in_thread
from apps.conversations import attention
from apps.conversations.models import Call
from apps.plans.allowance import NotAllowed
from apps.telephony import placed, placing, twiml
from apps.telephony import webhooks as telephony
from apps.telephony.calls import CarrierError, gateway
from apps.telephony.core import progress
from apps.telephony.dialects import TWILIO
from apps.telephony.models import PlacedCall
from apps.telephony.twiml import Fallback
from apps.telephony.webhooks import markup, placed_call, question, signed, whole_number
from apps.tenants.scope import all_tenants, in_tenant
from apps.voice.admission import is_full
from apps.voice.answering import OVER, end, joined, may_answer
from apps.voice.tickets import Ticket

logger = logging.getLogger(__name__)

CALL_LATER = "I am sorry, we have a technical problem at the moment. We will call you again. Goodbye."


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
        await in_tenant(call.tenant_id, may_answer, call.agent)
    except (NotAllowed, NoAgent) as refusal:
        logger.warning("A call of ours has no agent", extra={"call": call.pk, "reason": refusal.code})
        return markup(twiml.say(CALL_LATER))
    ticket = Ticket(call.tenant_id, agent=call.agent, caller=call.to, number=call.number, direction="outbound")
    return await joined(request, TWILIO, TWILIO.told(request), ticket, Fallback(CALL_LATER))


@signed
async def status(request: HttpRequest) -> HttpResponse:
    """How a call stands. One that is over ends here, too, should its socket have said nothing."""
    told = request.POST.get("CallStatus", "")
    if told in OVER:
        await end(request.POST.get("CallSid", ""), carrier=TWILIO.name)
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
        await end(carrier_call, carrier=TWILIO.name, reason=Call.MACHINE)
        try:
            if leaves:
                await placing.leave_message(call, carrier_call, twiml=twiml.say(call.message))
            else:
                await gateway().hang_up(carrier_call)
        except CarrierError as error:
            logger.warning("A machine was not dealt with", extra={"call": call.pk, "reason": error.code})
    return HttpResponse(status=204)


@signed
async def after_dial(request: HttpRequest) -> HttpResponse:
    """A person's phone was rung for a caller, who waits for one no longer if they talked; else the ladder goes on."""
    response: HttpResponse = await telephony.after_dial(request)
    if response.status_code == 200 and request.POST.get("DialCallStatus") in twiml.TALKED:
        call = await in_thread(_call, request.POST.get("CallSid", ""))
        if call is not None:
            await in_tenant(call.tenant_id, attention.meet, conversation_id=call.conversation_id, now=timezone.now())
    return response


def _call(carrier_call: str) -> Call | None:
    with all_tenants(reason="a carrier's webhook names a call by the carrier's id"):
        return Call.objects.filter(carrier=TWILIO.name, carrier_call=carrier_call).first() if carrier_call else None


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
