"""What a run needs of the database and the model: the agent at its desk, with the conversation before it."""

import datetime as dt
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal, cast

import msgspec
from django.db import transaction
from django.utils import timezone

from apps.agents import brain, model
from apps.agents.live import LiveAgent, live_agent
from apps.agents.models import Agent
from apps.agents.tools.definition import ToolContext, ToolRefused
from apps.agents.tools.runner import Outcome, refused, run_tool
from apps.business.contacts import readable_phone
from apps.chat.core import turn as core
from apps.chat.core.recovery import SavedCall, SavedStep
from apps.chat.records import Record
from apps.conversations import transcript, turns
from apps.conversations.journal import ToolJournal
from apps.conversations.models import Conversation, ToolCall, Turn
from apps.plans import usage
from apps.tenants.memory import Memory
from apps.tenants.models import Tenant
from apps.tenants.scope import in_tenant

Clock = Callable[[], dt.datetime]
"""Gives an aware now."""


class Gone(Exception):
    """The conversation, or the message to be answered, is not stored: the run has nothing to answer."""


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


def reopen(record: Record) -> tuple[Desk, str | None, list[SavedStep]]:
    """The desk of a run that its process left, the id of its last stored turn, and its stored steps.

    Raises:
        Gone: nothing of it was stored.
    """
    conversation = Conversation.objects.filter(pk=record.conversation_id).first()
    if conversation is None or not turns.of_run(conversation=conversation, run=record.run_id, role=Turn.Role.VISITOR):
        raise Gone(record.run_id)
    names = dict(Agent.objects.values_list("slug", "name"))
    stored = turns.of_run(conversation=conversation, run=record.run_id, role=Turn.Role.AGENT)
    steps = [
        SavedStep(
            turn.step,
            turn.text,
            turn.ended,
            tuple(_saved_call(call, names) for call in turn.tool_calls.all()),
            turn.input_tokens,
            turn.output_tokens,
        )
        for turn in stored
    ]
    desk = prepare(conversation, live_agent(slug=conversation.agent), timezone.now)
    return desk, stored[-1].pk if stored else None, steps


def _saved_call(call: ToolCall, names: dict[str, str]) -> SavedCall:
    asked = core.RunCall(call.call, call.name, call.arguments)
    if call.status == ToolCall.Status.STARTED:
        return SavedCall(asked, None)
    to = call.result.get("data", {}).get("handed_to") if call.name.startswith(brain.TRANSFER) else None
    return SavedCall(asked, _finished(asked, call.status, call.result, handed_to=names.get(to) if to else None))


def _finished(
    asked: core.RunCall, status: str, result: dict[str, Any], *, handed_to: str | None = None
) -> core.CallFinished:
    """What the turn, and the visitor, learn of a result: whether it worked, and the sentence that may be said."""
    output = {"ok": status == "done", "say": result.get("say", "")}
    return core.CallFinished(asked.call, status == "done", output, handed_to)


async def step(desk: Desk, *, max_tokens: int) -> AsyncGenerator[list[core.Event], None]:
    """One model step as the turn's events, in batches as they come; a failure is one, too."""
    try:
        async with aclosing(
            model.stream(
                model=desk.agent.model,
                messages=await _messages(desk),
                tools=brain.tool_schemas(desk.agent),
                max_tokens=max_tokens,
            )
        ) as batches:
            async for events in batches:
                yield [_event(event) for event in events]
    except (model.ModelUnavailable, model.ModelRefused) as error:
        yield [core.StepFailed(error.code, core.APOLOGY, error.retryable)]


async def _messages(desk: Desk) -> list[dict[str, Any]]:
    """The prompt and what was said."""
    messages = desk.messages
    if messages is None:
        messages = await in_tenant(desk.tenant.pk, transcript.messages, conversation=desk.conversation)
    prompt = brain.system_prompt(
        desk.agent,
        business=desk.business,
        now=desk.now(),
        channel=cast(Literal["chat", "phone", "browser"], desk.conversation.channel),
        handover=desk.conversation.handover,
    )
    return [{"role": "system", "content": prompt}, *messages]


def _event(event: model.ModelEvent) -> core.Event:
    match event:
        case model.TextDelta(text):
            return core.TextArrived(text)
        case model.ToolRequest(call_id, name, arguments):
            return core.CallAsked(call_id, name, arguments)
        case model.StepEnd(reason, input_tokens, output_tokens):
            return core.StepEnded(reason, input_tokens, output_tokens)


def save(desk: Desk, step: core.SaveStep, *, run: str, now: dt.datetime, tokens: tuple[int, int]) -> str:
    """Stores a finished step; with the last one, puts the answer and the run's (input, output) tokens on the ledger.

    Returns:
        The id of its turn.

    Raises:
        StepStored: another process has stored it.
    """
    conversation, agent = desk.conversation, desk.agent
    with turns.storing_step(conversation=conversation, run=run, step=step.number):
        turn = turns.add_agent_turn(
            conversation=conversation,
            text=step.text,
            run=run,
            agent=agent.slug,
            agent_version=agent.version,
            ended=step.ended,
            now=now,
            step=step.number,
            calls=[turns.AskedCall(call.call, call.name, call.arguments) for call in step.calls],
            tokens=(step.input_tokens, step.output_tokens),
        )
        if step.ended:
            who = usage.Who(agent.slug, conversation.widget_key, conversation.visitor)
            usage.count_answer(
                conversation_id=conversation.pk, input_tokens=tokens[0], output_tokens=tokens[1], now=now, who=who
            )
    return turn.pk


async def call(desk: Desk, asked: core.RunCall, *, run: str, turn_id: str | None) -> tuple[Desk, core.CallFinished]:
    """Runs a tool, or a handoff; the desk as it is afterwards."""
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
        outcome = await in_tenant(tenant_id, _hand_over, desk, asked, journal)
        if outcome.status != "done":
            return replace(desk, messages=None), _finished(asked, outcome.status, outcome.result)
        desk = await in_tenant(tenant_id, _colleague, desk)
        return desk, _finished(asked, outcome.status, outcome.result, handed_to=desk.agent.name)
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
    return desk, _finished(asked, outcome.status, outcome.result)


def _colleague(desk: Desk) -> Desk:
    conversation = Conversation.objects.get(pk=desk.conversation.pk)
    return prepare(conversation, live_agent(slug=conversation.agent), desk.clock)


def _identify(conversation_id: str, now: dt.datetime, contact_id: str) -> None:
    turns.identify(conversation_id=conversation_id, contact_id=contact_id, now=now)


@transaction.atomic
def _hand_over(desk: Desk, asked: core.RunCall, journal: ToolJournal) -> Outcome:
    if (recorded := journal.recorded()) is not None:
        return Outcome(*recorded)
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
