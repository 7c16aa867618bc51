"""One line for each tenant, asked of the database. Times are bounds of a histogram, counted where the rows are."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, FloatField, Q, QuerySet, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from apps.conversations.models import Call, Purpose, ToolCall, Turn
from apps.plans.models import UsageEntry
from apps.plans.report import Use
from apps.tenants.models import Tenant
from apps.tenants.scope import all_tenants

BOUNDS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0)
"""Seconds. A time is told as the bound it is under; None where it is above all of them, or there is none."""
P50, P95 = 0.5, 0.95


@dataclass(frozen=True, slots=True)
class Times:
    """Half, and nineteen of twenty, were below so many seconds."""

    count: int = 0
    p50: float | None = None
    p95: float | None = None


@dataclass(slots=True)
class Line:
    """One business: its use and cost, the times until a chat's first word and a call's first sound, what failed."""

    slug: str
    name: str
    use: Use = field(default_factory=Use)
    first_word: Times = Times()
    first_sound: Times = Times()
    failed_answers: int = 0
    failed_tools: int = 0


def report(*, since: datetime) -> list[Line]:
    """Those who took anything, the dearest first. Five queries over all tenants, whatever their number."""
    with all_tenants(reason="who runs the platform sees what each business takes"):
        lines = {tenant.pk: Line(tenant.slug, tenant.name) for tenant in Tenant.objects.all()}
        for row in UsageEntry.objects.filter(at__gte=since).values("tenant_id", "kind").annotate(n=Sum("quantity")):
            lines[row["tenant_id"]].use.add(row["kind"], row["n"])
        recent = {"conversation__last_at__gte": since, "conversation__purpose": Purpose.LIVE}
        turns = Turn.objects.filter(role=Turn.Role.AGENT, created_at__gte=since, **recent)
        for tenant_id, row in _counted(turns, "first_word_ms", failed=Q(ended="error")):
            lines[tenant_id].first_word, lines[tenant_id].failed_answers = _times(row), row["failed"]
        sound = Cast(KeyTextTransform("first_audio", "timings"), FloatField())
        calls = Call.objects.filter(started_at__gte=since).annotate(sound=sound)
        for tenant_id, row in _counted(calls, "sound"):
            lines[tenant_id].first_sound = _times(row)
        failed = ToolCall.objects.filter(status=ToolCall.Status.FAILED, started_at__gte=since, **recent)
        for row in failed.order_by().values("tenant_id").annotate(n=Count("pk")):
            lines[row["tenant_id"]].failed_tools = row["n"]
    used = [line for line in lines.values() if line != Line(line.slug, line.name)]
    return sorted(used, key=lambda line: (-line.use.cost, -line.use.messages, line.slug))


def _counted(rows: QuerySet[Any], milliseconds: str, failed: Q | None = None) -> Iterable[tuple[str, dict[str, Any]]]:
    """Of each tenant: how many rows have the time, how many of them under each bound, and how many failed."""
    under = {
        f"under_{n}": Count("pk", filter=Q(**{f"{milliseconds}__lte": bound * 1_000})) for n, bound in enumerate(BOUNDS)
    }
    timed = Count("pk", filter=Q(**{f"{milliseconds}__isnull": False}))
    counted = (
        rows.order_by()
        .values("tenant_id")
        .annotate(timed=timed, failed=Count("pk", filter=failed or Q(pk="")), **under)
    )
    for row in counted:
        yield row.pop("tenant_id"), row


def _times(row: dict[str, Any]) -> Times:
    def below(part: float) -> float | None:
        enough = row["timed"] * part
        return next((bound for n, bound in enumerate(BOUNDS) if row["timed"] and row[f"under_{n}"] >= enough), None)

    return Times(row["timed"], below(P50), below(P95))
