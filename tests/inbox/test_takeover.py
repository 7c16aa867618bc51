"""A person in the agent's place: at any moment of an answer, two at once, silent, and back again."""

import asyncio
import dataclasses
import re
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings

from apps.agents.live import live_agent
from apps.agents.tools.definition import ToolContext
from apps.conversations import transcript
from apps.conversations.models import Conversation, PersonWanted, Turn
from apps.inbox import leases
from apps.tenants.models import AuditEntry, WidgetKey
from apps.tenants.scope import in_tenant, tenant_scope
from tests.chat.client import Visitor
from tests.chat.test_runs import HOURS, begun, eventually, in_background, slow_down
from tests.inbox.team import Listener, Member


def turns_of(widget: WidgetKey, conversation: str | None) -> list[Turn]:
    with tenant_scope(widget.tenant_id):
        return list(Turn.objects.filter(conversation=conversation).order_by("number"))


def test_words_reach_the_page_and_the_agent_is_silent(alice: Member, visitor: Visitor, widget: WidgetKey) -> None:
    page = Listener(visitor)
    page.stands("agent")
    alice.act("take", visitor.conversation or "")
    assert page.stands("person")["person"] == "Alice"
    alice.say(visitor.conversation or "", "I am Alice. What is it?")
    told = page.wait_for(lambda page: page.named("turn"))[0]
    assert (told["text"], told["agent"], told["person"]) == ("I am Alice. What is it?", "Alice", True)
    answer = visitor.ask(HOURS).check()
    assert [event.name for event in answer.events] == ["run", "done"]
    assert answer.done["reason"] == "handoff"
    assert [turn.role for turn in turns_of(widget, visitor.conversation)][-2:] == ["supervisor", "visitor"]
    past = visitor.http.get(f"/api/chat/conversations/{visitor.conversation}", headers=visitor.headers()).json()
    assert past["attention"]["state"] == "person"
    assert [turn["text"] for turn in past["turns"] if turn["person"]] == ["I am Alice. What is it?"]
    page.close()


def test_a_page_that_comes_back_reads_on(alice: Member, visitor: Visitor) -> None:
    conversation = visitor.conversation or ""
    alice.act("take", conversation)
    first, second = alice.say(conversation, "One."), alice.say(conversation, "Two.")
    page = Listener(visitor, after=first["number"])
    assert [turn["text"] for turn in page.wait_for(lambda page: page.named("turn"))] == ["Two."]
    page.close()
    page = Listener(visitor, after=second["number"])
    page.stands("person")
    alice.act("typing", conversation)
    assert page.wait_for(lambda page: page.named("typing")) == [{"person": "Alice"}]
    assert page.named("turn") == []
    page.close()


def test_handed_back_the_agent_reads_the_note_and_the_visitor_does_not(
    alice: Member, visitor: Visitor, widget: WidgetKey
) -> None:
    conversation = visitor.conversation or ""
    alice.act("take", conversation)
    alice.say(conversation, "Done.")
    alice.act("return", conversation, note="I moved it to Friday.")
    with tenant_scope(widget.tenant_id):
        read = transcript.messages(conversation=Conversation.objects.get(pk=conversation))
    assert read[-1]["role"] == "system"
    assert "I moved it to Friday." in read[-1]["content"]
    assert "Alice" in read[-1]["content"]
    assert visitor.ask(HOURS).check().done["reason"] == "stop"
    past = visitor.http.get(f"/api/chat/conversations/{conversation}", headers=visitor.headers()).text
    assert "Friday" not in past
    actions = ["conversation.taken_over", "conversation.answered", "conversation.handed_back"]
    with tenant_scope(widget.tenant_id):
        assert list(AuditEntry.objects.filter(target=conversation).order_by("at").values_list("action", flat=True)) == (
            actions
        )


def test_one_of_two_gets_it_and_the_other_is_told(alice: Member, dana: Member, visitor: Visitor) -> None:
    conversation = visitor.conversation or ""
    version = dana.get(f"conversations/{conversation}")["version"]
    alice.act("take", conversation, version=version)
    refused = dana.try_to("take", conversation, version=version)
    assert refused.status_code == 409
    assert refused.json()["error"]["code"] == "not_yours"
    assert refused.json()["error"]["message"] == "Alice has this chat."
    assert dana.try_to("say", conversation, text="Me, too", message_id=uuid.uuid4().hex).status_code == 409
    assert dana.try_to("return", conversation).status_code == 409
    assert dana.try_to("close", conversation).status_code == 409
    alice.act("return", conversation)
    stale = dana.try_to("take", conversation, version=version)
    assert (stale.status_code, stale.json()["error"]["code"]) == (409, "conflict")
    assert stale.json()["error"]["version"] > version
    dana.act("take", conversation, version=stale.json()["error"]["version"])


def test_the_same_message_again_is_said_once(alice: Member, visitor: Visitor, widget: WidgetKey) -> None:
    conversation, message_id = visitor.conversation or "", uuid.uuid4().hex
    alice.act("take", conversation)
    assert alice.say(conversation, "Hi.", message_id) == alice.say(conversation, "Hi.", message_id)
    assert [turn.text for turn in turns_of(widget, conversation)].count("Hi.") == 1


@pytest.mark.parametrize("words", range(0, 12, 2))
def test_taken_over_after_any_word_nothing_is_lost_or_doubled(
    server: str, alice: Member, widget: WidgetKey, words: int
) -> None:
    """What the visitor has read of the broken-off answer is what is stored, before what the person writes."""
    slow_down(widget, "endless+slow=0.03")
    visitor = Visitor(server, widget.key)
    thread, seen = in_background(visitor, "hello")
    run = begun(visitor)
    follower = visitor.http.stream("GET", f"/api/chat/runs/{run}/stream", headers=visitor.headers())
    with follower as response:
        read = 0
        for line in response.iter_lines():
            read += '"tok"' in line
            if read >= words:
                break
    taken = alice.act("take", visitor.conversation or "")
    assert taken["silent"]
    alice.say(visitor.conversation or "", "Let me.")
    thread.join(10)
    answer = seen[0].check()
    assert answer.done["reason"] == "handoff"
    stored = turns_of(widget, visitor.conversation)
    assert [turn.role for turn in stored] == ["visitor", "agent", "supervisor"]
    assert stored[1].text == answer.text
    assert stored[1].ended == "handoff"
    assert [turn.number for turn in stored] == [1, 2, 3]


def test_of_two_at_the_same_moment_one_gets_it(alice: Member, dana: Member, visitor: Visitor) -> None:
    conversation = visitor.conversation or ""
    for _ in range(5):
        start = threading.Barrier(2)
        answers: dict[Member, int] = {}

        def take(who: Member, start: threading.Barrier = start, answers: dict[Member, int] = answers) -> None:
            start.wait(5)
            answers[who] = who.try_to("take", conversation).status_code

        threads = [threading.Thread(target=take, args=(who,)) for who in (alice, dana)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert sorted(answers.values()) == [200, 409]
        next(who for who, status in answers.items() if status == 200).act("return", conversation)


@pytest.mark.parametrize("head_start", [0.0, 0.02, 0.05, 0.1, 0.2])
def test_taken_over_while_a_message_comes_in(
    server: str, alice: Member, visitor: Visitor, widget: WidgetKey, head_start: float
) -> None:
    """Whoever is first: what was told of an answer is stored, and no agent speaks after the person."""
    slow_down(widget, "slow=0.02")
    thread, seen = in_background(visitor, HOURS)
    time.sleep(head_start)  # to try different moments; each must end the same
    alice.act("take", visitor.conversation or "")
    alice.say(visitor.conversation or "", "I am here.")
    thread.join(20)
    answer = seen[0].check()
    stored = turns_of(widget, visitor.conversation)
    said = "\n\n".join(
        turn.text for turn in stored if turn.run == answer.run["run"] and turn.role == "agent" and turn.text
    )
    assert said == answer.text
    person = next(turn.number for turn in stored if turn.role == "supervisor")
    assert not [turn for turn in stored if turn.role == "agent" and turn.number > person]
    assert visitor.ask(HOURS).check().text == ""


def test_taken_over_while_a_tool_runs_its_effect_stays_and_nothing_follows(
    server: str, alice: Member, widget: WidgetKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tenant_scope(widget.tenant_id):
        agent = live_agent()
    running: list[str] = []

    def is_taken() -> bool:
        return PersonWanted.objects.exclude(user="").exists()

    async def until_taken(ctx: ToolContext) -> None:
        running.append(ctx.conversation_id)
        while not await in_tenant(ctx.tenant_id, is_taken):  # noqa: ASYNC110  # the database rings no event
            await asyncio.sleep(0.02)

    hours = agent.tools["get_office_hours"]
    monkeypatch.setitem(agent.tools, hours.name, dataclasses.replace(hours, prepare=until_taken))
    visitor = Visitor(server, widget.key)
    thread, seen = in_background(visitor, HOURS)
    eventually(lambda: bool(running))
    alice.act("take", visitor.conversation or "")
    thread.join(10)
    answer = seen[0].check()
    assert [tool["status"] for tool in answer.named("tool")] == ["started", "done"]
    assert (answer.done["reason"], answer.text) == ("handoff", "")


def test_who_is_silent_loses_it_and_the_visitor_is_told(alice: Member, visitor: Visitor, widget: WidgetKey) -> None:
    conversation = visitor.conversation or ""
    page = Listener(visitor)
    alice.act("take", conversation)
    page.stands("person")
    now = datetime.now(UTC)
    assert leases.expire(now + timedelta(seconds=settings.INBOX_LEASE - 30)) == 0
    assert leases.expire(now + timedelta(seconds=settings.INBOX_LEASE + 30)) == 1
    page.stands("agent")
    [told] = page.wait_for(lambda page: page.named("turn"))
    assert re.match(r"Alice had to leave\. I am Grace", told["text"])
    assert not told["person"]
    assert leases.expire(now + timedelta(hours=1)) == 0
    assert alice.try_to("say", conversation, text="Still here", message_id=uuid.uuid4().hex).status_code == 409
    assert visitor.ask(HOURS).check().done["reason"] == "stop"
    page.close()


def test_closed_it_is_out_of_the_way_and_opens_when_the_visitor_writes(alice: Member, visitor: Visitor) -> None:
    conversation = visitor.conversation or ""
    alice.act("take", conversation)
    alice.act("close", conversation)
    assert [row["id"] for row in alice.get("conversations", view="open")["conversations"]] == []
    assert [row["id"] for row in alice.get("conversations", view="closed")["conversations"]] == [conversation]
    assert visitor.ask(HOURS).check().done["reason"] == "stop"
    assert [row["id"] for row in alice.get("conversations", view="open")["conversations"]] == [conversation]
