"""What a worker does again and again costs the same with more businesses, as long as nothing is due."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.common import duties, ids
from apps.operations.isolation import probes
from apps.plans import alerts
from apps.plans.models import Status, Subscription, TermsChange, UsageBill, UsageEntry, UsageKind
from apps.tenants.models import Tenant
from apps.tenants.scope import all_tenants, tenant_scope

pytestmark = pytest.mark.django_db(transaction=True)

ONE_BY_ONE = {
    "business.audit_retention": "each business has a time of its own; once an hour",
    "conversations.retention": "each business has a time of its own; once an hour",
    "plans.nightly": "each account is compared with the provider's; once a night",
    "plans.alerts": "all businesses once an hour, else those that were used since: see below",
}
"""Duties whose cost grows with businesses, and why that is cheap enough: docs/capacity.md reckons with them."""
MOST = 20
"""Statements of a duty: on PostgreSQL a scope is three beside its query, and five queues are measured."""


def paying(count: int) -> list[probes.Probe]:
    """Businesses with a row of every model, on a paid plan that bills beyond it; a week into their month."""
    made = [probes.make(str(number)) for number in range(count)]
    week = timezone.now() - dt.timedelta(days=7)
    for probe in made:
        with tenant_scope(probe.tenant.pk):
            Subscription.objects.update(status=Status.ACTIVE, period_started_at=week)
            TermsChange.objects.update(bills=True, since=week, months_from=week)
            UsageBill.objects.update(invoice="in_sent")
    return made


def statements() -> dict[str, int]:
    """Duty → how many statements a second look of it takes."""
    found = {}
    for duty in duties.registered():
        duty.perform(timezone.now())
        with CaptureQueriesContext(connection) as captured:
            duty.perform(timezone.now())
        found[duty.name] = len(captured)
    return found


@pytest.mark.timeout(300)
def test_a_duty_costs_the_same_with_more_businesses() -> None:
    with all_tenants(reason="the suite begins with none"):
        assert not Tenant.objects.exists()
    made = paying(1)
    try:
        few = statements()
        made += paying(5)
        many = statements()
    finally:
        probes.remove(*made)
    grown = {name for name in few if many[name] > few[name]}
    assert grown <= set(ONE_BY_ONE)
    assert {name: many[name] for name in many if name not in ONE_BY_ONE and many[name] > MOST} == {}


def test_alerts_look_only_at_who_was_used_since() -> None:
    made = paying(3)
    used, *_ = made
    now = timezone.now()
    rounds = alerts.Rounds()
    try:
        with tenant_scope(used.tenant.pk):
            plan = Subscription.objects.get().terms
            UsageEntry.objects.bulk_create(
                UsageEntry(kind=UsageKind.INTERACTION, conversation_id=ids.new_id("conv"), at=now)
                for _ in range(plan.interactions)
            )
        with all_tenants(reason="the suite counts"):
            assert UsageEntry.objects.filter(pk__gte=ids.earliest("use", now + dt.timedelta(seconds=60))).count() == 0
            assert UsageEntry.objects.filter(pk__gte=ids.earliest("use", now - dt.timedelta(seconds=60))).exists()
        later = now + dt.timedelta(minutes=30)
        assert alerts.send_due(now, since=later) == 0
        assert alerts.send_due(now, since=now - dt.timedelta(minutes=1)) == 1
        assert rounds.perform(now) == rounds.perform(later) == 0
        with tenant_scope(used.tenant.pk):
            Subscription.objects.update(alerted_percent=0)
        assert rounds.perform(later + alerts.OVERLAP / 2) == 0  # nobody was used since the last look
        assert rounds.perform(now + alerts.WHOLE_EVERY) == 1  # the whole round finds what a look has missed
    finally:
        probes.remove(*made)


def test_the_earliest_id_of_a_moment_sorts_before_all_that_are_made_then() -> None:
    made = ids.new_id("use")
    now = timezone.now()
    assert (
        ids.earliest("use", now - dt.timedelta(seconds=5)) < made < ids.earliest("use", now + dt.timedelta(seconds=5))
    )
