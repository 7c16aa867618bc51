"""The agent at its desk: who speaks, in which conversation, and how what it asks for is carried out."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, cast

import msgspec
from django.db import transaction

from apps.agents import brain
from apps.agents.live import LiveAgent, agent_of_version, live_agent
from apps.agents.tools.definition import ToolContext, ToolRefused
from apps.agents.tools.runner import Outcome, refused, run_tool
from apps.business.contacts import readable_phone
from apps.common import telemetry
from apps.conversations import transcript, turns
from apps.conversations.journal import ToolJournal
from apps.conversations.models import Conversation, Purpose
from apps.desk import people
from apps.tenants.memory import Memory
from apps.tenants.models import Tenant
from apps.tenants.scope import in_tenant

Clock = Callable[[], dt.datetime]
"""Gives an aware now."""
Channel = Literal["chat", "phone", "browser"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A call that a model asked for; `call` is unique in the run."""

    call: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Desk:
    """The agent who speaks and the conversation as it stood when its step began."""

    conversation: Conversation
    agent: LiveAgent
    business: brain.Business
    tenant: Tenant
    clock: Clock
    messages: list[dict[str, Any]] | None = None
    """What was said, when it has been read already."""

    @property
    def labels(self) -> dict[str, str]:
        """What the visitor reads while a tool runs, by tool name."""
        return brain.labels(self.agent)

    @property
    def channel(self) -> Channel:
        return cast(Channel, self.conversation.channel)

    @property
    def prompt(self) -> str:
        """The system message."""
        return brain.system_prompt(
            self.agent,
            business=self.business,
            now=self.now(),
            channel=self.channel,
            handover=self.conversation.handover,
            is_waiting=self.conversation.attention == Conversation.Attention.WAITING,
        )

    def now(self) -> dt.datetime:
        return self.clock().astimezone(self.tenant.zone)


def agent_of(conversation: Conversation) -> LiveAgent:
    """Who answers in it next: what is published, or in a test the version that it tries. In the tenant's scope.

    Raises:
        NoAgent: nobody does.
    """
    if conversation.tries:
        tried = agent_of_version(version_id=conversation.tries)
        if tried.slug == conversation.agent:  # else it has handed over
            return tried
    return live_agent(slug=conversation.agent)


_tenants: Memory[Tenant] = Memory(Tenant)


def prepare(
    conversation: Conversation, agent: LiveAgent, clock: Clock, *, messages: list[dict[str, Any]] | None = None
) -> Desk:
    """The desk of an agent who goes on with a conversation, in the tenant's scope."""
    tenant = _tenants.recall(conversation.tenant_id, lambda: Tenant.objects.get(pk=conversation.tenant_id))
    business = brain.Business(
        tenant.name, tenant.time_zone, readable_phone(tenant.phone, tenant.region), tenant.address
    )
    if messages is None:
        messages = transcript.messages(conversation=conversation)
    return Desk(conversation, agent, business, tenant, clock, messages)


async def call(desk: Desk, asked: Asked, *, run: str, turn_id: str | None) -> tuple[Desk, Outcome]:
    """Runs a tool, or a handoff. The same call of a run again has the recorded outcome, and no second effect.

    Returns:
        (the desk as it is afterwards: of another agent after a handoff; what came of it).
    """
    tenant_id = desk.tenant.pk
    journal = ToolJournal(
        conversation_id=desk.conversation.pk,
        turn_id=turn_id,
        run=run,
        key=f"{run}:{asked.call}",
        call=asked.call,
        name=asked.name,
        arguments=asked.arguments,
        agent=desk.agent.slug,
        agent_version=desk.agent.version,
    )
    if asked.name.removeprefix(brain.TRANSFER) in desk.agent.colleagues and asked.name.startswith(brain.TRANSFER):
        handoff = {"callsphere.from": desk.agent.slug, "callsphere.to": asked.name.removeprefix(brain.TRANSFER)}
        with telemetry.span("handoff", handoff):
            outcome = await in_tenant(tenant_id, _hand_over, desk, asked, journal)
        if outcome.status != "done":
            return replace(desk, messages=None), outcome
        return await in_tenant(tenant_id, _colleague, desk), outcome
    now = desk.now()
    context = ToolContext(
        tenant_id=tenant_id,
        conversation_id=desk.conversation.pk,
        channel=desk.channel,
        agent=desk.agent.slug,
        now=now,
        contact_id=desk.conversation.contact_id,
        bind_contact=partial(_identify, desk.conversation.pk, now),
        sources=desk.agent.sources,
        is_check=desk.conversation.purpose == Purpose.CHECK,
    )
    outcome = await run_tool(
        tools=desk.agent.tools, name=asked.name, arguments=asked.arguments, context=context, journal=journal
    )
    conversation = await in_tenant(tenant_id, _after_call, desk, asked.name, outcome.status)
    return replace(desk, conversation=conversation, messages=None), outcome


def _after_call(desk: Desk, name: str, status: str) -> Conversation:
    conversation = Conversation.objects.get(pk=desk.conversation.pk)
    people.after_call(conversation=conversation, agent=desk.agent, name=name, status=status, now=desk.now())
    return conversation


def _colleague(desk: Desk) -> Desk:
    conversation = Conversation.objects.get(pk=desk.conversation.pk)
    return prepare(conversation, agent_of(conversation), desk.clock)


def _identify(conversation_id: str, now: dt.datetime, contact_id: str) -> None:
    turns.identify(conversation_id=conversation_id, contact_id=contact_id, now=now)


@transaction.atomic
def _hand_over(desk: Desk, asked: Asked, journal: ToolJournal) -> Outcome:
    if (recorded := journal.recorded()) is not None:
        return Outcome(*recorded)
    try:
        given: Any = msgspec.json.decode(asked.arguments or "{}")
        if not isinstance(given, dict):
            raise ToolRefused("invalid_arguments", "", data={"problem": "Expected an object."})
    except (msgspec.DecodeError, RecursionError, ToolRefused):
        outcome = refused(
            ToolRefused("invalid_arguments", "", data={"problem": "The arguments are not a JSON object."})
        )
    else:
        slug = asked.name.removeprefix(brain.TRANSFER)
        handover = {name: str(given.get(name, ""))[:1_000] for name in ("intent", "known")}
        turns.hand_over(conversation_id=desk.conversation.pk, to=slug, handover=handover, now=desk.now())
        outcome = Outcome("done", {"ok": True, "say": "", "data": {"handed_to": slug}})
    journal.finish(outcome.status, outcome.result, duration_ms=0)
    return outcome
