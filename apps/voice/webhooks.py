"""What Twilio asks and tells over HTTP. Every request is signed; the called number names the tenant."""

import logging
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.agents.live import NoAgent, live_agent
from apps.common import drain
from apps.common.database import in_thread
from apps.conversations import calls
from apps.conversations.models import Call
from apps.plans import allowance
from apps.plans.allowance import NotAllowed
from apps.telephony import numbers, signatures, twiml
from apps.telephony.account import configured
from apps.telephony.numbers import Route
from apps.telephony.signatures import BadSignature
from apps.telephony.twiml import Fallback
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
NOT_IN_SERVICE = "This number is not in service."
OVER = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
"""Values of CallStatus after which nothing comes."""

View = Callable[[HttpRequest], Awaitable[HttpResponse]]


def _signed(view: View) -> Any:
    """Only for the carrier: others get 403, whatever they send."""

    @csrf_exempt
    @require_POST
    @wraps(view)
    async def checked(request: HttpRequest) -> HttpResponse:
        try:
            signatures.check_request(request, account=configured())
        except BadSignature:
            return HttpResponse(status=403)
        return await view(request)

    return checked


def _markup(document: str) -> HttpResponse:
    return HttpResponse(document, content_type="text/xml; charset=utf-8")


@_signed
async def incoming(request: HttpRequest) -> HttpResponse:
    """Somebody calls one of our numbers: join the call with our socket, or say why not."""
    called, caller = request.POST.get("To", ""), request.POST.get("From", "")
    route = await in_thread(numbers.route, called)
    if route is None:
        return _markup(twiml.say(NOT_IN_SERVICE))
    if drain.draining() or is_full():
        return _markup(twiml.apologize(Fallback(BUSY)))
    try:
        person = await in_tenant(route.tenant_id, _may_answer, route)
    except NotAllowed as refusal:
        return _markup(twiml.say(refusal.message))
    except NoAgent:
        return _markup(twiml.apologize(Fallback(APOLOGY)))
    token = await mint(Ticket(route.tenant_id, agent=route.agent, caller=caller, number=called))
    url = signatures.request_url(request, target=STREAM, socket=True)
    fallback = Fallback(APOLOGY, human=person if person != called else "")
    return _markup(twiml.connect_stream(url=url, parameters={"token": token}, fallback=fallback))


def _may_answer(route: Route) -> str:
    """The number of a person at the business, for when our side fails; "" when it is not known."""
    allowance.check(now=timezone.now())
    live_agent(slug=route.agent)
    tenant = Tenant.objects.get(pk=route.tenant_id)
    return tenant.phone


@_signed
async def status(request: HttpRequest) -> HttpResponse:
    """How a call stands. One that is over ends here, too, should its socket have said nothing."""
    if request.POST.get("CallStatus", "") in OVER:
        await _end(request.POST.get("CallSid", ""))
    return HttpResponse(status=204)


async def _end(carrier_call: str) -> None:
    call = await in_thread(_active, carrier_call) if carrier_call else None
    if call is None:
        return
    if (bridge := under_way().find(call.pk)) is not None:
        bridge.feed(CarrierStopped("stop"))
        return
    await in_tenant(call.tenant_id, calls.end, call_id=call.pk, reason="caller_left", now=timezone.now())


def _active(carrier_call: str) -> Call | None:
    with all_tenants(reason="a carrier's webhook names a call by the carrier's id"):
        return Call.objects.filter(carrier="twilio", carrier_call=carrier_call, status=Call.Status.ACTIVE).first()
