"""Runs whose process is gone, as it would leave them: a log, a lease that nobody renews, and what it had stored."""

import uuid
from collections.abc import Sequence
from typing import Any

import pytest
from redis.exceptions import RedisError

from apps.chat import records, runs
from apps.common import redis
from apps.common.errors import Unavailable
from apps.conversations import turns
from apps.conversations.models import Conversation, ToolCall, Turn
from apps.live import log, writing
from apps.plans import budgets
from apps.tenants import keys
from apps.tenants.models import WidgetKey
from apps.tenants.scope import tenant_scope
from tests.chat.client import Answer, Visitor
from tests.chat.test_runs import HOURS, begun, eventually, in_background, slow_down


class Lost:
    """A run that a process has lost, in the conversation of `visitor`."""

    def __init__(self, visitor: Visitor, widget: WidgetKey, text: str = HOURS) -> None:
        self.visitor, self.widget, self.text = visitor, widget, text
        self.id, self.message_id = runs.new_run_id(), uuid.uuid4().hex
        self.member = f"{widget.tenant_id}/{self.id}"
        self.events: list[tuple[str, Any]] = []
        with tenant_scope(widget.tenant_id):
            self.conversation = Conversation.objects.get(pk=visitor.conversation)
        client = redis.client()
        state = {"conversation": self.conversation.pk, "visitor": self.conversation.visitor, "widget": widget.pk}
        state |= {"message": self.message_id, "over": 0, "takeovers": 0}
        client.hset(keys.run_state(widget.tenant_id, self.id), mapping=state)
        client.set(keys.active_run(widget.tenant_id, self.conversation.pk), self.id)
        client.set(keys.message_run(widget.tenant_id, self.conversation.visitor, self.message_id), self.id)

    def asked(self) -> "Lost":
        with tenant_scope(self.widget.tenant_id):
            turns.add_visitor_turn(
                conversation=self.conversation,
                text=self.text,
                message_id=self.message_id,
                run=self.id,
                now=self.conversation.last_at,
            )
        return self

    def said(self, *events: tuple[str, Any]) -> "Lost":
        first = len(self.events) + 1
        self.events += events
        fields = {n: runs.encode(name, data) for n, (name, data) in enumerate(events)}
        redis.client().xadd(keys.run_log(self.widget.tenant_id, self.id), fields, id=f"{first}-0")
        return self

    def opened(self) -> "Lost":
        opened = {"run": self.id, "conversation": self.conversation.pk, "token": self.visitor.token, "agent": "Grace"}
        return self.said(("run", opened))

    def stored(self, text: str, *, ended: str = "", calls: list[turns.AskedCall] | None = None) -> Turn:
        with (
            tenant_scope(self.widget.tenant_id),
            turns.storing_step(conversation=self.conversation, run=self.id, step=1),
        ):
            return turns.add_agent_turn(
                conversation=self.conversation,
                text=text,
                run=self.id,
                agent="grace",
                agent_version=1,
                ended=ended,
                now=self.conversation.last_at,
                step=1,
                calls=calls or [],
            )

    def abandoned(self) -> "Lost":
        """From now on somebody may take it up."""
        until, owner, _ = keys.leases()
        redis.client().hset(owner, self.member, "proc_lost")
        redis.client().zadd(until, {self.member: 1})
        return self

    def over(self) -> bool:
        return redis.client().zscore(keys.leases()[0], self.member) is None

    def answer(self) -> Answer:
        answer = self.visitor.resume(self.id)
        assert answer is not None
        return answer.check()


def leases_of(widget: WidgetKey) -> list[bytes]:
    """The runs of the tenant that somebody holds."""
    return [
        each for each in redis.client().zrange(keys.leases()[0], 0, -1) if each.startswith(widget.tenant_id.encode())
    ]


@pytest.fixture
def visitor(server: str, widget: WidgetKey) -> Visitor:
    visitor = Visitor(server, widget.key)
    visitor.ask("hello")
    return visitor


def answers(lost: Lost) -> list[Turn]:
    with tenant_scope(lost.widget.tenant_id):
        return list(Turn.objects.filter(run=lost.id, role="agent").order_by("number"))


def test_half_an_answer_is_void_and_told_whole(visitor: Visitor, widget: WidgetKey) -> None:
    whole = visitor.ask(HOURS).text
    lost = Lost(visitor, widget).asked().opened().said(("", {"tok": "We are op"}), ("", {"tok": "en on"})).abandoned()
    answer = lost.answer()
    assert answer.named("reset") == [{"after": 1}]
    assert answer.text == whole
    eventually(lost.over)
    assert visitor.ask("hello").check().done["reason"] == "stop", "the conversation is free again"


def test_a_run_that_nobody_follows_is_finished_too(visitor: Visitor, widget: WidgetKey) -> None:
    lost = Lost(visitor, widget).asked().abandoned()
    eventually(lost.over)
    assert [turn.ended for turn in answers(lost)][-1] == "stop"
    assert lost.answer().events[0].name == "run"


def test_a_stored_answer_is_told_and_not_made_again(visitor: Visitor, widget: WidgetKey) -> None:
    lost = Lost(visitor, widget).asked().opened().said(("", {"tok": "We are cl"}))
    lost.stored("We are closed today.", ended="stop")
    answer = lost.abandoned().answer()
    assert answer.text == "We are closed today."
    assert len(answers(lost)) == 1


def test_a_tool_with_a_result_is_not_run_again_and_one_without_is(visitor: Visitor, widget: WidgetKey) -> None:
    lost = Lost(visitor, widget).asked().opened()
    call = turns.AskedCall("1.0", "get_office_hours", "{}"), turns.AskedCall("1.1", "get_office_hours", "{}")
    lost.stored("", calls=list(call))
    with tenant_scope(widget.tenant_id):
        ToolCall.objects.filter(run=lost.id, call="1.0").update(
            status="done", result={"ok": True, "say": "As I said.", "data": {}}
        )
    shown = {"call": "1.0", "name": "get_office_hours", "status": "started", "label": "", "input": {}}
    answer = lost.said(("tool", shown)).abandoned().answer()
    tools = [(tool["call"], tool["status"]) for tool in answer.named("tool") if tool["call"].startswith("1.")]
    assert tools == [("1.0", "started"), ("1.0", "done"), ("1.1", "started"), ("1.1", "done")]
    assert answer.named("tool")[1]["output"]["say"] == "As I said."
    with tenant_scope(widget.tenant_id):
        assert list(ToolCall.objects.filter(run=lost.id, turn__step=1).values_list("status", flat=True)) == ["done"] * 2
    assert answer.done["reason"] == "stop"


def test_a_run_without_a_stored_message_never_was(visitor: Visitor, widget: WidgetKey) -> None:
    """Its process died before it had taken the message in; the client sends it again."""
    lost = Lost(visitor, widget).abandoned()
    eventually(lost.over)
    assert visitor.resume_status(lost.id) == 404
    answer = visitor.ask(HOURS, message_id=lost.message_id).check()
    assert answer.run["run"] != lost.id
    assert answer.done["reason"] == "stop"


def test_who_outlives_too_many_processes_is_given_up(visitor: Visitor, widget: WidgetKey) -> None:
    lost = Lost(visitor, widget).asked().opened().said(("", {"tok": "We"}))
    redis.client().hset(keys.run_state(widget.tenant_id, lost.id), "takeovers", runs.MOST_TAKEOVERS)
    answer = lost.abandoned().answer()
    assert answer.text == ""
    assert answer.named("error")[0]["code"] == "interrupted"
    assert answer.named("error")[0]["retryable"]
    assert answer.done["reason"] == "error"


def test_a_process_that_only_seemed_lost_writes_nothing_more(server: str, widget: WidgetKey) -> None:
    slow_down(widget, "endless+slow=0.02")
    visitor = Visitor(server, widget.key)
    thread, seen = in_background(visitor, "hello")
    run = begun(visitor)
    key = keys.run_log(widget.tenant_id, run)
    client = redis.client()
    client.hset(keys.leases()[1], f"{widget.tenant_id}/{run}", "proc_heir")
    eventually(lambda: run not in runs._running)
    last = client.xrevrange(key, count=1)
    first, events = int(last[0][0].split(b"-")[0]), list(last[0][1].values())
    done = runs.encode("done", {"reason": "stop", "usage": {}})
    client.xadd(key, {"0": done}, id=f"{first + len(events)}-0")
    thread.join(10)
    assert seen[0].check().done["reason"] == "stop"
    with tenant_scope(widget.tenant_id):
        assert not Turn.objects.filter(run=run, role="agent").exists()


def test_an_end_that_could_not_be_written_is_told_by_the_next(
    visitor: Visitor, widget: WidgetKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = log.append

    async def refuse_the_end(appends: Sequence[log.Append], **options: Any) -> list[Exception | None]:
        if any(event.startswith(b"done") for _, _, events in appends for event in events):
            monkeypatch.setattr(log, "append", real)
            raise RedisError("away")
        return await real(appends)

    monkeypatch.setattr(writing, "PATIENCE", -1.0)
    monkeypatch.setattr(log, "append", refuse_the_end)
    answer = visitor.ask(HOURS).check()
    assert answer.done["reason"] == "stop"
    with tenant_scope(widget.tenant_id):
        stored = Turn.objects.filter(run=answer.run["run"], role="agent").order_by("number")
        assert "".join(turn.text for turn in stored) == answer.text


@pytest.mark.parametrize("answered", [True, False])
def test_a_message_that_redis_did_not_take_can_be_sent_again(
    visitor: Visitor, widget: WidgetKey, monkeypatch: pytest.MonkeyPatch, answered: bool
) -> None:
    """It was admitted, and then its answer was lost, or the next thing could not be asked; nor, for a while, undone."""
    admit, withdraw, message_id = records.admit, records.withdraw, str(uuid.uuid4())
    failures = iter([True, True, False])

    async def admit_and_fail(record: records.Record) -> Any:
        admitted = await admit(record)
        if not answered:
            raise RedisError("away")
        return admitted

    async def reserve(**_: Any) -> Any:
        raise Unavailable("away")

    async def fail_at_first(record: records.Record) -> None:
        if next(failures, False):
            raise RedisError("away")
        await withdraw(record)

    with monkeypatch.context() as redis_is_away:
        redis_is_away.setattr(records, "admit", admit_and_fail)
        redis_is_away.setattr(budgets, "reserve", reserve)
        redis_is_away.setattr(records, "withdraw", fail_at_first)
        with pytest.raises(AssertionError, match="503"):
            visitor.ask(HOURS, message_id=message_id)
    assert visitor.ask(HOURS, message_id=message_id).check().done["reason"] == "stop"
    eventually(lambda: not leases_of(widget))


def test_two_processes_never_store_a_step_twice(visitor: Visitor, widget: WidgetKey) -> None:
    lost = Lost(visitor, widget).asked()
    lost.stored("Mine.")
    with pytest.raises(turns.StepStored):
        lost.stored("Theirs.")
    assert [turn.text for turn in answers(lost)] == ["Mine."]


def test_a_person_takes_over(server: str, widget: WidgetKey) -> None:
    """The third verb: neither the visitor's stop, nor a disconnect."""
    slow_down(widget, "endless+slow=0.02")
    visitor = Visitor(server, widget.key)
    thread, seen = in_background(visitor, "hello")
    run = begun(visitor)
    redis.client().hset(keys.leases()[2], f"{widget.tenant_id}/{run}", "handoff")
    thread.join(10)
    assert seen[0].check().done["reason"] == "handoff"
