"""`/inbox/`: the page on which the team reads conversations and answers in them."""

from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.conversations.attention import State
from apps.conversations.models import Conversation
from apps.inbox import reading, seats
from apps.tenants.models import Role, User
from apps.tenants.sessions import Person

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; media-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """The inbox of the tenant that the person is in; who is not logged in logs in first, and comes back."""
    if not isinstance(request.user, User):
        return redirect_to_login(request.get_full_path(), reverse("admin:login"))
    tenant: Any = request.tenant  # type: ignore[attr-defined]
    if tenant is None:  # no member of any, or a platform administrator who has not opened one
        return redirect("admin:index")
    membership: Any = request.membership  # type: ignore[attr-defined]
    role = membership.role if membership is not None else Role.OWNER.value
    person = Person(tenant, request.user, role, membership.pk if membership is not None else "")
    seats.seat_of(person, now=timezone.now())
    config = {
        "tenant": tenant.name,
        "api": "/api/inbox",
        "user": str(request.user.pk),
        "is_member": membership is not None,
        "zone": tenant.time_zone,
        "locale": tenant.locale,
        "agents": reading.agents(),
        "csrf": get_token(request),
        "login": f"{reverse('admin:login')}?next={reverse('inbox')}",
    }
    context = {"config": config, "tenant": tenant.name, "sandbox": settings.SANDBOX_ANSWERS}
    response = render(request, "inbox/inbox.html", context)
    response["Content-Security-Policy"] = _POLICY
    response["Cache-Control"] = "no-store"
    return response


def waiting_count() -> int:
    """How many conversations of the tenant in scope wait for a person."""
    return Conversation.objects.filter(attention=State.WAITING).count()
