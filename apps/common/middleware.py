"""The outermost middleware: a request id and a trace on every answer and every log line, and how long it took."""

import re
import time
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from opentelemetry.trace import Span, SpanKind

from apps.common import metrics, telemetry
from apps.common.ids import new_id
from apps.common.logs import request_id, route_of

_ACCEPTABLE = re.compile(r"[A-Za-z0-9_-]{8,64}")
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_PROBES = {"/healthz", "/readyz", "/metrics"}
"""Asked every few seconds: they have no spans."""


class RequestContext:
    """Gives each request an id: the edge's `X-Request-ID` when it is well formed, else a new one.

    And a span, which goes on with the trace of its `traceparent` where TRUST_TRACEPARENT says so. Works in both the
    page stack and the async-only stack of the streaming routes.
    """

    sync_capable: ClassVar[bool] = True
    async_capable: ClassVar[bool] = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        given = request.headers.get("X-Request-ID", "")
        request_id.set(given if _ACCEPTABLE.fullmatch(given) else new_id("req"))
        seen = _Seen(request)
        if self.is_async:
            return self._call_async(request, seen)
        return seen.answered(self.get_response(request))

    async def _call_async(self, request: HttpRequest, seen: "_Seen") -> HttpResponseBase:
        try:
            return seen.answered(await self.get_response(request))
        finally:
            seen.close()


class _Seen:
    """One request, from its arrival to the beginning of its answer."""

    __slots__ = ("_began", "_request", "_span")

    def __init__(self, request: HttpRequest) -> None:
        self._began = time.perf_counter()
        self._request = request
        self._span: Span | None = None
        if request.path not in _PROBES:
            caller = request.headers.get("traceparent", "")
            trusted = bool(caller) and settings.TRUST_TRACEPARENT
            self._span = telemetry.root(
                _method(request),
                {"http.request.method": _method(request), "callsphere.request_id": request_id.get() or ""},
                kind=SpanKind.SERVER,
                context=telemetry.remote(caller) if trusted else None,
                caller="" if trusted else caller,
            )
            telemetry.enter(self._span)

    def answered(self, response: HttpResponseBase) -> HttpResponseBase:
        response["X-Request-ID"] = request_id.get() or ""
        method, route, status = _method(self._request), _route(self._request), response.status_code
        metrics.REQUESTS.labels(method, route, f"{status // 100}xx").observe(time.perf_counter() - self._began)
        if self._span is not None:
            self._span.update_name(f"{method} {route}")
            self._span.set_attribute("http.route", route)
            self._span.set_attribute("http.response.status_code", status)
            if status >= 500:
                telemetry.fail(self._span, str(status))
        self.close()
        return response

    def close(self) -> None:
        """It is answered, or its client has left."""
        if self._span is not None:
            telemetry.leave(self._span)
            self._span = None


def _method(request: HttpRequest) -> str:
    return request.method if request.method in _METHODS else "_OTHER"


def _route(request: HttpRequest) -> str:
    """A label of few values: the admin's hundreds of pages are one for each model."""
    route = route_of(request)
    if route.startswith("admin/"):
        return "/".join(route.split("/")[:3])
    return route or "unmatched"
