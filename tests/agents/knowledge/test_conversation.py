"""The demo businesses answer from their documents, through the real chat, against the simulated model."""

import asyncio
from typing import Any

import pytest
from django.conf import settings

from apps.agents import model
from apps.agents.knowledge import sources
from apps.agents.registry import verticals
from apps.chat import rehearsal
from apps.chat.rehearsal import Line, Report, Scenario, rehearse
from apps.tenants.scope import tenant_scope
from tests.agents.knowledge.conftest import work

CASES = [
    (
        "healthcare",
        Line("Is there an elevator?", calls=["search_knowledge"], says=["“Patient handbook”", "goes to every floor"]),
    ),
    ("healthcare", Line("Do you sell submarines?", calls=["search_knowledge"], says=["I am not sure"])),
    ("healthcare", Line("How much is a teeth cleaning?", calls=["get_services"], says=["$115"], never=["handbook"])),
    ("healthcare", Line("When are you open?", calls=["get_office_hours"], never=["handbook"])),
    (
        "salon",
        Line(
            "When can I wash my hair after a keratin treatment?",
            calls=["search_knowledge"],
            says=["“Hair care guide”", "72 hours"],
        ),
    ),
    ("salon", Line("What is your cancellation policy?", calls=["get_salon_settings"], never=["not sure"])),
]


@pytest.fixture
def with_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rehearsal's tenants have their demo's documents, as `manage.py demo` gives them, read by the worker."""
    bare = rehearsal._set_up

    def set_up(vertical: Any, *more: Any) -> Any:
        tenant, now = bare(vertical, *more)
        with tenant_scope(tenant.pk):
            for _ in range(2):  # a second time adds nothing
                sources.add_folder(settings.VERTICALS_DIR / vertical.slug / "documents", actor="system")
        assert work() == 1
        return tenant, now

    monkeypatch.setattr(rehearsal, "_set_up", set_up)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("slug", "line"), CASES, ids=lambda value: getattr(value, "visitor", value))
def test_a_question_is_answered_from_where_its_answer_is(with_documents: None, slug: str, line: Line) -> None:
    async def play() -> Report:
        try:
            return await rehearse(verticals()[slug], Scenario("Knowledge", "2026-11-23T10:00", [line]))
        finally:
            await model.close()

    report = asyncio.run(play())
    assert report.problems == [], report.transcript
