"""Visitors of a chat who would rather speak: who they are, and whether they may call."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.utils import timezone

from apps.agents.live import LiveAgent, live_agent
from apps.chat import access
from apps.common.errors import AppError
from apps.plans import allowance
from apps.plans.allowance import plan_in_force
from apps.tenants.scope import in_tenant


class CallsNotOffered(AppError):
    """The agent does not speak, or the tenant's plan is for writing only."""

    code = "calls_not_offered"
    status = 403


@dataclass(frozen=True, slots=True)
class Caller:
    """A visitor who calls an agent ("" = the front one) instead of writing to it."""

    tenant_id: str
    visitor: str
    agent: str


def can_be_called(agent: LiveAgent) -> bool:
    """Whether the agent speaks; in the tenant's scope."""
    return bool(agent.voice) and "voice" in plan_in_force().channels


async def caller_of(request: HttpRequest, key: str) -> Caller:
    """Who calls through the widget of that key: the visitor of the request's token.

    Raises:
        UnknownWidget, OriginNotAllowed, BadToken: as for a message.
        NotAllowed, NoAgent, CallsNotOffered: nobody may or will answer.
    """
    widget = await access.known_widget(key)
    access.check_origin(request, widget)
    visitor = access.required_visitor(request)
    access.check_visitor(visitor, widget)
    if widget.tries:
        raise CallsNotOffered("A draft is tried in writing.")
    await in_tenant(widget.tenant_id, _check, widget.agent)
    return Caller(widget.tenant_id, visitor.id, widget.agent)


def _check(agent: str) -> None:
    allowance.check(now=timezone.now())
    if not can_be_called(live_agent(slug=agent)):
        raise CallsNotOffered("Calls are not offered here. Please write to us.")
