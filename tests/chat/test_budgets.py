"""The open widget is an open wallet: what is refused, in which words, and whom it leaves alone."""

import asyncio
import time
import uuid
from contextlib import ExitStack
from typing import Any

import httpx2 as httpx
import pytest
from django.db.models import Sum
from django.test import override_settings

from apps.agents.models import Agent
from apps.common.database import in_thread
from apps.common.redis import client
from apps.plans.core.budget import HOUR
from apps.plans.models import UsageEntry, UsageKind
from apps.tenants import keys
from apps.tenants.models import WidgetKey
from apps.tenants.scope import tenant_scope
from tests.chat.client import Visitor


def limit(widget: WidgetKey, **limits: int) -> None:
    with tenant_scope(widget.tenant_id):
        WidgetKey.objects.filter(pk=widget.pk).update(**limits)


def send(visitor: Visitor, *, address: str = "", **changes: Any) -> httpx.Response:
    headers = visitor.headers() | ({"X-Forwarded-For": address} if address else {})
    body = {"message": "hello", "message_id": str(uuid.uuid4()), **changes}
    return visitor.http.post("/api/chat/stream", json=body, headers=headers)


def refusal(response: httpx.Response) -> dict[str, Any]:
    """The error of a 429, whole as the documentation has it."""
    assert response.status_code == 429, response.text
    error: dict[str, Any] = response.json()["error"]
    assert response.headers["Retry-After"] == str(error["retry_after"])
    assert int(response.headers["Retry-After"]) > 0
    assert error["request_id"] == response.headers["X-Request-ID"]
    assert error["message"].endswith((" seconds.", " second.", " minutes.", " hours."))
    return error


def counted(widget: WidgetKey, measure: str) -> int:
    """What this hour's counter of the widget says, and the last one's: the test may run over the full hour."""
    values = client().hmget(keys.budget(widget.tenant_id, "widget", widget.pk, measure, HOUR), "c", "p")
    return sum(int(value or 0) for value in values)


def test_a_visitor_who_writes_too_fast_waits_and_nobody_else_does(
    server: str, widget: WidgetKey, other_widget: WidgetKey
) -> None:
    limit(widget, visitor_messages=3)
    fast, calm, elsewhere = Visitor(server, widget.key), Visitor(server, widget.key), Visitor(server, other_widget.key)
    for _ in range(3):
        fast.ask("hello").check()
    error = refusal(send(fast, conversation=fast.conversation))
    assert (error["code"], error["limit"]) == ("too_many_messages", "visitor")
    assert refusal(send(fast))["limit"] == "visitor"  # a new conversation is no way around it
    calm.ask("hello").check()
    elsewhere.ask("hello").check()
    turns = fast.http.get(f"/api/chat/conversations/{fast.conversation}", headers=fast.headers()).json()["turns"]
    assert len([turn for turn in turns if turn["role"] == "user"]) == 3  # what was refused is not in the transcript


async def test_a_hundred_at_once_are_let_in_up_to_the_limit(server: str, widget: WidgetKey) -> None:
    await in_thread(limit, widget, visitor_messages=7)
    async with httpx.AsyncClient(base_url=server, timeout=60) as http:
        session = (await http.post("/api/chat/sessions", json={"widget": widget.key})).json()
        headers = {"X-Widget-Key": widget.key, "Authorization": f"Bearer {session['token']}"}
        answers = await asyncio.gather(
            *(http.post("/api/chat/stream", json={"message": "hello"}, headers=headers) for _ in range(100))
        )
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(200), statuses.count(429)) == (7, 93)
    for answer in answers:
        if answer.status_code == 429:
            refusal(answer)
    assert counted(widget, "messages") == 7


def test_an_address_is_counted_over_all_its_visitors(server: str, widget: WidgetKey) -> None:
    limit(widget, address_messages=2)
    with override_settings(TRUSTED_PROXIES=1):
        for _ in range(2):
            assert send(Visitor(server, widget.key), address="203.0.113.7").status_code == 200
        assert refusal(send(Visitor(server, widget.key), address="203.0.113.7"))["limit"] == "address"
        claimed = send(Visitor(server, widget.key), address="198.51.100.1, 203.0.113.7")
        assert refusal(claimed)["limit"] == "address"
        assert send(Visitor(server, widget.key), address="203.0.113.8").status_code == 200


def test_the_whole_chat_has_a_limit(server: str, widget: WidgetKey, other_widget: WidgetKey) -> None:
    limit(widget, widget_messages=3)
    for _ in range(3):
        assert send(Visitor(server, widget.key)).status_code == 200
    assert refusal(send(Visitor(server, widget.key)))["limit"] == "widget"
    assert send(Visitor(server, other_widget.key)).status_code == 200


def test_the_token_alone_does_not_step_around_the_limits(server: str, widget: WidgetKey) -> None:
    limit(widget, visitor_messages=2)
    visitor = Visitor(server, widget.key)
    visitor.ask("hello")
    bearer = {"Authorization": f"Bearer {visitor.token}"}
    statuses = [
        visitor.http.post("/api/chat/stream", json={"message": "hello"}, headers=bearer).status_code for _ in range(3)
    ]
    assert statuses == [200, 429, 429]


def test_the_same_message_again_counts_once(server: str, widget: WidgetKey) -> None:
    limit(widget, visitor_messages=2)
    visitor = Visitor(server, widget.key)
    message_id = str(uuid.uuid4())
    run = visitor.ask("hello", message_id=message_id).run["run"]
    for _ in range(4):
        assert visitor.ask("hello", message_id=message_id).run["run"] == run
    visitor.ask("hello")
    refusal(send(visitor))
    assert visitor.ask("hello", message_id=message_id).run["run"] == run  # also when the limit is reached


def test_a_message_that_was_not_taken_does_not_count(server: str, widget: WidgetKey) -> None:
    limit(widget, visitor_messages=2)
    visitor = Visitor(server, widget.key)
    visitor.ask("hello")
    for _ in range(4):
        assert send(visitor, conversation="conv_00000000000000000000").status_code == 404
    visitor.ask("hello")
    refusal(send(visitor))


def test_what_an_answer_did_not_use_is_given_back(server: str, widget: WidgetKey) -> None:
    visitor = Visitor(server, widget.key)
    for _ in range(3):
        visitor.ask("hello").check()
    with tenant_scope(widget.tenant_id):
        kinds = (UsageKind.INPUT_TOKENS, UsageKind.OUTPUT_TOKENS)
        used = UsageEntry.objects.filter(kind__in=kinds).aggregate(total=Sum("quantity"))["total"]
    deadline = time.monotonic() + 30
    while counted(widget, "tokens") != used and time.monotonic() < deadline:
        time.sleep(0.05)
    assert counted(widget, "tokens") == used > 0
    assert counted(widget, "messages") == 3


@pytest.mark.parametrize("address", ["stream", "ui"])
def test_a_spent_token_budget_is_refused_before_anything_is_generated(
    server: str, widget: WidgetKey, address: str
) -> None:
    limit(widget, widget_tokens=1_000)
    visitor = Visitor(server, widget.key)
    parts = [{"type": "text", "text": "hello"}]
    bodies: dict[str, dict[str, Any]] = {
        "stream": {"message": "hello"},
        "ui": {"id": "chat-1", "messages": [{"id": "m1", "role": "user", "parts": parts}], "trigger": "submit-message"},
    }
    headers = visitor.headers() | {"Accept": "application/json"}
    error = refusal(visitor.http.post(f"/api/chat/{address}", json=bodies[address], headers=headers))
    assert (error["code"], error["limit"], error["retry_after"]) == ("token_budget_spent", "widget", HOUR)
    with tenant_scope(widget.tenant_id):
        assert not UsageEntry.objects.exists()


def test_the_ledger_says_who_used_what(server: str, widget: WidgetKey) -> None:
    visitor = Visitor(server, widget.key)
    visitor.ask("hello").check()
    with tenant_scope(widget.tenant_id):
        rows = UsageEntry.objects.filter(conversation_id=visitor.conversation).values_list("kind", "widget_key")
        assert sorted(rows) == [
            (kind, widget.pk) for kind in ("input_tokens", "interaction", "message", "output_tokens")
        ]
        [(agent, who)] = set(UsageEntry.objects.values_list("agent", "visitor"))
        assert agent == Agent.objects.get(is_front=True).slug
    assert who.startswith("vis_")


def test_an_address_has_so_many_streams_at_once(server: str, widget: WidgetKey) -> None:
    """Those that only listen, too, which no count of messages holds back."""
    visitor = Visitor(server, widget.key)
    visitor.ask("hello").check()
    path, crowd = f"/api/chat/conversations/{visitor.conversation}/stream", "203.0.113.7"

    def listen(address: str) -> Any:
        return visitor.http.stream("GET", path, headers={**visitor.headers(), "X-Forwarded-For": address})

    with override_settings(TRUSTED_PROXIES=1, STREAMS_PER_ADDRESS=2), ExitStack() as leaving:
        streams = [leaving.enter_context(listen(crowd)) for _ in range(2)]
        assert [stream.status_code for stream in streams] == [200, 200]
        with listen(crowd) as third:
            third.read()
            error = third.json()["error"]
        assert (third.status_code, error["code"]) == (429, "too_many_streams")
        assert third.headers["Retry-After"] == str(error["retry_after"])
        assert send(visitor, address=crowd, conversation=visitor.conversation).status_code == 429
        assert visitor.http.get(path.removesuffix("/stream"), headers=visitor.headers()).status_code == 200
        with listen("203.0.113.8") as elsewhere:
            assert elsewhere.status_code == 200
        streams[0].close()
        deadline = time.monotonic() + 20
        while True:  # the server hears of it a moment later
            with listen(crowd) as again:
                if again.status_code == 200:
                    break
            assert time.monotonic() < deadline
            time.sleep(0.02)
    turns = visitor.http.get(path.removesuffix("/stream"), headers=visitor.headers()).json()["turns"]
    assert [turn["role"] for turn in turns] == ["user", "agent"]  # what was refused began nothing
