"""Who is an affiliate: applying, being approved, and where the money goes."""

import re
import secrets
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from apps.affiliates import trail
from apps.affiliates.core.kinship import Party
from apps.affiliates.models import Affiliate, Referral
from apps.common.errors import AppError
from apps.tenants.models import Membership, User
from apps.tenants.scope import all_tenants

_TRIES = 6
RESERVED = frozenset({"admin", "api", "callsphere", "new", "test"})


class AlreadyAffiliate(AppError):
    code = "already_affiliate"
    status = 409


class Undecided(AppError):
    """What is asked for does not fit the affiliate's state."""

    code = "wrong_state"
    status = 409


def of(user: object) -> Affiliate | None:
    """The affiliate of a login; None for whoever is none. Every page of an affiliate begins here."""
    if not isinstance(user, User):
        return None
    return Affiliate.objects.filter(user=user).first()


def apply(*, user: User, name: str, website: str, audience: str, now: datetime) -> Affiliate:
    """A new application, waiting for approval.

    Raises:
        AlreadyAffiliate: this login has applied before.
    """
    for attempt in range(_TRIES):
        try:
            with transaction.atomic():
                affiliate = Affiliate(user=user, name=name, website=website, audience=audience, applied_at=now)
                affiliate.code = _code(name, attempt)
                affiliate.save()
                trail.record(actor=f"user:{user.pk}", action="affiliate.applied", target=affiliate.pk)
                return affiliate
        except IntegrityError:
            if Affiliate.objects.filter(user=user).exists():
                raise AlreadyAffiliate("You have applied with this login already.") from None
    raise AlreadyAffiliate("No code is free for this name. Please try again.")


def _code(name: str, attempt: int) -> str:
    """Such as `mila-weber`; with four random characters when that is taken or says too little."""
    plain = re.sub(r"-+", "-", slugify(name))[:18].strip("-")
    if attempt == 0 and len(plain) >= 4 and plain not in RESERVED:
        return plain
    return f"{plain or 'partner'}-{secrets.token_hex(2)}"


@transaction.atomic
def decide(*, affiliate_id: str, status: str, note: str, actor: str, now: datetime) -> Affiliate:
    """Approves, rejects or suspends; the same again changes nothing. A suspended affiliate's referrals earn no more.

    Raises:
        Undecided: nobody goes back to waiting.
    """
    if status == Affiliate.Status.APPLIED:
        raise Undecided("An application is approved, rejected or suspended.")
    affiliate = Affiliate.objects.select_for_update().get(pk=affiliate_id)
    if affiliate.status == status:
        return affiliate
    affiliate.status, affiliate.decided_at, affiliate.decision_note = status, now, note
    affiliate.save(update_fields=["status", "decided_at", "decision_note"])
    if status == Affiliate.Status.SUSPENDED:
        earning = affiliate.referrals.filter(status=Referral.Status.EARNING, ends_at__gt=now)
        earning.update(ends_at=now, reason="suspended")
    trail.record(actor=actor, action=f"affiliate.{status}", target=affiliate.pk)
    return affiliate


def set_payout(*, affiliate: Affiliate, method: str, email: str, account: str) -> None:
    """Where money goes from now on; payouts that are prepared already keep their target."""
    affiliate.payout_method, affiliate.payout_email, affiliate.payout_account = method, email, account
    affiliate.save(update_fields=["payout_method", "payout_email", "payout_account"])
    trail.record(actor=f"user:{affiliate.user_id}", action="affiliate.payout_changed", target=affiliate.pk)


def party(affiliate: Affiliate) -> Party:
    """The affiliate as the rules of self-referral see them."""
    user = affiliate.user
    return Party(str(user.pk), user.email, (affiliate.payout_email,), teams_of(user))


def teams_of(user: User) -> frozenset[str]:
    """Ids of the businesses that a person belongs to."""
    with all_tenants(reason="whether an affiliate and a founder are on one team"):
        return frozenset(Membership.objects.filter(user=user).values_list("tenant_id", flat=True))
