"""Subscriptions move on by themselves: reminders on a trial's days, and a pause when its time is up, or the days of
grace of an unpaid plan. A duty of the worker."""

import logging
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.core.mail import EmailMessage
from django.db.models import Q

from apps.plans import subscriptions
from apps.plans.core import trial
from apps.plans.core.trial import Pause, SendReminder
from apps.plans.models import Status, Subscription
from apps.plans.reminders import reminder
from apps.tenants import audit
from apps.tenants.scope import all_tenants, tenant_scope

logger = logging.getLogger(__name__)


def move_on(now: datetime) -> int:
    """Does what is due on every trial and every unpaid plan; how many reminders were sent and accounts paused."""
    ending = Q(status=Status.TRIAL, trial_ends_at__lte=now + trial.FIRST_WORD)
    unpaid = Q(status=Status.ACTIVE, unpaid_since__lte=now - timedelta(days=trial.GRACE_DAYS))
    with all_tenants(reason="list the trials to move on"):
        found = Subscription.objects.filter(ending | unpaid).order_by("tenant__slug")
        # Asked of the pure machine first: most have had their reminder, and a transaction for each would be in vain.
        tenants = [each.tenant_id for each in found if trial.handle(each.stored_state, trial.Tick(), now)[1]]
    return sum(_move_on(tenant_id, now) for tenant_id in tenants)


def _move_on(tenant_id: str, now: datetime) -> int:
    with tenant_scope(tenant_id):
        subscription, actions = subscriptions.tick(now=now)
        message = reminder(subscription)
    done = 0
    for action in actions:
        if isinstance(action, Pause):
            logger.info("account paused", extra={"tenant": tenant_id})
            done += 1
        elif isinstance(action, SendReminder):
            done += _remind(subscription, action.day, message, now)
    return done


def _remind(subscription: Subscription, day: int, message: EmailMessage, now: datetime) -> bool:
    """True when it was sent. Outside any transaction: a slow mail server must not hold the database's locks."""
    said = {"tenant": subscription.tenant_id, "day": day, "owners": len(message.to)}
    try:
        message.send()
    except (SMTPException, OSError) as error:
        # Its kind only: the text of an SMTP error quotes the recipients.
        logger.error("reminder not sent, to be tried again", extra={**said, "error": type(error).__name__})
        with tenant_scope(subscription.tenant_id):
            subscriptions.release_reminder(day=day, now=now)
        return False
    with tenant_scope(subscription.tenant_id):
        details = {"day": day, "owners": len(message.to)}
        audit.record(actor=subscriptions.SYSTEM, action="trial.reminded", target=subscription.id, details=details)
    logger.info("reminder sent", extra=said)
    return True
