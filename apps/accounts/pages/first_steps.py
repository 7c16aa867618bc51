"""The two buttons of the checklist."""

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.accounts import checklist
from apps.tenants.access import SET_UP, may
from apps.tenants.admin.base import actor_of


@require_POST
def hide(request: HttpRequest) -> HttpResponse:
    """Puts the checklist away for the whole business."""
    return _done(request, checklist.hide)


@require_POST
def confirm_hours(request: HttpRequest) -> HttpResponse:
    """The hours are right as they are."""
    return _done(request, checklist.confirm_hours)


def _done(request: HttpRequest, step: Callable[..., None]) -> HttpResponse:
    if getattr(request, "tenant", None) is None:
        raise Http404  # a stranger, or nobody: no page tells what exists
    if not may(request, "change", SET_UP):
        raise PermissionDenied
    step(actor=actor_of(request), now=timezone.now())
    return redirect("admin:index")
