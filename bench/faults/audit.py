"""After a fault: collects what the API and the database say of a message, for the judge."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from faults.client import Again, Event, Parser, Told, Visitor, request
from faults.database import Database
from faults.plan import Plan, plan_of, surname
from faults.provider import Provider
from faults.verdict import Stored, Verdict, check_replay, check_stored, check_transcript, judge

T = TypeVar("T")
PATIENCE = 15.0
"""Seconds for a follow-up message and for each question to the API; both workers are up by then."""


async def audit(
    visitor: Visitor,
    told: Told,
    *,
    database: Database,
    provider: Provider,
    errors: bool,
    at_rest: bool = True,
    patience: float = 0.0,
) -> Verdict:
    """Judges one message, in full.

    Args:
        at_rest: whether the conversation has no later message, so that nothing may be under way.
        patience: seconds for which a question to the API that has no answer is asked again.
    """
    plan = plan_of(told.message)
    verdict = judge(told, plan, errors=errors)
    for oddity in provider.oddities.pop(told.message, ()):
        verdict.add("effect", f"the model was {oddity}")
    if not told.run:
        return verdict
    try:
        async with asyncio.timeout(max(PATIENCE, patience)):
            if at_rest:
                check_transcript(told, await _asked(_transcript, visitor, told, patience), verdict)
            if told.over and verdict.outcome != "unfinished":
                status, replayed = await _asked(_replay, visitor, told, patience)
                if status != 204:
                    verdict.add("terminal", f"{status} instead of 204 after the terminal event")
                check_replay(told, replayed, verdict)
    except (TimeoutError, Again) as error:
        verdict.add("answer", f"the audit got no answer: {error!r}")
    check_stored(plan, await asyncio.to_thread(_stored, database, told, plan), verdict)
    return verdict


async def _asked(question: Callable[[Visitor, Told], Awaitable[T]], visitor: Visitor, told: Told, patience: float) -> T:
    """Its answer, asked for again while there is none. Raises Again, TimeoutError."""
    clock = asyncio.get_running_loop().time
    until = clock() + patience
    while True:
        try:
            return await question(visitor, told)
        except Again:
            if clock() >= until:
                raise
        await asyncio.sleep(0.5)


async def _transcript(visitor: Visitor, told: Told) -> dict[str, Any]:
    port = visitor.chance.choice(visitor.ports)
    path = f"/api/chat/conversations/{told.conversation}"
    response = await request(port, "GET", path, headers=visitor.headers())
    try:
        answer = await response.json()
    finally:
        response.close()
    if response.status != 200:
        raise Again(f"{response.status} {answer}")
    return answer


async def _replay(visitor: Visitor, told: Told) -> tuple[int, list[Event]]:
    """Of the finished run: the status of what comes after its end, and its replay from any worker."""
    path = f"/api/chat/runs/{told.run}/stream"
    headers, ports = visitor.headers(), visitor.ports
    last = {"Last-Event-ID": told.events[-1].id}
    response = await request(visitor.chance.choice(ports), "GET", path, headers=headers | last)
    response.close()
    status = response.status
    if status >= 500:
        raise Again(f"{status}")
    response = await request(visitor.chance.choice(ports), "GET", f"{path}?after=0", headers=headers)
    parser = Parser()
    replayed: list[Event] = []
    try:
        if response.status >= 500:
            raise Again(f"{response.status}")
        async for piece in response.pieces():
            replayed += parser.feed(piece)
    finally:
        response.close()
    if not replayed or replayed[-1].name != "done":  # a process that leaves, or is killed, cuts it off
        raise Again(f"{response.status}, and no end after {len(replayed)} events of a replay")
    return status, replayed


def _stored(database: Database, told: Told, plan: Plan) -> Stored:
    rows = database.rows
    message_id = told.message_id.replace("-", "")
    [(turns,)] = rows("SELECT count(*) FROM conversations_turn WHERE message_id = ?", [message_id])
    calls = rows(
        "SELECT name FROM conversations_toolcall WHERE run = ? AND status <> 'started' ORDER BY id", [told.run]
    )
    contacts = bookings = 0
    if "create_new_patient" in plan.calls:
        name = [surname(told.message)]
        [(contacts,)] = rows("SELECT count(*) FROM business_contact WHERE family_name = ?", name)
        [(bookings,)] = rows(
            "SELECT count(*) FROM business_booking JOIN business_contact ON business_contact.id = contact_id"
            " WHERE family_name = ?",
            name,
        )
    return Stored(turns, tuple(name for (name,) in calls), contacts, bookings)
