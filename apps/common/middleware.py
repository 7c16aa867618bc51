"""The outermost middleware: a request id on every answer and every log line, and 503 while a part is away."""

import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from apps.common.ids import new_id
from apps.common.logs import request_id
from apps.common.outage import AWAY, unavailable

logger = logging.getLogger(__name__)

_ACCEPTABLE = re.compile(r"[A-Za-z0-9_-]{8,64}")


class RequestContext:
    """Gives each request an id: the edge's `X-Request-ID` when it is well formed, else a new one.

    Works in both the page stack and the async-only stack of the streaming routes.
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
        if self.is_async:
            return self._call_async(request)
        return _stamped(self.get_response(request))

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Whoever meets a part that is away is told to come back, and a proxy in front may ask another process."""
        if not isinstance(error, AWAY):
            return None
        logger.warning("A part is away", extra={"path": request.path, "error": type(error).__name__})
        refusal = unavailable()
        return HttpResponse(
            f"{refusal.message}\n", status=refusal.status, headers=refusal.headers(), content_type="text/plain"
        )

    async def _call_async(self, request: HttpRequest) -> HttpResponseBase:
        return _stamped(await self.get_response(request))


def _stamped(response: HttpResponseBase) -> HttpResponseBase:
    response["X-Request-ID"] = request_id.get() or ""
    return response
