"""Who must log in with a second factor: a team whose owner wants it, and the platform's administrators."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import Exists, OuterRef

from apps.common.errors import AppError
from apps.tenants.models import Tenant, User


class SecondFactorMissing(AppError):
    """The person must set up a second factor before they may go on."""

    code = "second_factor_required"
    status = 403


MISSING = "Set up two-factor login first: it is required here."


def is_missing(user: User, tenant: Tenant | None) -> bool:
    """Whether the person needs one in this tenant (None = in none, or in all) and has none.

    Who has one was asked for it at their login, so that it is not looked at again here.
    """
    is_required = tenant is not None and tenant.requires_second_factor
    is_required |= user.is_superuser and settings.ADMINISTRATORS_NEED_SECOND_FACTOR
    return is_required and not _codes().filter(user=user).exists()


def is_set_up(user: str) -> Exists:
    """A condition of a query whose column `user` is a person's key: they have one."""
    return Exists(_codes().filter(user=OuterRef(user)))


def _codes() -> Any:
    return Authenticator.objects.filter(type=Authenticator.Type.TOTP)
