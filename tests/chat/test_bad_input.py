"""Bad input to each address: the documented error, in the one envelope, before any stream starts."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2 as httpx
import pytest

from apps.agents.models import Agent
from apps.conversations.models import Conversation
from apps.plans.models import Subscription
from apps.tenants.models import WidgetKey
from apps.tenants.scope import tenant_scope
from tests.chat.client import Visitor

KEY = {"X-Widget-Key": "wk_riverside"}


def post(server: str, *, body: Any = None, raw: bytes | None = None, **headers: str) -> httpx.Response:
    content = raw if raw is not None else json.dumps(body).encode()
    headers = {
        "Content-Type": "application/json",
        **KEY,
        **{k.replace("_", "-"): v for k, v in headers.items()},
    }
    return httpx.post(f"{server}/api/chat/stream", content=content, headers=headers, timeout=30)


def error(response: httpx.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    found: dict[str, Any] = response.json()["error"]
    assert set(found) >= {"code", "message", "request_id"}
    assert found["request_id"] == response.headers["X-Request-ID"]
    assert "Traceback" not in response.text
    return found


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b"", 400, "malformed_request"),
        (b"{", 400, "malformed_request"),
        (b"\xff\xfe", 400, "malformed_request"),
        (b"[]", 422, "invalid_input"),
        (b'"hello"', 422, "invalid_input"),
        (b"{}", 422, "invalid_input"),
        (b"null", 422, "invalid_input"),
    ],
)
def test_bodies_that_are_no_request(server: str, widget: WidgetKey, raw: bytes, status: int, code: str) -> None:
    assert error(post(server, raw=raw), status)["code"] == code


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"message": ""}, "message"),
        ({"message": "  \n "}, "message"),
        ({"message": 5}, "message"),
        ({"message": "a\0b"}, "message"),
        ({"message": "x" * 4_001}, "message"),
        ({"messages": []}, "message"),
        ({"messages": [{"role": "assistant", "content": "hi"}]}, "message"),
        ({"messages": [{"role": "user", "content": ""}]}, "messages"),
        ({"messages": "hi"}, "messages"),
        ({"message": "hi", "message_id": "1"}, "message_id"),
        ({"message": "hi", "conversation": 7}, "conversation"),
    ],
)
def test_the_error_names_the_field(server: str, widget: WidgetKey, body: Any, field: str) -> None:
    assert error(post(server, body=body), 422)["field"] == field


def test_a_megabyte_is_not_read(server: str, widget: WidgetKey) -> None:
    assert error(post(server, body={"message": "x" * 1_000_000}), 413)["code"] == "body_too_large"


def test_only_json(server: str, widget: WidgetKey) -> None:
    response = httpx.post(f"{server}/api/chat/stream", data={"message": "hi"}, headers=KEY)
    assert error(response, 415)["code"] == "unsupported_media_type"


def test_wrong_method_and_wrong_address(server: str, widget: WidgetKey) -> None:
    assert error(httpx.get(f"{server}/api/chat/stream"), 405)["code"] == "method_not_allowed"
    assert error(httpx.get(f"{server}/api/chat/nothing"), 404)["code"] == "not_found"


@pytest.mark.parametrize("key", ["", "wk_unknown", "wk_\u0000"])
def test_a_bad_widget_key(server: str, widget: WidgetKey, key: str) -> None:
    response = httpx.post(f"{server}/api/chat/stream", json={"message": "hi", "widget": key})
    assert error(response, 401)["code"] == "unknown_widget"
    assert error(httpx.post(f"{server}/api/chat/sessions", json={"widget": key}), 401)["code"] == "unknown_widget"


def test_an_inactive_widget_key(server: str, widget: WidgetKey) -> None:
    with tenant_scope(widget.tenant_id):
        WidgetKey.objects.update(is_active=False)
    assert error(post(server, body={"message": "hi"}), 401)["code"] == "unknown_widget"


@pytest.mark.parametrize("token", ["nonsense", "a:b:c", "eyJ0Ijoi:1:x"])
def test_a_forged_token(server: str, widget: WidgetKey, token: str) -> None:
    assert error(post(server, body={"message": "hi"}, Authorization=f"Bearer {token}"), 401)["code"] == "bad_token"
    for address in ("runs/run_x/stream", "conversations/conv_x"):
        response = httpx.get(f"{server}/api/chat/{address}", headers={"Authorization": f"Bearer {token}"})
        assert error(response, 401)["code"] == "bad_token"
        assert error(httpx.get(f"{server}/api/chat/{address}"), 401)["code"] == "bad_token"


def test_a_token_of_another_tenant(server: str, widget: WidgetKey, other_widget: WidgetKey) -> None:
    stranger = Visitor(server, other_widget.key)
    stranger.ask("hello")
    response = post(server, body={"message": "hi"}, Authorization=f"Bearer {stranger.token}")
    assert error(response, 401)["code"] == "bad_token"


@pytest.mark.parametrize(
    ("domains", "origin", "allowed"),
    [
        ([], "https://anywhere.example", True),
        (["shop.example"], "https://shop.example", True),
        (["shop.example"], "https://evil.example", False),
        (["shop.example"], "https://shop.example.evil.example", False),
        (["shop.example"], "null", False),
        (["*.shop.example"], "https://www.shop.example", True),
        (["*.shop.example"], "https://shop.example", False),
        (["https://shop.example"], "http://shop.example", False),
        (["localhost:9000"], "http://localhost:9000", True),
        (["localhost:9000"], "http://localhost:9001", False),
    ],
)
def test_origins(server: str, widget: WidgetKey, domains: list[str], origin: str, allowed: bool) -> None:
    with tenant_scope(widget.tenant_id):
        WidgetKey.objects.update(allowed_domains=domains)
    headers = {"Origin": origin}
    response = httpx.post(f"{server}/api/chat/sessions", json={"widget": widget.key}, headers=headers)
    if allowed:
        assert response.status_code == 200
    else:
        assert error(response, 403)["code"] == "origin_not_allowed"
    assert httpx.post(f"{server}/api/chat/sessions", json={"widget": widget.key}).status_code == 200, (
        "no page, no Origin"
    )


def test_our_own_frame_is_always_an_allowed_origin(server: str, widget: WidgetKey) -> None:
    with tenant_scope(widget.tenant_id):
        WidgetKey.objects.update(allowed_domains=["shop.example"])
    response = httpx.post(f"{server}/api/chat/sessions", json={"widget": widget.key}, headers={"Origin": server})
    assert response.status_code == 200
    frame = httpx.get(f"{server}/widget/frame/{widget.key}")
    assert "frame-ancestors 'self' shop.example" in frame.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in frame.headers


def test_an_expired_trial_says_the_owners_words(server: str, widget: WidgetKey) -> None:
    with tenant_scope(widget.tenant_id):
        past = datetime.now(UTC) - timedelta(days=20)
        Subscription.objects.update(
            trial_started_at=past,
            trial_ends_at=past + timedelta(days=14),
            closing_message="Please call 212 555 0100.",
        )
    found = error(post(server, body={"message": "hi"}), 402)
    assert (found["code"], found["message"]) == ("trial_expired", "Please call 212 555 0100.")
    session = httpx.post(f"{server}/api/chat/sessions", json={"widget": widget.key}).json()
    assert session["closed"] == "Please call 212 555 0100."
    with tenant_scope(widget.tenant_id):
        assert not Conversation.objects.exists(), "nothing is stored for a refused message"


def test_a_tenant_without_an_agent(server: str, widget: WidgetKey) -> None:
    with tenant_scope(widget.tenant_id):
        Agent.objects.update(is_active=False)
    assert error(post(server, body={"message": "hi"}), 404)["code"] == "no_agent"


def test_a_refused_message_may_be_sent_again(server: str, widget: WidgetKey) -> None:
    """The idempotency claim of a message that was not taken in is given back."""
    message_id = str(uuid.uuid4())
    visitor = Visitor(server, widget.key)
    visitor.ask("hello")
    with tenant_scope(widget.tenant_id):
        Agent.objects.update(is_active=False)
    body = {"message": "hi", "message_id": message_id, "conversation": visitor.conversation}
    assert visitor.http.post("/api/chat/stream", json=body, headers=visitor.headers()).status_code == 404
    with tenant_scope(widget.tenant_id):
        Agent.objects.update(is_active=True)
    assert visitor.ask("hi", message_id=message_id).check().done["reason"] == "stop"


@pytest.mark.parametrize(
    ("headers", "query", "field"),
    [
        ({"Last-Event-ID": "other:3"}, "", "Last-Event-ID"),
        ({"Last-Event-ID": "nonsense"}, "", "Last-Event-ID"),
        ({}, "?after=-1", "after"),
        ({}, "?after=x", "after"),
    ],
)
def test_bad_positions(server: str, widget: WidgetKey, headers: dict[str, str], query: str, field: str) -> None:
    visitor = Visitor(server, widget.key)
    run = visitor.ask("hello").run["run"]
    response = visitor.http.get(f"/api/chat/runs/{run}/stream{query}", headers={**visitor.headers(), **headers})
    assert error(response, 422)["field"] == field


def test_unknown_runs_and_conversations(server: str, widget: WidgetKey) -> None:
    visitor = Visitor(server, widget.key)
    visitor.ask("hello")
    for method, address in (
        ("GET", "runs/run_x/stream"),
        ("POST", "runs/run_x/stop"),
        ("GET", "conversations/conv_x"),
    ):
        response = visitor.http.request(method, f"/api/chat/{address}", headers=visitor.headers())
        assert error(response, 404)["code"] == "not_found"
