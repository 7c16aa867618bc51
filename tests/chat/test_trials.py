"""A draft is tried through the real chat: it answers as it is, and nobody is billed, counted or shown for it."""

import time_machine
from django.test import Client

from apps.agents import releases, trials
from apps.agents.models import Agent, AgentVersion
from apps.chat import forgetting
from apps.chat.forgetting import KEPT
from apps.conversations.models import Conversation, Purpose, Turn
from apps.plans.core.catalogue import PLANS
from apps.plans.models import Subscription, UsageEntry
from apps.tenants.models import User, WidgetKey
from apps.tenants.scope import tenant_scope
from tests.chat.client import Visitor
from tests.conftest import PASSWORD, make_member

HOURS = "What are your opening hours?"


def draft(widget: WidgetKey, **changes: object) -> AgentVersion:
    """A draft of the agent who meets every visitor, with these changes."""
    with tenant_scope(widget.tenant_id):
        version = releases.draft_of(agent=Agent.objects.get(is_front=True))
        for name, value in changes.items():
            setattr(version, name, value)
        version.save()
        return version


def test_the_draft_answers_in_its_test_chat_and_the_published_version_everywhere_else(
    server: str, widget: WidgetKey
) -> None:
    version = draft(widget, greeting="Draft here!", tools=[], title="Try me", accent="#aa0000", suggestions=["Open?"])
    key = trials.key_of(version)
    visitor, tester = Visitor(server, widget.key), Visitor(server, key)
    session = tester.http.post("/api/chat/sessions", json={"widget": key}).json()
    assert (session["greeting"], session["suggestions"]) == ("Draft here!", ["Open?"])
    assert session["tenant"] == {"name": "Try me", "accent": "#aa0000"}
    assert not tester.ask(HOURS).check().named("tool"), "the draft may not look them up"
    assert visitor.ask(HOURS).check().named("tool")
    with tenant_scope(widget.tenant_id):
        spoken = dict(Turn.objects.filter(role="agent").values_list("conversation__purpose", "agent_version"))
        assert spoken == {Purpose.TEST: version.number, Purpose.LIVE: 1}


def test_what_is_saved_is_tried_at_once(server: str, widget: WidgetKey) -> None:
    tester = Visitor(server, trials.key_of(draft(widget, tools=[])))
    tester.ask("hello")
    draft(widget, tools=["get_office_hours"])
    assert [call["name"] for call in tester.ask(HOURS).check().named("tool")][:1] == ["get_office_hours"]


def test_a_test_is_on_no_ledger_and_in_no_list(server: str, widget: WidgetKey) -> None:
    with tenant_scope(widget.tenant_id):
        Subscription.objects.update(plan="starter", status="active")
        UsageEntry.objects.all()._raw_delete("default")
    key = trials.key_of(draft(widget))
    tester = Visitor(server, key)
    tester.ask(HOURS).check()
    with tenant_scope(widget.tenant_id):
        assert not UsageEntry.objects.exists()
        conversation = Conversation.objects.get()
        tenant = conversation.tenant
    assert (conversation.purpose, conversation.widget_key) == (Purpose.TEST, "")
    make_member("alice@riverside.example", tenant)
    owner = Client()
    assert owner.login(username="alice@riverside.example", password=PASSWORD)
    listed = owner.get("/admin/conversations/conversation/").content.decode()
    assert conversation.pk.replace("_", "_5F") not in listed
    page = owner.get(
        f"/admin/conversations/conversation/{conversation.pk.replace('_', '_5F')}/change/"
    ).content.decode()
    assert "Test of a version" in page
    assert "opening hours" in page


def test_a_test_is_possible_when_the_interactions_are_used_up(server: str, widget: WidgetKey) -> None:
    with tenant_scope(widget.tenant_id):
        row = Subscription.objects.get()
        limit = PLANS[row.plan].interactions
        UsageEntry.objects.bulk_create(
            UsageEntry(kind="interaction", conversation_id=f"c{n}", at=row.period_started_at) for n in range(limit)
        )
    tester = Visitor(server, trials.key_of(draft(widget)))
    assert tester.http.post("/api/chat/sessions", json={"widget": tester.key}).json()["closed"] is None
    assert tester.ask("hello").check().done["reason"] == "stop"
    refused = Visitor(server, widget.key)
    response = refused.http.post("/api/chat/stream", json={"message": "hello"}, headers=refused.headers())
    assert response.status_code == 402


def test_the_test_chat_is_shown_by_our_own_pages_only(server: str, widget: WidgetKey) -> None:
    tester = Visitor(server, trials.key_of(draft(widget)))
    frame = tester.http.get(f"/widget/frame/{tester.key}")
    assert "frame-ancestors 'self'" in frame.headers["Content-Security-Policy"]
    ticket = {"widget": tester.key}
    token = tester.http.post("/api/chat/sessions", json=ticket).json()["token"]
    call = tester.http.post("/api/voice/tickets", json=ticket, headers={"Authorization": f"Bearer {token}"})
    assert call.json()["error"]["code"] == "calls_not_offered"


def test_keys_are_not_to_be_made_up_and_end(server: str, widget: WidgetKey) -> None:
    key = trials.key_of(draft(widget))
    with time_machine.travel(0, tick=False):
        old = trials.key_of(draft(widget))
    for bad in (f"{key}x", "try_", f"try_{widget.tenant_id}", old):
        tester = Visitor(server, bad)
        response = tester.http.post("/api/chat/stream", json={"message": "hello"}, headers=tester.headers())
        assert response.status_code == 401, bad
        assert tester.http.get(f"/widget/frame/{bad}").status_code == 404


def test_a_discarded_draft_says_so(server: str, widget: WidgetKey) -> None:
    version = draft(widget)
    tester = Visitor(server, trials.key_of(version))
    tester.ask("hello")
    with tenant_scope(widget.tenant_id):
        version.delete()
    body = {"message": "still there?", "conversation": tester.conversation}
    response = tester.http.post("/api/chat/stream", json=body, headers=tester.headers())
    assert response.status_code in (401, 404), "by whether this process remembers the key"
    assert "draft" in response.json()["error"]["message"]


def test_tests_are_forgotten_after_a_week_and_conversations_with_visitors_are_not(
    server: str, widget: WidgetKey, django_user_model: type[User]
) -> None:
    Visitor(server, widget.key).ask("hello")
    Visitor(server, trials.key_of(draft(widget))).ask("hello")
    with tenant_scope(widget.tenant_id):
        last = Conversation.objects.latest("last_at").last_at
        assert forgetting.perform(last + KEPT) == 0
        assert forgetting.perform(last + KEPT * 1.01) == 1
        assert Conversation.objects.get().purpose == Purpose.LIVE
