"""The duty: what is over is judged once, within a minute, whoever dies meanwhile."""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from apps.agents import releases
from apps.agents.registry import verticals
from apps.analysis import analyst, facts, work
from apps.analysis.models import Analysis, Contribution
from apps.conversations import calls, turns
from apps.conversations.models import Channel, Conversation, Purpose, Turn
from apps.plans.models import UsageEntry
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from tests.analysis.conftest import NOW, talk

LATER = NOW + work.IDLE
BOOK = ("I want to book an appointment", "Done: tomorrow at ten.", "Perfect, thank you!", "See you.")


def analyses(tenant: Tenant) -> list[Analysis]:
    with tenant_scope(tenant.pk):
        return list(Analysis.objects.all())


def test_a_chat_is_judged_after_ten_quiet_minutes(clinic: Tenant) -> None:
    conversation = talk(clinic, *BOOK, tools=(("schedule_appointment", "done"),), first_word_ms=120)
    assert work.perform(LATER - timedelta(seconds=1)) == 0
    assert work.perform(LATER) == 1
    [analysis] = analyses(clinic)
    assert (analysis.conversation_id, analysis.status) == (conversation.pk, "done")
    assert (analysis.intent, analysis.sentiment_label) == ("Book an appointment", "positive")
    assert (analysis.answered, analysis.resolved, analysis.handed_over) == (True, True, False)
    assert (analysis.is_simulated, analysis.model) == (True, analyst.LEXICAL)
    assert work.perform(LATER + timedelta(days=1)) == 0, "never twice"
    with tenant_scope(clinic.pk):
        part = Contribution.objects.get()
    assert (part.agent, part.version, part.answers, part.resolved) == ("grace", 1, 2, True)
    assert (part.first_words, part.first_words_ms) == (2, 240)


def test_a_chat_that_is_closed_and_a_call_that_ended_are_judged_at_once(clinic: Tenant) -> None:
    closed = talk(clinic, *BOOK)
    talk(clinic, *BOOK)
    with tenant_scope(clinic.pk):
        Conversation.objects.filter(pk=closed.pk).update(status="closed")
        call = calls.begin(agent="grace", channel=Channel.PHONE, carrier="twilio", now=NOW)
        turns.add_spoken_turn(
            conversation=call.conversation, role=Turn.Role.VISITOR, text="Are you open?", run=call.pk, now=NOW
        )
        assert work._due(NOW + work.IDLE / 2) == [(clinic.pk, closed.pk)]
        calls.end(call_id=call.pk, reason="hung_up", now=NOW)
    assert work.perform(NOW + timedelta(seconds=5)) == 2
    assert {row.conversation_id for row in analyses(clinic)} == {closed.pk, call.conversation_id}


def test_a_conversation_that_goes_on_is_judged_anew_at_its_next_end(clinic: Tenant) -> None:
    conversation = talk(clinic, *BOOK)
    work.perform(LATER)
    with tenant_scope(clinic.pk):
        fresh = Conversation.objects.get(pk=conversation.pk)
        turns.add_visitor_turn(
            conversation=fresh, text="This is terrible, awful, I want a refund", message_id="m9", run="r9", now=LATER
        )
    assert work.perform(LATER + timedelta(minutes=1)) == 0
    assert work.perform(LATER + work.IDLE) == 1
    [analysis] = analyses(clinic)
    assert (analysis.intent, analysis.escalation, analysis.resolved) == ("Complain", True, False)
    with tenant_scope(clinic.pk):
        assert Contribution.objects.count() == 1


def test_tests_and_what_ended_long_ago_are_not_judged(clinic: Tenant) -> None:
    test, old = talk(clinic, *BOOK), talk(clinic, *BOOK, at=NOW - work.HORIZON)
    with tenant_scope(clinic.pk):
        Conversation.objects.filter(pk=test.pk).update(purpose=Purpose.TEST)
    assert old.pk
    assert work.perform(LATER) == 0


def test_an_empty_conversation_has_no_verdict_and_is_not_looked_at_again(clinic: Tenant) -> None:
    talk(clinic)
    assert work.perform(LATER) == 1
    assert [row.status for row in analyses(clinic)] == ["nothing"]
    assert work.perform(LATER) == 0


def test_many_at_once_are_done_in_one_go(clinic: Tenant, other_tenant: Tenant) -> None:
    for tenant in (clinic, other_tenant):
        for _ in range(2 * work.AT_ONCE):
            talk(tenant, "hello", "Hi!")
    assert work.perform(LATER) == 4 * work.AT_ONCE
    assert len(analyses(clinic)) == len(analyses(other_tenant)) == 2 * work.AT_ONCE


def test_what_a_dead_worker_began_is_done_by_the_next_and_the_dead_one_writes_nothing(clinic: Tenant) -> None:
    conversation = talk(clinic, *BOOK)
    with tenant_scope(clinic.pk):
        lost = work.claim(conversation_id=conversation.pk, now=LATER)
        assert lost is not None
        assert work.claim(conversation_id=conversation.pk, now=LATER) is None
        found = facts.of(conversation.pk)
    assert work.perform(LATER + work.LEASE / 2) == 0
    assert work.perform(LATER + work.LEASE * 1.1) == 1
    with tenant_scope(clinic.pk):
        assert not work.finish(analysis=lost, found=found, judged=None, now=LATER)
    assert [row.status for row in analyses(clinic)] == ["done"]


def test_what_is_tried_in_vain_is_given_up_until_it_goes_on(clinic: Tenant) -> None:
    conversation = talk(clinic, *BOOK)
    with tenant_scope(clinic.pk):
        for attempt in range(work.ATTEMPTS):
            assert work.claim(conversation_id=conversation.pk, now=LATER + work.LEASE * 1.1 * attempt)
    much_later = LATER + work.LEASE * 2 * work.ATTEMPTS
    assert work.perform(much_later) == 0
    assert [row.status for row in analyses(clinic)] == ["failed"]
    assert work.perform(much_later) == 0
    with tenant_scope(clinic.pk):
        fresh = Conversation.objects.get(pk=conversation.pk)
        turns.add_visitor_turn(conversation=fresh, text="hello?", message_id="m9", run="r9", now=much_later)
    assert work.perform(much_later + work.IDLE) == 1


def test_handing_over_and_two_versions_are_told_apart(clinic: Tenant) -> None:
    conversation = talk(clinic, "hello", "Hi!", agent="grace", version=1)
    with tenant_scope(clinic.pk):
        releases.install(vertical=verticals()["healthcare"])
        turns.add_agent_turn(
            conversation=conversation, text="Now I am two.", run="r8", agent="grace", agent_version=2, ended="handoff",
            now=NOW,
        )  # fmt: skip
        turns.add_spoken_turn(conversation=conversation, role=Turn.Role.SUPERVISOR, text="Ana here.", run="r9", now=NOW)
    work.perform(LATER)
    [analysis] = analyses(clinic)
    assert (analysis.handed_over, analysis.resolved, analysis.agent_version) == (True, False, 2)
    with tenant_scope(clinic.pk):
        parts = {part.version: part.handed_over for part in Contribution.objects.all()}
    assert parts == {1: False, 2: True}


@pytest.mark.timeout(120)
def test_killed_workers_judge_everything_once(clinic: Tenant) -> None:
    """Two workers at a time that are killed with SIGKILL at random moments, then one that is let finish."""
    for number in range(60):
        talk(clinic, "hello", "Hi!", version=1 + number % 2)
    database = {
        key: str(connection.settings_dict[key]) for key in ("ENGINE", "NAME", "USER", "PASSWORD", "HOST", "PORT")
    }
    process = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("killed_worker.py")), "8", "7", LATER.isoformat()],
        input=json.dumps(database),
        env=os.environ | {"PYTHONPATH": str(settings.BASE_DIR)},
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )
    assert process.returncode == 0, process.stderr
    rows = analyses(clinic)
    assert len(rows) == 60
    assert {row.status for row in rows} == {"done"}
    with tenant_scope(clinic.pk):
        assert Contribution.objects.count() == 60
        assert not UsageEntry.objects.exists()
