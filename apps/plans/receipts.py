"""What each conversation used and cost, and a month's sum of it: selectors over the ledger of the tenant in scope."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet, Sum

from apps.plans import terms
from apps.plans.core.period import Period
from apps.plans.core.prices import MICRO
from apps.plans.core.rating import Rated, Stretch, in_force, one, rate
from apps.plans.models import Subscription, UsageEntry, UsageKind


@dataclass(frozen=True, slots=True)
class Receipt:
    """A conversation's. `cents` is what the owner pays for it; `model_cost` (millionths of a dollar) is for their
    information. `number` is which interaction of its month it is; 0 = it was none: no agent answered."""

    number: int = 0
    included: int = 0
    beyond: bool = False
    cents: int = 0
    messages: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    call_seconds: int = 0
    model_cost: int = 0
    counted_at: datetime | None = None
    month: Period | None = None

    @property
    def model_dollars(self) -> float:
        return self.model_cost / MICRO

    @property
    def call_minutes(self) -> float:
        return self.call_seconds / 60


def receipt(*, conversation_id: str) -> Receipt:
    """The receipt of a conversation; empty when no agent answered in it."""
    entries = UsageEntry.objects.filter(conversation_id=conversation_id)
    sums = dict(entries.order_by().values_list("kind").annotate(total=Sum("quantity")))
    entry = entries.filter(kind=UsageKind.INTERACTION).first()
    subscription = Subscription.objects.select_related("tenant").first()
    use = {
        "messages": sums.get(UsageKind.MESSAGE, 0),
        "input_tokens": sums.get(UsageKind.INPUT_TOKENS, 0),
        "output_tokens": sums.get(UsageKind.OUTPUT_TOKENS, 0),
        "call_seconds": sums.get(UsageKind.CALL_SECONDS, 0),
        "model_cost": sums.get(UsageKind.COST, 0),
    }
    if entry is None or subscription is None:
        return Receipt(**use)
    known = terms.history(subscription)
    month = known.month(entry.at)
    spans = in_force(known.terms, Period(month.started_at, entry.at)) if month.started_at < entry.at else []
    before = [Stretch(held, _count(since, until)) for held, since, until in spans]
    held = next(held for held in reversed(known.terms) if held.since <= entry.at)
    # Of those that were counted at the same moment, the ids say which came first.
    twins = _interactions().filter(at=entry.at, pk__lt=entry.pk).count()
    rated = rate([*before, Stretch(held, twins)])
    with_it = rate([*before, Stretch(held, twins + 1)])
    return Receipt(
        number=with_it.used,
        included=held.included,
        beyond=with_it.beyond > rated.beyond,
        cents=one(rated, with_it),
        counted_at=entry.at,
        month=month,
        **use,
    )


def month_total(history: terms.History, month: Period) -> Rated:
    """What the month's interactions come to: the sum of its receipts."""
    spans = in_force(history.terms, month)
    return rate(Stretch(held, _count(since, until)) for held, since, until in spans)


def _interactions() -> QuerySet[UsageEntry]:
    return UsageEntry.objects.filter(kind=UsageKind.INTERACTION)


def _count(since: datetime, until: datetime) -> int:
    return _interactions().filter(Q(at__gte=since, at__lt=until)).count()
