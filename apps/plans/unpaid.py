"""The e-mail that tells the owners that a payment failed, once for each time. A duty of the worker."""

import logging
from datetime import datetime
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F

from apps.plans import subscriptions
from apps.plans.core.trial import grace_ends_at
from apps.plans.models import Status, Subscription
from apps.plans.reminders import owners
from apps.tenants import audit
from apps.tenants.scope import all_tenants, tenant_scope

logger = logging.getLogger(__name__)


def warn(now: datetime) -> int:
    """Tells the owners of every business whose payment has failed; how many were told."""
    with all_tenants(reason="list the businesses whose payment has failed"):
        unpaid = Subscription.objects.filter(status=Status.ACTIVE, unpaid_since__isnull=False)
        tenants = list(unpaid.exclude(warned_of=F("unpaid_since")).values_list("tenant_id", flat=True))
        tenants += list(unpaid.filter(warned_of=None).values_list("tenant_id", flat=True))
    return sum(_warn(tenant_id) for tenant_id in sorted(set(tenants)))


def _warn(tenant_id: str) -> bool:
    with tenant_scope(tenant_id):
        subscription = subscriptions.own()
        since, before = subscription.unpaid_since, subscription.warned_of
        if since is None or not _claim(before, since):
            return False
        message = warning(subscription, since)
    try:
        message.send()
    except (SMTPException, OSError) as error:
        # Its kind only: the text of an SMTP error quotes the recipients.
        said = {"tenant": tenant_id, "owners": len(message.to), "error": type(error).__name__}
        logger.error("warning not sent, to be tried again", extra=said)
        with tenant_scope(tenant_id):
            Subscription.objects.filter(warned_of=since).update(warned_of=before)
        return False
    with tenant_scope(tenant_id):
        details = {"owners": len(message.to)}
        audit.record(actor=subscriptions.SYSTEM, action="payment.warned", target=subscription.id, details=details)
    return True


def _claim(before: datetime | None, since: datetime) -> bool:
    """True for one worker only."""
    unclaimed = Subscription.objects.filter(unpaid_since=since)
    unclaimed = unclaimed.filter(warned_of=None) if before is None else unclaimed.filter(warned_of=before)
    return bool(unclaimed.update(warned_of=since))


def warning(subscription: Subscription, since: datetime) -> EmailMessage:
    """One message to every owner of the tenant in scope."""
    tenant = subscription.tenant
    ends = grace_ends_at(since).astimezone(tenant.zone)
    return EmailMessage(
        subject=f"We could not collect the payment of {tenant.name}",
        body=(
            f"A payment for the {subscription.terms.name} plan of {tenant.name} has failed.\n\n"
            f"Your agents go on answering until {ends:%A, %B} {ends.day} at {ends:%H:%M} ({tenant.time_zone}). If it "
            "is not paid by then they pause: visitors read your closing message, your data stays, and paying resumes "
            "everything.\n\n"
            "Under “Plan & usage” you can pay the invoice and change the card.\n"
        ),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=owners(),
    )
