"""Who may call from a widget: its own visitors, from pages that its owner allows."""

from typing import Any

import httpx2 as httpx
from asgiref.sync import sync_to_async

from apps.agents.models import AgentVersion
from apps.chat import tokens
from apps.plans.models import Subscription
from apps.tenants.models import Tenant, WidgetKey
from apps.tenants.scope import tenant_scope
from tests.conftest import make_tenant
from tests.voice.callers import browser_call, ended

KEY = "wk_demo_healthcare"


def visitor(server: str) -> str:
    """A fresh visitor's token."""
    answer = httpx.post(f"{server}/api/chat/sessions", json={"widget": KEY}).raise_for_status()
    return str(answer.json()["token"])


def ask(server: str, token: str | None, key: str = KEY, **headers: str) -> httpx.Response:
    bearer = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.post(f"{server}/api/voice/tickets", json={"widget": key}, headers=bearer | headers)


def change(model: Any, tenant: Tenant, **fields: Any) -> None:
    """One row after the other: what is remembered of them is forgotten when they are saved."""
    with tenant_scope(tenant.pk):
        for row in model.objects.all():
            for name, value in fields.items():
                setattr(row, name, value)
            row.save()


async def test_a_visitor_calls_the_widgets_agent(server: str, clinic: Tenant) -> None:
    token = await sync_to_async(visitor)(server)
    ticket = (await sync_to_async(ask)(server, token)).json()["ticket"]
    async with browser_call(server, ticket) as caller:
        ready = await caller.until("ready")
        assert ready["agent"]["name"] == "Grace"
        assert ready["limit_s"] is None  # the minute is for who comes without a widget
        await caller.until("transcript", who="agent", final=True)
        await caller.end()
        await caller.until("ended")
    call, _, _ = await ended(clinic)
    assert call.conversation.channel == "browser"
    assert call.conversation.visitor.startswith("vis_")


def test_nobody_else_gets_a_ticket(server: str, clinic: Tenant) -> None:
    rival = make_tenant("rival", "Rival")
    with tenant_scope(rival.pk):
        theirs = WidgetKey.objects.create()
    own = visitor(server)
    foreign = tokens.new_visitor(tenant_id=rival.pk, widget_key=theirs.pk).token()
    for token, key, code in [
        (None, KEY, "bad_token"),
        ("forged", KEY, "bad_token"),
        (foreign, KEY, "bad_token"),
        (own, theirs.key, "bad_token"),
        (own, "wk_nobody", "unknown_widget"),
    ]:
        answer = ask(server, token, key)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, code)


def test_only_from_pages_that_the_owner_allows(server: str, clinic: Tenant) -> None:
    token = visitor(server)
    change(WidgetKey, clinic, allowed_domains=["shop.example"])
    assert ask(server, token, Origin=server).status_code == 200  # the frame
    assert ask(server, token, Origin="https://shop.example").status_code == 200
    refused = ask(server, token, Origin="https://evil.example")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "origin_not_allowed")
    assert "Access-Control-Allow-Origin" not in refused.headers


def test_a_trial_that_is_over_ends_calls_with_the_owners_words(server: str, clinic: Tenant) -> None:
    token = visitor(server)
    change(Subscription, clinic, status="canceled", closing_message="Please come by.")
    refused = ask(server, token)
    assert (refused.status_code, refused.json()["error"]["message"]) == (402, "Please come by.")


def test_an_agent_without_a_voice_is_not_called(server: str, clinic: Tenant) -> None:
    frame = f"{server}/widget/frame/{KEY}"
    assert 'id="call-button"' in httpx.get(frame).text
    token = visitor(server)
    change(AgentVersion, clinic, voice="")
    assert 'id="call-button"' not in httpx.get(frame).text
    refused = ask(server, token)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "calls_not_offered")


def test_a_widget_that_was_switched_off_calls_nobody(server: str, clinic: Tenant) -> None:
    token = visitor(server)
    change(WidgetKey, clinic, is_active=False)
    assert ask(server, token).status_code == 401
