"""What a run needs of the database and the model, at the desk of the agent who answers."""

import datetime as dt
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from typing import Any

from django.db import IntegrityError
from django.utils import timezone

from apps.agents import brain, model
from apps.agents.live import LiveAgent, agent_as_of
from apps.agents.models import Agent
from apps.chat.core import turn as core
from apps.chat.core.recovery import SavedCall, SavedStep
from apps.chat.records import Record
from apps.conversations import transcript, turns
from apps.conversations.models import Conversation, Purpose, ToolCall, Turn
from apps.desk import desk as desks
from apps.desk.desk import Asked, Desk, agent_of, prepare
from apps.plans import costs, usage
from apps.tenants.scope import in_tenant


class Gone(Exception):
    """The conversation, or the message to be answered, is not stored: the run has nothing to answer."""


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
            tuple(_saved_call(call, names) for call in turn.calls),
            turn.input_tokens,
            turn.output_tokens,
        )
        for turn in stored
    ]
    desk = prepare(conversation, _who_goes_on(conversation, stored), timezone.now)
    return desk, stored[-1].pk if stored else None, steps


def _who_goes_on(conversation: Conversation, stored: list[Turn]) -> LiveAgent:
    """Whoever began a run ends it: the version of its stored steps, also when another one is published by now."""
    agent = agent_of(conversation)
    began = next((turn for turn in reversed(stored) if turn.agent == conversation.agent), None)
    if conversation.tries or began is None or began.agent_version in (None, agent.version):
        return agent
    return agent_as_of(slug=began.agent, number=began.agent_version)


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
    return [{"role": "system", "content": desk.prompt}, *messages]


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

    A test is on no ledger: it is no interaction, and nobody pays for it.

    Returns:
        The id of its turn.

    Raises:
        StepStored: another process has stored it.
    """
    write = partial(_save, desk, step, run=run, now=now, tokens=tokens)
    try:
        return write()
    except IntegrityError:  # a person wrote meanwhile, and theirs is the turn's number
        return write()


def _save(desk: Desk, step: core.SaveStep, *, run: str, now: dt.datetime, tokens: tuple[int, int]) -> str:
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
            first_word_ms=step.first_word_ms,
        )
        if step.ended and step.counts and conversation.purpose == Purpose.LIVE:
            who = usage.Who(agent.slug, conversation.widget_key, conversation.visitor)
            usage.count_answer(
                conversation_id=conversation.pk,
                input_tokens=tokens[0],
                output_tokens=tokens[1],
                now=now,
                who=who,
                cost=costs.of_answer(model=agent.model, input_tokens=tokens[0], output_tokens=tokens[1]),
            )
    return turn.pk


async def call(desk: Desk, asked: core.RunCall, *, run: str, turn_id: str | None) -> tuple[Desk, core.CallFinished]:
    """Runs a tool, or a handoff; the desk as it is afterwards."""
    after, outcome = await desks.call(desk, Asked(asked.call, asked.name, asked.arguments), run=run, turn_id=turn_id)
    handed_to = after.agent.name if after.agent.slug != desk.agent.slug else None
    return after, _finished(asked, outcome.status, outcome.result, handed_to=handed_to)
