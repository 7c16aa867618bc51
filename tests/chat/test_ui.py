"""The AI SDK's addresses over real HTTP: who is let in, what is refused in words, what a run is told as.

`tests/ui` has the real client; `tests/chat/core/test_ui.py` the mapping.
"""

import json
import uuid
from typing import Any

import httpx2 as httpx
import pytest

from apps.agents.models import AgentVersion
from apps.conversations import transcript
from apps.conversations.models import Conversation, Turn
from apps.tenants.models import WidgetKey
from apps.tenants.scope import tenant_scope
from tests.chat.client import Visitor

HOURS = "What are your opening hours?"
COOKIE = "callsphere_visitor"


class Page:
    """A same-origin page: its browser keeps the cookie and says where a POST comes from."""

    def __init__(self, server: str, key: str) -> None:
        self.http = httpx.Client(base_url=server, timeout=60)
        self.key = key
        self.origin: str | None = server

    def headers(self, **more: str) -> dict[str, str]:
        return {"X-Widget-Key": self.key} | ({"Origin": self.origin} if self.origin else {}) | more

    def ask(self, text: str, *, chat: str = "chat-1", trigger: str = "submit-message", **more: Any) -> httpx.Response:
        message = {"id": uuid.uuid4().hex[:16], "role": "user", "parts": [{"type": "text", "text": text}]}
        body = {"id": chat, "messages": [message], "trigger": trigger} | more
        return self.http.post("/api/chat/ui", json=body, headers=self.headers())

    def resume(self, chat: str = "chat-1", **headers: str) -> httpx.Response:
        get = {name: value for name, value in self.headers().items() if name != "Origin"}
        return self.http.get(f"/api/chat/ui/{chat}/stream", headers=get | headers)

    def stop(self, chat: str = "chat-1") -> httpx.Response:
        return self.http.post(f"/api/chat/ui/{chat}/stop", headers=self.headers())

    def history(self, chat: str = "chat-1") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.http.get(f"/api/chat/ui/{chat}", headers=self.headers()).json()["messages"]
        return found


def chunks(response: httpx.Response) -> list[dict[str, Any]]:
    assert response.status_code == 200, response.text
    lines = [line for line in response.text.split("\n") if line.startswith("data: ")]
    assert lines.pop() == "data: [DONE]"
    return [json.loads(line.removeprefix("data: ")) for line in lines]


def words(response: httpx.Response) -> str:
    return "".join(chunk["delta"] for chunk in chunks(response) if chunk["type"] == "text-delta")


def conversations(widget: WidgetKey) -> list[Conversation]:
    with tenant_scope(widget.tenant_id):
        return list(Conversation.objects.order_by("pk"))


def visitor_turns(widget: WidgetKey) -> list[str]:
    with tenant_scope(widget.tenant_id):
        return list(Turn.objects.filter(role="visitor").order_by("number").values_list("text", flat=True))


@pytest.fixture
def page(server: str, widget: WidgetKey) -> Page:
    return Page(server, widget.key)


def test_the_stream_says_what_it_is(page: Page) -> None:
    response = page.ask(HOURS)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["x-vercel-ai-ui-message-stream"] == "v1"
    assert response.headers["x-accel-buffering"] == "no"
    told = chunks(response)
    assert told[0]["type"] == "start"
    assert told[-1] == {"type": "finish", "finishReason": "stop"}


def test_a_message_sent_again_joins_its_run(page: Page, widget: WidgetKey) -> None:
    message = {"id": "message-1", "role": "user", "parts": [{"type": "text", "text": HOURS}]}
    first = page.ask("", messages=[message])
    assert chunks(page.ask("", messages=[message])) == chunks(first)
    assert chunks(page.ask("", messages=[], message=message)) == chunks(first), "a client that sends one message only"
    assert visitor_turns(widget) == [HOURS]


def test_an_edited_message_and_one_of_another_chat_are_messages_of_their_own(page: Page, widget: WidgetKey) -> None:
    def message(text: str) -> dict[str, Any]:
        return {"id": "1", "role": "user", "parts": [{"type": "text", "text": text}]}

    runs = {
        chunks(page.ask("", messages=[message(HOURS)]))[0]["messageId"],
        chunks(page.ask("", messages=[message("And on Sunday?")], messageId="1"))[0]["messageId"],
        chunks(page.ask("", messages=[message(HOURS)], chat="chat-2"))[0]["messageId"],
    }
    assert len(runs) == 3
    assert [conversation.client_id for conversation in conversations(widget)] == ["chat-1", "chat-2"]


def test_the_last_user_message_counts_whatever_surrounds_it(page: Page, widget: WidgetKey) -> None:
    history = [
        {"id": "1", "role": "user", "parts": [{"type": "text", "text": "Hello"}]},
        {"id": "2", "role": "assistant", "parts": [{"type": "tool-x", "text": None}, {"type": "data-y", "text": [1]}]},
        {"id": "3", "role": "user", "parts": [{"type": "text", "text": HOURS}, {"type": "text", "text": "And fees?"}]},
    ]
    assert page.ask("", messages=history).status_code == 200
    assert visitor_turns(widget) == [f"{HOURS}\nAnd fees?"]


def test_regenerate_answers_the_same_message_anew(page: Page, widget: WidgetKey) -> None:
    first = chunks(page.ask(HOURS))
    second = chunks(page.ask(HOURS, trigger="regenerate-message"))
    assert first[0]["messageId"] != second[0]["messageId"]
    assert visitor_turns(widget) == [HOURS]
    [user, answer] = page.history()
    assert (user["role"], answer["id"]) == ("user", second[0]["messageId"])
    with tenant_scope(widget.tenant_id):
        conversation = Conversation.objects.get()
        said = [m["content"] for m in transcript.messages(conversation=conversation) if m["role"] == "assistant"]
        replaced = Turn.objects.get(ended=Turn.REPLACED)
    assert replaced.run == first[0]["messageId"]
    assert len([text for text in said if text]) == 1, "the model reads one answer"
    assert [part["text"] for part in answer["parts"] if part["type"] == "text"] == [said[-1]]
    assert len([part for part in answer["parts"] if part["type"].startswith("tool-")]) >= 1, "what tools did stays done"
    assert chunks(page.resume()) == second


def test_regenerate_of_what_never_arrived_is_a_first_answer(page: Page, widget: WidgetKey) -> None:
    assert chunks(page.ask(HOURS, trigger="regenerate-message"))[-1]["finishReason"] == "stop"
    assert chunks(page.ask("And on Sunday?", trigger="regenerate-message"))[-1]["finishReason"] == "stop"
    assert visitor_turns(widget) == [HOURS, "And on Sunday?"]


def test_the_key_may_be_in_header_body_or_address(server: str, widget: WidgetKey) -> None:
    body = {"id": "c", "messages": [{"id": "1", "role": "user", "parts": [{"type": "text", "text": HOURS}]}]}
    for address, more in (("/api/chat/ui", {"widget": widget.key}), (f"/api/chat/ui?widget={widget.key}", {})):
        response = httpx.post(f"{server}{address}", json=body | more, timeout=60)
        assert response.status_code == 200
    without = httpx.post(f"{server}/api/chat/ui", json=body)
    assert (without.status_code, without.headers["x-error-code"]) == (401, "unknown_widget")


# The visitor


def test_a_cookie_of_this_page_alone_carries_the_visitor_on(page: Page, widget: WidgetKey, server: str) -> None:
    cookie = page.ask(HOURS).headers["set-cookie"]
    for wanted in ("HttpOnly", "SameSite=Lax", "Path=/api/chat/ui", "Max-Age="):
        assert wanted in cookie
    assert "Secure" not in cookie, "this server talks plain HTTP"
    page.ask("And on Sunday?")
    assert len(conversations(widget)) == 1
    assert words(page.resume())


@pytest.mark.parametrize("origin", ["https://evil.example", "null", None])
def test_a_foreign_page_is_nobody_whatever_cookie_it_brings(
    page: Page, widget: WidgetKey, origin: str | None, server: str
) -> None:
    page.ask(HOURS)
    page.origin = origin
    assert page.stop().status_code == 401
    response = page.ask("And on Sunday?")
    assert "set-cookie" not in response.headers
    assert len({conversation.visitor for conversation in conversations(widget)}) == 2
    if origin:
        assert page.resume(Origin=origin).status_code == 204


def test_a_listed_domain_may_use_the_cookie_and_another_may_not_ask(page: Page, widget: WidgetKey) -> None:
    with tenant_scope(widget.tenant_id):
        WidgetKey.objects.update(allowed_domains=["shop.example"])
    page.ask(HOURS)
    page.origin = "https://shop.example"
    assert page.ask("And on Sunday?").status_code == 200
    assert page.stop().status_code == 202
    assert len(conversations(widget)) == 1
    page.origin = "https://evil.example"
    refused = page.ask("hi")
    assert (refused.status_code, refused.headers["x-error-code"]) == (403, "origin_not_allowed")


def test_a_site_in_front_of_us_has_an_origin_that_we_cannot_know(page: Page, widget: WidgetKey) -> None:
    """A proxy that changes Host: the browser's own word for it is enough."""
    page.origin = "https://clinic.example"
    page.http.headers["Sec-Fetch-Site"] = "same-origin"
    page.ask(HOURS)
    assert page.stop().status_code == 202
    page.http.headers["Sec-Fetch-Site"] = "same-site"
    assert page.stop().status_code == 401


def test_a_token_speaks_for_its_visitor_and_no_cookie_is_made(page: Page, server: str, widget: WidgetKey) -> None:
    session = page.http.post("/api/chat/sessions", json={"widget": widget.key}).json()
    page.http.headers["Authorization"] = f"Bearer {session['token']}"
    page.origin = "https://anywhere.example"
    assert "set-cookie" not in page.ask(HOURS).headers
    assert words(page.resume())
    page.http.headers["Authorization"] = "Bearer forged"
    refused = page.resume()
    assert (refused.status_code, refused.headers["x-error-code"]) == (401, "bad_token")


def test_a_cookie_that_is_not_ours_is_a_new_visitor(page: Page) -> None:
    page.http.cookies.set(COOKIE, "forged", domain="127.0.0.1", path="/api/chat/ui")
    assert page.resume().status_code == 204
    assert page.stop().status_code == 401
    assert page.ask(HOURS).status_code == 200


def test_a_visitor_whose_widget_is_switched_off_is_told(page: Page, widget: WidgetKey) -> None:
    page.ask(HOURS)
    page.key = ""
    assert page.ask("And on Sunday?").status_code == 200
    with tenant_scope(widget.tenant_id):
        WidgetKey.objects.update(is_active=False)
    assert page.ask("And on Monday?").status_code == 401


def test_another_tenants_visitor_finds_nothing(
    server: str, page: Page, widget: WidgetKey, other_widget: WidgetKey
) -> None:
    """chat-ui, chat-ui-messages, chat-ui-resume and chat-ui-stop: the same chat id, cookie or token."""
    page.ask(HOURS)
    bob = Page(server, other_widget.key)
    assert bob.resume().status_code == 204
    assert bob.stop().status_code == 401
    assert bob.history() == []
    mine = words(bob.ask("hello"))
    assert words(bob.resume()) == mine
    assert bob.stop("chat-2").status_code == 404
    with tenant_scope(widget.tenant_id):
        alice = Conversation.objects.get()
    assert bob.resume(alice.pk).status_code == 204
    assert bob.stop(alice.pk).status_code == 404
    assert bob.history(alice.pk) == []

    page.key = other_widget.key  # Alice's cookie at Bob's widget: she is nobody there
    assert page.resume().status_code == 204
    assert page.history() == []
    token = Visitor(server, widget.key)
    token.ask("hello")
    bearer = {"Authorization": f"Bearer {token.token}", "X-Widget-Key": other_widget.key}
    for method, address in (("GET", "chat-1/stream"), ("POST", "chat-1/stop"), ("GET", "chat-1")):
        assert page.http.request(method, f"/api/chat/ui/{address}", headers=bearer).status_code == 401


# Refusals


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"messages": []}, "messages"),
        ({"messages": [{"id": "1", "role": "assistant", "parts": []}]}, "messages"),
        ({"messages": [{"id": "1", "role": "user", "parts": [{"type": "text", "text": "  "}]}]}, "messages"),
        ({"messages": [{"id": "1", "role": "user", "parts": [{"type": "text", "text": "a\0b"}]}]}, "messages"),
        ({"messages": [{"id": "1", "role": "user", "parts": [{"type": "text", "text": "a" * 4001}]}]}, "messages"),
        ({"messages": [{"id": "1", "role": "user", "parts": [{"type": "file", "url": "x"}]}]}, "messages"),
        ({"messages": [{"role": "user", "parts": [{"type": "text", "text": "hi"}]}]}, "messages"),
        ({"messages": {}}, "messages"),
        ({"id": "a b"}, "id"),
        ({"id": ""}, "id"),
        ({"id": "a" * 65}, "id"),
        ({"id": 5}, "id"),
    ],
)
def test_bad_input_is_named(page: Page, widget: WidgetKey, body: dict[str, Any], field: str) -> None:
    page.http.headers["Accept"] = "application/json"
    response = page.ask(HOURS, **body)
    assert response.status_code == 422
    assert response.json()["error"]["code"] == "invalid_input"
    assert response.json()["error"]["field"].startswith(field)
    assert visitor_turns(widget) == []


@pytest.mark.parametrize("chat", ["%00", "a%20b", "%F0%9F%92%A9", "a" * 65])
def test_an_address_of_no_chat_is_an_empty_one(page: Page, chat: str) -> None:
    page.ask(HOURS)
    assert page.resume(chat).status_code == 204
    assert page.stop(chat).status_code == 404


def test_a_refusal_is_a_sentence_for_people_and_json_for_programs(page: Page) -> None:
    page.key = "wk_nobody"
    spoken = page.ask(HOURS)
    assert spoken.status_code == 401
    assert spoken.headers["content-type"] == "text/plain; charset=utf-8"
    assert spoken.text == "There is no widget with this key."
    page.http.headers["Accept"] = "application/json"
    told = page.ask(HOURS)
    assert told.json()["error"]["message"] == spoken.text
    assert told.headers["x-error-code"] == spoken.headers["x-error-code"] == "unknown_widget"


def test_a_chat_that_is_answered_is_busy_and_says_when_to_come_back(page: Page, server: str, widget: WidgetKey) -> None:
    with tenant_scope(widget.tenant_id):
        AgentVersion.objects.update(model="sandbox+endless+slow=0.05")
    body = {"id": "chat-1", "messages": [{"id": "1", "role": "user", "parts": [{"type": "text", "text": HOURS}]}]}
    with page.http.stream("POST", "/api/chat/ui", json=body, headers=page.headers()) as response:
        lines = response.iter_lines()
        next(line for line in lines if "text-delta" in line)
        refused = page.ask("Another")
        assert refused.status_code == 409
        assert refused.headers["retry-after"] == "2"
        again = page.http.stream(
            "POST", "/api/chat/ui", json=body | {"trigger": "regenerate-message"}, headers=page.headers()
        )
        with again as joined:
            start = next(line for line in joined.iter_lines() if '"start"' in line)
        stopped = page.stop()
        assert stopped.status_code == 202
        assert stopped.json()["run"] == json.loads(start.removeprefix("data: "))["messageId"]
        assert list(lines)[-2] == "data: [DONE]"
    assert page.stop().json() == {"run": None}
    assert visitor_turns(widget) == [HOURS]
