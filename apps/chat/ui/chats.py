"""The visitor's chats by the ids that their client gave them; sync, in the tenant's scope."""

from dataclasses import dataclass
from typing import Any

import msgspec

from apps.agents.live import NoAgent, live_agent
from apps.chat import conversations
from apps.chat.tokens import Visitor
from apps.conversations import transcript
from apps.conversations.models import ToolCall, Turn
from apps.conversations.turns import apart

Part = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """The last message of the visitor in a chat, and the run that answers it."""

    conversation_id: str
    text: str
    run: str


def last_asked(*, visitor: Visitor, chat: str) -> Asked | None:
    """None where the visitor has no such chat."""
    conversation = conversations.by_client_id(visitor=visitor, client_id=chat)
    if conversation is None:
        return None
    turn = Turn.objects.filter(conversation=conversation, role=Turn.Role.VISITOR).order_by("-number").first()
    return Asked(conversation.pk, turn.text, turn.run) if turn else None


def messages(*, visitor: Visitor, chat: str) -> list[dict[str, Any]]:
    """The chat as `UIMessage`s, oldest first. An answer has its run's id and its parts, as in the stream."""
    conversation = conversations.by_client_id(visitor=visitor, client_id=chat)
    if conversation is None:
        return []
    found: list[dict[str, Any]] = []
    for turn in apart(transcript.with_calls(conversation)):
        if turn.role == Turn.Role.VISITOR:
            found.append({"id": turn.pk, "role": "user", "parts": [_text(turn)]})
            continue
        if turn.role == Turn.Role.SUPERVISOR:
            if turn.text:  # else a note for the agent alone
                found.append({"id": turn.pk, "role": "assistant", "parts": [_text(turn)]})
            continue
        if not turn.run or not found or found[-1]["role"] == "user":
            found.append({"role": "assistant", "parts": []})
        found[-1]["id"] = turn.run or turn.pk  # of an answer that was asked for anew, what the first one's tools did
        found[-1]["parts"].append({"type": "step-start"})
        found[-1]["parts"] += [_text(turn)] if turn.text else []
        found[-1]["parts"] += [_tool(call) for call in turn.calls if call.status != ToolCall.Status.STARTED]
    return found


def _text(turn: Turn) -> Part:
    return {"type": "text", "text": turn.text, "state": "done"}


def _tool(call: ToolCall) -> Part:
    part: Part = {"type": f"tool-{call.name}", "toolCallId": f"{call.run}:{call.call}", "input": _input(call)}
    say = call.result.get("say", "")
    if call.status == ToolCall.Status.DONE:
        part |= {"state": "output-available", "output": {"ok": True, "say": say}}
    else:
        part |= {"state": "output-error", "errorText": say or "That did not work."}
    try:
        tool = live_agent(slug=call.agent).tools.get(call.name)
    except NoAgent:
        return part
    return part | {"title": tool.label} if tool else part


def _input(call: ToolCall) -> dict[str, Any]:
    try:
        given = msgspec.json.decode(call.arguments)
    except (msgspec.DecodeError, RecursionError):
        return {}
    return given if isinstance(given, dict) else {}
