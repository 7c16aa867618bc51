"""Transcripts: to be read, never edited, and every word of a model or visitor escaped."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.conversations import turns
from apps.conversations.models import Conversation, ToolCall, Turn
from apps.tenants.scope import tenant_scope
from tests.admin.conftest import World

LIST = "admin:conversations_conversation_changelist"


def transcript(client: Client, world: World) -> str:
    url = reverse("admin:conversations_conversation_change", args=[world.conversation.pk])
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def test_a_transcript_names_agent_and_version_and_shows_the_tools(owner: Client, mine: World) -> None:
    page = transcript(owner, mine)
    assert "Grace <span>version 1</span>" in page
    assert "get_office_hours" in page
    assert "7 ms" in page
    assert "Larkspur hours" in page


def test_words_of_visitors_and_models_are_escaped(owner: Client, mine: World) -> None:
    page = transcript(owner, mine)
    assert "&lt;b&gt;asks&lt;/b&gt;" in page
    assert "<b>asks</b>" not in page
    assert "<i>monday</i>" not in page


def test_arguments_that_are_no_json_are_shown_as_written(owner: Client, mine: World) -> None:
    with tenant_scope(mine.tenant.pk):
        ToolCall.objects.update(arguments='{"day": mond<script>', result={})
    assert "{&quot;day&quot;: mond&lt;script&gt;" in transcript(owner, mine)


def test_nobody_edits_or_deletes_a_transcript(owner: Client, mine: World) -> None:
    for view in ("change", "delete"):
        url = reverse(f"admin:conversations_conversation_{view}", args=[mine.conversation.pk])
        assert owner.post(url, {"post": "yes", "status": "closed"}).status_code == 403
    assert owner.get(reverse("admin:conversations_conversation_add")).status_code == 403
    with tenant_scope(mine.tenant.pk):
        assert Conversation.objects.get().status == Conversation.Status.OPEN


def test_a_long_conversation_shows_its_latest_turns(
    owner: Client, mine: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.conversations.admin._MOST_TURNS", 1)
    page = transcript(owner, mine)
    assert "Larkspur answers" in page
    assert "&lt;b&gt;asks" not in page
    assert "very long" in page


@pytest.mark.parametrize(("query", "found"), [("ASKS", 1), ("doe larkspurc", 1), ("nothing of it", 0), ("?!", 0)])
def test_conversations_are_found_by_words_and_names(owner: Client, mine: World, query: str, found: int) -> None:
    assert owner.get(reverse(LIST), {"q": query}).context["cl"].result_count == found


def test_the_list_names_who_and_how_many_turns(owner: Client, mine: World) -> None:
    row = owner.get(reverse(LIST)).context["cl"].result_list[0]
    assert (row.turns_made, row.last_text) == (2, "Larkspur answers")


def test_a_transcript_has_the_time_of_the_business(owner: Client, mine: World) -> None:
    page = transcript(owner, mine)
    with tenant_scope(mine.tenant.pk):
        turn = Turn.objects.earliest("number")
    assert f"{timezone.localtime(turn.created_at, mine.tenant.zone):%-I:%M}" in page


def test_list_and_transcript_cost_the_same_however_long(
    owner: Client, mine: World, django_assert_num_queries: Any
) -> None:
    url = reverse("admin:conversations_conversation_change", args=[mine.conversation.pk])
    costs = []
    for address in (reverse(LIST), url):
        with CaptureQueriesContext(connection) as captured:
            owner.get(address)
        costs.append(len(captured))
    now = timezone.now()
    with tenant_scope(mine.tenant.pk):
        for number in range(6):
            other = turns.start(agent="grace", channel="phone", now=now + timedelta(seconds=number))
            turns.identify(conversation_id=other.pk, contact_id=mine.contact.pk, now=now)
            turns.add_visitor_turn(
                conversation=mine.conversation, text="more", message_id=f"n{number}", run="r", now=now
            )
    for address, cost in zip((reverse(LIST), url), costs, strict=True):
        with django_assert_num_queries(cost):
            owner.get(address)
