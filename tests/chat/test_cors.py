"""Pages of other origins: what a browser lets them ask and read, and who may show the frame."""

import json
from typing import Any

import httpx2 as httpx
import pytest

from apps.tenants.models import WidgetKey
from apps.tenants.scope import tenant_scope
from tests.chat.client import Visitor

SHOP = "https://shop.example"
KEY = {"X-Widget-Key": "wk_riverside"}
ROUTES = [
    ("sessions", "POST"),
    ("stream", "POST"),
    ("runs/run_x/stream", "GET"),
    ("runs/run_x/stop", "POST"),
    ("conversations/conv_x", "GET"),
]


def configure(widget: WidgetKey, **fields: Any) -> None:
    with tenant_scope(widget.tenant_id):
        WidgetKey.objects.filter(pk=widget.pk).update(**fields)


def ask(server: str, *, origin: str | None, **changes: Any) -> httpx.Response:
    headers = {**KEY, **({"Origin": origin} if origin else {})}
    return httpx.post(f"{server}/api/chat/stream", json={"message": "hello", **changes}, headers=headers, timeout=30)


def varies(response: httpx.Response) -> bool:
    return "origin" in response.headers.get("Vary", "").lower().replace(" ", "").split(",")


@pytest.mark.parametrize(("route", "method"), ROUTES)
def test_a_preflight_is_allowed_to_every_page(server: str, route: str, method: str) -> None:
    asked = {
        "Origin": SHOP,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization,content-type,last-event-id,user-agent,x-widget-key",
    }
    answer = httpx.options(f"{server}/api/chat/{route}", headers=asked)
    assert answer.status_code == 204
    assert answer.content == b""
    assert answer.headers["Access-Control-Allow-Origin"] == SHOP
    assert method in answer.headers["Access-Control-Allow-Methods"].split(", ")
    allowed = answer.headers["Access-Control-Allow-Headers"].lower().split(", ")
    assert set(asked["Access-Control-Request-Headers"].split(",")) <= set(allowed)
    assert int(answer.headers["Access-Control-Max-Age"]) > 600
    assert varies(answer)


@pytest.mark.parametrize(
    ("domains", "with_cookies"),
    [([], None), (["shop.example"], "true"), (["*.example", "https://shop.example"], "true")],
)
def test_the_stream_can_be_read_by_an_allowed_page(
    server: str, widget: WidgetKey, domains: list[str], with_cookies: str | None
) -> None:
    configure(widget, allowed_domains=domains)
    answer = ask(server, origin=SHOP)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    assert answer.headers["Access-Control-Allow-Origin"] == SHOP
    assert answer.headers.get("Access-Control-Allow-Credentials") == with_cookies
    assert {"Retry-After", "X-Request-ID", "x-vercel-ai-ui-message-stream"} <= set(
        answer.headers["Access-Control-Expose-Headers"].split(", ")
    )
    assert varies(answer)
    assert answer.text.count("event: done") == 1


def test_another_page_is_refused_and_cannot_read_why(server: str, widget: WidgetKey) -> None:
    configure(widget, allowed_domains=["shop.example"])
    answer = ask(server, origin="https://evil.example")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "origin_not_allowed")
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert varies(answer)


@pytest.mark.parametrize(
    ("body", "key", "status"), [({}, "wk_riverside", 422), ({"message": "hi"}, "wk_nobody", 401), (None, "wk_x", 400)]
)
def test_errors_can_be_read_by_the_page_that_made_them(
    server: str, widget: WidgetKey, body: Any, key: str, status: int
) -> None:
    content = b"{" if body is None else json.dumps(body).encode()
    headers = {"Origin": SHOP, "X-Widget-Key": key, "Content-Type": "application/json"}
    answer = httpx.post(f"{server}/api/chat/stream", content=content, headers=headers)
    assert answer.status_code == status
    assert answer.headers["Access-Control-Allow-Origin"] == SHOP
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_page_reads_its_conversation_with_the_token_alone(server: str, widget: WidgetKey) -> None:
    visitor = Visitor(server, widget.key)
    run = visitor.ask("hello").run["run"]
    headers = {"Origin": SHOP, "Authorization": f"Bearer {visitor.token}"}
    for route in (f"runs/{run}/stream", f"conversations/{visitor.conversation}", "conversations/conv_none"):
        answer = visitor.http.get(f"/api/chat/{route}", headers=headers)
        assert answer.headers["Access-Control-Allow-Origin"] == SHOP


def test_without_an_origin_nothing_is_promised(server: str, widget: WidgetKey) -> None:
    answer = ask(server, origin=None)
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.lower().startswith("access-control-")]
    assert varies(answer)  # or a cache would hand this answer to a page


@pytest.mark.parametrize("origin", ["https://a b.example", "x" * 300, "https://ä.example"])
def test_an_origin_that_is_none_is_not_repeated(server: str, widget: WidgetKey, origin: str) -> None:
    answer = httpx.options(f"{server}/api/chat/stream", headers={b"Origin": origin.encode()})
    assert answer.status_code == 204
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("origin", ["null", "capacitor://localhost", "file://"])
def test_an_apps_web_view_is_let_in_by_its_switch(server: str, widget: WidgetKey, origin: str) -> None:
    configure(widget, allowed_domains=["shop.example"], in_apps=False)
    assert ask(server, origin=origin).status_code == 403
    other = Visitor(server, widget.key)
    configure(widget, in_apps=True)
    # A fresh key: a server may remember a widget for some seconds.
    configure(widget, key="wk_in_apps")
    other.key = "wk_in_apps"
    answer = other.http.post(
        "/api/chat/stream", json={"message": "hello"}, headers={"X-Widget-Key": other.key, "Origin": origin}
    )
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    evil = {"X-Widget-Key": other.key, "Origin": "https://evil.example"}
    assert other.http.post("/api/chat/stream", json={"message": "hello"}, headers=evil).status_code == 403


@pytest.mark.parametrize(
    ("domains", "in_apps", "ancestors"),
    [
        ([], False, "frame-ancestors *"),
        (["shop.example", "*.shop.example"], False, "frame-ancestors 'self' shop.example *.shop.example"),
        ([], True, None),
        (["shop.example"], True, None),
    ],
)
def test_who_may_show_the_frame(
    server: str, widget: WidgetKey, domains: list[str], in_apps: bool, ancestors: str | None
) -> None:
    configure(widget, allowed_domains=domains, in_apps=in_apps)
    frame = httpx.get(f"{server}/widget/frame/{widget.key}")
    policy = frame.headers["Content-Security-Policy"].split("; ")
    assert [part for part in policy if part.startswith("frame-ancestors")] == ([ancestors] if ancestors else [])
    assert "default-src 'none'" in policy
    assert "X-Frame-Options" not in frame.headers
    parents = '"parentOrigins": ["*"]'
    assert (parents in frame.text) == (in_apps or not domains)
