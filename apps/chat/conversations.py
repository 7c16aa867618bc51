"""Beginning and finding a visitor's conversations; sync, in the tenant's scope."""

import datetime as dt
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.agents.live import live_agent
from apps.agents.models import Agent
from apps.chat.access import Widget
from apps.chat.tokens import Visitor
from apps.common.errors import NotFound
from apps.common.ids import is_id
from apps.conversations import transcript, turns
from apps.conversations.models import Channel, Conversation
from apps.desk.desk import Clock, Desk, prepare
from apps.plans import allowance
from apps.plans.allowance import NotAllowed
from apps.tenants.models import Tenant, WidgetKey


def own(*, visitor: Visitor, conversation_id: str) -> Conversation:
    """The visitor's conversation.

    Raises:
        NotFound: there is none, or it is another visitor's.
    """
    found = None
    if is_id(conversation_id):
        found = Conversation.objects.filter(pk=conversation_id, visitor=visitor.id, channel=Channel.CHAT).first()
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
) -> Desk:
    """Takes a message in: checks the allowance, finds or begins the conversation, stores the visitor's turn.

    Args:
        is_new: begin the conversation, under this id.
        chat: the client's own id of a new conversation.
        again: the visitor's last message is to be answered anew; `text` and `message_id` are not taken in.
        clock: what the agent and its tools take for now; another one only where a dialogue is rehearsed.

    Returns:
        The desk of the agent who will answer.

    Raises:
        NotAllowed: trial over or limit reached; nothing is stored.
        NotFound: not this visitor's conversation.
        NoAgent: nobody to answer.
    """
    now = clock()
    allowance.check(now=now, conversation_id="" if is_new else conversation_id)
    if is_new:
        agent = live_agent(slug=widget.agent if widget else "")
        conversation = turns.start(
            agent=agent.slug,
            channel=Channel.CHAT,
            now=now,
            visitor=visitor.id,
            widget_key=widget.id if widget else visitor.widget_key,
            id=conversation_id,
            client_id=chat,
        )
    else:
        conversation = own(visitor=visitor, conversation_id=conversation_id)
        agent = live_agent(slug=conversation.agent)
    if again:
        turns.answer_again(conversation=conversation, run=run)
    else:
        turns.add_visitor_turn(conversation=conversation, text=text, message_id=message_id, run=run, now=now)
    return prepare(conversation, agent, clock, messages=[{"role": "user", "content": text}] if is_new else None)


def session(*, visitor: Visitor, widget: Widget, now: dt.datetime) -> dict[str, Any]:
    """What the widget shows before the first message."""
    tenant = Tenant.objects.get(pk=visitor.tenant_id)
    agent = live_agent(slug=widget.agent)
    look = WidgetKey.objects.get(pk=widget.id)
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
        closed = error.message
    return {
        "conversation": latest,
        "greeting": agent.greeting,
        "agent": {"name": agent.name},
        "tenant": {"name": look.title or tenant.name, "accent": look.accent},
        "locale": tenant.locale,
        "sandbox": settings.SANDBOX_ANSWERS,
        "closed": closed,
    }


def turns_of(*, visitor: Visitor, conversation_id: str) -> dict[str, Any]:
    """The visitor's conversation so far, for a reload."""
    conversation = own(visitor=visitor, conversation_id=conversation_id)
    agent = live_agent(slug=conversation.agent)
    names = dict(Agent.objects.values_list("slug", "name"))
    bubbles = transcript.bubbles(conversation=conversation)
    return {
        "conversation": conversation.pk,
        "agent": {"slug": agent.slug, "name": agent.name},
        "turns": [
            {
                "id": bubble.id,
                "role": "user" if bubble.role == "visitor" else "agent",
                "text": bubble.text,
                "agent": names.get(bubble.agent, ""),
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
