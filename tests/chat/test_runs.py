"""Runs as the world treats them: stopped, interrupted, asked twice, followed by many, left by their process."""

import json
import socket
import threading
import time
import uuid
from collections.abc import Callable

import httpx2 as httpx

from apps.agents.models import AgentVersion
from apps.common import redis
from apps.conversations.models import Turn
from apps.plans.models import UsageEntry
from apps.tenants import keys
from apps.tenants.models import WidgetKey
from apps.tenants.scope import all_tenants, tenant_scope
from tests.chat.client import Answer, Visitor

HOURS = "What are your opening hours?"


def slow_down(widget: WidgetKey, fault: str = "slow=0.05") -> None:
    with tenant_scope(widget.tenant_id):
        AgentVersion.objects.update(model=f"sandbox+{fault}")


def eventually(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def in_background(visitor: Visitor, text: str) -> tuple[threading.Thread, list[Answer]]:
    answers: list[Answer] = []
    thread = threading.Thread(target=lambda: answers.append(visitor.ask(text)))
    thread.start()
    return thread, answers


def begun(visitor: Visitor) -> str:
    """The id of the run that answers the visitor's only message, once the visitor has heard of it."""
    eventually(lambda: visitor.conversation is not None)
    with all_tenants(reason="a test looks for its one message"):
        return Turn.objects.get(role="visitor").run


def test_tokens_arrive_one_by_one(server: str, widget: WidgetKey) -> None:
    slow_down(widget, "slow=0.1")
    times: list[float] = []
    body = {"message": HOURS, "message_id": str(uuid.uuid4())}
    with httpx.stream(
        "POST", f"{server}/api/chat/stream", json=body, headers={"X-Widget-Key": widget.key}, timeout=30
    ) as response:
        for line in response.iter_lines():
            if '"tok"' in line:
                times.append(time.monotonic())
    assert len(times) > 5
    assert times[-1] - times[0] > 0.05 * len(times), "not delivered in one piece at the end"


def test_stop_ends_the_generation_and_keeps_what_was_said(server: str, widget: WidgetKey) -> None:
    slow_down(widget, "endless+slow=0.02")
    visitor = Visitor(server, widget.key)
    thread, answers = in_background(visitor, "hello")
    run = begun(visitor)
    assert visitor.http.post(f"/api/chat/runs/{run}/stop", headers=visitor.headers()).status_code == 202
    thread.join(10)
    assert answers[0].check().done["reason"] == "stopped"
    with tenant_scope(widget.tenant_id):
        stored = Turn.objects.get(role="agent")
        assert stored.ended == "stopped"
        assert stored.text == answers[0].text
    assert visitor.http.post(f"/api/chat/runs/{run}/stop", headers=visitor.headers()).status_code == 202, (
        "twice is fine"
    )


def test_a_stop_from_another_process_arrives(server: str, widget: WidgetKey) -> None:
    slow_down(widget, "endless+slow=0.02")
    visitor = Visitor(server, widget.key)
    thread, answers = in_background(visitor, "hello")
    run = begun(visitor)
    redis.client().hset(keys.leases()[2], f"{widget.tenant_id}/{run}", "stopped")
    thread.join(10)
    assert answers[0].check().done["reason"] == "stopped"


def test_one_run_at_a_time(server: str, widget: WidgetKey) -> None:
    visitor = Visitor(server, widget.key)
    visitor.ask("hello")
    slow_down(widget)
    thread, answers = in_background(visitor, HOURS)
    with tenant_scope(widget.tenant_id):
        eventually(lambda: Turn.objects.filter(role="visitor").count() == 2)
    body = {"message": "And on Sunday?", "conversation": visitor.conversation}
    refused = visitor.http.post("/api/chat/stream", json=body, headers=visitor.headers())
    assert refused.status_code == 409
    assert refused.json()["error"]["code"] == "run_in_progress"
    assert refused.headers["Retry-After"]
    thread.join(10)
    assert answers[0].check().done["reason"] == "stop"
    assert visitor.ask("And on Sunday?").check().done["reason"] == "stop"


def test_many_viewers_see_the_same(server: str, widget: WidgetKey) -> None:
    slow_down(widget)
    visitor = Visitor(server, widget.key)
    begun = visitor.ask(HOURS, stop_after=2)
    seen: list[Answer | None] = [None] * 5

    def watch(position: int) -> None:
        seen[position] = visitor.resume(begun.run["run"], after=position)

    threads = [threading.Thread(target=watch, args=[position]) for position in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    whole = seen[0]
    assert whole is not None
    for position, answer in enumerate(seen):
        assert answer is not None
        assert answer.check(after=position).events == whole.events[position:]


def test_a_reload_during_an_answer_gets_it_once(server: str, widget: WidgetKey) -> None:
    slow_down(widget)
    visitor = Visitor(server, widget.key)
    begun = visitor.ask(HOURS, stop_after=3)
    found = visitor.http.get(f"/api/chat/conversations/{visitor.conversation}", headers=visitor.headers()).json()
    assert found["active_run"] == {"run": begun.run["run"], "after": 0}
    assert [turn["role"] for turn in found["turns"]] == ["user"], "the run's words come from its stream, once"


def test_a_conversation_counts_once(server: str, widget: WidgetKey) -> None:
    visitor = Visitor(server, widget.key)
    visitor.ask("hello")
    visitor.ask(HOURS)
    with tenant_scope(widget.tenant_id):
        assert UsageEntry.objects.filter(kind="interaction").count() == 1
        assert UsageEntry.objects.filter(kind="output_tokens").count() == 2


def test_fifty_visitors_at_once(server: str, widget: WidgetKey) -> None:
    answers: list[Answer] = []
    threads = [
        threading.Thread(target=lambda: answers.append(Visitor(server, widget.key).ask(HOURS))) for _ in range(50)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(answers) == 50
    assert {answer.check().done["reason"] for answer in answers} == {"stop"}
    assert len({answer.run["conversation"] for answer in answers}) == 50


def test_a_client_that_leaves_before_the_answer_begins_is_still_answered_once(server: str, widget: WidgetKey) -> None:
    """The connection is closed right behind the request: the message is taken in once, whatever is repeated."""
    visitor = Visitor(server, widget.key)
    visitor.ask("hello")
    body = {"message": HOURS, "message_id": str(uuid.uuid4()), "conversation": visitor.conversation}
    content = json.dumps(body).encode()
    host, port = server.removeprefix("http://").split(":")
    head = "".join(f"{name}: {value}\r\n" for name, value in visitor.headers().items())
    for _ in range(3):
        with socket.create_connection((host, int(port))) as hasty:
            hasty.sendall(
                f"POST /api/chat/stream HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n{head}"
                f"Content-Length: {len(content)}\r\n\r\n".encode()
                + content
            )
    answer = visitor.ask(HOURS, message_id=body["message_id"]).check()
    assert answer.done["reason"] == "stop"
    with tenant_scope(widget.tenant_id):
        assert Turn.objects.filter(role="visitor", text=HOURS).count() == 1
        assert len(set(Turn.objects.filter(role="agent").values_list("run", flat=True))) == 2


def test_who_has_read_the_end_may_write_at_once(server: str, widget: WidgetKey) -> None:
    with tenant_scope(widget.tenant_id):
        WidgetKey.objects.update(visitor_messages=1_000)
    visitor = Visitor(server, widget.key)
    for _ in range(20):
        assert visitor.ask("hello").check().done["reason"] == "stop"
