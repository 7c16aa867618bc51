"""The addresses around a call: tickets and the page for the browser."""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

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


class Caller(Protocol):
    """A visitor of a widget who calls an agent ("" = the front one)."""

    @property
    def tenant_id(self) -> str: ...
    @property
    def visitor(self) -> str: ...
    @property
    def agent(self) -> str: ...


CallerOf = Callable[[HttpRequest, str], Awaitable[Caller]]
"""(request, widget key) to who calls; raises what refuses them. Whose visitor somebody is, the chat knows."""


class _Ask(msgspec.Struct):
    tenant: str = ""
    widget: str = ""


def tickets(caller_of: CallerOf) -> Any:
    """The view that gives a ticket for one call from the browser.

    `{"tenant": slug}` calls a demo, for a minute; `{"widget": key}` with a visitor's token calls from that widget.
    """

    @api_view("POST")
    async def tickets(request: HttpRequest) -> HttpResponseBase:
        body = read_json(request, _Ask)
        drain.refuse()
        if body.widget:
            caller = await caller_of(request, body.widget)
            ticket = Ticket(caller.tenant_id, agent=caller.agent, visitor=caller.visitor)
        elif body.tenant:
            tenant, _ = await in_thread(demos.find, body.tenant)
            ticket = Ticket(tenant.pk, seconds=demos.SECONDS)
        else:
            raise InvalidInput("Expected the slug of a demo tenant, or a widget's key.", field="tenant")
        await count_call(tenant_id=ticket.tenant_id, address=client_address(request))
        return JsonResponse({"ticket": await mint(ticket)})

    return tickets


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
        "chat": f"/demo/{tenant.slug}/",
    }
    response = render(request, "voice/call.html", {"config": config})
    response["Cache-Control"] = "no-cache"
    return response
