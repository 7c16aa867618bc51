"""Versions compared, gone back to, and merged; and the saved questions that stand before publishing."""

import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.agents import content, releases
from apps.agents.admin.forms import DRAFT_SECTIONS
from apps.agents.knowledge import sources
from apps.agents.live import live_agent
from apps.agents.models import OWNERS_FIELDS, AgentVersion, Examination, SavedQuestion
from apps.agents.questions import rounds
from apps.tenants.models import AuditEntry
from apps.tenants.scope import tenant_scope
from tests.admin.conftest import World
from tests.admin.test_agents import form_of, page_url, start_draft, versions

Status = AgentVersion.Status


def address(world: World, name: str, *args: Any) -> str:
    return reverse(f"admin:agents_agent_{name}", args=[world.agent.pk, *args])


def publish(client: Client, world: World, **changes: Any) -> None:
    start_draft(client, world)
    assert client.post(page_url(world), form_of(client, world, **changes, _publish="1")).status_code == 302


@pytest.mark.once
def test_every_field_of_a_version_is_shown_and_edited() -> None:
    assert tuple(part.name for part in content.PARTS) == OWNERS_FIELDS
    edited: list[str] = []
    for _, fields in DRAFT_SECTIONS:
        for field in fields:
            edited += [field] if isinstance(field, str) else field
    assert sorted(edited) == sorted(OWNERS_FIELDS)


def test_the_draft_is_shown_against_what_visitors_meet(owner: Client, mine: World) -> None:
    start_draft(owner, mine)
    assert "Nothing yet: as saved, it equals" in owner.get(page_url(mine)).content.decode()
    values = form_of(owner, mine, greeting="Good day to you!", suggestions="Are you open?\nWhere are you?")
    values["tools"] = ["get_office_hours"]
    owner.post(page_url(mine), values | {"_continue": "1"})
    page = owner.get(page_url(mine)).content.decode()
    assert "as saved: 3 parts" in page
    assert '<ins><span class="cs-hidden">Added: </span>Are you open?</ins>' in page
    assert "Removed: </span>Find next available" in page


def test_any_two_versions_are_compared(owner: Client, mine: World) -> None:
    publish(owner, mine, greeting="Second greeting", voice="cedar")
    publish(owner, mine, greeting="Third greeting")
    page = owner.get(address(mine, "compare"), {"from": "1", "to": "3"}).content.decode()
    assert "From version 1 to version 3" in page
    assert "Cedar" in page
    page = owner.get(address(mine, "compare"), {"from": "2", "to": "3"}).content.decode()
    assert "removed: </span>Second</del>" in page
    assert "Cedar" not in page
    assert "Nothing differs." in owner.get(address(mine, "compare"), {"from": "2", "to": "2"}).content.decode()
    assert "From version 2 to version 3" in owner.get(address(mine, "compare"), {"to": "no"}).content.decode()


def test_going_back_publishes_a_new_version_that_equals_the_old_one(owner: Client, mine: World) -> None:
    publish(owner, mine, greeting="A mistake", human_words="Wait")
    start_draft(owner, mine)
    assert owner.get(address(mine, "roll_back", 1)).status_code == 405
    assert owner.post(address(mine, "roll_back", 1)).status_code == 302
    assert versions(mine) == {1: "retired", 2: "retired", 3: "draft", 4: "published"}
    with tenant_scope(mine.tenant.pk):
        first, fourth = (AgentVersion.objects.get(number=number) for number in (1, 4))
        assert content.values_of(first) == content.values_of(fourth)
        assert live_agent(slug=mine.agent.slug).version == 4
        entry = AuditEntry.objects.get(action="agent.rolled_back")
        assert (entry.details, fourth.author_id) == ({"version": 4, "to": 1}, int(entry.actor.removeprefix("user:")))
    owner.post(page_url(mine), form_of(owner, mine, _publish="1"))
    assert versions(mine) == {1: "retired", 2: "retired", 4: "retired", 5: "published"}, "numbers grow"


def test_going_back_to_what_is_live_or_missing_is_refused(owner: Client, mine: World) -> None:
    for number in (1, 9):
        response = owner.post(address(mine, "roll_back", number), follow=True)
        assert "nothing to go back to" in response.content.decode() or "no version 9" in response.content.decode()
    assert versions(mine) == {1: "published"}


def test_staff_may_compare_and_not_go_back(staff_member: Client, owner: Client, mine: World) -> None:
    publish(owner, mine, greeting="Second")
    assert staff_member.get(address(mine, "compare")).status_code == 200
    assert "Go back" not in staff_member.get(address(mine, "version", 1)).content.decode()
    assert staff_member.post(address(mine, "roll_back", 1)).status_code == 403


def test_what_only_the_other_editor_changed_is_taken_and_both_are_saved(owner: Client, mine: World) -> None:
    start_draft(owner, mine)
    opened = form_of(owner, mine)
    theirs = form_of(owner, mine, greeting="Their greeting", tools=["get_office_hours"], human_on=["request"])
    del theirs["answers_outside_hours"]
    owner.post(page_url(mine), theirs)
    response = owner.post(page_url(mine), opened | {"instructions": "My instructions.", "voice": "cedar"})
    page = response.content.decode()
    assert "Taken from them:" in page
    assert "Both of you changed" not in page
    form = response.context["adminform"].form
    joined = {name: form[name].value() for name in form.fields}
    joined = {name: value for name, value in joined.items() if value not in (None, False, [])}
    assert owner.post(page_url(mine), joined).status_code == 302
    with tenant_scope(mine.tenant.pk):
        draft = AgentVersion.objects.get(status=Status.DRAFT)
    assert (draft.greeting, draft.tools, draft.human_on) == ("Their greeting", ["get_office_hours"], ["request"])
    assert (draft.instructions, draft.voice, draft.answers_outside_hours) == ("My instructions.", "cedar", False)


def test_what_both_changed_is_shown_both_ways_and_saved_as_the_second_decides(owner: Client, mine: World) -> None:
    start_draft(owner, mine)
    opened = form_of(owner, mine)
    owner.post(page_url(mine), form_of(owner, mine, greeting="Their greeting"))
    response = owner.post(page_url(mine), opened | {"greeting": "My greeting", "_publish": "1"})
    page = response.content.decode()
    assert 'removed: </span>Their</del><ins><span class="cs-hidden">added: </span>My</ins> greeting' in page
    assert 'data-theirs="greeting">Their greeting</textarea>' in page
    assert versions(mine)[2] == Status.DRAFT, "nothing is published on the way"
    form = response.context["adminform"].form
    again = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False, [])}
    assert again["greeting"] == "My greeting"
    assert owner.post(page_url(mine), again).status_code == 302
    with tenant_scope(mine.tenant.pk):
        assert AgentVersion.objects.get(status=Status.DRAFT).greeting == "My greeting"


def test_a_forged_base_merges_nothing_unseen(owner: Client, mine: World) -> None:
    start_draft(owner, mine)
    opened = form_of(owner, mine)
    owner.post(page_url(mine), form_of(owner, mine, greeting="Theirs"))
    for base in ("", "[]", "{", '{"greeting": 7}'):
        page = owner.post(page_url(mine), opened | {"greeting": "Mine", "base": base}).content.decode()
        assert "Both of you changed" in page


def test_everything_written_into_a_draft_that_is_gone_is_given_back(owner: Client, mine: World) -> None:
    start_draft(owner, mine)
    opened = form_of(owner, mine, greeting="My greeting", suggestions="One?\nTwo?", human_words="Ana comes.")
    owner.post(address(mine, "discard"))
    page = owner.post(page_url(mine), opened).content.decode()
    for text in ("My greeting", "One?\nTwo?", "Ana comes."):
        assert text in page
    assert "cs-conflict" in page


def save_question(world: World, **expected: Any) -> SavedQuestion:
    with tenant_scope(world.tenant.pk):
        row: SavedQuestion = SavedQuestion.objects.create(agent=world.agent, question="Are you open?", **expected)
        return row


def test_a_question_is_saved_edited_and_asked_from_the_page(owner: Client, mine: World) -> None:
    start_draft(owner, mine)
    values = {"agent": mine.agent.pk, "question": "Are you open?", "says": "open\n\n open ", "never": ""}
    added = owner.post(reverse("admin:agents_savedquestion_add"), values)
    assert (
        added["Location"].endswith(f"/{mine.agent.pk.replace('_', '_5F')}/change/#cs-questions")
        or added.status_code == 302
    )
    with tenant_scope(mine.tenant.pk):
        assert SavedQuestion.objects.get().says == ["open"]
    assert "Are you open?" in owner.get(page_url(mine)).content.decode()
    owner.post(page_url(mine), form_of(owner, mine, greeting="Saved, too", _examine="1"))
    with tenant_scope(mine.tenant.pk):
        assert Examination.objects.get().status == "waiting"
        assert AgentVersion.objects.get(status="draft").greeting == "Saved, too"
    part = owner.get(address(mine, "examination")).content.decode()
    assert "Asking question 1 of 1" in part
    assert "data-again" in part


@pytest.mark.parametrize(
    ("values", "field"),
    [({"question": ""}, "question"), ({"says": ""}, "says"), ({"calls": ["no_such_tool"], "says": ""}, "calls")],
)
def test_a_question_that_asks_for_nothing_is_not_saved(
    owner: Client, mine: World, values: dict[str, Any], field: str
) -> None:
    full = {"agent": mine.agent.pk, "question": "Are you open?", "says": "open"} | values
    response = owner.post(reverse("admin:agents_savedquestion_add"), full)
    assert field in response.context["adminform"].form.errors


def test_a_question_cannot_be_saved_for_another_tenants_agent(owner: Client, mine: World, theirs: World) -> None:
    values = {"agent": theirs.agent.pk, "question": "Are you open?", "says": "open"}
    response = owner.post(reverse("admin:agents_savedquestion_add"), values)
    assert "agent" in response.context["adminform"].form.errors


def test_publishing_past_the_questions_takes_a_word_and_is_on_the_trail(owner: Client, mine: World) -> None:
    save_question(mine, says=["open"])
    start_draft(owner, mine)
    response = owner.post(page_url(mine), form_of(owner, mine, greeting="Typed", _publish="1"))
    page = response.content.decode()
    assert "have not been put to exactly this draft" in page
    assert 'value="Typed"' in page
    assert versions(mine)[2] == Status.DRAFT
    assert owner.post(page_url(mine), form_of(owner, mine, _publish_anyway="1")).status_code == 302
    assert versions(mine)[2] == Status.PUBLISHED
    with tenant_scope(mine.tenant.pk):
        assert AuditEntry.objects.get(action="agent.published").details["anyway"] is True


def test_a_tested_draft_is_published_without_a_word(owner: Client, mine: World) -> None:
    question = save_question(mine, says=["open"])
    draft = start_draft(owner, mine)
    now = timezone.now()
    with tenant_scope(mine.tenant.pk):
        begun = rounds.begin(version=draft, actor="user:1", now=now)
        claimed = rounds.claim(examination_id=begun.pk, now=now)
        assert claimed is not None
        result = {"id": question.pk, "question": "x", "problems": [], "answer": "open", "calls": [], "conversation": ""}
        rounds.record(examination=claimed, result=result, now=now)
    assert "All 1 saved question passed" in owner.get(page_url(mine)).content.decode()
    assert owner.post(page_url(mine), form_of(owner, mine, _publish="1")).status_code == 302
    assert versions(mine)[2] == Status.PUBLISHED


def test_documents_are_chosen_and_a_lost_one_is_named(owner: Client, mine: World) -> None:
    with tenant_scope(mine.tenant.pk):
        source = sources.add(title="Price list", data=b"A cut is $60.", actor="system")
    start_draft(owner, mine)
    assert owner.post(page_url(mine), form_of(owner, mine, sources=[source.pk])).status_code == 302
    assert "Price list" in owner.get(page_url(mine)).content.decode()
    with tenant_scope(mine.tenant.pk):
        source.delete()
    page = owner.post(page_url(mine), form_of(owner, mine, _publish="1")).content.decode()
    assert "A document it answers from is gone." in page


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"suggestions": "a\nb\nc\nd\ne"}, "suggestions"),
        ({"suggestions": "x" * 61}, "suggestions"),
        ({"accent": "red"}, "accent"),
        ({"title": "x" * 61}, "title"),
        ({"sources": ["src_nobody"]}, "sources"),
        ({"outside_words": "x" * 501}, "outside_words"),
    ],
)
def test_odd_looks_and_documents_are_not_saved(owner: Client, mine: World, changes: dict[str, Any], field: str) -> None:
    start_draft(owner, mine)
    response = owner.post(page_url(mine), form_of(owner, mine, **changes))
    assert field in response.context["adminform"].form.errors


@pytest.mark.django_db(transaction=True)
def test_of_two_who_publish_at_once_one_is_live(clinic: Any) -> None:
    from apps.agents.registry import verticals

    with tenant_scope(clinic.pk):
        agent = releases.install(vertical=verticals()["healthcare"])[0]
        draft = releases.draft_of(agent=agent)
        releases.publish(version=draft, actor="system")
        draft = releases.draft_of(agent=agent)
    errors: list[BaseException] = []

    def run(work: Any) -> None:
        try:
            with tenant_scope(clinic.pk):
                work()
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    works = [
        lambda: releases.publish(version=AgentVersion.objects.get(pk=draft.pk), actor="system"),
        lambda: releases.roll_back(agent=agent, to=1, actor="system"),
    ]
    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not errors
    with tenant_scope(clinic.pk):
        rows = list(AgentVersion.objects.filter(agent=agent).values_list("number", "status"))
    assert [status for _, status in rows].count("published") == 1
    assert len({number for number, _ in rows}) == len(rows) == 4
