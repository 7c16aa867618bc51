"""What the carrier asks and tells over HTTP of texts, keys and voicemails. Every request is signed, or gets 403.

A request names the business by the number that was called or texted, or by an id of ours in an address that we gave the
carrier: its signature covers the address.
"""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.common.database import in_thread
from apps.telephony import numbers, placed, signatures, texting, twiml, voicemails
from apps.telephony.dialects import TWILIO, Dialect
from apps.telephony.links import path
from apps.telephony.models import PlacedCall
from apps.telephony.signatures import BadSignature
from apps.telephony.twiml import Fallback
from apps.tenants.models import Tenant
from apps.tenants.scope import in_tenant

View = Callable[[HttpRequest], Awaitable[HttpResponse]]

ATTEMPTS = 3
"""How often a question is asked."""
KEY_SECONDS = 8
GOODBYE = "Goodbye."
RECORDED = "Thank you for your message. Goodbye."
INVITATION = "Nobody can take your call at the moment. Please leave a message after the tone."


def signed_by(dialect: Dialect) -> Callable[[View], Any]:
    """Only for this carrier: others get 403, whatever they send."""

    def decorate(view: View) -> Any:
        @csrf_exempt
        @require_POST
        @wraps(view)
        async def checked(request: HttpRequest) -> HttpResponse:
            try:
                dialect.check_request(request)
            except BadSignature:
                return HttpResponse(status=403)
            return await view(request)

        return checked

    return decorate


signed = signed_by(TWILIO)


def markup(document: str) -> HttpResponse:
    return HttpResponse(document, content_type="text/xml; charset=utf-8")


def here(request: HttpRequest, name: str, **query: str) -> str:
    """Another webhook's public address, for the carrier that has just called this one."""
    return signatures.request_url(request, target=path(name, **query))


def whole_number(text: str) -> int:
    """A count that the carrier tells; 0 when it does not."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


async def placed_call(request: HttpRequest) -> PlacedCall | None:
    """The call of ours that a webhook is about."""
    call_id, carrier_call = request.GET.get("call", ""), request.POST.get("CallSid", "")
    return await in_thread(placed.locate, call_id=call_id, carrier_call=carrier_call)


def question(request: HttpRequest, call: PlacedCall, *, attempt: int = 1) -> HttpResponse:
    """Speaks it, and waits for a key."""
    action = here(request, "gather", call=call.pk, attempt=str(attempt))
    return markup(twiml.gather(words=call.question, action=action, seconds=KEY_SECONDS))


@signed
async def gather(request: HttpRequest) -> HttpResponse:
    """A key was pressed at a question of ours, or none in time."""
    call = await placed_call(request)
    if call is None:
        return HttpResponse(status=404)
    digits, attempt = request.POST.get("Digits", ""), whole_number(request.GET.get("attempt", ""))
    if digits:
        reply = await in_tenant(call.tenant_id, placed.press, call_id=call.pk, digits=digits, now=timezone.now())
        if reply is not None:
            return markup(twiml.say(reply))
    return markup(twiml.say(GOODBYE)) if attempt >= ATTEMPTS else question(request, call, attempt=attempt + 1)


@signed
async def sms(request: HttpRequest) -> HttpResponse:
    """Somebody texts one of our numbers."""
    message, number = request.POST.get("MessageSid", ""), request.POST.get("To", "")
    route = await in_thread(numbers.route, number)
    if route is None or not message:
        return HttpResponse(status=404)
    reply = await in_tenant(
        route.tenant_id,
        texting.receive,
        carrier_message=message,
        number=number,
        other=request.POST.get("From", "")[:16],
        body=request.POST.get("Body", ""),
        now=timezone.now(),
    )
    return markup(twiml.message(reply))


@signed
async def sms_status(request: HttpRequest) -> HttpResponse:
    """How a text of ours stands."""
    message = request.POST.get("MessageSid", "")
    text = await in_thread(texting.locate, request.GET.get("text", ""), carrier_message=message)
    if text is None:
        return HttpResponse(status=404)
    status, error = request.POST.get("MessageStatus", ""), request.POST.get("ErrorCode", "")
    await in_tenant(
        text.tenant_id, texting.report, text_id=text.pk, carrier_message=message, status=status, error=error
    )
    return HttpResponse(status=204)


@signed
async def after_dial(request: HttpRequest) -> HttpResponse:
    """A person's phone was rung for a caller: if nobody took the call, they may leave a message."""
    line = await in_thread(numbers.line, request.GET.get("line", ""))
    if line is None:
        return HttpResponse(status=404)
    tenant = await in_tenant(line[0], Tenant.objects.get, pk=line[0])
    fallback = ladder(request, request.GET["line"], apology="", language=tenant.locale)
    return markup(twiml.after_human(status=request.POST.get("DialCallStatus", ""), fallback=fallback))


@signed
async def voicemail(request: HttpRequest) -> HttpResponse:
    """A caller has left a message, or hung up instead."""
    if not await _keep(request, is_ready=False):
        return HttpResponse(status=404)
    return markup(twiml.say(RECORDED))


@signed
async def recording(request: HttpRequest) -> HttpResponse:
    """A caller's message can be played now."""
    is_ready = request.POST.get("RecordingStatus", "") == "completed"
    return HttpResponse(status=204 if await _keep(request, is_ready=is_ready) else 404)


async def _keep(request: HttpRequest, *, is_ready: bool) -> bool:
    """False when the request is about no number of ours."""
    line = await in_thread(numbers.line, request.GET.get("line", ""))
    if line is None:
        return False
    tenant_id, number = line
    seconds, sid = whole_number(request.POST.get("RecordingDuration", "")), request.POST.get("RecordingSid", "")
    if sid and seconds:  # who hung up at once has left nothing
        await in_tenant(
            tenant_id,
            voicemails.keep,
            recording=sid[:64],
            carrier_call=request.POST.get("CallSid", "")[:64],
            number=number,
            caller=request.POST.get("From", ""),
            seconds=seconds,
            is_ready=is_ready,
            now=timezone.now(),
        )
    return True


def ladder(request: HttpRequest, line: str, *, apology: str, language: str, human: str = "") -> Fallback:
    """What is done for a caller whom no agent talks to; `line` is the called number's id."""
    return Fallback(
        apology,
        human=human,
        after_dial=here(request, "after-dial", line=line),
        voicemail=here(request, "voicemail", line=line),
        voicemail_ready=here(request, "recording", line=line),
        invitation=INVITATION,
        language=language,
    )
