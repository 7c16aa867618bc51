"""One conversation as the team reads it."""

from typing import Any

from django.urls import reverse
from django.utils import timezone

from apps.agents.models import Agent
from apps.business.contacts import readable_phone
from apps.common.errors import NotFound
from apps.conversations.models import Channel, Conversation, ToolCall, Turn
from apps.conversations.turns import each_with_calls
from apps.inbox import lists
from apps.tenants.sessions import Person
from apps.voice.models import CallFile

TURNS = 200
"""At a time; older ones are asked for."""
_ROLES = {Turn.Role.VISITOR: "visitor", Turn.Role.AGENT: "agent"}


def conversation(*, person: Person, conversation_id: str, after: int = 0, before: int = 0) -> dict[str, Any]:
    """The conversation with its turns: the last ones, those after a number, or those before one.

    Raises:
        NotFound: the tenant has none of that id.
    """
    row = lists.one(person=person, conversation_id=conversation_id)
    if row is None:
        raise NotFound("There is no such conversation.")
    turns, has_earlier = _turns(row, after=after, before=before)
    tools = [_tool(call) for call in _without_turn(row)] if row.channel != Channel.CHAT else []
    wanted = getattr(row, "wanted", None)
    return {
        **lists.summary(row, user=str(person.user.pk)),
        "version": wanted.version if wanted else 0,
        "about": wanted.about if wanted else "",
        "reach": _reach(wanted, person) if wanted else None,
        "contact": _contact(row, person),
        "call": _call(row, person),
        "record": reverse("admin:conversations_conversation_change", args=[row.pk]),
        "turns": turns,
        "earlier": has_earlier,
        "tools": tools,
    }


def agents() -> list[dict[str, str]]:
    """The tenant's agents, for names and filters."""
    return list(Agent.objects.order_by("name").values("slug", "name"))


def _turns(row: Conversation, *, after: int, before: int) -> tuple[list[dict[str, Any]], bool]:
    rows = Turn.objects.filter(conversation=row).exclude(ended=Turn.REPLACED)
    if after:
        return [_turn(turn) for turn in each_with_calls(rows.filter(number__gt=after).order_by("number"))[:TURNS]], True
    if before:
        rows = rows.filter(number__lt=before)
    found = list(each_with_calls(rows.order_by("-number"))[: TURNS + 1])
    return [_turn(turn) for turn in reversed(found[:TURNS])], len(found) > TURNS


def _turn(turn: Turn) -> dict[str, Any]:
    role = _ROLES.get(Turn.Role(turn.role), "person" if turn.text else "note")
    return {
        "id": turn.pk,
        "number": turn.number,
        "role": role,
        "text": turn.text,
        "unheard": turn.unheard,
        "agent": turn.agent,
        "agent_version": turn.agent_version,
        "person": turn.person or ("Supervisor" if role in ("person", "note") else ""),
        "run": turn.run,
        "at": turn.created_at.isoformat(),
        "ended": turn.ended,
        "message_id": turn.message_id if role == "person" else "",
        "tools": [_tool(call) for call in turn.calls],
    }


def _tool(call: ToolCall) -> dict[str, Any]:
    return {
        "id": call.pk,
        "name": call.name,
        "status": call.status,
        "arguments": call.arguments,
        "say": call.result.get("say", "") if isinstance(call.result, dict) else "",
        "ms": call.duration_ms,
        "at": call.started_at.isoformat(),
    }


def _without_turn(row: Conversation) -> list[ToolCall]:
    """In a call tools run between turns."""
    return list(ToolCall.objects.filter(conversation=row, turn=None).order_by("started_at", "id")[:TURNS])


def _contact(row: Any, person: Person) -> dict[str, str] | None:
    if row.contact is None:
        return None
    return {
        "name": row.contact.name,
        "phone": readable_phone(row.contact.phone, person.tenant.region),
        "email": row.contact.email,
        "link": reverse("admin:business_contact_change", args=[row.contact.pk]),
    }


def _reach(wanted: Any, person: Person) -> dict[str, str] | None:
    if not (wanted.phone or wanted.email):
        return None
    return {
        "name": wanted.name,
        "phone": readable_phone(wanted.phone, person.tenant.region),
        "dial": wanted.phone,
        "email": wanted.email,
    }


def _call(row: Any, person: Person) -> dict[str, Any] | None:
    call = getattr(row, "call", None)
    if call is None:
        return None
    recorded = CallFile.objects.filter(call=call, kind=CallFile.Kind.RECORDING, delete_at__gt=timezone.now()).exists()
    return {
        "caller": readable_phone(call.caller, person.tenant.region) if call.caller.startswith("+") else call.caller,
        "direction": call.direction,
        "ended": call.ended,
        "seconds": call.seconds,
        "link": reverse("admin:conversations_call_change", args=[call.pk]),
        "recording": reverse("admin:conversations_call_recording", args=[call.pk]) if recorded else "",
    }
