"""Who is told that a foreign page has shown the chat: apps above, which this one does not know.

An app registers its listener in its AppConfig.ready(). It is told in the scope of the chat's tenant, each time the chat
is opened: what it writes, it writes seldom, and in a transaction of its own.
"""

import logging
from collections.abc import Callable
from urllib.parse import urlsplit

from django.http import HttpRequest

logger = logging.getLogger(__name__)

Listener = Callable[[str], None]
"""Gets the origin of the page, such as https://shop.example; "" when the page does not let its address be known."""

_listeners: list[Listener] = []


def register(listener: Listener) -> None:
    """From now on `listener` is told."""
    if listener not in _listeners:
        _listeners.append(listener)


def note(request: HttpRequest) -> None:
    """Tells all, if the frame that `request` asks for stands in a page of another origin."""
    origin = _parent(request)
    if origin is not None:
        for listen in _listeners:
            try:
                listen(origin)
            except Exception:
                logger.exception("Somebody who was told of a website failed")


def _parent(request: HttpRequest) -> str | None:
    """The foreign page's origin; None for our own pages, for a tab of its own, and where nobody can tell.

    https://www.w3.org/TR/fetch-metadata/: every current browser says what it fetches a page for, and from where.
    """
    if request.headers.get("Sec-Fetch-Dest", "iframe") != "iframe":
        return None
    parts = urlsplit(request.headers.get("Referer", ""))
    origin = f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") and parts.netloc else ""
    if origin == f"{request.scheme}://{request.get_host()}":
        return None
    if origin or request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        return origin
    return None
