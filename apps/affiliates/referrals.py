"""Who referred a business: decided once, when it signs up."""

import logging
from datetime import datetime

from django.http import HttpRequest
from django.utils import timezone

from apps.affiliates import affiliates, links, trail
from apps.affiliates.core import commission
from apps.affiliates.core.kinship import Party, kinship
from apps.affiliates.models import Referral
from apps.tenants.models import Membership, Tenant, User
from apps.tenants.scope import all_tenants

logger = logging.getLogger(__name__)


def on_founded(tenant: Tenant, owner: User, request: HttpRequest) -> None:
    """Listens to `tenants.founding`."""
    attribute(tenant=tenant, owner=owner, request=request, now=timezone.now())


def attribute(*, tenant: Tenant, owner: User, request: HttpRequest, now: datetime) -> Referral | None:
    """The referral of a new business, by the first touch in the founder's browser; None when nobody brought them.

    A self-referral is recorded, too, as refused with its reason: the affiliate sees why it earns nothing.
    """
    touch = links.touch(request)
    affiliate = links.approved(touch.code) if touch is not None else None
    if touch is None or affiliate is None:
        return None
    founder = Party(str(owner.pk), owner.email, (tenant.email,), affiliates.teams_of(owner) - {tenant.pk})
    refusal = kinship(affiliates.party(affiliate), founder)
    earning = commission.window(now)
    referral, is_new = Referral.objects.get_or_create(
        business=tenant.pk,
        defaults={
            "affiliate": affiliate,
            "status": Referral.Status.REFUSED if refusal else Referral.Status.EARNING,
            "reason": refusal or "",
            "clicked_at": min(touch.at, now),
            "signed_up_at": now,
            "ends_at": earning.end,
        },
    )
    if is_new:
        action = "referral.refused" if refusal else "referral.made"
        trail.record(actor="system", action=action, target=referral.pk, details={"reason": refusal or ""})
        logger.info("business referred", extra={"tenant": tenant.pk, "affiliate": affiliate.pk, "refused": refusal})
    return referral


def end_if_joined(referral: Referral, *, now: datetime) -> None:
    """An affiliate who works for the business now earns by its later invoices no more."""
    if referral.status == Referral.Status.REFUSED or referral.ends_at <= now:
        return
    with all_tenants(reason="whether an affiliate has joined a business they referred"):
        joined = Membership.objects.filter(tenant_id=referral.business, user=referral.affiliate.user_id).exists()
    if joined:
        referral.ends_at, referral.reason = now, "joined"
        referral.save(update_fields=["ends_at", "reason"])
        trail.record(actor="system", action="referral.ended", target=referral.pk, details={"reason": "joined"})
