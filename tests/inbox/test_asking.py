"""How a conversation comes to wait for a person: on request, by the rules of the agent's version, by closed hours."""

from datetime import UTC, datetime

import pytest

from apps.agents.models import AgentVersion, HumanTrigger
from apps.business.models import WeeklyHours
from apps.conversations import turns
from apps.conversations.models import Conversation, PersonWanted, TeamDesk, ToolCall
from apps.desk import people
from apps.inbox import seats
from apps.plans.models import UsageEntry
from apps.tenants.models import Tenant, WidgetKey
from apps.tenants.scope import tenant_scope
from tests.chat.client import Visitor
from tests.inbox.team import Listener, Member

WISH = "I want to talk to a real person!"
NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
Reason = PersonWanted.Reason


def wanted(widget: WidgetKey) -> PersonWanted | None:
    with tenant_scope(widget.tenant_id):
        return PersonWanted.objects.select_related("conversation").first()


def set_version(widget: WidgetKey, **fields: object) -> None:
    with tenant_scope(widget.tenant_id):
        AgentVersion.objects.update(**fields)


def test_on_request_it_waits_and_the_visitor_hears_that_nobody_is_there(server: str, widget: WidgetKey) -> None:
    visitor = Visitor(server, widget.key)
    answer = visitor.ask(WISH).check()
    assert [tool["name"] for tool in answer.named("tool")][:1] == ["request_human"]
    assert "Nobody of our team is at the desk" in answer.text
    row = wanted(widget)
    assert row is not None
    assert (row.conversation.attention, row.reason) == ("waiting", "request")
    page = Listener(visitor)
    assert not page.stands("waiting")["present"]
    page.close()


def test_who_looks_is_there(server: str, alice: Member, widget: WidgetKey) -> None:
    set_version(widget, human_words="Our nurse comes to you right away.")
    with alice.http.stream("GET", "/api/inbox/stream") as stream:
        lines = stream.iter_lines()
        assert next(line for line in lines if line.startswith("event:")) == "event: ready"
        visitor = Visitor(server, widget.key)
        assert "Our nurse comes to you right away." in visitor.ask(WISH).check().text
        changed = next(line for line in lines if "AttentionChanged" in line)
        assert visitor.conversation is not None
        assert visitor.conversation in changed
    page = Listener(visitor)
    assert page.stands("waiting")["say"] == "Our nurse comes to you right away."
    page.close()


def test_without_the_trigger_nobody_can_be_asked_for(server: str, widget: WidgetKey) -> None:
    set_version(widget, human_on=[])
    answer = Visitor(server, widget.key).ask(WISH).check()
    assert "request_human" not in [tool["name"] for tool in answer.named("tool")]
    assert wanted(widget) is None


@pytest.mark.parametrize("given", [{"phone": "212 555 0188"}, {"email": "maria@example.com"}])
def test_a_visitor_leaves_how_to_be_reached(
    server: str, alice: Member, widget: WidgetKey, given: dict[str, str]
) -> None:
    visitor = Visitor(server, widget.key)
    visitor.ask(WISH)
    address = f"/api/chat/conversations/{visitor.conversation}/callback"
    refused = visitor.http.post(address, json={"phone": "12", "name": "Maria"}, headers=visitor.headers())
    assert (refused.status_code, refused.json()["error"]["field"]) == (422, "phone")
    taken = visitor.http.post(address, json={"name": "Maria", **given}, headers=visitor.headers())
    assert taken.status_code == 201, taken.text
    [row] = alice.get("conversations", view="waiting")["conversations"]
    assert (row["who"], row["call_back"]) == ("Maria", True)
    reach = alice.get(f"conversations/{row['id']}")["reach"]
    assert (reach["phone"], reach["email"]) == ("(212) 555-0188" if "phone" in given else "", given.get("email", ""))


def test_a_sensitive_word_brings_a_person(server: str, widget: WidgetKey) -> None:
    with tenant_scope(widget.tenant_id):
        TeamDesk.objects.create(sensitive_words="lawyer\nmy money back")
    visitor = Visitor(server, widget.key)
    visitor.ask("What is a lawyerlike hat?")
    assert wanted(widget) is None
    visitor.ask("I want my MONEY, back")
    row = wanted(widget)
    assert row is not None
    assert (row.reason, row.about) == ("sensitive", "I want my MONEY, back")


def test_closed_the_agent_says_the_owners_words_and_nothing_else(server: str, widget: WidgetKey) -> None:
    set_version(widget, human_on=[HumanTrigger.OUTSIDE_HOURS], answers_outside_hours=False)
    with tenant_scope(widget.tenant_id):
        TeamDesk.objects.create(closed_words="We open at nine.")
        WeeklyHours.objects.all().delete()
    visitor = Visitor(server, widget.key)
    answer = visitor.ask("hello").check()
    assert [event.name for event in answer.events] == ["run", "message", "done"]
    assert answer.text == "We open at nine."
    assert visitor.ask("hello again").check().text == "We open at nine."
    row = wanted(widget)
    assert row is not None
    assert row.reason == "outside_hours"
    with tenant_scope(widget.tenant_id):
        assert not UsageEntry.objects.exists(), "no agent has answered"


@pytest.fixture
def conversation(clinic: Tenant) -> Conversation:
    with tenant_scope(clinic.pk):
        return turns.start(agent="grace", channel="chat", now=NOW, visitor="vis_x")


def called(conversation: Conversation, name: str, status: str, data: object = None) -> None:
    from types import SimpleNamespace

    with tenant_scope(conversation.tenant_id):
        key = str(ToolCall.objects.count())
        result = {"data": data or {}}
        ToolCall.objects.create(
            conversation=conversation, run="r", key=key, call=key, name=name, arguments="{}", status=status,
            result=result, started_at=datetime.now(UTC),
        )  # fmt: skip
        agent = SimpleNamespace(human_on={"low_confidence", "tool_failures"}, tools={})
        conversation.refresh_from_db()
        people.after_call(conversation=conversation, agent=agent, name=name, status=status, now=NOW)  # type: ignore[arg-type]


def reason(conversation: Conversation) -> str:
    with tenant_scope(conversation.tenant_id):
        row = PersonWanted.objects.filter(conversation=conversation).first()
        return row.reason if row else ""


def test_two_searches_without_a_find(conversation: Conversation) -> None:
    called(conversation, "search_knowledge", "done", {"passages": []})
    called(conversation, "get_office_hours", "done", {"days": [1]})
    assert reason(conversation) == ""
    called(conversation, "search_knowledge", "done", {"passages": []})
    assert reason(conversation) == Reason.LOW_CONFIDENCE


def test_a_find_between_them_counts(conversation: Conversation) -> None:
    for passages in ([], ["Park behind the house."], []):
        called(conversation, "search_knowledge", "done", {"passages": passages})
    assert reason(conversation) == ""


def test_two_tools_that_fail_in_a_row(conversation: Conversation) -> None:
    for status in ("failed", "done", "failed", "refused", "failed"):
        called(conversation, "get_services", status)
    assert reason(conversation) == ""
    called(conversation, "get_office_hours", "failed")
    assert reason(conversation) == Reason.TOOL_FAILURES


def test_somebody_looks_for_as_long_as_they_say_so(clinic: Tenant) -> None:
    from apps.common import redis
    from apps.tenants import keys

    assert not seats.is_looked_at(clinic.pk)
    redis.client().set(keys.inbox_looking(clinic.pk), 1, px=1)
    assert seats.is_looked_at("ten_another") is False
