"""The page of the platform's administrators: what each business took. Nothing can be changed there."""

from datetime import timedelta

from django.contrib import admin
from django.http import Http404, HttpRequest
from django.http.response import HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from apps.operations.tenants.report import report

PERIODS = {"1": "the last 24 hours", "7": "the last 7 days", "30": "the last 30 days"}
MOST = 200
"""Lines of the page; `manage.py tenants_report` has all."""


def use(request: HttpRequest) -> HttpResponse:
    """404 for everybody else, as of a page that is not there."""
    if not getattr(request.user, "is_superuser", False) or getattr(request, "tenant", None) is not None:
        raise Http404
    days = request.GET.get("days", "1")
    days = days if days in PERIODS else "1"
    lines = report(since=timezone.now() - timedelta(days=int(days)))
    context = {
        **admin.site.each_context(request),
        "title": "Tenants’ use",
        "lines": lines[:MOST],
        "left_out": max(0, len(lines) - MOST),
        "periods": PERIODS,
        "days": days,
        "period": PERIODS[days],
    }
    return TemplateResponse(request, "admin/operations/tenants.html", context)
