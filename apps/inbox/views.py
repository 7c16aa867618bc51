"""The inbox's addresses, under /api/inbox/: for its page, by session. All async; a stream holds no thread."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import msgspec
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from apps.chat import beside, records
from apps.common import cors, drain
from apps.common.api import api_view, read_json
from apps.common.database import in_thread
from apps.common.errors import InvalidInput, NotFound
from apps.common.ids import is_id
from apps.common.streaming import streaming_response
from apps.conversations import attention
from apps.conversations.models import Conversation
from apps.inbox import lists, reading, rules, seats, streams
from apps.tenants.scope import in_tenant
from apps.tenants.sessions import Person, check_not_forged, person_of

T = TypeVar("T")


class _Act(msgspec.Struct):
    text: str = ""
    note: str = ""
    message_id: str = ""
    version: int | None = None


class _Wishes(msgspec.Struct):
    notify: str | None = None
    sensitive_words: str | None = None
    closed_words: str | None = None


@api_view("GET")
async def conversations(request: HttpRequest) -> HttpResponseBase:
    """A page of the list; `?ids=` gives only these, if they fit the filters."""
    person = await _asking(request)
    given = request.GET.dict()
    ids = [each for each in given["ids"].split(",") if each] if "ids" in given else None
    filters, before = lists.read_filters(given), given.get("before", "")
    return JsonResponse(
        await _scoped(person, lists.page, person=person, filters=filters, before=before, ids=ids, now=timezone.now())
    )


@api_view("GET")
async def conversation(request: HttpRequest, conversation_id: str) -> HttpResponseBase:
    """A conversation with its last turns, or (`?after=`, `?before=`) those around a number; and its running answer."""
    person = await _asking(request)
    after, before = _number(request, "after"), _number(request, "before")
    active = await records.active(tenant_id=person.tenant.pk, conversation_id=conversation_id[:40])
    found = await _scoped(
        person, reading.conversation, person=person, conversation_id=conversation_id, after=after, before=before
    )
    return JsonResponse({**found, "run": active})


@api_view("POST")
async def act(request: HttpRequest, conversation_id: str, verb: str) -> HttpResponseBase:
    """One of the verbs on a conversation: take, say, typing, return, close, seen."""
    check_not_forged(request)
    cors.refuse_origin(request)
    person = await in_thread(person_of, request)
    if verb not in _VERBS or not is_id(conversation_id):
        raise NotFound("There is no such conversation.")
    return JsonResponse(await _VERBS[verb](person, conversation_id, read_json(request, _Act)))


async def _take(person: Person, conversation_id: str, body: _Act) -> dict[str, Any]:
    """From here on the agent is silent; answered when it is."""
    await _do(attention.take, person, conversation_id, name=_first_name(person), version=body.version)
    silent = await beside.hush(tenant_id=person.tenant.pk, conversation_id=conversation_id)
    return {"ok": True, "silent": silent}


async def _say(person: Person, conversation_id: str, body: _Act) -> dict[str, Any]:
    text = body.text.strip()
    if not text:
        raise InvalidInput("The message is empty.", field="text")
    if len(text) > attention.MOST_WORDS:
        raise InvalidInput(f"The message has {len(text)} characters; at most {attention.MOST_WORDS}.", field="text")
    if "\0" in text or "\0" in body.message_id:
        raise InvalidInput("The message has a NUL character.", field="text")
    if not 8 <= len(body.message_id) <= 64:
        raise InvalidInput("Expected a UUID, such as crypto.randomUUID() makes.", field="message_id")
    turn = await _do(attention.say, person, conversation_id, text=text, message_id=f"by:{body.message_id}"[:64])
    return {"ok": True, "turn": turn.pk, "number": turn.number}


async def _typing(person: Person, conversation_id: str, body: _Act) -> dict[str, Any]:
    has_it = await _scoped(
        person, attention.stay, conversation_id=conversation_id, user=str(person.user.pk), now=timezone.now()
    )
    if has_it:
        await beside.tell_of_typing(tenant_id=person.tenant.pk, conversation_id=conversation_id)
    return {"ok": has_it}


async def _return(person: Person, conversation_id: str, body: _Act) -> dict[str, Any]:
    if "\0" in body.note:
        raise InvalidInput("The note has a NUL character.", field="note")
    await _do(attention.give_back, person, conversation_id, note=body.note.strip(), version=body.version)
    return {"ok": True}


async def _close(person: Person, conversation_id: str, body: _Act) -> dict[str, Any]:
    await _do(attention.close, person, conversation_id, version=body.version)
    return {"ok": True}


async def _seen(person: Person, conversation_id: str, body: _Act) -> dict[str, Any]:
    def mark() -> None:
        found = Conversation.objects.filter(pk=conversation_id).first()
        if found is None:
            raise NotFound("There is no such conversation.")
        seats.mark_seen(person, found, now=timezone.now())

    await _scoped(person, mark)
    return {"ok": True}


_VERBS = {"take": _take, "say": _say, "typing": _typing, "return": _return, "close": _close, "seen": _seen}


@api_view("GET", "POST")
async def wishes(request: HttpRequest) -> HttpResponseBase:
    """When the person is told by e-mail; and, for owners and managers, the words that bring a person in."""
    if request.method == "POST":
        check_not_forged(request)
        cors.refuse_origin(request)
        body = read_json(request, _Wishes)
        person = await in_thread(person_of, request)
        await _scoped(person, rules.change, person, msgspec.structs.asdict(body), now=timezone.now())
    else:
        person = await _asking(request)
    return JsonResponse(await _scoped(person, rules.of, person, now=timezone.now()))


@api_view("GET")
async def stream(request: HttpRequest) -> HttpResponseBase:
    """Follows what happens at the tenant: `changed` with a conversation's id, for the page to read again."""
    person = await _asking(request)
    drain.refuse()
    return streaming_response(streams.of_tenant(person, still=partial(_still, request, person)))


@api_view("GET")
async def run_stream(request: HttpRequest, run_id: str) -> HttpResponseBase:
    """Follows an answer while it is written, as its visitor does."""
    person = await _asking(request)
    if await records.find(tenant_id=person.tenant.pk, run_id=run_id[:40]) is None:
        raise NotFound("There is no such run.")
    return streaming_response(streams.of_run(person.tenant.pk, run_id))


async def _asking(request: HttpRequest) -> Person:
    cors.refuse_origin(request)  # a cookie answers for the person here, so no other page may read it
    return await in_thread(person_of, request)


def _still(request: HttpRequest, person: Person) -> bool:
    """Whether the session is still of that person, with that role. Sync."""
    try:
        now = person_of(request)
    except Exception:  # whatever it is, the page asks again and is told
        return False
    return (now.tenant.pk, now.user.pk, now.role) == (person.tenant.pk, person.user.pk, person.role)


async def _scoped(asking: Person, function: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
    return await in_tenant(asking.tenant.pk, function, *args, **kwargs)


async def _do(service: Callable[..., T], person: Person, conversation_id: str, **kwargs: Any) -> T:
    return await _scoped(
        person,
        service,
        conversation_id=conversation_id,
        user=str(person.user.pk),
        actor=person.actor,
        now=timezone.now(),
        **kwargs,
    )


def _first_name(person: Person) -> str:
    """What visitors read; never an e-mail address."""
    return person.user.get_short_name() or "A colleague"


def _number(request: HttpRequest, field: str) -> int:
    text = request.GET.get(field, "0")
    if not text.isdecimal():
        raise InvalidInput("Expected a number of 0 or more.", field=field)
    return int(text[:9])
