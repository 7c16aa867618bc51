"""Pages and envelopes for what no view answered."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.common.api import InternalError, error_response
from apps.common.errors import NotFound


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    if request.path.startswith("/api/"):
        return error_response(NotFound("There is no such address."))
    return render(request, "404.html", status=404)


def internal_error(request: HttpRequest) -> HttpResponse:
    if request.path.startswith("/api/"):
        return error_response(InternalError("Something went wrong on our side. Please try again."))
    return render(request, "500.html", status=500)
