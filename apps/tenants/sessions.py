"""Who asks, on routes of the lean handler (common/streaming.py): what the pages' middleware does, done by hand.

The pages' stack opens a thread and a database connection for each request; a stream would keep them.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware

from apps.common.errors import AppError, NotFound
from apps.tenants import second_factor
from apps.tenants.middleware import SESSION_KEY, membership_of, opened_tenant
from apps.tenants.models import Role, Tenant, User

_sessions: Any = import_module(settings.SESSION_ENGINE)
_csrf = CsrfViewMiddleware(lambda request: JsonResponse({}))


class NotLoggedIn(AppError):
    """Nobody is known by this session."""

    code = "not_logged_in"
    status = 401


class ForgedRequest(AppError):
    """It does not come from a page of ours, or its page is of another session."""

    code = "forged_request"
    status = 403


class Forbidden(AppError):
    """The person's role does not allow it."""

    code = "forbidden"
    status = 403


@dataclass(frozen=True, slots=True)
class Person:
    """A member at the tenant they are in; or a platform administrator (without a membership) in one they opened."""

    tenant: Tenant
    user: User
    role: str
    membership_id: str

    @property
    def actor(self) -> str:
        """As the audit trail names them."""
        return f"user:{self.user.pk}"


def person_of(request: HttpRequest) -> Person:
    """The person of the request's session. Sync.

    Raises:
        NotLoggedIn, NotFound: nobody; not at any tenant.
        SecondFactorMissing: see there.
    """
    person = _person(request)
    if second_factor.is_missing(person.user, person.tenant):
        raise second_factor.SecondFactorMissing(second_factor.MISSING)
    return person


def _person(request: HttpRequest) -> Person:
    session = request.session = _sessions.SessionStore(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
    user = get_user(request)
    if not isinstance(user, User):
        raise NotLoggedIn("Please log in.")
    if user.is_superuser:
        tenant = opened_tenant(session.get(SESSION_KEY))
        if tenant is not None:
            return Person(tenant, user, Role.OWNER.value, "")
    elif (membership := membership_of(user=user, preferred_tenant_id=session.get(SESSION_KEY))) is not None:
        return Person(membership.tenant, user, membership.role, membership.pk)
    raise NotFound("You are not at a business here.")


def check_not_forged(request: HttpRequest) -> None:
    """Raises ForgedRequest unless it carries the token of the session's page, and comes from a page of ours."""
    _csrf.process_request(request)
    if _csrf.process_view(request, _checked, (), {}) is not None:
        raise ForgedRequest("Please load the page again.")


def _checked(request: HttpRequest) -> HttpResponseBase:
    """Stands for a view that is not exempt; never called."""
    raise AssertionError("only the middleware looks at it")
