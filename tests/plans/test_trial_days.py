"""A trial on days 0, 11, 13, 14 and 15, also while the clocks change: by elapsed time, never by the wall."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.mail import EmailMessage

from apps.plans import allowance, subscriptions, trials
from apps.plans.models import CLOSING_MESSAGE, Subscription
from apps.tenants.models import Tenant, User
from apps.tenants.scope import tenant_scope

NEW_YORK = ZoneInfo("America/New_York")
LONDON = ZoneInfo("Europe/London")
SECOND = timedelta(seconds=1)

BEGINNINGS = [
    pytest.param(datetime(2026, 6, 1, 8, 0, tzinfo=NEW_YORK), id="no change"),
    pytest.param(datetime(2026, 3, 1, 2, 30, tzinfo=NEW_YORK), id="forward within"),
    pytest.param(datetime(2026, 2, 22, 2, 30, tzinfo=NEW_YORK), id="forward on the last day"),
    pytest.param(datetime(2026, 10, 25, 1, 30, tzinfo=NEW_YORK), id="back within"),
    pytest.param(datetime(2026, 10, 18, 1, 30, tzinfo=NEW_YORK), id="back on the last day"),
    pytest.param(datetime(2026, 3, 28, 23, 59, tzinfo=LONDON), id="forward in London"),
    pytest.param(datetime(2026, 10, 24, 23, 59, tzinfo=LONDON), id="back in London"),
]


def tick(at: datetime) -> None:
    """The worker's duty, as at that moment."""
    with time_machine.travel(at, tick=False):
        trials.move_on(at)


@pytest.mark.parametrize("began", BEGINNINGS)
def test_day_by_day(clinic: Tenant, alice: User, mailoutbox: list[EmailMessage], began: datetime) -> None:
    start = began.astimezone(UTC)  # days are added in UTC: 24 hours each
    with tenant_scope(clinic.pk):
        subscriptions.start_trial(now=began)

    def after(days: int, *, just_before: bool = False) -> tuple[str, int]:
        at = start + timedelta(days=days) - (SECOND if just_before else timedelta())
        tick(at)
        with tenant_scope(clinic.pk):
            return Subscription.objects.get().status, len(mailoutbox)

    assert after(0) == ("trial", 0)
    assert after(11, just_before=True) == ("trial", 0)
    assert after(11) == ("trial", 1)
    assert after(13, just_before=True) == ("trial", 1)
    assert after(13) == ("trial", 2)
    assert after(14, just_before=True) == ("trial", 2)
    with tenant_scope(clinic.pk):
        allowance.check(now=start + timedelta(days=14) - SECOND)
    assert after(14) == ("paused", 2)
    assert after(15) == ("paused", 2)
    with tenant_scope(clinic.pk), pytest.raises(allowance.TrialExpired) as refusal:
        allowance.check(now=start + timedelta(days=15))
    assert refusal.value.message == CLOSING_MESSAGE
    with tenant_scope(clinic.pk):
        subscriptions.subscribe(plan="growth", now=start + timedelta(days=15))
        allowance.check(now=start + timedelta(days=15))
    assert after(16) == ("active", 2)


@pytest.mark.parametrize("began", BEGINNINGS)
def test_the_reminder_names_the_moment_on_the_wall(
    clinic: Tenant, alice: User, mailoutbox: list[EmailMessage], began: datetime
) -> None:
    with tenant_scope(clinic.pk):
        subscriptions.start_trial(now=began)
    start = began.astimezone(UTC)
    tick(start + timedelta(days=11))
    ends = (start + timedelta(days=14)).astimezone(clinic.zone)
    assert f"{ends:%A, %B} {ends.day} at {ends:%H:%M} (America/New_York)" in mailoutbox[0].body
