"""`manage.py trials`: run it every few minutes; running it twice does nothing twice."""

import logging
from datetime import datetime
from smtplib import SMTPException
from typing import Any

from django.core.mail import EmailMessage
from django.core.management.base import BaseCommand
from django.utils import timezone

from apps.plans import subscriptions
from apps.plans.core.trial import Pause, SendReminder
from apps.plans.models import Status, Subscription
from apps.plans.reminders import reminder
from apps.tenants import audit
from apps.tenants.scope import all_tenants, tenant_scope

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Moves every trial on: sends the reminders that are due and pauses the accounts whose time is up."

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        with all_tenants(reason="list the trials to move on"):
            trials = Subscription.objects.filter(status=Status.TRIAL).order_by("tenant__slug")
            tenants = list(trials.values_list("tenant_id", "tenant__slug"))
        for tenant_id, slug in tenants:
            self._tick(tenant_id, slug, now)
        self.stdout.write(f"{len(tenants)} on trial.")

    def _tick(self, tenant_id: str, slug: str, now: datetime) -> None:
        with tenant_scope(tenant_id):
            subscription, actions = subscriptions.tick(now=now)
            message = reminder(subscription)
        for action in actions:
            if isinstance(action, Pause):
                self.stdout.write(f"{slug}: paused, its trial is over.")
            elif isinstance(action, SendReminder):
                self._remind(subscription, slug, action.day, message, now)

    def _remind(self, subscription: Subscription, slug: str, day: int, message: EmailMessage, now: datetime) -> None:
        # Outside any transaction: a slow mail server must not hold the database's locks.
        try:
            message.send()
        except (SMTPException, OSError) as error:
            # Its kind only: the text of an SMTP error quotes the recipients.
            failure = {"tenant": subscription.tenant_id, "day": day, "error": type(error).__name__}
            logger.error("reminder not sent", extra=failure)
            with tenant_scope(subscription.tenant_id):
                subscriptions.release_reminder(day=day, now=now)
            self.stderr.write(f"{slug}: the reminder of day {day} could not be sent; the next run tries again.")
            return
        details = {"day": day, "owners": len(message.to)}
        with tenant_scope(subscription.tenant_id):
            audit.record(actor=subscriptions.SYSTEM, action="trial.reminded", target=subscription.id, details=details)
        self.stdout.write(f"{slug}: reminder of day {day} sent to {len(message.to)} owner(s).")
