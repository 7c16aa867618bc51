"""Inviting people to the team of the tenant in scope, and accepting from outside of any."""

import secrets
from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import transaction
from django.db.models import QuerySet

from apps.accounts.core import validity
from apps.accounts.models import Invitation
from apps.common.errors import AppError, NotFound
from apps.tenants import audit
from apps.tenants.models import Membership, User, hash_secret
from apps.tenants.scope import all_tenants, tenant_scope


class AlreadyOnTeam(AppError):
    code = "already_on_team"
    status = 409


class AlreadyInvited(AppError):
    code = "already_invited"
    status = 409


class InvitationOver(NotFound):
    """Unknown, accepted, withdrawn or too old: the four are told apart by nobody who is not on the team."""

    code = "invitation_over"


class WrongAccount(AppError):
    """Somebody else is logged in than was invited."""

    code = "wrong_account"
    status = 403


@transaction.atomic
def invite(*, email: str, role: str, inviter: User, now: datetime) -> tuple[Invitation, str]:
    """A new invitation and the secret of its link, which cannot be read again.

    Raises:
        AlreadyOnTeam: a member has the address.
        AlreadyInvited: an invitation to it is open, or expired: send that one again.
    """
    email = email.lower()
    if Membership.objects.filter(user__email=email).exists():
        raise AlreadyOnTeam("This person is on the team already.", field="email")
    if Invitation.objects.filter(email=email, accepted_at=None, withdrawn_at=None).exists():
        raise AlreadyInvited("This address has an invitation already. Send that one again.", field="email")
    secret = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        email=email,
        role=role,
        secret_hash=hash_secret(secret),
        invited_by=inviter,
        sent_at=now,
        expires_at=now + validity.LIFETIME,
    )
    _record(f"user:{inviter.pk}", "invitation.sent", invitation)
    return invitation, secret


@transaction.atomic
def renew(*, invitation: Invitation, inviter: User, now: datetime) -> str:
    """The secret of a new link, for seven days more; the link before does not work any more.

    Raises:
        InvitationOver: it was accepted or withdrawn.
    """
    secret = secrets.token_urlsafe(32)
    changed = _undecided(invitation).update(
        secret_hash=hash_secret(secret), sent_at=now, expires_at=now + validity.LIFETIME
    )
    if not changed:
        raise InvitationOver("This invitation was accepted or withdrawn.")
    invitation.refresh_from_db()
    _record(f"user:{inviter.pk}", "invitation.sent_again", invitation)
    return secret


@transaction.atomic
def withdraw(*, invitation: Invitation, actor: str, now: datetime) -> bool:
    """Takes it back; False when it was decided already."""
    changed = _undecided(invitation).update(withdrawn_at=now)
    if changed:
        _record(actor, "invitation.withdrawn", invitation)
    return bool(changed)


def find(secret: str, *, now: datetime) -> Invitation:
    """The open invitation of a link, with its tenant and who sent it; for who comes from outside.

    Raises:
        InvitationOver: see there.
    """
    with all_tenants(reason="the link names the invitation, and that its tenant"):
        rows = Invitation.objects.select_related("tenant", "invited_by")
        invitation = rows.filter(secret_hash=hash_secret(secret)).first()
    if invitation is None or invitation.state(now=now) != "open":
        raise InvitationOver("This invitation does not work any more.")
    return invitation


def is_for(invitation: Invitation, user: User) -> bool:
    """Whether the invitation went to an address of this person."""
    if user.email.lower() == invitation.email:
        return True
    return EmailAddress.objects.filter(user=user, email=invitation.email, verified=True).exists()


@transaction.atomic
def accept(secret: str, *, user: User, now: datetime) -> Invitation:
    """Makes the person a member, once. Who is on the team already keeps their role.

    Raises:
        InvitationOver: it was accepted, withdrawn or expired meanwhile.
        WrongAccount: the invitation is for another address.
    """
    invitation = find(secret, now=now)
    if not is_for(invitation, user):
        raise WrongAccount("This invitation is for another e-mail address.")
    with tenant_scope(invitation.tenant_id):
        # Conditional, so that of two clicks at the same moment one finds nothing left to accept.
        if not _undecided(invitation).filter(secret_hash=hash_secret(secret)).update(accepted_at=now):
            raise InvitationOver("This invitation does not work any more.")
        if not Membership.objects.filter(user=user).exists():
            Membership.objects.create(user=user, role=invitation.role)
        _record(f"user:{user.pk}", "invitation.accepted", invitation)
    if not user.is_staff:
        user.is_staff = True  # what Django asks of those who log in to the admin
        user.save(update_fields=["is_staff"])
    return invitation


@transaction.atomic
def accept_as_new(secret: str, *, name: str, password: str, now: datetime) -> tuple[User, Invitation]:
    """Makes the login, too. Its address is proven: the link was in a mail to it.

    Raises:
        InvitationOver: it was accepted, withdrawn or expired meanwhile.
        WrongAccount: the address has an account by now: its owner must log in.
    """
    invitation = find(secret, now=now)
    if User.objects.filter(email=invitation.email).exists():
        raise WrongAccount("There is an account with this address. Please log in.")
    user = User.objects.create_user(invitation.email, password, name=name, is_staff=True)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user, accept(secret, user=user, now=now)


def _undecided(invitation: Invitation) -> QuerySet[Invitation]:
    return Invitation.objects.filter(pk=invitation.pk, accepted_at=None, withdrawn_at=None)


def _record(actor: str, action: str, invitation: Invitation) -> None:
    details = {"email": invitation.email, "role": invitation.role}
    audit.record(actor=actor, action=action, target=invitation.pk, details=details)
