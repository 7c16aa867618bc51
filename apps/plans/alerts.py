"""E-mails to the owners at 80 and 100 % of the month's interactions, each once a month. A duty of the worker."""

import logging
from datetime import datetime, timedelta
from smtplib import SMTPException
from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction

from apps.common import ids
from apps.plans import subscriptions, usage
from apps.plans.core.allowance import alerts
from apps.plans.models import OverageChoice, Status, Subscription, UsageEntry, UsageKind
from apps.plans.reminders import owners
from apps.tenants import audit
from apps.tenants.scope import all_tenants, tenant_scope

logger = logging.getLogger(__name__)

WHOLE_EVERY: Final = timedelta(hours=1)
OVERLAP: Final = timedelta(minutes=10)
"""Longer than a transaction lasts that counts an interaction."""


class Rounds:
    """The duty of a worker: all businesses once an hour, in between those that were used since the last look."""

    def __init__(self) -> None:
        self._whole_at: datetime | None = None
        self._looked_at: datetime | None = None

    def perform(self, now: datetime) -> int:
        whole, looked = self._whole_at, self._looked_at
        if whole is None or looked is None or not whole <= now < whole + WHOLE_EVERY:
            self._whole_at = self._looked_at = now
            return send_due(now)
        self._looked_at = now
        return send_due(now, since=looked - OVERLAP)


def send_due(now: datetime, *, since: datetime | None = None) -> int:
    """Tells the owners of every business whose use has reached a mark; how many were told.

    Args:
        since: look at those only that have had an interaction since then.
    """
    with all_tenants(reason="list the businesses that may have reached a mark"):
        answering = Subscription.objects.filter(status__in=(Status.TRIAL, Status.ACTIVE)).order_by("tenant__slug")
        if since is not None:  # ids sort by the moment at which they were made, and need no index of their own
            recent = UsageEntry.objects.filter(pk__gte=ids.earliest(UsageEntry.id_prefix, since))
            answering = answering.filter(tenant_id__in=recent.filter(kind=UsageKind.INTERACTION).values("tenant_id"))
        tenants = list(answering.values_list("tenant_id", flat=True))
    return sum(_send(tenant_id, now) for tenant_id in tenants)


def _send(tenant_id: str, now: datetime) -> bool:
    with tenant_scope(tenant_id):
        claimed = _claim(now)
        if claimed is None:
            return False
        subscription, before = claimed
        percent = subscription.alerted_percent
        message = alert(subscription, percent, now)
    said = {"tenant": tenant_id, "percent": percent, "owners": len(message.to)}
    try:
        message.send()
    except (SMTPException, OSError) as error:
        # Its kind only: the text of an SMTP error quotes the recipients.
        logger.error("alert not sent, to be tried again", extra={**said, "error": type(error).__name__})
        with tenant_scope(tenant_id):
            Subscription.objects.filter(alerted_percent=percent).update(alerted_percent=before)
        return False
    with tenant_scope(tenant_id):
        details = {"percent": percent, "owners": len(message.to)}
        audit.record(actor=subscriptions.SYSTEM, action="usage.alerted", target=subscription.id, details=details)
    logger.info("alert sent", extra=said)
    return True


@transaction.atomic
def _claim(now: datetime) -> tuple[Subscription, int] | None:
    """The subscription with the mark to be told, and the one that was told before in this month; None for nothing new.

    Use that passes both marks between two looks is told by the second alone: two mails at once would say the same.
    """
    subscription = subscriptions.own()
    began = subscription.period(now=now).started_at
    told = subscription.alerted_percent if subscription.alerted_period == began else 0
    reached = max(alerts(plan=subscription.terms, used=usage.used(since=began)), default=0)
    if reached <= told:
        return None
    subscription = subscriptions.locked()
    if (subscription.alerted_period, subscription.alerted_percent) == (began, reached):
        return None  # another worker was as quick
    subscription.alerted_period, subscription.alerted_percent = began, reached
    subscription.save(update_fields=["alerted_period", "alerted_percent"])
    return subscription, told


def alert(subscription: Subscription, percent: int, now: datetime) -> EmailMessage:
    """One message to every owner of the tenant in scope."""
    tenant, plan = subscription.tenant, subscription.terms
    ends = subscription.period(now=now).ends_at.astimezone(tenant.zone)
    day = f"{ends:%B} {ends.day}"
    bills = subscription.status == Status.ACTIVE and subscription.overage == OverageChoice.BILL
    if bills:
        then = f"Your agents go on answering beyond that; each interaction then costs {plan.overage_price}."
    else:
        then = "Beyond that your agents stop answering until then, and visitors read your closing message."
    subject = f"{tenant.name} has used {percent} % of its interactions"
    if percent >= 100:
        subject = f"{tenant.name} has used all interactions of its month"
    return EmailMessage(
        subject=subject,
        body=(
            f"{tenant.name} has used {percent} % or more of the {plan.interactions:,} interactions that the "
            f"{plan.name} plan holds until {day}.\n\n{then}\n\n"
            "Under “Plan & usage” you see who used what, choose what happens at the limit, or take a bigger plan, "
            "which holds at once.\n"
        ),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=owners(),
    )
