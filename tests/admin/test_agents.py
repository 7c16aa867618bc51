"""Agents: drafts, publishing, two editors at once, and versions that never change."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from apps.agents import releases
from apps.agents.content import stamp
from apps.agents.core.changes import lines as diff
from apps.agents.live import live_agent
from apps.agents.models import Agent, AgentVersion
from apps.tenants.models import AuditEntry
from apps.tenants.scope import tenant_scope
from tests.admin.conftest import World

Status = AgentVersion.Status


def page_url(world: World) -> str:
    return reverse("admin:agents_agent_change", args=[world.agent.pk])


def start_draft(client: Client, world: World) -> AgentVersion:
    assert client.post(reverse("admin:agents_agent_draft", args=[world.agent.pk])).status_code == 302
    with tenant_scope(world.tenant.pk):
        return AgentVersion.objects.get(status=Status.DRAFT)


def form_of(client: Client, world: World, **changes: Any) -> dict[str, Any]:
    """What the browser would send back from the page as it is now."""
    form = client.get(page_url(world)).context["adminform"].form
    values = {name: form.initial.get(name) for name in form.fields}
    values = {name: value for name, value in values.items() if value not in (None, False)}
    return values | changes


def versions(world: World) -> dict[int, str]:
    with tenant_scope(world.tenant.pk):
        return dict(AgentVersion.objects.filter(agent=world.agent).values_list("number", "status"))


def test_without_a_draft_the_published_version_is_shown_and_nothing_of_it_can_be_edited(
    owner: Client, mine: World
) -> None:
    page = owner.get(page_url(mine)).content.decode()
    assert "What visitors meet: version 1" in page
    assert "Start a draft" in page
    assert 'name="instructions"' not in page


def test_a_draft_is_edited_and_published(owner: Client, mine: World) -> None:
    start_draft(owner, mine)
    values = form_of(owner, mine, greeting="Good day!", tools=["get_office_hours"], voice="cedar")
    assert owner.post(page_url(mine), values).status_code == 302
    assert versions(mine) == {1: Status.PUBLISHED, 2: Status.DRAFT}
    response = owner.post(page_url(mine), form_of(owner, mine, _publish="1"))
    assert response.status_code == 302
    assert versions(mine) == {1: Status.RETIRED, 2: Status.PUBLISHED}
    with tenant_scope(mine.tenant.pk):
        live = AgentVersion.objects.get(status=Status.PUBLISHED)
        assert (live.greeting, live.tools, live.voice) == ("Good day!", ["get_office_hours"], "cedar")
        entry = AuditEntry.objects.get(action="agent.published")
        assert entry.actor.startswith("user:")


def test_how_it_hears_callers_is_versioned_like_the_rest(owner: Client, mine: World) -> None:
    start_draft(owner, mine)
    hearing = {"turn_end": "meaning", "silence_ms": 900, "line_audio": "pcm16"}
    assert owner.post(page_url(mine), form_of(owner, mine, **hearing, _publish="1")).status_code == 302
    start_draft(owner, mine)
    with tenant_scope(mine.tenant.pk):
        agent = live_agent(slug=mine.agent.slug)
        assert (agent.turn_end, agent.silence_ms, agent.line_audio) == tuple(hearing.values())
        assert AgentVersion.objects.filter(**hearing).count() == 2  # the next draft begins with it
        before = AgentVersion.objects.get(number=1)
        assert (before.turn_end, before.silence_ms, before.line_audio) == ("silence", 500, "auto")
    page = owner.get(reverse("admin:agents_agent_version", args=[mine.agent.pk, 2])).content.decode()
    assert "When what they said sounds complete" in page
    assert "Converted to 24 kHz" in page


def test_when_a_person_takes_over_is_versioned_like_the_rest(owner: Client, mine: World) -> None:
    start_draft(owner, mine)
    rules = {"human_on": ["request", "outside_hours"], "human_words": "Ana will ring you."}
    values = form_of(owner, mine, **rules)
    del values["answers_outside_hours"]
    assert owner.post(page_url(mine), values | {"_publish": "1"}).status_code == 302
    with tenant_scope(mine.tenant.pk):
        assert AgentVersion.objects.filter(number=2, answers_outside_hours=False, **rules).exists()
        before = AgentVersion.objects.get(number=1)
    assert before.human_on == ["request", "low_confidence", "tool_failures", "sensitive"]
    assert (before.human_words, before.answers_outside_hours) == ("", True)
    page = owner.get(reverse("admin:agents_agent_version", args=[mine.agent.pk, 2])).content.decode()
    assert "Ana will ring you." in page
    assert "The business is closed" in page


def test_starting_a_draft_twice_makes_one(owner: Client, mine: World) -> None:
    assert start_draft(owner, mine).pk == start_draft(owner, mine).pk


def test_a_draft_is_discarded(owner: Client, mine: World) -> None:
    start_draft(owner, mine)
    url = reverse("admin:agents_agent_discard", args=[mine.agent.pk])
    assert owner.get(url).status_code == 405
    owner.post(url)
    assert versions(mine) == {1: Status.PUBLISHED}


def test_the_second_of_two_editors_is_told_and_overwrites_nothing(owner: Client, mine: World) -> None:
    start_draft(owner, mine)
    opened = form_of(owner, mine)
    owner.post(page_url(mine), form_of(owner, mine, instructions="Be kind.\nBe brief."))
    response = owner.post(page_url(mine), opened | {"instructions": "Be kind.\nBe long.", "_publish": "1"})
    assert response.status_code == 200
    page = response.content.decode()
    assert "Somebody else changed this draft" in page
    assert 'removed: </span>brief</del><ins><span class="cs-hidden">added: </span>long</ins>' in page
    assert "Be kind.\nBe long." in page.replace("\r\n", "\n")
    with tenant_scope(mine.tenant.pk):
        draft = AgentVersion.objects.get(status=Status.DRAFT)
        assert draft.instructions.splitlines() == ["Be kind.", "Be brief."]


def test_an_editor_whose_draft_was_published_keeps_their_words(owner: Client, mine: World) -> None:
    start_draft(owner, mine)
    opened = form_of(owner, mine, instructions="My long work.")
    owner.post(page_url(mine), form_of(owner, mine, _publish="1"))
    response = owner.post(page_url(mine), opened)
    assert response.status_code == 200
    page = response.content.decode()
    assert "Somebody else published or discarded this draft" in page
    assert "My long work." in page
    assert versions(mine) == {1: Status.RETIRED, 2: Status.PUBLISHED}


def test_what_cannot_be_published_is_explained_and_the_draft_is_as_before(owner: Client, mine: World) -> None:
    draft = start_draft(owner, mine)
    with tenant_scope(mine.tenant.pk):
        AgentVersion.objects.filter(pk=draft.pk).update(tools=["bygone_tool"])
    response = owner.post(page_url(mine), form_of(owner, mine, greeting="Hi!", _publish="1"))
    assert response.status_code == 200
    assert "There is no tool named bygone_tool." in response.content.decode()
    assert versions(mine)[2] == Status.DRAFT
    with tenant_scope(mine.tenant.pk):
        assert AgentVersion.objects.get(pk=draft.pk).greeting == draft.greeting


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"tools": ["drop_tables"]}, "tools"),
        ({"hands_over_to": ["nobody"]}, "hands_over_to"),
        ({"voice": "shouting"}, "voice"),
        ({"turn_end": "whenever"}, "turn_end"),
        ({"silence_ms": 199}, "silence_ms"),
        ({"silence_ms": 2_001}, "silence_ms"),
        ({"line_audio": "pcmu"}, "line_audio"),
        ({"human_on": ["mood"]}, "human_on"),
        ({"human_words": "x" * 501}, "human_words"),
        ({"instructions": ""}, "instructions"),
        ({"greeting": "x" * 301}, "greeting"),
    ],
)
def test_bad_drafts_are_not_saved(owner: Client, mine: World, changes: dict[str, Any], field: str) -> None:
    start_draft(owner, mine)
    response = owner.post(page_url(mine), form_of(owner, mine, **changes))
    assert response.status_code == 200
    assert field in response.context["adminform"].form.errors


def test_the_front_agent_changes_hands(owner: Client, mine: World) -> None:
    with tenant_scope(mine.tenant.pk):
        second = Agent.objects.create(slug="sam", name="Sam", role="Helps", vertical="healthcare")
    url = reverse("admin:agents_agent_change", args=[second.pk])
    values = {"name": "Sam", "role": "Helps", "make_front": "on"}
    refused = owner.post(url, values)
    assert b"cannot be switched off" in refused.content
    assert owner.post(url, values | {"is_active": "on"}).status_code == 302
    with tenant_scope(mine.tenant.pk):
        assert Agent.objects.get(is_front=True) == second


def test_the_front_agent_cannot_be_switched_off(owner: Client, mine: World) -> None:
    response = owner.post(page_url(mine), {"name": "Grace", "role": "Reception"})
    assert b"cannot be switched off" in response.content
    with tenant_scope(mine.tenant.pk):
        assert Agent.objects.get().is_active


def test_versions_show_what_changed(owner: Client, mine: World) -> None:
    start_draft(owner, mine)
    values = form_of(owner, mine)
    owner.post(page_url(mine), values | {"instructions": values["instructions"] + "\nNever <b>shout</b>."})
    url = reverse("admin:agents_agent_version", args=[mine.agent.pk, 2])
    page = owner.get(url).content.decode()
    assert "Added: </span>Never &lt;b&gt;shout&lt;/b&gt;.</ins>" in page
    assert owner.get(reverse("admin:agents_agent_version", args=[mine.agent.pk, 9])).status_code == 404


def test_staff_may_read_agents_and_nothing_more(staff_member: Client, owner: Client, mine: World) -> None:
    start_draft(owner, mine)
    page = staff_member.get(page_url(mine)).content.decode()
    assert "What visitors meet" in page
    assert 'name="instructions"' not in page
    for name in ("agents_agent_draft", "agents_agent_discard"):
        assert staff_member.post(reverse(f"admin:{name}", args=[mine.agent.pk])).status_code == 403
    assert staff_member.post(page_url(mine), {"name": "Hacked", "role": "x"}).status_code == 403
    assert versions(mine) == {1: Status.PUBLISHED, 2: Status.DRAFT}


def test_a_stamp_changes_with_each_field(mine: World) -> None:
    with tenant_scope(mine.tenant.pk):
        draft = releases.draft_of(agent=mine.agent)
    before = stamp(draft)
    for name, value in (("greeting", "x"), ("instructions", "x"), ("tools", []), ("voice", "ash"), ("status", "x")):
        old = getattr(draft, name)
        setattr(draft, name, value)
        assert stamp(draft) != before
        setattr(draft, name, old)
    assert stamp(draft) == before


LINES = st.lists(st.sampled_from(["a", "b", "+x", "-y", "@@", "--- z", ""]), max_size=30)


@given(LINES, LINES)
def test_a_diff_tells_what_came_and_went(before: list[str], after: list[str]) -> None:
    lines = diff("\n".join(before), "\n".join(after))
    old, new = "\n".join(before).splitlines(), "\n".join(after).splitlines()
    assert bool(lines) == (old != new)
    added = sum(line.kind == "added" for line in lines)
    removed = sum(line.kind == "removed" for line in lines)
    assert added - removed == len(new) - len(old)
    assert all(line.text in new for line in lines if line.kind in ("added", "same"))
    assert all(line.text in old for line in lines if line.kind == "removed")
