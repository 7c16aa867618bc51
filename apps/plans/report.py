"""Who used what in a period, for the owner: a selector over the ledger of the tenant in scope."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from apps.agents.models import Agent
from apps.conversations.models import Conversation
from apps.plans.core.period import Period
from apps.plans.core.prices import MICRO
from apps.plans.models import UsageEntry, UsageKind
from apps.tenants.models import WidgetKey

TOP = 10
_TOKENS = (UsageKind.INPUT_TOKENS, UsageKind.OUTPUT_TOKENS)
_DAY = timedelta(days=1)


@dataclass(slots=True)
class Use:
    """What was used. `tokens` are read and written together; `cost` is in millionths of a dollar."""

    interactions: int = 0
    messages: int = 0
    tokens: int = 0
    call_seconds: int = 0
    cost: int = 0

    def add(self, kind: str, quantity: int) -> None:
        match kind:
            case UsageKind.INTERACTION:
                self.interactions += quantity
            case UsageKind.MESSAGE:
                self.messages += quantity
            case UsageKind.CALL_SECONDS:
                self.call_seconds += quantity
            case UsageKind.COST:
                self.cost += quantity
            case _:
                self.tokens += quantity

    @property
    def call_minutes(self) -> float:
        return self.call_seconds / 60

    @property
    def dollars(self) -> float:
        return self.cost / MICRO


@dataclass(frozen=True, slots=True)
class Share:
    """The use of one day, agent or widget; `percent` of the messages of the busiest one in its list."""

    name: str
    use: Use
    percent: int = 0
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Spender:
    """A visitor or a conversation, and the tokens spent on it; `conversation` is the one to look at, if it is there."""

    name: str
    tokens: int
    messages: int
    conversations: int = 1
    conversation: Conversation | None = None


@dataclass(frozen=True, slots=True)
class Report:
    total: Use = field(default_factory=Use)
    days: list[Share] = field(default_factory=list)
    agents: list[Share] = field(default_factory=list)
    widgets: list[Share] = field(default_factory=list)
    visitors: list[Spender] = field(default_factory=list)
    conversations: list[Spender] = field(default_factory=list)


def report(*, period: Period, zone: ZoneInfo, now: datetime) -> Report:
    """The period up to `now`; its days are those of the business. Six queries, however much there is."""
    entries = UsageEntry.objects.filter(at__gte=period.started_at, at__lt=period.ends_at)
    total, days, agents, widgets = (
        Use(),
        defaultdict[Any, Use](Use),
        defaultdict[str, Use](Use),
        defaultdict[str, Use](Use),
    )
    sums = entries.annotate(day=TruncDate("at", tzinfo=zone)).values("day", "agent", "widget_key", "kind")
    for row in sums.annotate(quantity=Sum("quantity")).order_by():
        for use in (total, days[row["day"]], agents[row["agent"]], widgets[row["widget_key"]]):
            use.add(row["kind"], row["quantity"])
    if not days:
        return Report()
    first, last = period.started_at.astimezone(zone).date(), now.astimezone(zone).date()
    dates = [first + n * _DAY for n in range((last - first).days + 1)]
    return Report(
        total=total,
        days=_shares((f"{day:%a, %b %-d}", days[day], day) for day in dates),
        agents=_ranked(agents, dict(Agent.objects.values_list("slug", "name")), "Not recorded"),
        widgets=_ranked(widgets, dict(WidgetKey.objects.values_list("pk", "name")), "Not through a website chat"),
        visitors=_visitors(entries),
        conversations=_conversations(entries),
    )


def _ranked(uses: dict[str, Use], names: dict[str, str], nameless: str) -> list[Share]:
    ranked = sorted(uses.items(), key=lambda item: (-item[1].tokens, -item[1].messages, item[0]))
    return _shares((names.get(key, f"{key} (deleted)") if key else nameless, use, None) for key, use in ranked)


def _shares(uses: Iterable[tuple[str, Use, date | None]]) -> list[Share]:
    rows = list(uses)
    most = max((use.messages for _, use, _ in rows), default=0) or 1
    return [Share(name, use, use.messages * 100 // most, day) for name, use, day in rows]


def _spenders(entries: QuerySet[UsageEntry], column: str) -> list[dict[str, Any]]:
    return list(
        entries.exclude(**{column: ""})
        .values(column)
        .annotate(
            tokens=Sum("quantity", filter=Q(kind__in=_TOKENS), default=0),
            messages=Sum("quantity", filter=Q(kind=UsageKind.MESSAGE), default=0),
            conversations=Count("conversation_id", distinct=True),
        )
        .order_by("-tokens", column)[:TOP]
    )


def _visitors(entries: QuerySet[UsageEntry]) -> list[Spender]:
    """Each with their latest conversation."""
    rows = _spenders(entries, "visitor")
    latest: dict[str, Conversation] = {}
    theirs = Conversation.objects.filter(visitor__in=[row["visitor"] for row in rows])
    for conversation in theirs.select_related("contact").order_by("last_at"):
        latest[conversation.visitor] = conversation
    return [
        Spender(
            name=_name(latest.get(row["visitor"]), row["visitor"]),
            tokens=row["tokens"],
            messages=row["messages"],
            conversations=row["conversations"],
            conversation=latest.get(row["visitor"]),
        )
        for row in rows
    ]


def _conversations(entries: QuerySet[UsageEntry]) -> list[Spender]:
    rows = _spenders(entries, "conversation_id")
    found = Conversation.objects.select_related("contact").in_bulk([row["conversation_id"] for row in rows])
    return [
        Spender(
            name=_name(found.get(row["conversation_id"]), row["conversation_id"]),
            tokens=row["tokens"],
            messages=row["messages"],
            conversation=found.get(row["conversation_id"]),
        )
        for row in rows
    ]


def _name(conversation: Conversation | None, key: str) -> str:
    """The contact's name, if the conversation found out; else the end of an id tells visitors apart."""
    if conversation is not None and conversation.contact is not None:
        return conversation.contact.name
    visitor = conversation.visitor if conversation is not None else ""
    return f"Visitor {(visitor or key)[-6:]}"
