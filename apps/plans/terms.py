"""Which terms held when, for the tenant in scope: what a month's interactions are priced by."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from apps.plans.core.period import Period, period_at
from apps.plans.core.rating import Terms
from apps.plans.models import OverageChoice, Status, Subscription, TermsChange

_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


def note(subscription: Subscription, *, now: datetime) -> None:
    """Writes down the terms as they are from now on, if they are others than before."""
    plan = subscription.terms
    fresh = TermsChange(
        since=now,
        plan=plan.slug,
        included=plan.interactions,
        mills=plan.overage_mills,
        bills=subscription.status == Status.ACTIVE and subscription.overage == OverageChoice.BILL,
        months_from=subscription.period_started_at,
    )
    last = TermsChange.objects.filter(tenant_id=subscription.tenant_id).last()
    if last is None or _numbers(last) != _numbers(fresh):
        if last is not None:
            fresh.since = max(now, last.since + timedelta(microseconds=1))  # the order of changes is theirs
        fresh.save()


def _numbers(change: TermsChange) -> tuple[object, ...]:
    return change.plan, change.included, change.mills, change.bills, change.months_from


@dataclass(frozen=True, slots=True)
class History:
    """All terms of a tenant, in order; there is at least one."""

    changes: tuple[TermsChange, ...]
    zone: ZoneInfo

    @property
    def terms(self) -> Sequence[Terms]:
        """For `core.rating`; what came before the first is unpriced."""
        first, *_ = self.changes
        unknown = Terms(_BEGINNING, first.included, first.mills, bills=False)
        return [unknown, *(Terms(c.since, c.included, c.mills, c.bills) for c in self.changes)]

    def month(self, at: datetime) -> Period:
        """The month that holds a moment. One that a new subscription cut short ends there."""
        change = next((c for c in reversed(self.changes) if c.since <= at), self.changes[0])
        anchor = change.months_from
        whole = period_at(anchor=anchor.astimezone(self.zone), now=at)
        cuts = [c.since for c in self.changes if c.since > at and c.months_from != anchor]
        return Period(whole.started_at, min([whole.ends_at, *cuts]))

    def months(self, since: datetime, until: datetime) -> Iterator[Period]:
        """The months from the one that holds `since`, up to those that have ended by `until`."""
        month = self.month(since)
        while month.ends_at <= until:
            yield month
            month = self.month(month.ends_at)


def history(subscription: Subscription) -> History:
    """What was written down; of an old installation, the terms as they are."""
    changes = list(TermsChange.objects.filter(tenant_id=subscription.tenant_id))
    if not changes:
        plan = subscription.terms
        anchor = subscription.period_started_at
        only = TermsChange(since=anchor, plan=plan.slug, included=plan.interactions, mills=plan.overage_mills)
        only.bills, only.months_from = False, anchor
        changes = [only]
    return History(tuple(changes), subscription.tenant.zone)
