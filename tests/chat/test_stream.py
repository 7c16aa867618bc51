"""A visitor chats: the real product, a real HTTP client, the offline model behind a real socket."""

import uuid

import httpx2 as httpx

from apps.conversations.models import Conversation, Turn
from apps.tenants.models import WidgetKey
from apps.tenants.scope import tenant_scope
from tests.chat.client import Visitor


def test_an_answer_streams_with_gapless_ids_and_one_terminal_event(server: str, widget: WidgetKey) -> None:
    visitor = Visitor(server, widget.key)
    answer = visitor.ask("What are your opening hours?").check()
    assert answer.done["reason"] == "stop"
    assert answer.text
    assert [tool["status"] for tool in answer.named("tool")] == ["started", "done"]
    with tenant_scope(widget.tenant_id):
        turns = list(Turn.objects.filter(conversation_id=answer.run["conversation"]))
        assert [turn.role for turn in turns] == ["visitor", "agent", "agent"]
        assert turns[-1].text
        assert turns[-1].text in answer.text
        assert turns[-1].agent_version == 1


def test_the_same_message_id_joins_the_same_run(server: str, widget: WidgetKey) -> None:
    visitor, message_id = Visitor(server, widget.key), str(uuid.uuid4())
    visitor.ask("hello")
    first = visitor.ask("What are your opening hours?", message_id=message_id).check()
    again = visitor.ask("What are your opening hours?", message_id=message_id).check()
    assert again.events == first.events
    with tenant_scope(widget.tenant_id):
        assert Turn.objects.filter(role="visitor").count() == 2


def test_resume_from_any_position(server: str, widget: WidgetKey) -> None:
    visitor = Visitor(server, widget.key)
    whole = visitor.ask("What are your opening hours?").check()
    for after in range(len(whole.events)):
        rest = visitor.resume(whole.run["run"], after=after)
        assert rest is not None
        assert rest.check(after=after).events == whole.events[after:]
    assert visitor.resume(whole.run["run"], after=len(whole.events)) is None, "204 when all was delivered"


def test_leaving_stops_nothing(server: str, widget: WidgetKey) -> None:
    visitor = Visitor(server, widget.key)
    begun = visitor.ask("What are your opening hours?", stop_after=1)
    whole = visitor.resume(begun.run["run"])
    assert whole is not None
    assert whole.check().done["reason"] == "stop"


def test_a_reload_finds_the_conversation(server: str, widget: WidgetKey) -> None:
    visitor = Visitor(server, widget.key)
    answer = visitor.ask("What are your opening hours?")
    found = visitor.http.get(f"/api/chat/conversations/{visitor.conversation}", headers=visitor.headers()).json()
    assert found["active_run"] is None
    assert [turn["role"] for turn in found["turns"]] == ["user", "agent"]
    assert found["turns"][1]["text"].strip() == answer.text.strip()
    session = httpx.post(f"{server}/api/chat/sessions", json={"widget": widget.key}, headers=visitor.headers()).json()
    assert session["conversation"] == visitor.conversation
    assert session["greeting"]


def test_a_conversation_is_the_visitors_own(server: str, widget: WidgetKey, other_widget: WidgetKey) -> None:
    alice = Visitor(server, widget.key)
    answer = alice.ask("hello")
    for stranger in (Visitor(server, widget.key), Visitor(server, other_widget.key)):
        stranger.ask("hello")
        for address in (f"conversations/{alice.conversation}", f"runs/{answer.run['run']}/stream"):
            assert stranger.http.get(f"/api/chat/{address}", headers=stranger.headers()).status_code == 404
        stop = stranger.http.post(f"/api/chat/runs/{answer.run['run']}/stop", headers=stranger.headers())
        assert stop.status_code == 404
        body = {"message": "hi", "conversation": alice.conversation}
        assert stranger.http.post("/api/chat/stream", json=body, headers=stranger.headers()).status_code == 404
    with tenant_scope(widget.tenant_id):
        assert Conversation.objects.get(pk=alice.conversation).turns.filter(role="visitor").count() == 1
