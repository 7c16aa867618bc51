"""What a run needs of the database and the model: the agent at its desk, with the conversation before it."""

import datetime as dt
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, cast

import msgspec
from django.db import transaction

from apps.agents import brain, model
from apps.agents.live import LiveAgent, live_agent
from apps.agents.tools.definition import ToolContext, ToolRefused
from apps.agents.tools.runner import Outcome, refused, run_tool
from apps.business.contacts import readable_phone
from apps.chat.core import turn as core
from apps.conversations import transcript, turns
from apps.conversations.journal import ToolJournal
from apps.conversations.models import Conversation
from apps.plans import usage
from apps.tenants.models import Tenant
from apps.tenants.scope import current_tenant_id, in_tenant

Clock = Callable[[], dt.datetime]
"""Gives an aware now."""
MAX_OUTPUT_TOKENS = 2_000


@dataclass(frozen=True)
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
        own = {name: tool.label for name, tool in self.agent.tools.items()}
        return own | {f"{brain.TRANSFER}{slug}": f"Asking {name}" for slug, (name, _) in self.agent.colleagues.items()}

    def now(self) -> dt.datetime:
        return self.clock().astimezone(self.tenant.zone)


def prepare(conversation: Conversation, agent: LiveAgent, clock: Clock) -> Desk:
    """The desk of an agent who goes on with a conversation, in the tenant's scope."""
    tenant = Tenant.objects.get(pk=current_tenant_id())
    messages = transcript.messages(conversation=conversation)
    business = brain.Business(
        tenant.name, tenant.time_zone, readable_phone(tenant.phone, tenant.region), tenant.address
    )
    return Desk(conversation, agent, business, tenant, clock, messages)


async def step(tenant_id: str, desk: Desk) -> AsyncGenerator[core.Event, None]:
    """One model step as the turn's events; a failure is one, too."""
    messages = desk.messages
    if messages is None:
        messages = await in_tenant(tenant_id, transcript.messages, conversation=desk.conversation)
    prompt = brain.system_prompt(
        desk.agent,
        business=desk.business,
        now=desk.now(),
        channel=cast(Literal["chat", "phone", "browser"], desk.conversation.channel),
        handover=desk.conversation.handover,
    )
    try:
        async with aclosing(
            model.stream(
                model=desk.agent.model,
                messages=[{"role": "system", "content": prompt}, *messages],
                tools=brain.tool_schemas(desk.agent),
                max_tokens=MAX_OUTPUT_TOKENS,
            )
        ) as events:
            async for event in events:
                match event:
                    case model.TextDelta(text):
                        yield core.TextArrived(text)
                    case model.ToolRequest(call_id, name, arguments):
                        yield core.CallAsked(call_id, name, arguments)
                    case model.StepEnd(reason, input_tokens, output_tokens):
                        yield core.StepEnded(reason, input_tokens, output_tokens)
    except (model.ModelUnavailable, model.ModelRefused) as error:
        yield core.StepFailed(error.code, core.APOLOGY, error.retryable)


@transaction.atomic
def save(
    desk: Desk, *, run: str, text: str, ended: str, now: dt.datetime, tokens: tuple[int, int] | None = None
) -> str:
    """Stores a finished step; with the last one, puts the answer and its (input, output) tokens on the ledger.

    Returns:
        The id of its turn.
    """
    conversation_id = desk.conversation.pk
    turn = turns.add_agent_turn(
        conversation=desk.conversation,
        text=text,
        run=run,
        agent=desk.agent.slug,
        agent_version=desk.agent.version,
        ended=ended,
        now=now,
    )
    if tokens is not None:
        usage.count_interaction(conversation_id=conversation_id, now=now)
        usage.count_tokens(conversation_id=conversation_id, input_tokens=tokens[0], output_tokens=tokens[1], now=now)
    return turn.pk


async def call(
    tenant_id: str, desk: Desk, asked: core.RunCall, *, run: str, turn_id: str | None
) -> tuple[core.CallFinished, Desk]:
    """Runs a tool, or a handoff; the desk as it is afterwards."""
    journal = ToolJournal(
        conversation_id=desk.conversation.pk,
        turn_id=turn_id,
        run=run,
        key=f"{run}:{asked.key}",
        call=asked.call,
        name=asked.name,
        arguments=asked.arguments,
        agent=desk.agent.slug,
        agent_version=desk.agent.version,
    )
    if asked.name.removeprefix(brain.TRANSFER) in desk.agent.colleagues and asked.name.startswith(brain.TRANSFER):
        outcome = await in_tenant(tenant_id, _hand_over, desk, asked, journal)
        if outcome.status == "done":
            desk = await in_tenant(tenant_id, _colleague, desk)
            return core.CallFinished(asked.call, True, handed_to=desk.agent.name), desk
        return core.CallFinished(asked.call, False), replace(desk, messages=None)
    now = desk.now()
    context = ToolContext(
        tenant_id=tenant_id,
        conversation_id=desk.conversation.pk,
        channel=cast(Literal["chat", "phone", "browser"], desk.conversation.channel),
        agent=desk.agent.slug,
        now=now,
        contact_id=desk.conversation.contact_id,
        bind_contact=partial(_identify, desk.conversation.pk, now),
    )
    outcome = await run_tool(
        tools=desk.agent.tools, name=asked.name, arguments=asked.arguments, context=context, journal=journal
    )
    conversation = await in_tenant(tenant_id, Conversation.objects.get, pk=desk.conversation.pk)
    desk = replace(desk, conversation=conversation, messages=None)
    return core.CallFinished(asked.call, outcome.status == "done"), desk


def _colleague(desk: Desk) -> Desk:
    conversation = Conversation.objects.get(pk=desk.conversation.pk)
    return prepare(conversation, live_agent(slug=conversation.agent), desk.clock)


def _identify(conversation_id: str, now: dt.datetime, contact_id: str) -> None:
    turns.identify(conversation_id=conversation_id, contact_id=contact_id, now=now)


def _hand_over(desk: Desk, asked: core.RunCall, journal: ToolJournal) -> Outcome:
    journal.recorded()
    try:
        given: Any = msgspec.json.decode(asked.arguments or "{}")
        if not isinstance(given, dict):
            raise ToolRefused("invalid_arguments", "", data={"problem": "Expected an object."})
    except (msgspec.DecodeError, ToolRefused):
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
