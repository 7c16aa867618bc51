"""The inbox's list: what is where, found by what, page by page, in how many queries."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.business import contacts
from apps.common.errors import InvalidInput
from apps.conversations import attention, calls, turns
from apps.conversations.models import Conversation
from apps.inbox import lists, reading, seats
from apps.inbox.lists import Filters
from apps.tenants.models import Membership, Tenant
from apps.tenants.scope import tenant_scope
from apps.tenants.sessions import Person
from tests.conftest import make_member

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)


@pytest.fixture
def alice(clinic: Tenant) -> Person:
    user = make_member("alice@riverside.example", clinic)
    with tenant_scope(clinic.pk):
        membership = Membership.objects.get(user=user)
    return Person(clinic, user, membership.role, membership.pk)


def chat(*, words: str = "hello", ago: int = 0, agent: str = "grace", visitor: str = "vis_x") -> Conversation:
    at = NOW - timedelta(minutes=ago)
    conversation = turns.start(agent=agent, channel="chat", now=at, visitor=visitor)
    turns.add_visitor_turn(conversation=conversation, text=words, message_id="m", run="r", now=at)
    return conversation


def found(person: Person, **filters: Any) -> list[str]:
    return [row["id"] for row in lists.page(person=person, filters=Filters(**filters), now=NOW)["conversations"]]


def test_each_view_shows_its_own(alice: Person) -> None:
    with tenant_scope(alice.tenant.pk):
        plain, waits, mine, hers, done = (chat(ago=ago) for ago in range(5))
        attention.ask(conversation_id=waits.pk, reason="request", now=NOW)
        for conversation, user in ((mine, str(alice.user.pk)), (hers, "99"), (done, "99")):
            attention.take(conversation_id=conversation.pk, user=user, name="A", now=NOW, actor="user:1")
        attention.close(conversation_id=done.pk, user="99", now=NOW, actor="user:1")
        assert found(alice) == [plain.pk, waits.pk, mine.pk, hers.pk]
        assert found(alice, view="waiting") == [waits.pk]
        assert found(alice, view="mine") == [mine.pk]
        assert found(alice, view="closed") == [done.pk]
        assert found(alice, view="all") == [plain.pk, waits.pk, mine.pk, hers.pk, done.pk]
        assert lists.counts(user=str(alice.user.pk)) == {"waiting": 1, "mine": 1}


def test_it_is_found_by_words_name_and_number(alice: Person) -> None:
    with tenant_scope(alice.tenant.pk):
        chat(words="something else")
        spoken = chat(words="My umbrella is 50% off_white")
        known = chat(words="hi")
        contact = contacts.create_contact(given_name="Zoë", family_name="Müller", phone="+12125550142")
        turns.identify(conversation_id=known.pk, contact_id=contact.pk, now=NOW)
        call = calls.begin(agent="grace", channel="phone", carrier="twilio", now=NOW, caller="+12125550199")
        assert found(alice, q="UMBRELLA") == [spoken.pk]
        assert found(alice, q="50% off_w") == [spoken.pk]
        assert found(alice, q="zoe muller") == [known.pk]
        assert found(alice, q="(212) 555-0142") == [known.pk]
        assert found(alice, q="555 0199") == [call.conversation_id]
        assert found(alice, q=known.pk) == [known.pk]
        assert found(alice, q="nowhere") == []


def test_filters_are_days_of_the_business(alice: Person) -> None:
    """New York is five hours behind: 2026-11-23 02:00 UTC is the evening of the 22nd there."""
    with tenant_scope(alice.tenant.pk):
        evening = chat(ago=13 * 60, agent="triage")
        today = chat()
        day = NOW.date()
        assert found(alice, since=day) == [today.pk]
        assert found(alice, until=day - timedelta(days=1)) == [evening.pk]
        assert found(alice, agent="triage") == [evening.pk]
        assert found(alice, channel="phone") == []


@pytest.mark.parametrize("given_", [{"view": "x"}, {"channel": "x"}, {"since": "x"}, {"until": "2026-13-01"}])
def test_a_bad_filter_is_named(given_: dict[str, str]) -> None:
    with pytest.raises(InvalidInput) as refused:
        lists.read_filters(given_)
    assert refused.value.field in given_


@pytest.mark.parametrize("before", ["x", "eA==", "MjAyNi0xMS0yMyB4"])
def test_a_bad_cursor_is_named(alice: Person, before: str) -> None:
    with tenant_scope(alice.tenant.pk), pytest.raises(InvalidInput):
        lists.page(person=alice, filters=Filters(), before=before, now=NOW)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 3), max_size=9))
def test_pages_show_each_once_newest_first(alice: Person, minutes: list[int]) -> None:
    """Also those of the same moment."""
    with tenant_scope(alice.tenant.pk), pytest.MonkeyPatch.context() as patch:
        patch.setattr(lists, "PAGE", 2)
        Conversation.objects.all().delete()
        made = [chat(ago=ago) for ago in minutes]
        seen: list[str] = []
        before = ""
        while True:
            page = lists.page(person=alice, filters=Filters(), before=before, now=NOW)
            seen += [row["id"] for row in page["conversations"]]
            if not (before := page["next"] or ""):
                break
    assert seen == [each.pk for each in sorted(made, key=lambda each: (each.last_at, each.pk), reverse=True)]


def test_unread_is_what_came_since(alice: Person) -> None:
    with tenant_scope(alice.tenant.pk):
        old = chat(ago=10)
        seats.seat_of(alice, now=NOW - timedelta(minutes=5))
        new = chat()
        rows = lists.page(person=alice, filters=Filters(), now=NOW)["conversations"]
        assert {row["id"]: row["unread"] for row in rows} == {old.pk: False, new.pk: True}
        seats.mark_seen(alice, new, now=NOW)
        assert not lists.one(person=alice, conversation_id=new.pk).is_new
        later = NOW + timedelta(seconds=1)
        turns.add_visitor_turn(conversation=new, text="more", message_id="m2", run="r2", now=later)
        assert lists.one(person=alice, conversation_id=new.pk).is_new


def test_a_list_takes_the_same_queries_however_long_it_is(alice: Person) -> None:
    with tenant_scope(alice.tenant.pk):
        counts = []
        for _ in range(2):
            for ago in range(15):
                conversation = chat(ago=ago)
                attention.ask(conversation_id=conversation.pk, reason="request", now=NOW)
                calls.begin(agent="grace", channel="phone", carrier="twilio", now=NOW, caller="+12125550199")
            with CaptureQueriesContext(
                connection,
            ) as queries:
                lists.page(person=alice, filters=Filters(q="hello"), now=NOW)
            counts.append(len(queries))
    assert counts == [2, 2]


def test_a_conversation_takes_the_same_queries_however_long_it_is(alice: Person) -> None:
    with tenant_scope(alice.tenant.pk):
        conversation, counts = chat(), []
        for number in range(2):
            for step in range(10):
                call = turns.AskedCall(f"{step}", "n", "{}")
                turns.add_agent_turn(
                    conversation=conversation, text="Hi", run=f"r{number}{step}", agent="grace", agent_version=1,
                    ended="stop", now=NOW, calls=[call],
                )  # fmt: skip
            with CaptureQueriesContext(connection) as queries:
                reading.conversation(person=alice, conversation_id=conversation.pk)
            counts.append(len(queries))
    assert counts == [3, 3]


def test_a_long_conversation_is_read_in_pieces(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "TURNS", 3)
    with tenant_scope(alice.tenant.pk):
        conversation = chat()
        for number in range(6):
            turns.add_person_turn(conversation=conversation, text=str(number), person="Alice", now=NOW)

        def numbers(**where: int) -> tuple[list[int], bool]:
            read = reading.conversation(person=alice, conversation_id=conversation.pk, **where)
            return [turn["number"] for turn in read["turns"]], read["earlier"]

        assert numbers() == ([5, 6, 7], True)
        assert numbers(before=5) == ([2, 3, 4], True)
        assert numbers(before=2) == ([1], False)
        assert numbers(after=5)[0] == [6, 7]
