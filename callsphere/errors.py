"""Pages and envelopes for what no view answered."""

import sys
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.common.api import InternalError, error_response
from apps.common.errors import NotFound
from apps.common.outage import AWAY, unavailable
from apps.tenants.sessions import ForgedRequest


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    if request.path.startswith("/api/"):
        return error_response(NotFound("There is no such address."))
    return render(request, "404.html", status=404)


def internal_error(request: HttpRequest) -> HttpResponse:
    """Of what nobody foresaw; but while a part is away, that one shall come back, wherever in the stack it was met."""
    error = sys.exception()
    if isinstance(error, AWAY):
        refusal = unavailable()
        if request.path.startswith("/api/"):
            return error_response(refusal)
        page = render(request, "503.html", status=refusal.status)
        for name, value in refusal.headers().items():
            page[name] = value
        return page
    if request.path.startswith("/api/"):
        return error_response(InternalError("Something went wrong on our side. Please try again."))
    return render(request, "500.html", status=500)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without its page's token: sent by another site, or the page is older than the login."""
    if request.path.startswith("/api/"):
        return error_response(ForgedRequest("Please load the page again."))
    return render(request, "403.html", status=403)
