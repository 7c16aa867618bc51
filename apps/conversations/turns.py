"""Writing conversations: starting them, adding turns, identifying the visitor, handing over."""

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.db.models import Max, Prefetch, QuerySet

from apps.common.errors import NotFound
from apps.conversations import events, watchers
from apps.conversations.models import Call, Channel, Conversation, Purpose, ToolCall, Turn
from apps.conversations.watchers import CallWatcher
from apps.tenants import rows

_CALLS: str = "calls"  # by a name, or django-stubs would define the model's attribute a second time


class StepStored(Exception):
    """Another process has stored this step of the run; what it stored is what was said."""


class AskedCall(NamedTuple):
    """A tool call that a step asked for; `call` is unique in the run."""

    call: str
    name: str
    arguments: str


@transaction.atomic(savepoint=False)
def start(
    *,
    agent: str,
    channel: str,
    now: dt.datetime,
    visitor: str = "",
    widget_key: str = "",
    id: str = "",
    client_id: str = "",
    purpose: str = Purpose.LIVE,
    tries: str = "",
) -> Conversation:
    """A new conversation with the agent of that slug; under `id`, when it was promised to somebody already.

    Args:
        tries: id of the agent's version that answers, where its `purpose` is to try that one.
    """
    conversation = Conversation(
        agent=agent,
        channel=channel,
        visitor=visitor,
        widget_key=widget_key,
        client_id=client_id,
        purpose=purpose,
        tries=tries,
        started_at=now,
        last_at=now,
    )
    conversation.id = id or conversation.id
    rows.insert(conversation)
    conversation.last_number = 0
    _tell(
        conversation,
        events.ConversationStarted(conversation=conversation.pk, at=now.timestamp(), channel=channel, agent=agent),
    )
    return conversation


@transaction.atomic(savepoint=False)
def add_visitor_turn(
    *, conversation: Conversation, text: str, message_id: str, run: str, now: dt.datetime
) -> tuple[Turn, bool]:
    """The visitor's message; the same `message_id` again adds nothing.

    Returns:
        (the turn, whether it is new).
    """
    if conversation.last_number == 0:
        return _add(conversation, Turn.Role.VISITOR, text, now, message_id=message_id, run=run), True
    existing = Turn.objects.filter(conversation=conversation, message_id=message_id).first()
    if existing is not None:
        return existing, False
    try:
        with transaction.atomic():
            return _add(conversation, Turn.Role.VISITOR, text, now, message_id=message_id, run=run), True
    except IntegrityError:
        return Turn.objects.get(conversation=conversation, message_id=message_id), False


@transaction.atomic
def answer_again(*, conversation: Conversation, run: str) -> None:
    """Lets `run` answer the visitor's last message anew.

    The last words of the answer before are void, for the model and for people; what its tools did stays done.
    """
    asked = Turn.objects.filter(conversation=conversation, role=Turn.Role.VISITOR).order_by("-number").first()
    if asked is None:
        raise NotFound("There is no message to answer.")
    answer = Turn.objects.filter(conversation=conversation, run=asked.run, role=Turn.Role.AGENT)
    answer.exclude(ended="").update(ended=Turn.REPLACED)
    asked.run = run
    asked.save(update_fields=["run"])


@contextmanager
def storing_step(*, conversation: Conversation, run: str, step: int) -> Iterator[None]:
    """The transaction around everything that is stored of one step of a run.

    Raises:
        StepStored: the run has this step already; nothing is changed.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError:
        conversation.last_number = None  # somebody else has written
        if Turn.objects.filter(conversation=conversation, run=run, step=step).exists():
            raise StepStored(f"{run}, step {step}") from None
        raise


@transaction.atomic(savepoint=False)
def add_agent_turn(
    *,
    conversation: Conversation,
    text: str,
    run: str,
    agent: str,
    agent_version: int,
    ended: str,
    now: dt.datetime,
    step: int = 0,
    calls: Sequence[AskedCall] = (),
    tokens: tuple[int, int] = (0, 0),
    first_word_ms: int | None = None,
) -> Turn:
    """One finished step of an agent: its words, the tools it asked for, and `ended` when it was the run's last.

    Args:
        step: number in the run, from 1, and then within `storing_step`; 0 for one that no run wrote.
        tokens: what the model read and wrote.
    """
    turn = _add(
        conversation,
        Turn.Role.AGENT,
        text,
        now,
        run=run,
        step=step,
        agent=agent,
        agent_version=agent_version,
        ended=ended,
        input_tokens=tokens[0],
        output_tokens=tokens[1],
        first_word_ms=first_word_ms,
    )
    if asked := [
        ToolCall(
            conversation=conversation,
            turn=turn,
            run=run,
            key=f"{run}:{call}",
            call=call,
            name=name[:64],
            arguments=arguments[:8_192],
            agent=agent,
            agent_version=agent_version,
        )
        for call, name, arguments in calls
    ]:
        rows.insert(*asked)
    return turn


@transaction.atomic(savepoint=False)
def add_spoken_turn(
    *,
    conversation: Conversation,
    role: str,
    text: str,
    run: str,
    now: dt.datetime,
    unheard: str = "",
    agent: str = "",
    agent_version: int | None = None,
    ended: str = "",
) -> Turn:
    """What one side of a call said; `run` is the call.

    Of an agent's words `text` is what the caller heard, `unheard` what they did not.
    """
    return _add(
        conversation,
        role,
        text,
        now,
        unheard=unheard,
        run=run,
        agent=agent,
        agent_version=agent_version,
        ended=ended,
    )


@transaction.atomic(savepoint=False)
def add_person_turn(
    *, conversation: Conversation, text: str, person: str, now: dt.datetime, unheard: str = "", message_id: str = ""
) -> Turn:
    """What somebody of the team wrote into a chat: to the visitor, or (`unheard`) to the agent alone."""
    return _add(
        conversation, Turn.Role.SUPERVISOR, text, now, unheard=unheard, person=person[:60], message_id=message_id
    )


def of_run(*, conversation: Conversation, run: str, role: str) -> list[Turn]:
    """What a run has stored, with its tool calls, in order."""
    return apart(each_with_calls(Turn.objects.filter(conversation=conversation, run=run, role=role).order_by("number")))


def each_with_calls(found: QuerySet[Turn]) -> QuerySet[Turn]:
    """The turns, each with its tool calls in order as `calls`."""
    return found.prefetch_related(Prefetch("tool_calls", ToolCall.objects.order_by("id"), to_attr=_CALLS))


def apart(found: QuerySet[Turn]) -> list[Turn]:
    """The turns, read. Their tool calls do not know them: that were a cycle, which waits for the collector."""
    turns = list(found)
    for turn in turns:
        for call in turn.calls:
            call._state.fields_cache.pop("turn", None)
    return turns


def _last_number(conversation: Conversation) -> int:
    return Turn.objects.filter(conversation=conversation).aggregate(last=Max("number"))["last"] or 0


def _add(conversation: Conversation, role: str, text: str, now: dt.datetime, **fields: object) -> Turn:
    number = (conversation.last_number if conversation.last_number is not None else _last_number(conversation)) + 1
    turn = Turn(conversation=conversation, role=role, text=text, number=number, created_at=now, **fields)
    rows.insert(turn)
    conversation.last_number = number
    if conversation.last_at != now:
        conversation.last_at = now
        rows.update(conversation, "last_at")
    _tell(
        conversation,
        events.TurnAdded(
            conversation=conversation.pk,
            at=now.timestamp(),
            turn=turn.pk,
            number=turn.number,
            role=role,
            text=text,
            agent=turn.agent,
        ),
    )
    return turn


def _tell(conversation: Conversation, event: events.ConversationEvent) -> None:
    """Live views hear of conversations with visitors, and of no test."""
    if conversation.purpose == Purpose.LIVE:
        events.publish(event)


@transaction.atomic
def identify(*, conversation_id: str, contact_id: str, now: dt.datetime) -> None:
    """Records who the visitor is, for the rest of the conversation."""
    conversation = Conversation.objects.get(pk=conversation_id)
    conversation.contact_id = contact_id
    conversation.save(update_fields=["contact"])
    _tell(conversation, events.VisitorIdentified(conversation=conversation_id, at=now.timestamp(), contact=contact_id))


@transaction.atomic
def hand_over(*, conversation_id: str, to: str, handover: dict[str, str], now: dt.datetime) -> None:
    """Another agent speaks from here on and knows what `handover` says."""
    conversation = Conversation.objects.get(pk=conversation_id)
    previous, conversation.agent, conversation.handover = conversation.agent, to, handover
    conversation.save(update_fields=["agent", "handover"])
    _tell(
        conversation,
        events.HandedOver(conversation=conversation_id, at=now.timestamp(), from_agent=previous, to_agent=to),
    )
    if conversation.channel != Channel.CHAT and (call := Call.objects.filter(conversation=conversation).first()):
        call.conversation = conversation
        watchers.tell(CallWatcher.call_handed_over, call)
