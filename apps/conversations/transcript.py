"""Reading conversations: for the model, and for people."""

from dataclasses import dataclass
from typing import Any

import msgspec
from django.db.models import Max, Q, QuerySet

from apps.conversations.models import Conversation, ToolCall, Turn
from apps.conversations.turns import apart, each_with_calls

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Bubble:
    """A message as people see it: an agent's steps of one run are one bubble."""

    id: str
    role: str
    text: str
    agent: str
    run: str
    created_at: str
    ended: str
    tools: tuple[dict[str, str], ...]
    person: str = ""
    """Who of the team wrote it."""


def messages(*, conversation: Conversation, turns: int = 40) -> list[dict[str, Any]]:
    """The last turns in the form of Chat Completions; bounded, so a long conversation costs no more a step.

    An assistant message and the results of its tool calls are never separated: providers reject that.
    """
    rows = apart(with_calls(conversation).order_by("-number")[:turns])[::-1]
    result: list[dict[str, Any]] = []
    for turn in rows:
        if turn.role == Turn.Role.VISITOR:
            result.append({"role": "user", "content": turn.text})
            continue
        if turn.role == Turn.Role.SUPERVISOR:
            result.append({"role": "system", "content": _told(turn)})
            continue
        # A call without a recorded result (its process died) is left out: its tool had no effect.
        calls = [call for call in turn.calls if call.status != ToolCall.Status.STARTED]
        if not turn.text and not calls:
            continue
        message: dict[str, Any] = {"role": "assistant", "content": turn.text or None}
        if calls:
            message["tool_calls"] = [
                {
                    "id": call.pk,
                    "type": "function",
                    "function": {"name": call.name, "arguments": call.arguments},
                }
                for call in calls
            ]
        result.append(message)
        result += [
            {"role": "tool", "tool_call_id": call.pk, "content": _encode(call.result).decode()} for call in calls
        ]
    return result


def bubbles(*, conversation: Conversation) -> list[Bubble]:
    """The whole conversation as its visitor knows it, oldest first: without what was whispered to the agent."""
    result: list[Bubble] = []
    for turn in apart(with_calls(conversation)):
        if turn.role == Turn.Role.SUPERVISOR and not turn.text:
            continue
        tools = tuple({"call": call.call, "name": call.name, "status": call.status} for call in turn.calls)
        last = result[-1] if result else None
        if last is not None and last.role == turn.role == Turn.Role.AGENT and last.run == turn.run:
            text = "\n\n".join(part for part in (last.text, turn.text) if part)
            result[-1] = Bubble(
                last.id,
                last.role,
                text,
                turn.agent,
                last.run,
                last.created_at,
                turn.ended,
                last.tools + tools,
            )
        else:
            result.append(
                Bubble(
                    turn.pk,
                    turn.role,
                    turn.text,
                    turn.agent,
                    turn.run,
                    turn.created_at.isoformat(),
                    turn.ended,
                    tools,
                    turn.person,
                )
            )
    return result


def _told(turn: Turn) -> str:
    """A person's words, as the model reads them."""
    if not turn.person:
        return f"A supervisor: {turn.text or turn.unheard}"
    if turn.text:
        return f"{turn.person}, a person of the team, wrote to the visitor: {turn.text}"
    return f"{turn.person}, a person of the team, tells you, unseen by the visitor: {turn.unheard}"


def last_number(*, conversation: Conversation) -> int:
    """The number of its last turn; 0 when there is none."""
    return Turn.objects.filter(conversation=conversation).aggregate(last=Max("number"))["last"] or 0


def beside_runs(*, conversation: Conversation, after: int) -> list[Turn]:
    """What its visitor was told after turn `after` without having asked: by a person, or by the agent on its own."""
    by_person = Q(role=Turn.Role.SUPERVISOR) & ~Q(text="")
    unasked = Q(role=Turn.Role.AGENT, run="")
    rows = Turn.objects.filter(by_person | unasked, conversation=conversation, number__gt=after)
    return list(rows.order_by("number"))


def with_calls(conversation: Conversation) -> QuerySet[Turn]:
    """Its turns that count, oldest first, each with its tool calls as `calls`."""
    return each_with_calls(Turn.objects.filter(conversation=conversation).exclude(ended=Turn.REPLACED))
