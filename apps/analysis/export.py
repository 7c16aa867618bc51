"""Analyses as CSV, for a spreadsheet that must not run what a visitor wrote."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from apps.analysis.models import Analysis
from apps.analysis.report import Range, Row
from apps.common.spreadsheets import cell

MOST = 20_000
"""Rows of one file."""


def conversations(*, over: Range, zone: ZoneInfo) -> str:
    """One line for each analysed conversation of the range, the latest first. One query."""
    since, until = over.bounds(zone)
    rows = Analysis.objects.filter(status=Analysis.Status.DONE, covers_at__gte=since, covers_at__lt=until)
    head = (
        "conversation", "ended", "channel", "agent", "version", "sentiment", "mood", "lead score", "intent", "topics",
        "satisfaction", "needs a look", "why", "answered", "resolved", "handed over", "booked", "summary", "judged by",
    )  # fmt: skip
    return _written(head, (_line(row, zone) for row in rows[:MOST]))


def _line(row: Analysis, zone: ZoneInfo) -> Sequence[Any]:
    return (
        row.conversation_id,
        f"{row.covers_at.astimezone(zone):%Y-%m-%d %H:%M}",
        row.channel,
        row.agent,
        row.agent_version,
        row.sentiment,
        row.sentiment_label,
        row.lead_score,
        row.intent,
        "; ".join(row.topics),
        row.satisfaction,
        _yes(row.escalation),
        row.escalation_reason,
        _yes(row.answered),
        _yes(row.resolved),
        _yes(row.handed_over),
        row.booked,
        row.summary,
        f"{row.model} (simulated)" if row.is_simulated else row.model,
    )


def versions(rows: Iterable[Row]) -> str:
    """One line for each version of each agent."""
    head = (
        "agent", "version", "conversations", "answered", "resolved", "handed over", "booked", "sentiment",
        "first word ms", "cost usd",
    )  # fmt: skip
    lines = (
        (
            row.name,
            row.version,
            row.figures.conversations,
            row.figures.answered,
            row.figures.resolved,
            row.figures.handed_over,
            row.figures.booked,
            None if row.figures.sentiment is None else round(row.figures.sentiment, 2),
            row.figures.first_word_ms,
            round(row.figures.dollars, 6),
        )
        for row in rows
    )
    return _written(head, lines)


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _written(head: Sequence[str], lines: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(head)
    writer.writerows([cell(value) for value in line] for line in lines)
    return text.getvalue()
