"""`/dashboard/`: the page of the live floor."""

from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from apps.tenants.models import Role, User
from apps.verticals.sales.models import TeamAgent

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)


def has_floor() -> bool:
    """Whether the business in scope has agents of a floor."""
    return TeamAgent.objects.exists()


@require_safe
def floor(request: HttpRequest) -> HttpResponse:
    """The floor of the tenant that the person is in; who is not logged in logs in first, and comes back."""
    if not isinstance(request.user, User):
        return redirect_to_login(request.get_full_path(), reverse("admin:login"))
    tenant: Any = request.tenant  # type: ignore[attr-defined]
    if tenant is None:  # no member of any, or a platform administrator who has not opened one
        return redirect("admin:index")
    membership: Any = request.membership  # type: ignore[attr-defined]
    config = {
        "tenant": tenant.name,
        "tickets": reverse("dashboard-tickets"),
        "socket": "/ws/dashboard/",
        "leads": reverse("dashboard-leads"),
        "role": membership.role if membership is not None else Role.OWNER.value,
        "name": str(request.user),
        "csrf": get_token(request),
    }
    context = {
        "config": config,
        "tenant": tenant.name,
        "sandbox": settings.SANDBOX_ANSWERS,
        "floor": has_floor(),
    }
    response = render(request, "dashboard/floor.html", context)
    response["Content-Security-Policy"] = _POLICY
    response["Cache-Control"] = "no-store"
    return response
