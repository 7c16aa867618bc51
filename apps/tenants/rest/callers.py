"""Who calls the API: a program with a key, or a person of the team with the admin's session."""

from dataclasses import dataclass

from django.http import HttpRequest
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request

from apps.common.errors import AppError
from apps.tenants import key_scopes
from apps.tenants.access import Action, Rights, may
from apps.tenants.api_keys import BadApiKey, check_scope, key_of
from apps.tenants.models import ApiKey, Role, Tenant


class NotPermitted(AppError):
    """The person's role does not allow it."""

    code = "not_permitted"
    status = 403


class NoTenantOpened(AppError):
    """A platform administrator has opened no tenant, or a person belongs to none."""

    code = "no_tenant"
    status = 403


@dataclass(frozen=True, slots=True)
class Caller:
    """Attributes:
    actor: as the audit trail names it, `key:<id>` or `user:<id>`; also whose requests are counted together.
    key: None for a person.
    user_id: None for a program.
    """

    tenant: Tenant
    actor: str
    key: ApiKey | None = None
    user_id: int | None = None
    role: str = ""

    @property
    def sees_own_rows_only(self) -> bool:
        """Whether rows that belong to a colleague are not theirs to see, where an industry tells the two apart."""
        return self.role == Role.STAFF


def identify(request: Request) -> Caller:
    """Whose request it is. A key counts before a session; a session that writes must bring its CSRF token.

    Raises:
        BadApiKey: neither a valid key nor a session.
        NoTenantOpened: see there.
        rest_framework.exceptions.PermissionDenied: the CSRF token is missing or wrong.
    """
    plain: HttpRequest = request._request
    if plain.headers.get("Authorization"):
        key = key_of(plain)
        return Caller(tenant=key.tenant, actor=f"key:{key.pk}", key=key)
    user = getattr(plain, "user", None)
    if user is None or not user.is_authenticated:
        raise BadApiKey("Send a valid API key of your business as Authorization: Bearer sk_….")
    SessionAuthentication().enforce_csrf(plain)
    tenant = getattr(plain, "tenant", None)
    if tenant is None:
        raise NoTenantOpened("Open a business in the admin first: your login belongs to none.")
    membership = getattr(plain, "membership", None)
    return Caller(
        tenant=tenant, actor=f"user:{user.pk}", user_id=user.pk, role=membership.role if membership is not None else ""
    )


def check_permission(caller: Caller, request: Request, *, resource: str, action: Action, rights: Rights) -> None:
    """Whether the key has the scope, or the person's role the right. In the tenant's scope.

    Raises:
        ScopeMissing, NotPermitted.
    """
    if caller.key is not None:
        check_scope(caller.key, key_scopes.scope(resource, "read" if action == "view" else "write"))
    elif not may(request._request, action, rights):
        raise NotPermitted("Your role does not allow this. An owner can change it under Team.")
