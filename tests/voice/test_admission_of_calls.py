"""A process that is full, or about to leave, says so: to a page in words it knows, on the phone in spoken ones."""

import time
from itertools import pairwise
from typing import Any

import pytest
from django.db import OperationalError
from redis.exceptions import ConnectionError

from apps.agents.tools import runner
from apps.common import drain
from apps.tenants.models import Tenant
from apps.voice import admission
from tests.voice.callers import QUIET, browser_call, ended, ticket_of
from tests.voice.test_phone_call import CALLER, NUMBER, exchange

__all__ = ["exchange"]


async def test_a_page_is_told_that_all_lines_are_busy(
    server: str, clinic: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = await ticket_of(server, clinic.slug)
    monkeypatch.setattr(admission, "LATE", -1.0)
    async with browser_call(server, ticket) as caller:
        assert (await caller.until("ended"))["reason"] == "busy"
        assert await caller.closed() == 1013
    monkeypatch.undo()
    async with browser_call(server, ticket) as caller:  # the ticket is not used up
        await caller.until("ready")


async def test_a_page_is_told_that_the_process_leaves(server: str, clinic: Tenant) -> None:
    ticket = await ticket_of(server, clinic.slug)
    drain.begin()
    try:
        async with browser_call(server, ticket) as caller:
            assert (await caller.until("ended"))["reason"] == "drain"
            assert await caller.closed() == 1012
    finally:
        drain.end()


async def test_a_phone_call_gets_a_spoken_apology(
    server: str, clinic: Tenant, exchange: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "LATE", -1.0)
    exchange.speed = 20.0  # no media: the carrier itself speaks
    call = exchange.call(
        from_=CALLER, to=NUMBER, url=f"{server}/voice/twilio/incoming", caller=lambda at_ms, heard: QUIET
    )
    assert await call.over() == "completed"
    assert "All our lines are busy" in " ".join(call.said)
    assert call.stream is None


@pytest.mark.parametrize("place", ["apps.voice.answering.mint", "apps.voice.answering.numbers.route"])
async def test_a_phone_call_hears_an_apology_while_a_part_is_away(
    server: str, clinic: Tenant, exchange: Any, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Without Redis there is no ticket for the socket, and without the database nothing at all is known."""

    def away(*_: Any, **__: Any) -> Any:
        raise ConnectionError("Redis is away") if place.endswith("mint") else OperationalError("PostgreSQL is away")

    monkeypatch.setattr(place, away)
    exchange.speed = 20.0
    call = exchange.call(
        from_=CALLER, to=NUMBER, url=f"{server}/voice/twilio/incoming", caller=lambda at_ms, heard: QUIET
    )
    assert await call.over() == "completed"
    assert "technical problem" in " ".join(call.said) or "putting you through" in " ".join(call.said)
    assert call.stream is None


async def test_a_slow_tool_is_waited_for_with_words(
    server: str, clinic: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """End to end: the caller hears what is being done, no sentence twice in a row, and the answer after it."""
    perform = runner._perform

    def slowly(*args: Any) -> Any:
        time.sleep(6.0)  # in the tool's thread
        return perform(*args)

    monkeypatch.setattr(runner, "_perform", slowly)
    async with browser_call(server, await ticket_of(server, clinic.slug)) as caller:
        await caller.until("transcript", who="agent", final=True)
        await caller.type("What are your opening hours?")
        await caller.until("tool", name="get_office_hours", status="started")
        await caller.until("tool", name="get_office_hours", status="done")
        while "AM" not in caller.all("transcript", who="agent", final=True)[-1]["text"]:
            await caller.until(
                "transcript", count=len(caller.all("transcript", who="agent", final=True)) + 1, who="agent", final=True
            )
        await caller.end()
    _, turns, tools = await ended(clinic)
    said = [turn.text for turn in turns if turn.role == "agent"]
    assert "looking up our hours" in said[1]
    assert all(one != other for one, other in pairwise(said))
    assert tools == ["get_office_hours"]
