"""Who speaks through the AI SDK: a bearer token, else a cookie, because an unchanged `useChat` sends no token.

Why the cookie is no way in for another site's page (CSRF). It is looked at only in requests of which the browser says
that they come from a page of ours or of the widget's owner: a script cannot set `Sec-Fetch-Site` or `Origin`, and every
browser sends `Origin` with a POST. Anything else is a visitor nobody knows, who can do what curl can. SameSite=Lax
already keeps the cookie from other sites; the check is for neighbors, such as another customer's subdomain. A GET
without an Origin is let through: it changes nothing, and no other page can read its answer. The cookie is HttpOnly and
goes to this dialect's addresses alone.
"""

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from apps.chat import access, tokens
from apps.chat.access import Widget
from apps.chat.tokens import BadToken, Visitor

COOKIE = "callsphere_visitor"
PATH = "/api/chat/ui"


async def identify(request: HttpRequest, *, widget_key: str = "") -> tuple[Visitor | None, Widget | None]:
    """The visitor, if the request proves one, and the widget, if it names one.

    Args:
        widget_key: from the body; the X-Widget-Key header comes first, `?widget=` last.

    Raises:
        UnknownWidget, OriginNotAllowed: of the widget that it names.
        BadToken: the bearer token is not valid, or is of another tenant than the widget.
    """
    visitor = access.visitor_of(request)
    key = request.headers.get("X-Widget-Key") or widget_key or request.GET.get("widget", "")
    widget = await access.known_widget(key) if key else None
    if widget is not None:
        access.check_origin(request, widget)
        access.check_visitor(visitor, widget)
    return visitor or _of_cookie(request, widget), widget


def remember(response: HttpResponseBase, request: HttpRequest, visitor: Visitor, widget: Widget | None) -> None:
    """Gives the visitor the cookie, where it would be looked at again; a page that has a token needs none."""
    if access.visitor_of(request) is None and _own_page(request, widget):
        response.set_cookie(
            COOKIE,
            visitor.token(),
            max_age=tokens.MEMORY,
            path=PATH,
            secure=request.is_secure(),
            httponly=True,
            samesite="Lax",
        )


def _of_cookie(request: HttpRequest, widget: Widget | None) -> Visitor | None:
    """A cookie that is forged, forgotten or another tenant's is none: the visitor is a new one."""
    token = request.COOKIES.get(COOKIE)
    if not token or not _own_page(request, widget):
        return None
    try:
        visitor = tokens.read(token, max_age=tokens.MEMORY)
    except BadToken:
        return None
    return visitor if widget is None or visitor.tenant_id == widget.tenant_id else None


def _own_page(request: HttpRequest, widget: Widget | None) -> bool:
    """Whether a page of our own origin sent this, or one of the widget's allowed domains."""
    if request.headers.get("Sec-Fetch-Site") == "same-origin":
        return True
    origin = request.headers.get("Origin")
    if origin is None:
        return request.method == "GET"
    if origin == f"{request.scheme}://{request.get_host()}":
        return True
    return any(access.domain_matches(domain, origin) for domain in (widget.allowed_domains if widget else ()))
