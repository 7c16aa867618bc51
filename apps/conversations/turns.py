"""Writing conversations: starting them, adding turns, identifying the visitor, handing over."""

import datetime as dt

from django.db import IntegrityError, transaction
from django.db.models import Max

from apps.conversations import events
from apps.conversations.models import Conversation, Turn


@transaction.atomic
def start(*, agent: str, channel: str, now: dt.datetime, visitor: str = "", widget_key: str = "") -> Conversation:
    """A new conversation with the agent of that slug."""
    conversation = Conversation.objects.create(
        agent=agent, channel=channel, visitor=visitor, widget_key=widget_key, started_at=now, last_at=now
    )
    events.publish(
        events.ConversationStarted(conversation=conversation.pk, at=now.timestamp(), channel=channel, agent=agent)
    )
    return conversation


@transaction.atomic
def add_visitor_turn(
    *, conversation: Conversation, text: str, message_id: str, run: str, now: dt.datetime
) -> tuple[Turn, bool]:
    """The visitor's message; the same `message_id` again adds nothing.

    Returns:
        (the turn, whether it is new).
    """
    existing = Turn.objects.filter(conversation=conversation, message_id=message_id).first()
    if existing is not None:
        return existing, False
    try:
        with transaction.atomic():
            return _add(conversation, Turn.Role.VISITOR, text, now, message_id=message_id, run=run), True
    except IntegrityError:
        return Turn.objects.get(conversation=conversation, message_id=message_id), False


@transaction.atomic
def add_agent_turn(
    *,
    conversation: Conversation,
    text: str,
    run: str,
    agent: str,
    agent_version: int,
    ended: str,
    now: dt.datetime,
) -> Turn:
    """One finished step of an agent: its words, and `ended` when it was the run's last."""
    return _add(
        conversation,
        Turn.Role.AGENT,
        text,
        now,
        run=run,
        agent=agent,
        agent_version=agent_version,
        ended=ended,
    )


def _add(conversation: Conversation, role: str, text: str, now: dt.datetime, **fields: object) -> Turn:
    last = Turn.objects.filter(conversation=conversation).aggregate(last=Max("number"))["last"] or 0
    turn = Turn.objects.create(
        conversation=conversation, role=role, text=text, number=last + 1, created_at=now, **fields
    )
    Conversation.objects.filter(pk=conversation.pk).update(last_at=now)
    events.publish(
        events.TurnAdded(
            conversation=conversation.pk,
            at=now.timestamp(),
            number=turn.number,
            role=role,
            text=text,
            agent=turn.agent,
        )
    )
    return turn


@transaction.atomic
def identify(*, conversation_id: str, contact_id: str, now: dt.datetime) -> None:
    """Records who the visitor is, for the rest of the conversation."""
    conversation = Conversation.objects.get(pk=conversation_id)
    conversation.contact_id = contact_id
    conversation.save(update_fields=["contact"])
    events.publish(events.VisitorIdentified(conversation=conversation_id, at=now.timestamp(), contact=contact_id))


@transaction.atomic
def hand_over(*, conversation_id: str, to: str, handover: dict[str, str], now: dt.datetime) -> None:
    """Another agent speaks from here on and knows what `handover` says."""
    conversation = Conversation.objects.get(pk=conversation_id)
    previous, conversation.agent, conversation.handover = conversation.agent, to, handover
    conversation.save(update_fields=["agent", "handover"])
    events.publish(
        events.HandedOver(conversation=conversation_id, at=now.timestamp(), from_agent=previous, to_agent=to)
    )
