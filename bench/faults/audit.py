"""After a fault: collects what the API and the database say of a message, for the judge."""

import asyncio
from typing import Any

from faults.client import Again, Event, Parser, Told, Visitor, request
from faults.cluster import Lane
from faults.plan import Plan, plan_of, surname
from faults.provider import Provider
from faults.verdict import Stored, Verdict, check_replay, check_stored, check_transcript, judge

PATIENCE = 15.0
"""Seconds for a follow-up message and for each question to the API; both workers are up by then."""


async def audit(
    visitor: Visitor, told: Told, *, lane: Lane, provider: Provider, errors: bool, at_rest: bool = True
) -> Verdict:
    """Judges one message, in full.

    Args:
        at_rest: whether the conversation has no later message, so that nothing may be under way.
    """
    plan = plan_of(told.message)
    verdict = judge(told, plan, errors=errors)
    for oddity in provider.oddities.pop(told.message, ()):
        verdict.add("effect", f"the model was {oddity}")
    if not told.run:
        return verdict
    try:
        async with asyncio.timeout(PATIENCE):
            if at_rest:
                check_transcript(told, await _transcript(visitor, told), verdict)
            if told.over and verdict.outcome != "unfinished":
                await _check_log(visitor, told, verdict)
    except (TimeoutError, Again) as error:
        verdict.add("answer", f"the audit got no answer: {error!r}")
    check_stored(plan, await asyncio.to_thread(_stored, lane, told, plan), verdict)
    return verdict


async def _transcript(visitor: Visitor, told: Told) -> dict[str, Any]:
    port = visitor.chance.choice(visitor.ports)
    response = await request(port, "GET", f"/api/chat/conversations/{told.conversation}", headers=visitor.headers())
    try:
        answer = await response.json()
    finally:
        response.close()
    if response.status != 200:
        raise Again(f"{response.status} {answer}")
    return answer


async def _check_log(visitor: Visitor, told: Told, verdict: Verdict) -> None:
    """The finished run: nothing is left after its end, and its replay from any worker is what was streamed."""
    path = f"/api/chat/runs/{told.run}/stream"
    headers = visitor.headers()
    last = {"Last-Event-ID": told.events[-1].id}
    response = await request(visitor.chance.choice(visitor.ports), "GET", path, headers=headers | last)
    response.close()
    if response.status != 204:
        verdict.add("terminal", f"{response.status} instead of 204 after the terminal event")
    response = await request(visitor.chance.choice(visitor.ports), "GET", f"{path}?after=0", headers=headers)
    parser = Parser()
    replayed: list[Event] = []
    try:
        async for piece in response.pieces():
            replayed += parser.feed(piece)
    finally:
        response.close()
    check_replay(told, replayed, verdict)


def _stored(lane: Lane, told: Told, plan: Plan) -> Stored:
    rows = lane.database.rows
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
