"""What browsers are told of every answer: what its page may load, who may frame, keep and read it.

The policy is CSP Level 3 (https://www.w3.org/TR/CSP3/). One for each kind of answer: data runs nothing at all,
pages run our own files and what carries the answer's nonce, the admin also what its package needs. A view that needs
another sets the header itself, or widens the one of its page.
"""

import secrets
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

POLICY = "Content-Security-Policy"
ADMIN = "/admin/"
DATA = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""Of everything that is no page: were it shown as one, nothing in it would run."""
SELF = "'self'"
_PAGE: dict[str, tuple[str, ...]] = {
    "default-src": ("'none'",),
    "script-src": (SELF,),
    "style-src": (SELF,),
    "img-src": (SELF, "data:"),  # the second factor's picture to scan
    "font-src": (SELF,),
    "media-src": (SELF,),
    "connect-src": (SELF,),
    "frame-src": (SELF,),  # the widget
    "base-uri": ("'none'",),
    "form-action": (SELF,),
    "frame-ancestors": ("'none'",),
}
# Unfold's pages are driven by Alpine, which evaluates the expressions of its attributes, and has style attributes.
_ADMIN = {"script-src": (SELF, "'unsafe-eval'"), "style-src": (SELF, "'unsafe-inline'")}
_OFF = (
    *("accelerometer", "browsing-topics", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer"),
    *("midi", "payment", "publickey-credentials-get", "serial", "usb", "xr-spatial-tracking"),
)
_WITHIN = "microphone=(self), screen-wake-lock=(self)"
PERMISSIONS = ", ".join(f"{name}=()" for name in _OFF)
_WIDENED = "_policy_widened"


def widen(response: HttpResponseBase, directive: str, *sources: str) -> None:
    """Adds to what the page may do, beyond its kind's policy; `sources` as they stand in the header."""
    found: dict[str, tuple[str, ...]] = response.__dict__.setdefault(_WIDENED, {})
    found[directive] = (*found.get(directive, ()), *sources)


class SecurityHeaders:
    """Sets `request.csp_nonce` and the headers, as far as a view has not. In the page stack and in the lean one."""

    sync_capable: ClassVar[bool] = True
    async_capable: ClassVar[bool] = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self.is_async:
            return self._call_async(request)
        request.csp_nonce = secrets.token_urlsafe(16)  # type: ignore[attr-defined]
        return stamped(request, self.get_response(request))

    async def _call_async(self, request: HttpRequest) -> HttpResponseBase:
        return stamped(request, await self.get_response(request))


def stamped(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """The response, with every header that it has not got yet."""
    headers: Any = response.headers
    is_page = headers.get("Content-Type", "").startswith("text/html")
    if POLICY not in headers:
        headers[POLICY] = _policy(request, response) if is_page else DATA
    permissions = headers.get("Permissions-Policy", "") or (_WITHIN if is_page else "")
    headers["Permissions-Policy"] = f"{permissions}, {PERMISSIONS}" if permissions else PERMISSIONS
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", settings.SECURE_REFERRER_POLICY)
    headers.setdefault("Cross-Origin-Opener-Policy", settings.SECURE_CROSS_ORIGIN_OPENER_POLICY)
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    if settings.SECURE_HSTS_SECONDS and request.is_secure():
        headers.setdefault("Strict-Transport-Security", _strict_transport())
    if "Cache-Control" not in headers and (not is_page or _is_personal(request)):
        headers["Cache-Control"] = "no-store"
    return response


def of_file(headers: Any, path: str, url: str) -> None:
    """Of a static file, which the server hands out past all middleware. `headers` takes items by name."""
    headers["X-Content-Type-Options"] = "nosniff"
    if path.endswith(".svg"):  # the only ones that could run as a page; a worker would be held to its file's policy
        headers[POLICY] = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


def _policy(request: HttpRequest, response: HttpResponseBase) -> str:
    directives = dict(_PAGE)
    nonce = (f"'nonce-{request.csp_nonce}'",) if hasattr(request, "csp_nonce") else ()
    if request.path.startswith(ADMIN):
        # A redirect after a form counts as its target (§4.2.3): to the payment provider's pages.
        directives |= _ADMIN | {"form-action": (SELF, *settings.PAYMENT_PAGES)}
    else:
        directives["style-src"] += nonce  # beside a nonce, browsers do not look at 'unsafe-inline'
    directives["script-src"] += nonce
    for directive, sources in response.__dict__.get(_WIDENED, {}).items():
        directives[directive] += sources
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in directives.items())


def _is_personal(request: HttpRequest) -> bool:
    """Whether somebody with a session gets the answer: shared caches and the disk must not keep it."""
    return settings.SESSION_COOKIE_NAME in request.COOKIES


def _strict_transport() -> str:
    parts = [f"max-age={settings.SECURE_HSTS_SECONDS}"]
    parts += ["includeSubDomains"] if settings.SECURE_HSTS_INCLUDE_SUBDOMAINS else []
    parts += ["preload"] if settings.SECURE_HSTS_PRELOAD else []
    return "; ".join(parts)
