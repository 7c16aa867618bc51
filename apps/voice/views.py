"""The addresses around a call: tickets and the page for the browser."""

import msgspec
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.agents.live import NoAgent
from apps.common import drain
from apps.common.addresses import client_address
from apps.common.api import api_view, read_json
from apps.common.database import in_thread
from apps.common.errors import InvalidInput, NotFound
from apps.voice import demos
from apps.voice.tickets import Ticket, count_call, mint


class _Ask(msgspec.Struct):
    tenant: str = ""


@api_view("POST")
async def tickets(request: HttpRequest) -> HttpResponseBase:
    """A ticket for one call from the browser: `{"tenant": slug}` calls a demo, for a minute."""
    body = read_json(request, _Ask)
    if not body.tenant:
        raise InvalidInput("Expected the slug of a demo tenant.", field="tenant")
    drain.refuse()
    tenant, _ = await in_thread(demos.find, body.tenant)
    await count_call(tenant_id=tenant.pk, address=client_address(request))
    return JsonResponse({"ticket": await mint(Ticket(tenant.pk, seconds=demos.SECONDS))})


@require_safe
def demo(request: HttpRequest, slug: str) -> HttpResponse:
    """The page of a call to a demo tenant."""
    try:
        tenant, agent, accent = demos.front(slug)
    except (NotFound, NoAgent):
        raise Http404 from None
    config = {
        "tenant": {"name": tenant.name, "slug": tenant.slug, "accent": accent},
        "agent": {"name": agent.name},
        "greeting": agent.greeting,
        "sandbox": settings.SANDBOX_ANSWERS,
        "limitSeconds": demos.SECONDS,
        "tickets": "/api/voice/tickets",
        "socket": "/ws/voice/browser/",
        "ask": {"tenant": tenant.slug},
    }
    response = render(request, "voice/call.html", {"config": config})
    response["Permissions-Policy"] = "microphone=(self)"
    response["Cache-Control"] = "no-cache"
    return response
