"""Telling the team by e-mail that somebody waits. A duty of the worker.

One message to each member, about all that is new to them; nothing while somebody has the inbox open, and about one
conversation at most every AGAIN. It holds no word of the visitor's: what they wrote stays in the inbox.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F, Q
from django.urls import reverse

from apps.conversations.attention import State
from apps.conversations.models import PersonWanted
from apps.inbox import seats
from apps.inbox.models import Notify, Seat
from apps.tenants import audit
from apps.tenants.models import Membership, Tenant
from apps.tenants.scope import all_tenants, tenant_scope

logger = logging.getLogger(__name__)

EVERY = 15.0
"""Seconds."""
PATIENCE = timedelta(seconds=20)
"""For whoever opens the inbox at that moment."""
AGAIN = timedelta(minutes=5)


def tell(now: datetime) -> int:
    """Sends what is due; how many messages that were."""
    with all_tenants(reason="list the tenants with somebody who waits"):
        waiting = PersonWanted.objects.filter(_due(now)).order_by("tenant_id")
        tenants = list(waiting.values_list("tenant_id", flat=True).distinct())
    return sum(_tell(tenant_id, now) for tenant_id in tenants)


def _due(now: datetime) -> Q:
    """New; or told of some time ago, and the visitor has written since."""
    new = Q(told_at=None, waiting_at__lte=now - PATIENCE)
    again = Q(told_at__lte=now - AGAIN, conversation__last_at__gt=F("told_at"))
    return Q(conversation__attention=State.WAITING) & (new | again)


def _tell(tenant_id: str, now: datetime) -> int:
    if seats.is_looked_at(tenant_id):
        return 0
    with tenant_scope(tenant_id):
        due = list(PersonWanted.objects.filter(_due(now)).select_related("conversation").order_by("waiting_at"))
        # Claimed before it is sent: two workers tell nobody twice.
        claimed = [
            wanted
            for wanted in due
            if PersonWanted.objects.filter(pk=wanted.pk, told_at=wanted.told_at).update(told_at=now)
        ]
        tenant = Tenant.objects.get(pk=tenant_id)
        to = _readers() if claimed else []
    if not to:
        return 0
    sent = sum(_send(message(tenant, claimed, address, now)) for address in to)
    with tenant_scope(tenant_id):
        if sent:
            details = {"conversations": len(claimed), "members": sent}
            audit.record(actor="system", action="inbox.team_told", details=details)
        else:
            for wanted in claimed:  # nobody was: at the next turn again
                PersonWanted.objects.filter(pk=wanted.pk, told_at=now).update(told_at=wanted.told_at)
    return sent


def _readers() -> list[str]:
    """Addresses of the members who want it; a member who never opened the inbox does."""
    silent = Seat.objects.filter(notify=Notify.NONE).values("membership")
    members = Membership.objects.filter(user__is_active=True).exclude(pk__in=silent)
    return list(members.order_by("user__email").values_list("user__email", flat=True))


def message(tenant: Tenant, waiting: Sequence[PersonWanted], to: str, now: datetime) -> EmailMessage:
    """The message to one member."""
    count = len(waiting)
    who = "Somebody is" if count == 1 else f"{count} people are"
    lines = [
        f"- {wanted.get_reason_display()}, {_minutes(wanted.waiting_at, now)}: {_address(wanted.conversation_id)}"
        for wanted in waiting
    ]
    return EmailMessage(
        subject=f"{who} waiting for a person at {tenant.name}",
        body=(
            f"{who} waiting in the inbox of {tenant.name}:\n\n"
            + "\n".join(lines)
            + "\n\nOpen the inbox to answer. There you also choose whether you get these messages.\n"
        ),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[to],
    )


def _address(conversation_id: str) -> str:
    return f"{settings.PUBLIC_URL}{reverse('inbox')}?c={conversation_id}"


def _minutes(since: datetime | None, now: datetime) -> str:
    minutes = int((now - since).total_seconds() // 60) if since else 0
    return "just now" if minutes < 1 else f"for {minutes} minute{'s' if minutes > 1 else ''}"


def _send(mail: EmailMessage) -> bool:
    """Outside any transaction: a slow mail server must not hold the database's locks."""
    try:
        return bool(mail.send())
    except (SMTPException, OSError) as error:
        # Its kind only: the text of an SMTP error quotes the recipients.
        logger.error("team not told, to be tried again", extra={"error": type(error).__name__})
        return False
