"""/metrics: this process for Prometheus. For this machine, or for who knows the token."""

import secrets
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from apps.common import metrics
from apps.common.api import api_view
from apps.common.errors import AppError
from apps.voice.admission import lag


class NotForYou(AppError):
    """Only the operator's monitoring may read this."""

    code = "forbidden"
    status = 403


@api_view("GET", "HEAD")
async def exposition(request: HttpRequest) -> HttpResponseBase:
    """The process's metrics, in Prometheus' text format."""
    _check(request)
    metrics.LAG.set(lag().seconds)
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def _check(request: HttpRequest) -> None:
    """Raises NotForYou. A proxy on this machine is not this machine's operator: whom it forwards needs the token."""
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").encode()
        if secrets.compare_digest(given, f"Bearer {settings.METRICS_TOKEN}".encode()):
            return
    elif not any(request.headers.get(name) for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")):
        peer = request.META.get("REMOTE_ADDR") or ""
        try:
            if ip_address(peer).is_loopback:
                return
        except ValueError:  # a unix socket has a proxy in front
            pass
    raise NotForYou("These are the operator's metrics.")
