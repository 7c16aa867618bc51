"""Cross-origin requests to the API (WHATWG Fetch, “HTTP-network-or-cache fetch” and “CORS-preflight fetch”).

A preflight carries no widget key, so it is allowed to every page; the request itself names its widget, and
`chat.access.check_origin` decides then. That is safe because a preflight's answer grants nothing but the asking: what
proves a visitor is a token that only their own page holds, and a cookie is looked at only in requests from listed
domains (`chat.ui`). The page of a refused origin gets no Access-Control-Allow-Origin, so it cannot read the refusal.
"""

import re

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

_ORIGIN = re.compile(r"[\x21-\x7e]{1,255}")
# The star is for headers of the customer's own, which we do not read. It does not cover Authorization.
_HEADERS = "Authorization, Content-Type, Last-Event-ID, User-Agent, X-Request-ID, X-Widget-Key, *"
_EXPOSED = "Retry-After, X-Request-ID, X-Error-Code, x-vercel-ai-ui-message-stream"
_MAX_AGE = "7200"
"""Seconds; Chromium's own maximum."""
_VERDICT = "_origin_is"


def refuse_origin(request: HttpRequest) -> None:
    """The page that asks may not read the answer."""
    setattr(request, _VERDICT, "refused")


def list_origin(request: HttpRequest) -> None:
    """The owner named the page's domain, so that it may also ask with the visitor's cookie."""
    setattr(request, _VERDICT, "listed")


def preflight(request: HttpRequest, methods: tuple[str, ...]) -> HttpResponse:
    """The answer to OPTIONS, whoever asks."""
    allowed = ", ".join((*methods, "OPTIONS"))
    response = HttpResponse(status=204, headers={"Allow": allowed})
    if _allow(request, response):
        response["Access-Control-Allow-Methods"] = allowed
        response["Access-Control-Allow-Headers"] = _HEADERS
        response["Access-Control-Allow-Credentials"] = "true"
        response["Access-Control-Max-Age"] = _MAX_AGE
    return response


def readable(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """The response, with what lets the page of another origin read it."""
    verdict = getattr(request, _VERDICT, "")
    if verdict == "refused":
        patch_vary_headers(response, ("Origin",))
    elif _allow(request, response):
        response["Access-Control-Expose-Headers"] = _EXPOSED
        if verdict == "listed":
            response["Access-Control-Allow-Credentials"] = "true"
    return response


def _allow(request: HttpRequest, response: HttpResponseBase) -> bool:
    patch_vary_headers(response, ("Origin",))
    origin = request.headers.get("Origin", "")
    if not _ORIGIN.fullmatch(origin):
        return False
    response["Access-Control-Allow-Origin"] = origin
    return True
