"""Saved questions are put to a draft by a worker: what passed, what failed, and what outlives a worker."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.agents import model, releases
from apps.agents.models import Agent, AgentVersion, Examination, SavedQuestion
from apps.agents.questions import rounds
from apps.business.models import Contact
from apps.chat import examiner
from apps.common import duties
from apps.conversations.models import Conversation, Purpose, ToolCall
from apps.plans.models import UsageEntry
from apps.tenants.models import AuditEntry, WidgetKey
from apps.tenants.scope import tenant_scope

HOURS = "What are your opening hours?"


@pytest.fixture(autouse=True)
def _worker_ends() -> Iterator[None]:
    yield
    duties.complete(model.close())


@pytest.fixture
def version(widget: WidgetKey) -> AgentVersion:
    with tenant_scope(widget.tenant_id):
        return releases.draft_of(agent=Agent.objects.get(is_front=True))


def save_question(version: AgentVersion, question: str = HOURS, **expected: list[str]) -> SavedQuestion:
    with tenant_scope(version.tenant_id):
        row: SavedQuestion = SavedQuestion.objects.create(agent_id=version.agent_id, question=question, **expected)
        return row


def ask(version: AgentVersion) -> Examination:
    with tenant_scope(version.tenant_id):
        rounds.begin(version=version, actor="user:1", now=timezone.now())
    assert examiner.perform(timezone.now()) == 1
    with tenant_scope(version.tenant_id):
        found: Examination = Examination.objects.latest("created_at")
        return found


def test_what_passed_all_is_tested_until_anything_changes(version: AgentVersion) -> None:
    save_question(version, calls=["get_office_hours"], says=["open"], never=["midnight"])
    examination = ask(version)
    assert (examination.status, examination.failed) == ("done", 0), examination.results
    with tenant_scope(version.tenant_id):
        assert rounds.standing(version).state == "tested"
        assert AuditEntry.objects.get(action="agent.examined").details["passed"] == 1
        version.greeting = "Something else"
        version.save()
        assert rounds.standing(version).state == "untested"
        version.greeting = releases.draft_of(agent=version.agent).agent.versions.get(number=1).greeting
        version.save()
        assert rounds.standing(version).state == "tested", "it is the same content again"
        save_question(version, "Hello", never=["x"])
        assert rounds.standing(version).state == "untested", "the new question was not asked"


def test_what_failed_says_why_and_is_published_only_on_purpose(version: AgentVersion) -> None:
    save_question(version, calls=["get_services"], says=["midnight"], never=["open"])
    examination = ask(version)
    [result] = examination.results
    assert len(result["problems"]) == 3
    assert "expected the calls get_services; got get_office_hours" in result["problems"][0]
    with tenant_scope(version.tenant_id):
        with pytest.raises(releases.NotTested, match="1 of 1"):
            releases.publish(version=version, actor="user:1")
        releases.publish(version=version, actor="user:1", anyway=True)
        details = AuditEntry.objects.get(action="agent.published").details
    assert details == {"version": 2, "anyway": True, "questions": 1, "failed": 1}


def test_questions_that_were_not_asked_hold_up_publishing_too(version: AgentVersion) -> None:
    save_question(version, says=["open"])
    with tenant_scope(version.tenant_id):
        with pytest.raises(releases.NotTested, match="not been put"):
            releases.publish(version=version, actor="user:1")
        rounds.begin(version=version, actor="user:1", now=timezone.now())
        with pytest.raises(releases.NotTested, match="still being asked"):
            releases.publish(version=version, actor="user:1")


def test_what_a_check_writes_is_undone_and_it_is_nobodys_conversation(version: AgentVersion) -> None:
    wish = "I am new. My name is Maria Santos, born 4 May 1985, phone +1 212 555 0188. Please register me."
    save_question(version, wish, calls=["create_new_patient"])
    examination = ask(version)
    with tenant_scope(version.tenant_id):
        calls = ToolCall.objects.filter(name="create_new_patient")
        assert [call.status for call in calls] == ["done"], examination.results
        assert not Contact.objects.exists()
        conversation = Conversation.objects.get()
        assert (conversation.purpose, conversation.contact_id) == (Purpose.CHECK, None)
        assert not UsageEntry.objects.exists()


def test_a_worker_that_died_is_succeeded_by_the_next(version: AgentVersion) -> None:
    save_question(version, "hello", never=["midnight"])
    save_question(version, says=["open"])
    now = timezone.now()
    with tenant_scope(version.tenant_id):
        begun = rounds.begin(version=version, actor="user:1", now=now)
        lost = rounds.claim(examination_id=begun.pk, now=now)
        assert lost is not None
        asked = {"id": "x", "question": "hello", "problems": [], "answer": "Hi", "calls": [], "conversation": ""}
        assert rounds.record(examination=lost, result=asked, now=now)
    assert examiner.perform(now + timedelta(seconds=30)) == 0, "it may still be at it"
    assert examiner.perform(now + rounds.LEASE * 1.1) == 1
    with tenant_scope(version.tenant_id):
        done = Examination.objects.get()
        assert (done.status, len(done.results)) == ("done", 2)
        assert done.results[0]["answer"] == "Hi", "what was asked is not asked again"
        assert not rounds.record(examination=lost, result=asked, now=now), "who comes back writes nothing"


def test_what_ends_each_worker_is_given_up(version: AgentVersion) -> None:
    save_question(version, says=["open"])
    now = timezone.now()
    with tenant_scope(version.tenant_id):
        begun = rounds.begin(version=version, actor="user:1", now=now)
        for attempt in range(rounds.ATTEMPTS):
            assert rounds.claim(examination_id=begun.pk, now=now + rounds.LEASE * 1.1 * attempt)
        assert rounds.claim(examination_id=begun.pk, now=now + rounds.LEASE * 9) is None
        assert rounds.standing(version).state == "untested"


def test_saving_again_while_questions_are_asked_asks_anew(version: AgentVersion) -> None:
    save_question(version, says=["open"])
    with tenant_scope(version.tenant_id):
        first = rounds.begin(version=version, actor="user:1", now=timezone.now())
        assert rounds.begin(version=version, actor="user:1", now=timezone.now()).pk == first.pk
        version.greeting = "Other"
        version.save()
        second = rounds.begin(version=version, actor="user:1", now=timezone.now())
        assert list(Examination.objects.values_list("pk", flat=True)) == [second.pk]


def test_a_model_that_is_away_is_a_failure_and_no_crash(version: AgentVersion) -> None:
    with tenant_scope(version.tenant_id):
        AgentVersion.objects.filter(pk=version.pk).update(model="sandbox+500")
        version.refresh_from_db()
    save_question(version, says=["open"])
    assert ask(version).results[0]["problems"][0] == "model_unavailable"
