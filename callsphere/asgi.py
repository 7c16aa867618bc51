"""The ASGI application: streaming routes go to the lean handler, pages to Django's, static files past both."""

import os
from collections.abc import Awaitable, Callable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callsphere.settings")

import django

django.setup()

from django.conf import settings
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.handlers.asgi import ASGIHandler
from servestatic import ServeStaticASGI

from apps.common.streaming import StreamHandler
from apps.tenants.rls import assert_runtime_role

App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


def _pages() -> App:
    """Django's pages with their static files: straight from the sources with DEBUG on, else as collected."""
    pages = ASGIHandler()
    if settings.DEBUG:
        return ASGIStaticFilesHandler(pages)
    if not settings.STATIC_ROOT.is_dir():
        return pages
    static: App = ServeStaticASGI(pages, root=settings.STATIC_ROOT, prefix=settings.STATIC_URL)
    return static


class Application:
    """Routes by the path's beginning."""

    def __init__(self) -> None:
        self.streams = StreamHandler()
        self.pages = _pages()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            lean = scope["path"].startswith(settings.STREAM_PREFIXES)
            await (self.streams if lean else self.pages)(scope, receive, send)
        else:
            await _refuse(receive, send)

    @staticmethod
    async def _lifespan(receive: Any, send: Any) -> None:
        await receive()
        try:
            from apps.common.database import in_thread

            await in_thread(assert_runtime_role)
        except Exception as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})


async def _refuse(receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.close", "code": 1000})


application = Application()
