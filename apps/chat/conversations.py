"""Beginning and finding a visitor's conversations; sync, in the tenant's scope."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.agents.live import LiveAgent, agent_of_version, live_agent
from apps.agents.models import Agent
from apps.chat.access import Widget
from apps.chat.tokens import Visitor
from apps.common.errors import NotFound
from apps.common.ids import is_id
from apps.conversations import attention, transcript, turns
from apps.conversations.models import Channel, Conversation, Purpose
from apps.desk import people
from apps.desk.desk import Clock, Desk, agent_of, prepare
from apps.plans import allowance
from apps.plans.allowance import LimitReached, NotAllowed
from apps.tenants.models import Tenant, WidgetKey


@dataclass(frozen=True, slots=True)
class Trial:
    """A conversation in which a version of an agent is tried, whether or not it is published."""

    version_id: str
    purpose: str = Purpose.TEST


def own(*, visitor: Visitor, conversation_id: str) -> Conversation:
    """The visitor's conversation.

    Raises:
        NotFound: there is none, or it is another visitor's.
    """
    found = None
    if is_id(conversation_id):
        chats = Conversation.objects.filter(pk=conversation_id, visitor=visitor.id, channel=Channel.CHAT)
        found = chats.select_related("wanted").first()
    if found is None:
        raise NotFound("There is no such conversation.", field="conversation")
    return found


def by_client_id(*, visitor: Visitor, client_id: str) -> Conversation | None:
    """The visitor's conversation by the id that their client gave it."""
    return Conversation.objects.filter(visitor=visitor.id, client_id=client_id, channel=Channel.CHAT).first()


@transaction.atomic
def accept(
    *,
    visitor: Visitor,
    widget: Widget | None,
    conversation_id: str,
    is_new: bool,
    text: str,
    message_id: str,
    run: str,
    chat: str = "",
    again: bool = False,
    clock: Clock = timezone.now,
    trial: Trial | None = None,
) -> tuple[Desk, str | None]:
    """Takes a message in: checks the allowance, finds or begins the conversation, stores the visitor's turn.

    Args:
        is_new: begin the conversation, under this id.
        chat: the client's own id of a new conversation.
        again: the visitor's last message is to be answered anew; `text` and `message_id` are not taken in.
        clock: what the agent and its tools take for now; another one only where a dialogue is rehearsed.
        trial: a new conversation is no visitor's: it tries a version.

    Returns:
        The desk of the agent who will answer, and the answer if it stands already (`people.after_message`).

    Raises:
        NotAllowed: trial over or limit reached; nothing is stored.
        NotFound: not this visitor's conversation.
        NoAgent: nobody to answer.
    """
    now = clock()
    if widget is not None and widget.tries:
        trial = Trial(widget.tries)
    _allow("" if is_new else conversation_id, trial, now)
    if is_new:
        agent = _first(widget, trial)
        conversation = turns.start(
            agent=agent.slug,
            channel=Channel.CHAT,
            now=now,
            visitor=visitor.id,
            widget_key="" if trial else widget.id if widget else visitor.widget_key,
            id=conversation_id,
            client_id=chat,
            purpose=trial.purpose if trial else Purpose.LIVE,
            tries=trial.version_id if trial else "",
        )
    else:
        conversation = own(visitor=visitor, conversation_id=conversation_id)
        agent = agent_of(conversation)
    if again:
        turns.answer_again(conversation=conversation, run=run)
    else:
        turns.add_visitor_turn(conversation=conversation, text=text, message_id=message_id, run=run, now=now)
        attention.reopen(conversation)
    answer = people.after_message(conversation=conversation, agent=agent, text=text, now=now)
    messages = [{"role": "user", "content": text}] if is_new or answer is not None else None
    return prepare(conversation, agent, clock, messages=messages), answer


def agent_names() -> dict[str, str]:
    """What visitors call the agents, by slug."""
    return dict(Agent.objects.values_list("slug", "name"))


def _allow(conversation_id: str, trial: Trial | None, now: dt.datetime) -> None:
    try:
        allowance.check(now=now, conversation_id=conversation_id)
    except LimitReached:
        if trial is None:  # which is no interaction, so their number limits it not
            raise


def _first(widget: Widget | None, trial: Trial | None) -> LiveAgent:
    """Who meets the visitor."""
    if trial is not None:
        return agent_of_version(version_id=trial.version_id)
    return live_agent(slug=widget.agent if widget else "")


def session(*, visitor: Visitor, widget: Widget, now: dt.datetime) -> dict[str, Any]:
    """What the widget shows before the first message."""
    tenant = Tenant.objects.get(pk=visitor.tenant_id)
    agent = _first(widget, Trial(widget.tries) if widget.tries else None)
    look = WidgetKey.objects.filter(pk=widget.id).first() or WidgetKey()
    latest = (
        Conversation.objects.filter(visitor=visitor.id, channel=Channel.CHAT, status=Conversation.Status.OPEN)
        .order_by("-last_at")
        .values_list("pk", flat=True)
        .first()
    )
    closed = None
    try:
        allowance.check(now=now, conversation_id=latest or "")
    except NotAllowed as error:
        closed = None if widget.tries and isinstance(error, LimitReached) else error.message
    return {
        "conversation": latest,
        "greeting": agent.greeting,
        "agent": {"name": agent.name},
        "suggestions": list(agent.suggestions),
        "tenant": {"name": agent.title or look.title or tenant.name, "accent": agent.accent or look.accent},
        "locale": tenant.locale,
        "sandbox": settings.SANDBOX_ANSWERS,
        "closed": closed,
    }


def turns_of(*, visitor: Visitor, conversation_id: str) -> dict[str, Any]:
    """The visitor's conversation so far, for a reload."""
    conversation = own(visitor=visitor, conversation_id=conversation_id)
    agent = agent_of(conversation)
    names = agent_names()
    bubbles = transcript.bubbles(conversation=conversation)
    return {
        "conversation": conversation.pk,
        "agent": {"slug": agent.slug, "name": agent.name},
        "last": transcript.last_number(conversation=conversation),
        "turns": [
            {
                "id": bubble.id,
                "role": "user" if bubble.role == "visitor" else "agent",
                "text": bubble.text,
                "agent": bubble.person or names.get(bubble.agent, ""),
                "person": bool(bubble.person),
                "run": bubble.run,
                "created_at": bubble.created_at,
                "ended": bubble.ended,
                "tools": [
                    {**tool, "label": agent.tools[tool["name"]].label if tool["name"] in agent.tools else ""}
                    for tool in bubble.tools
                ],
            }
            for bubble in bubbles
        ],
    }
