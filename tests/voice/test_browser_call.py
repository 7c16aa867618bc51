"""A call from the browser, over real sockets: our page's protocol at one end, the stand-in model at the other."""

import httpx2 as httpx
import pytest
from asgiref.sync import sync_to_async

from apps.tenants.models import Tenant
from tests.conftest import make_tenant
from tests.voice.callers import browser_call, ended, ticket_of


async def test_the_agent_greets_answers_and_the_call_is_on_record(server: str, clinic: Tenant) -> None:
    async with browser_call(server, await ticket_of(server, clinic.slug)) as caller:
        ready = await caller.until("ready")
        assert ready["limit_s"] == 60
        greeting = await caller.until("transcript", who="agent", final=True)
        assert caller.heard > 24_000  # half a second of speech
        await caller.type("What are your opening hours?")
        await caller.until("tool", name="get_office_hours", status="done")
        answer = await caller.until("transcript", count=2, who="agent", final=True)
        assert "AM" in answer["text"]
        await caller.end()
        assert (await caller.until("ended"))["reason"] == "caller_left"
    call, turns, tools = await ended(clinic)
    assert (call.ended, call.carrier, call.conversation.channel) == ("caller_left", "browser", "browser")
    assert [turn.role for turn in turns] == ["agent", "visitor", "agent"]
    assert turns[0].text == greeting["text"]
    assert tools == ["get_office_hours"]
    assert call.timings["model_ready"] > 0


async def test_what_is_said_is_understood_and_an_interruption_cuts_the_agent_off(server: str, clinic: Tenant) -> None:
    async with browser_call(server, await ticket_of(server, clinic.slug), patient=True) as caller:
        await caller.until("transcript", who="agent", final=False)
        await caller.say("What are your opening hours?")  # into the greeting, of which nothing was played
        await caller.until("clear")
        await caller.until("transcript", who="visitor", final=True)
        await caller.until("tool", name="get_office_hours", status="done")
        await caller.end()
    _, turns, _ = await ended(clinic)
    said = next(turn for turn in turns if turn.role == "visitor")
    assert said.text == "What are your opening hours?"
    greeting = turns[0]
    assert greeting.unheard
    assert greeting.ended == "interrupted"


async def test_a_ticket_opens_one_call(server: str, clinic: Tenant) -> None:
    ticket = await ticket_of(server, clinic.slug)
    async with browser_call(server, ticket) as caller:
        await caller.until("ready")
        for bad in (ticket, "forged", ""):
            async with browser_call(server, bad) as other:
                assert await other.closed() == 1008
                assert not other.told


async def test_a_call_without_a_sign_up_ends_after_its_minute(
    server: str, clinic: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apps.voice import demos

    monkeypatch.setattr(demos, "SECONDS", 2)
    async with browser_call(server, await ticket_of(server, clinic.slug)) as caller:
        assert (await caller.until("ended"))["reason"] == "limit"
    call, _, _ = await ended(clinic)
    assert call.ended == "limit"


@pytest.mark.parametrize("asked", [{"tenant": "somebody-else"}, {"tenant": ""}, {}])
async def test_only_a_demo_can_be_called_without_a_sign_up(server: str, clinic: Tenant, asked: dict[str, str]) -> None:
    await sync_to_async(make_tenant)("somebody-else", "Somebody Else")
    async with httpx.AsyncClient() as client:
        answer = await client.post(f"{server}/api/voice/tickets", json=asked)
    assert answer.status_code == (404 if asked.get("tenant") else 422)
    assert answer.json()["error"]["field"] == "tenant"
