"""The outermost middleware: a request id on every answer and every log line."""

import re
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.common.ids import new_id
from apps.common.logs import request_id

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

    async def _call_async(self, request: HttpRequest) -> HttpResponseBase:
        return _stamped(await self.get_response(request))


def _stamped(response: HttpResponseBase) -> HttpResponseBase:
    response["X-Request-ID"] = request_id.get() or ""
    return response
