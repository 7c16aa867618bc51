"""The figures of agents and their versions over some days: a selector over the analyses of the tenant in scope."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Avg, Count, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from apps.agents.models import Agent
from apps.analysis.models import Analysis, Contribution

MICRO = 1_000_000
MOST_DAYS = 366
_DAY = timedelta(days=1)
_TOPICS_OF = 5_000
"""So many of the latest conversations tell what they were about."""


@dataclass(frozen=True, slots=True)
class Range:
    """Days of the business's calendar, both included."""

    first: date
    last: date

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """(the first moment in it, the first after it)."""
        return (
            datetime.combine(self.first, time(), zone),
            datetime.combine(self.last + _DAY, time(), zone),
        )

    def days(self) -> list[date]:
        return [self.first + n * _DAY for n in range((self.last - self.first).days + 1)]


@dataclass(slots=True)
class Figures:
    """Of some conversations. `sentiment` is from -1 to 1, `first_word_ms` a mean; None = nothing to take one of."""

    conversations: int = 0
    answered: int = 0
    resolved: int = 0
    handed_over: int = 0
    booked: int = 0
    sentiment: float | None = None
    first_word_ms: int | None = None
    cost: int = 0

    @property
    def dollars(self) -> float:
        return self.cost / MICRO

    @property
    def resolved_percent(self) -> int:
        return self.resolved * 100 // self.answered if self.answered else 0

    @property
    def mood(self) -> str:
        """The sentiment in a word."""
        if self.sentiment is None:
            return "–"
        return "positive" if self.sentiment > 0.25 else "negative" if self.sentiment < -0.25 else "neutral"


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of one version of one agent; `percent` of its conversations among the most of any."""

    agent: str
    name: str
    version: int
    figures: Figures
    percent: int


@dataclass(frozen=True, slots=True)
class Day:
    """The conversations that ended on one day."""

    date: date
    answered: int = 0
    resolved: int = 0
    handed_over: int = 0
    booked: int = 0
    sentiment: float | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """`is_simulated`: some of it was counted from words, by no model."""

    total: Figures = field(default_factory=Figures)
    rows: list[Row] = field(default_factory=list)
    days: list[Day] = field(default_factory=list)
    topics: list[tuple[str, int]] = field(default_factory=list)
    is_simulated: bool = False


def report(*, over: Range, zone: ZoneInfo) -> Report:
    """Six queries, however much there is."""
    since, until = over.bounds(zone)
    analyses = Analysis.objects.filter(status=Analysis.Status.DONE, covers_at__gte=since, covers_at__lt=until)
    parts = Contribution.objects.filter(at__gte=since, at__lt=until)
    total, simulated = _total(analyses, parts)
    if not total.conversations:
        return Report()
    return Report(
        total=total,
        rows=_rows(parts),
        days=_days(analyses, over, zone),
        topics=_topics(analyses.values_list("topics", flat=True)[:_TOPICS_OF]),
        is_simulated=simulated > 0,
    )


def _total(analyses: QuerySet[Analysis], parts: QuerySet[Contribution]) -> tuple[Figures, int]:
    """(the sums, how many of the analyses are simulated)."""
    counted = analyses.aggregate(
        conversations=Count("pk"),
        answered=Count("pk", filter=Q(answered=True)),
        resolved=Count("pk", filter=Q(resolved=True)),
        handed_over=Count("pk", filter=Q(handed_over=True)),
        booked=Sum("booked", default=0),
        sentiment=Avg("sentiment"),
        simulated=Count("pk", filter=Q(is_simulated=True)),
    )
    simulated = counted.pop("simulated")
    sums = parts.aggregate(
        cost=Sum("cost", default=0), words=Sum("first_words", default=0), waited=Sum("first_words_ms", default=0)
    )
    return Figures(**counted, cost=sums["cost"], first_word_ms=_mean(sums["waited"], sums["words"])), simulated


def _rows(parts: QuerySet[Contribution]) -> list[Row]:
    """By agent and version, the newest version first."""
    names = dict(Agent.objects.values_list("slug", "name"))
    grouped = list(
        parts.values("agent", "version")
        .annotate(
            conversations=Count("pk"),
            answered=Count("pk", filter=Q(answers__gt=0)),
            resolved_count=Count("pk", filter=Q(resolved=True)),
            handed=Count("pk", filter=Q(handed_over=True)),
            bookings=Sum("booked"),
            mood=Avg("sentiment"),
            words=Sum("first_words"),
            waited=Sum("first_words_ms"),
            spent=Sum("cost"),
        )
        .order_by("agent", "-version")
    )
    most = max((row["conversations"] for row in grouped), default=1)
    return [
        Row(
            agent=row["agent"],
            name=names.get(row["agent"], row["agent"]),
            version=row["version"],
            percent=row["conversations"] * 100 // most,
            figures=Figures(
                conversations=row["conversations"],
                answered=row["answered"],
                resolved=row["resolved_count"],
                handed_over=row["handed"],
                booked=row["bookings"],
                sentiment=row["mood"],
                first_word_ms=_mean(row["waited"], row["words"]),
                cost=row["spent"],
            ),
        )
        for row in grouped
    ]


def _days(analyses: QuerySet[Analysis], over: Range, zone: ZoneInfo) -> list[Day]:
    """Each day of the range, also where nothing ended."""
    counted = (
        analyses.annotate(day=TruncDate("covers_at", tzinfo=zone))
        .values("day")
        .annotate(
            was_answered=Count("pk", filter=Q(answered=True)),
            was_resolved=Count("pk", filter=Q(resolved=True)),
            was_handed_over=Count("pk", filter=Q(handed_over=True)),
            bookings=Sum("booked"),
            mood=Avg("sentiment"),
        )
        .order_by()
    )
    known = {
        row["day"]: Day(
            row["day"],
            row["was_answered"],
            row["was_resolved"],
            row["was_handed_over"],
            row["bookings"],
            row["mood"],
        )
        for row in counted
    }
    return [known.get(day, Day(day)) for day in over.days()]


def _topics(rows: Iterable[list[str]], most: int = 8) -> list[tuple[str, int]]:
    counts: dict[str, int] = defaultdict(int)
    for topics in rows:
        for topic in topics:
            counts[topic.lower()] += 1
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:most]


def _mean(total: int, count: int) -> int | None:
    return round(total / count) if count else None
