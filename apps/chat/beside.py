"""What a visitor is told that no run of theirs says: a person's words, and who has the conversation.

The turns are numbered and stored, so the database is the log: a bell says that there is something to read, and who
comes back reads on after the last number they saw. An open page costs a socket and no query.
"""

import asyncio
import datetime as dt
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any

import msgspec
from redis.exceptions import RedisError

from apps.agents.live import NoAgent, live_agent
from apps.chat import conversations, records, runs
from apps.chat.tokens import Visitor
from apps.common import drain, sse
from apps.common.redis import pipe
from apps.conversations import transcript
from apps.conversations.attention import State
from apps.conversations.models import Conversation, Turn
from apps.desk import people
from apps.live.radio import Receiver, radio
from apps.tenants import keys
from apps.tenants.scope import in_tenant

LOOK = 60.0
"""Seconds after which a page of a conversation that a person has, or shall have, is given a look without a bell."""
TYPING = b"typing"
TYPING_EVERY = 3.0
"""Seconds between two words to the visitor that somebody writes."""
HUSHED_WITHIN = 10.0
_HUSH_EVERY = 0.05
_WAITING = 8
_open: set[Receiver] = set()
_encode = msgspec.json.Encoder().encode


def standing(conversation: Conversation) -> dict[str, Any]:
    """`{"state": "agent" | "waiting" | "person", "person", "say", "present"}`.

    `say` is what the visitor reads while they wait; `present` whether somebody is there to come.
    """
    state, person, say, present = conversation.attention or "agent", "", "", False
    if state == State.PERSON:
        wanted = getattr(conversation, "wanted", None)
        person = wanted.person if wanted is not None else ""
    elif state == State.WAITING:
        present = people.somebody_present()
        say = people.LEAVE
        with suppress(NoAgent):
            say = people.words(live_agent(slug=conversation.agent), present=True) if present else say
        if conversation.wanted.phone or conversation.wanted.email:
            say, present = people.NOTED, True
    return {"state": str(state), "person": person, "say": say, "present": present}


def past(visitor: Visitor, conversation_id: str) -> dict[str, Any]:
    """The conversation so far, for a reload, and who has it."""
    told = conversations.turns_of(visitor=visitor, conversation_id=conversation_id)
    conversation = conversations.own(visitor=visitor, conversation_id=conversation_id)
    return {**told, "attention": standing(conversation)}


def turn_of(turn: Turn, names: dict[str, str]) -> dict[str, Any]:
    """A turn as `GET /api/chat/conversations/{id}` gives it."""
    return {
        "id": turn.pk,
        "number": turn.number,
        "role": "agent",
        "text": turn.text,
        "agent": turn.person or names.get(turn.agent, ""),
        "person": bool(turn.person),
        "run": "",
        "created_at": turn.created_at.isoformat(),
    }


def _news(visitor: Visitor, conversation_id: str, after: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    conversation = conversations.own(visitor=visitor, conversation_id=conversation_id)
    told = transcript.beside_runs(conversation=conversation, after=after)
    names = conversations.agent_names() if told else {}
    return standing(conversation), [turn_of(turn, names) for turn in told]


def leave_details(visitor: Visitor, conversation_id: str, given: dict[str, str], now: dt.datetime) -> None:
    """The visitor wants to be called back. Raises NotFound, and Unreachable as `people.leave_details`."""
    conversation = conversations.own(visitor=visitor, conversation_id=conversation_id)
    people.leave_details(conversation=conversation, now=now, **given)


async def check(visitor: Visitor, conversation_id: str) -> None:
    """Raises NotFound unless the conversation is the visitor's."""
    await in_tenant(visitor.tenant_id, conversations.own, visitor=visitor, conversation_id=conversation_id)


async def events(visitor: Visitor, conversation_id: str, *, after: int) -> AsyncGenerator[bytes, None]:
    """The conversation as server-sent events: `state` at first and at each change, `turn`, `typing`."""
    yield sse.KEEP_ALIVE
    prefix = conversation_id.encode() + b":"
    loop = asyncio.get_running_loop()
    # Tuned in before the first look: what happens between the two rings for the next.
    receiver = await radio().tune(keys.conversation_bell(visitor.tenant_id, conversation_id), most=_WAITING)
    _open.add(receiver)
    try:
        known: dict[str, Any] = {}
        while True:
            state, turns = await in_tenant(visitor.tenant_id, _news, visitor, conversation_id, after)
            looked = loop.time()
            told = []
            if state != known:
                known = state
                told.append(sse.event("state", prefix + b"%d" % after, _encode(state)))
            for turn in turns:
                after = turn["number"]
                told.append(sse.event("turn", prefix + b"%d" % after, _encode(turn)))
            if told:
                yield b"".join(told)
            while True:
                word = await receiver.next(within=runs.HEARTBEAT)
                if drain.draining():
                    yield drain.goodbye()
                    return
                if word is None:
                    yield sse.KEEP_ALIVE
                    if known["state"] != "agent" and loop.time() - looked > LOOK:
                        break
                elif word == TYPING:
                    if known["state"] == "person":
                        yield sse.event("typing", prefix + b"%d" % after, _encode({"person": known["person"]}))
                else:
                    break
    finally:
        _open.discard(receiver)
        receiver.close()


def wake() -> None:
    """Gives every open stream of this process a look at the world: a server that leaves says so at once."""
    for receiver in _open:
        receiver.hurry()


async def hush(*, tenant_id: str, conversation_id: str) -> bool:
    """Ends the answer that is under way, for a person has the conversation; whether it has ended in time."""
    deadline = asyncio.get_running_loop().time() + HUSHED_WITHIN
    asked = ""
    while run_id := await records.active(tenant_id=tenant_id, conversation_id=conversation_id):
        if run_id != asked:
            asked = run_id
            await runs.stop(tenant_id=tenant_id, run_id=run_id, reason="handoff")
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(_HUSH_EVERY)
    return True


async def tell_of_typing(*, tenant_id: str, conversation_id: str) -> None:
    """The visitor's pages show that somebody writes."""
    with suppress(RedisError):
        await pipe().call("PUBLISH", keys.conversation_bell(tenant_id, conversation_id), TYPING)
