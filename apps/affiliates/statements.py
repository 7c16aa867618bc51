"""What an affiliate sees on their dashboard: every query begins with the affiliate."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import Sum
from django.db.models.functions import TruncMonth

from apps.affiliates.core import commission
from apps.affiliates.core.kinship import WORDS
from apps.affiliates.models import Affiliate, Payout
from apps.tenants.models import Tenant
from apps.tenants.scope import all_tenants

DAYS = 30
MONTHS = 12
_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Day:
    date: date
    clicks: int
    sign_ups: int


@dataclass(frozen=True, slots=True)
class Month:
    date: date
    """Its first day."""
    cents: int
    """Booked in it, claw-backs taken off."""


@dataclass(frozen=True, slots=True)
class Referred:
    """A business as its affiliate may see it: no name of a person, and of the business's name its first letters."""

    name: str
    signed_up_at: datetime
    ends_at: datetime
    earns: bool
    reason: str
    cents: int
    """What it earned so far."""


@dataclass(frozen=True, slots=True)
class Statement:
    balance: commission.Balance
    next_due: datetime | None
    clicks: int
    """Of the last DAYS days, as `sign_ups`."""
    sign_ups: int
    days: list[Day]
    months: list[Month]
    referred: list[Referred]
    payouts: list[Payout]

    @property
    def conversion(self) -> float | None:
        """Sign-ups by clicks, in percent; None while nobody clicked."""
        return 100 * self.sign_ups / self.clicks if self.clicks else None

    @property
    def missing_cents(self) -> int:
        """What is missing for the next payout."""
        return max(0, commission.THRESHOLD_CENTS - self.balance.due)


def statement(affiliate: Affiliate, *, now: datetime) -> Statement:
    """All of an affiliate's own figures as of now; a fixed number of queries."""
    days = _days(affiliate, now)
    lines = [line.facts for line in affiliate.lines.select_related("payout")]
    waiting = [line.matures_at for line in lines if line.state(now) == "pending" and line.amount_cents > 0]
    return Statement(
        balance=commission.balance(lines, now),
        next_due=min(waiting, default=None),
        clicks=sum(day.clicks for day in days),
        sign_ups=sum(day.sign_ups for day in days),
        days=days,
        months=_months(affiliate, now),
        referred=_referred(affiliate, now),
        payouts=list(affiliate.payouts.exclude(status=Payout.Status.CANCELED)[:_SHOWN]),
    )


def masked(name: str) -> str:
    """A name that its affiliate may recognize, and nobody else: `Glow Salon` is `Gl… Sa…`."""
    return " ".join(f"{word[:2]}…" if len(word) > 2 else f"{word[:1]}…" for word in name.split()[:4]) or "…"


def _days(affiliate: Affiliate, now: datetime) -> list[Day]:
    today = now.astimezone(UTC).date()
    first = today - timedelta(days=DAYS - 1)
    clicks = dict(affiliate.clicks.filter(date__gte=first).values_list("date", "count"))
    begin = datetime(first.year, first.month, first.day, tzinfo=UTC)
    signed = [
        at.astimezone(UTC).date()
        for at in affiliate.referrals.filter(signed_up_at__gte=begin).values_list("signed_up_at", flat=True)
    ]
    dates = [first + timedelta(days=n) for n in range(DAYS)]
    return [Day(day, clicks.get(day, 0), signed.count(day)) for day in dates]


def _months(affiliate: Affiliate, now: datetime) -> list[Month]:
    today = now.astimezone(UTC).date()
    firsts = []
    year, month = today.year, today.month
    for _ in range(MONTHS):
        firsts.append(date(year, month, 1))
        year, month = (year - 1, 12) if month == 1 else (year, month - 1)
    oldest = firsts[-1]
    sums = (
        affiliate.lines.filter(booked_at__gte=datetime(oldest.year, oldest.month, 1, tzinfo=UTC))
        .annotate(month=TruncMonth("booked_at", tzinfo=UTC))
        .order_by()
        .values_list("month")
        .annotate(cents=Sum("amount_cents"))
    )
    cents = {at.date(): amount for at, amount in sums}
    return [Month(first, cents.get(first, 0)) for first in reversed(firsts)]


def _referred(affiliate: Affiliate, now: datetime) -> list[Referred]:
    rows = list(affiliate.referrals.annotate(cents=Sum("invoices__lines__amount_cents"))[:_SHOWN])
    with all_tenants(reason="an affiliate sees the masked names of the businesses they referred"):
        names = dict(Tenant.objects.filter(pk__in=[row.business for row in rows]).values_list("pk", "name"))
    return [
        Referred(
            name=masked(names.get(row.business, "")),
            signed_up_at=row.signed_up_at,
            ends_at=row.ends_at,
            earns=row.status == row.Status.EARNING and now < row.ends_at,
            reason=WORDS.get(row.reason, ""),
            cents=row.cents or 0,
        )
        for row in rows
    ]
