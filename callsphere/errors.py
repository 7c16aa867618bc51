"""Pages and envelopes for what no view answered."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.common.api import InternalError, error_response
from apps.common.errors import NotFound
from apps.tenants.sessions import ForgedRequest


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    if request.path.startswith("/api/"):
        return error_response(NotFound("There is no such address."))
    return render(request, "404.html", status=404)


def internal_error(request: HttpRequest) -> HttpResponse:
    if request.path.startswith("/api/"):
        return error_response(InternalError("Something went wrong on our side. Please try again."))
    return render(request, "500.html", status=500)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without its page's token: sent by another site, or the page is older than the login."""
    if request.path.startswith("/api/"):
        return error_response(ForgedRequest("Please load the page again."))
    return render(request, "403.html", status=403)
