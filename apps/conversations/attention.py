"""Who of the team has a chat in the agent's place: one person, for as long as they write. The database decides who.

A conversation is its agent's, waits for a person, or is a person's. While it is a person's no agent answers in it.
"""

import datetime as dt
from collections.abc import Callable
from typing import TypeVar

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from apps.common.errors import AppError, NotFound
from apps.conversations import events, turns
from apps.conversations.models import Channel, Conversation, PersonWanted, Purpose, Turn
from apps.live import bell
from apps.tenants import audit, keys
from apps.tenants.versions import Outdated

T = TypeVar("T")

State = Conversation.Attention
Reason = PersonWanted.Reason
MOST_WORDS = 4_000
"""Characters of a person's message."""
_TRIES = 5


class NotYours(AppError):
    """Somebody else has the conversation, or nobody."""

    code = "not_yours"
    status = 409


class NotAChat(AppError):
    """Nobody can write into a call."""

    code = "not_a_chat"
    status = 409


@transaction.atomic
def ask(
    *,
    conversation_id: str,
    reason: str,
    now: dt.datetime,
    about: str = "",
    name: str = "",
    phone: str = "",
    email: str = "",
) -> bool:
    """A person is wanted; whether that is news. Who has the conversation already keeps it. For a test nobody is.

    Args:
        about: in the visitor's words. name, phone, email: of whoever wants to be called back.
    """
    conversation = Conversation.objects.select_for_update().get(pk=conversation_id)
    if conversation.purpose != Purpose.LIVE:
        return False
    wanted = _row(conversation, reason)
    given = {"about": about[:500], "name": name[:120], "phone": phone[:40], "email": email[:254]}
    fields: dict[str, object] = {field: value for field, value in given.items() if value}
    is_news = conversation.attention == State.NONE
    if is_news:
        fields |= {"reason": reason, "waiting_at": now, "told_at": None, "user": "", "person": ""}
    if fields:
        PersonWanted.objects.filter(pk=wanted.pk).update(**fields, version=F("version") + 1)
    if is_news:
        _turn_to(conversation, State.WAITING, now)
    elif fields:
        _turn_to(conversation, conversation.attention, now)  # as it is; but there is something to see
    return is_news


@transaction.atomic
def take(
    *, conversation_id: str, user: str, name: str, now: dt.datetime, actor: str, version: int | None = None
) -> PersonWanted:
    """The person has the chat from here on; the same again changes nothing.

    Args:
        user: their id. name: what the visitor reads.
        version: as whoever asks has seen it; None = whatever it is.

    Raises:
        NotFound, NotAChat: no such chat.
        Outdated, NotYours: changed since; somebody else has it.
    """
    conversation = _chat(conversation_id)
    wanted = _row(conversation, Reason.PERSON)
    fields = {"user": user, "person": name[:60], "taken_at": now, "active_at": now}
    if _change(conversation, wanted, user, version, fields):
        _reopen(conversation)
        _turn_to(conversation, State.PERSON, now, by=name)
        audit.record(actor=actor, action="conversation.taken_over", target=conversation.pk)
    return wanted


@transaction.atomic
def say(*, conversation_id: str, user: str, text: str, message_id: str, now: dt.datetime, actor: str) -> Turn:
    """The person's words to the visitor; the same `message_id` again adds nothing.

    Raises:
        NotFound, NotAChat: no such chat.
        NotYours: somebody else has it, or nobody.
    """
    conversation = _chat(conversation_id)
    if (known := Turn.objects.filter(conversation=conversation, message_id=message_id).first()) is not None:
        return known
    wanted = _own(conversation, user)
    turn = _numbered(
        conversation,
        lambda: turns.add_person_turn(
            conversation=conversation, text=text[:MOST_WORDS], person=wanted.person, message_id=message_id, now=now
        ),
    )
    PersonWanted.objects.filter(pk=wanted.pk).update(active_at=now)
    audit.record(actor=actor, action="conversation.answered", target=conversation.pk, details={"turn": turn.pk})
    ring(conversation)
    return turn


def stay(*, conversation_id: str, user: str, now: dt.datetime) -> bool:
    """The person is about to write; whether they have the chat."""
    return bool(
        PersonWanted.objects.filter(
            conversation_id=conversation_id, conversation__attention=State.PERSON, user=user
        ).update(active_at=now)
    )


@transaction.atomic
def give_back(
    *, conversation_id: str, user: str, now: dt.datetime, actor: str, note: str = "", version: int | None = None
) -> PersonWanted:
    """The agent has the chat again, and reads `note`, which the visitor does not. Raises like `say`, and Outdated."""
    conversation = _chat(conversation_id)
    wanted = _own(conversation, user)
    person = wanted.person
    _change(conversation, wanted, user, version, _nobody())
    if note:
        _numbered(
            conversation,
            lambda: turns.add_person_turn(
                conversation=conversation, text="", unheard=note[:MOST_WORDS], person=person, now=now
            ),
        )
    _turn_to(conversation, State.NONE, now)
    audit.record(actor=actor, action="conversation.handed_back", target=conversation.pk)
    return wanted


@transaction.atomic
def close(*, conversation_id: str, user: str, now: dt.datetime, actor: str, version: int | None = None) -> PersonWanted:
    """The conversation is done with, and nobody is wanted in it; what the visitor writes later opens it again.

    Raises:
        NotFound, Outdated: as `take`.
        NotYours: somebody else has it.
    """
    conversation = _found(conversation_id)
    wanted = _row(conversation, Reason.PERSON)
    _change(conversation, wanted, user, version, _nobody())
    if conversation.channel == Channel.CHAT and conversation.status != Conversation.Status.CLOSED:
        Conversation.objects.filter(pk=conversation.pk).update(status=Conversation.Status.CLOSED)
        events.publish(events.ConversationClosed(conversation=conversation.pk, at=now.timestamp()))
    _turn_to(conversation, State.NONE, now)
    audit.record(actor=actor, action="conversation.closed", target=conversation.pk)
    return wanted


@transaction.atomic
def meet(*, conversation_id: str, now: dt.datetime) -> None:
    """A caller who waited for a person was put through to one, and talked with them."""
    conversation = _found(conversation_id)
    if conversation.attention == State.WAITING:
        wanted = _row(conversation, Reason.PERSON)
        PersonWanted.objects.filter(pk=wanted.pk).update(**_nobody(), version=F("version") + 1)
        _turn_to(conversation, State.NONE, now)
        audit.record(actor="system", action="conversation.put_through", target=conversation.pk)


@transaction.atomic
def leave(
    *, conversation_id: str, active_before: dt.datetime, words: str, agent_version: int, now: dt.datetime
) -> bool:
    """Gives a chat back whose person has been silent since `active_before`, and tells the visitor in `words`.

    Returns:
        Whether they had, and still have been.
    """
    conversation = Conversation.objects.select_for_update().get(pk=conversation_id)
    if conversation.attention != State.PERSON:
        return False
    silent = PersonWanted.objects.filter(conversation=conversation, active_at__lt=active_before)
    if not silent.update(**_nobody(), version=F("version") + 1):
        return False
    _numbered(
        conversation,
        lambda: turns.add_agent_turn(
            conversation=conversation,
            text=words,
            run="",
            agent=conversation.agent,
            agent_version=agent_version,
            ended="stop",
            now=now,
        ),
    )
    _turn_to(conversation, State.NONE, now)
    audit.record(actor="system", action="conversation.left_by_person", target=conversation.pk)
    return True


def reopen(conversation: Conversation) -> None:
    """The visitor writes again."""
    if conversation.status == Conversation.Status.CLOSED:
        _reopen(conversation)


def ring(conversation: Conversation, *, word: bytes = b"look") -> None:
    """Tells the visitor's pages to look, once the transaction is committed."""
    bell.ring(keys.conversation_bell(conversation.tenant_id, conversation.pk), word=word)


def _found(conversation_id: str) -> Conversation:
    conversation = Conversation.objects.select_for_update().filter(pk=conversation_id).first()
    if conversation is None:
        raise NotFound("There is no such conversation.")
    return conversation


def _chat(conversation_id: str) -> Conversation:
    conversation = _found(conversation_id)
    if conversation.channel != Channel.CHAT:
        raise NotAChat("This is a call: nobody can write into it.")
    return conversation


def _row(conversation: Conversation, reason: str) -> PersonWanted:
    return PersonWanted.objects.get_or_create(conversation=conversation, defaults={"reason": reason})[0]


def _nobody() -> dict[str, object]:
    return {"user": "", "person": "", "taken_at": None, "active_at": None, "waiting_at": None}


def _own(conversation: Conversation, user: str) -> PersonWanted:
    wanted = PersonWanted.objects.filter(conversation=conversation).first()
    if conversation.attention != State.PERSON or wanted is None:
        raise NotYours("Nobody has this chat: take it over first.")
    if wanted.user != user:
        raise NotYours(f"{wanted.person} has this chat.", version=wanted.version)
    return wanted


def _change(
    conversation: Conversation, wanted: PersonWanted, user: str, version: int | None, fields: dict[str, object]
) -> bool:
    """One of many who try at the same moment gets it; False when it is theirs already."""
    rows = PersonWanted.objects.filter(Q(user="") | Q(user=user), pk=wanted.pk)
    if version is not None:
        rows = rows.filter(version=version)
    same = conversation.attention == State.PERSON and wanted.user == user and fields.get("user") == user
    changed = 0 if same else rows.update(**fields, version=F("version") + 1)
    before = wanted.version
    wanted.refresh_from_db()
    if changed or same:
        return bool(changed)
    if wanted.user not in ("", user):
        raise NotYours(f"{wanted.person} has this chat.", version=wanted.version)
    raise Outdated("Somebody else has changed this conversation meanwhile.", version=max(before, wanted.version))


def _reopen(conversation: Conversation) -> None:
    Conversation.objects.filter(pk=conversation.pk).update(status=Conversation.Status.OPEN)
    conversation.status = Conversation.Status.OPEN


def _turn_to(conversation: Conversation, state: str, now: dt.datetime, *, by: str = "") -> None:
    Conversation.objects.filter(pk=conversation.pk).update(attention=state)
    conversation.attention = state
    events.publish(
        events.AttentionChanged(conversation=conversation.pk, at=now.timestamp(), state=str(state), by=by[:60])
    )
    ring(conversation)


def _numbered(conversation: Conversation, write: Callable[[], T]) -> T:
    """What a run stores at the same moment may have the turn's number: then this one has the next."""
    for _ in range(_TRIES):
        try:
            with transaction.atomic():
                return write()
        except IntegrityError:
            conversation.last_number = None
    return write()
