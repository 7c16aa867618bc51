"""Enters the scope and the time zone of the logged-in person's tenant for the page stack."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone

from apps.common.api import error_response
from apps.tenants import second_factor
from apps.tenants.models import Membership, Tenant, User
from apps.tenants.scope import all_tenants, tenant_scope

SESSION_KEY = "tenant_id"


class MemberScope:
    """Sets `request.membership` and `request.tenant` (None where there is none) and enters a scope.

    A member is in their tenant's scope: the one chosen in the session, if they still belong to it, else their first.
    A platform administrator is in the tenant they opened, else in all. Anyone else is in none, so a page that forgot
    its check fails instead of leaking; so is who lacks a second factor that they need. In one tenant's scope, times are
    shown and read in its time zone. Sync only: the scope and its transaction stay in the request's thread.
    """

    sync_capable: ClassVar[bool] = True
    async_capable: ClassVar[bool] = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.membership = request.tenant = None  # type: ignore[attr-defined]
        user = request.user
        if not isinstance(user, User):
            return self.get_response(request)
        chosen: Any = request.session.get(SESSION_KEY)
        if user.is_superuser:
            tenant = opened_tenant(chosen)
            if second_factor.is_missing(user, tenant):
                return self._held_up(request)
            if tenant is None:
                with all_tenants(reason="platform administrator"):
                    return self.get_response(request)
            return self._in_tenant(request, tenant)
        membership = membership_of(user=user, preferred_tenant_id=chosen)
        if membership is None:
            return self.get_response(request)
        if second_factor.is_missing(user, membership.tenant):
            return self._held_up(request)
        request.membership = membership  # type: ignore[attr-defined]
        return self._in_tenant(request, membership.tenant)

    def _held_up(self, request: HttpRequest) -> HttpResponseBase:
        """Without a scope, as somebody of no tenant: their own account, and what everybody may see."""
        if request.path.startswith("/api/"):
            return error_response(second_factor.SecondFactorMissing(second_factor.MISSING))
        if request.path.startswith("/admin/") and request.path != reverse("admin:logout"):
            messages.warning(request, second_factor.MISSING)
            return HttpResponseRedirect(reverse("mfa_activate_totp"))
        return self.get_response(request)

    def _in_tenant(self, request: HttpRequest, tenant: Tenant) -> HttpResponseBase:
        request.tenant = tenant  # type: ignore[attr-defined]
        with tenant_scope(tenant.pk), timezone.override(tenant.zone):
            return self.get_response(request)


def opened_tenant(tenant_id: str | None) -> Tenant | None:
    """The tenant that a platform administrator opened, if it still exists."""
    if not tenant_id:
        return None
    with all_tenants(reason="a platform administrator may open any tenant"):
        return Tenant.objects.filter(pk=tenant_id).first()


def membership_of(*, user: User, preferred_tenant_id: str | None) -> Membership | None:
    """The user's membership of the preferred tenant, else their oldest; None when they have none."""
    with all_tenants(reason="which tenants a person belongs to is asked before one is in scope"):
        memberships = list(Membership.objects.filter(user=user).select_related("tenant", "user").order_by("id"))
    preferred = [membership for membership in memberships if membership.tenant_id == preferred_tenant_id]
    return next(iter(preferred or memberships), None)
