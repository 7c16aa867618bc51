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

from apps.agents import model
from apps.chat import runs
from apps.chat.leases import leases
from apps.common import bodies, drain, headers
from apps.common.streaming import StreamHandler
from apps.dashboard import audio as listening
from apps.dashboard import commands, floors
from apps.dashboard import sockets as dashboard
from apps.edge import sockets
from apps.telephony import calls
from apps.tenants.rls import assert_runtime_role
from apps.voice import sockets as voice
from apps.voice.under_way import under_way

App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


def _pages() -> App:
    """Django's pages with their static files: straight from the sources with DEBUG on, else as collected."""
    pages = ASGIHandler()
    if settings.DEBUG:
        return ASGIStaticFilesHandler(pages)
    if not settings.STATIC_ROOT.is_dir():
        return pages
    static: App = ServeStaticASGI(
        pages, root=settings.STATIC_ROOT, prefix=settings.STATIC_URL, add_headers_function=headers.of_file
    )
    return static


class Application:
    """Routes by the path's beginning."""

    def __init__(self) -> None:
        self.streams = StreamHandler()
        self.pages = bodies.bounded(_pages())
        self.is_watching = False

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            if not self.is_watching:  # a server without lifespan, such as daphne
                self._watch()
            if drain.leaving():
                send = drain.last_answer(send)
            lean = scope["path"].startswith(settings.STREAM_PREFIXES)
            await (self.streams if lean else self.pages)(scope, receive, send)
        else:
            await SOCKETS.get(scope["path"], _refuse)(scope, receive, send)

    def _watch(self) -> None:
        """From now on this process takes up the runs that others lose."""
        self.is_watching = True
        leases().watch(runs.take_over)
        under_way().watch()
        drain.before_the_cut[:] = [under_way().settled, floors.close]

    async def _lifespan(self, receive: Any, send: Any) -> None:
        await receive()
        try:
            from apps.common.database import in_thread

            await in_thread(assert_runtime_role)
        except Exception as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        self._watch()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await floors.close()
        await runs.settled(within=drain.BOUND)
        await under_way().close()
        await calls.close()
        await model.close()
        await send({"type": "lifespan.shutdown.complete"})


async def _refuse(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.close", "code": 1000})


SOCKETS: dict[str, App] = {
    "/ws/healthz/": sockets.echo,
    "/ws/voice/twilio/": voice.twilio,
    "/ws/voice/telnyx/": voice.telnyx,
    "/ws/voice/plivo/": voice.plivo,
    "/ws/voice/vonage/": voice.vonage,
    "/ws/voice/browser/": voice.browser,
    "/ws/dashboard/": dashboard.floor_socket(commands.perform),
    "/ws/dashboard/audio/": listening.audio,
}
"""WebSockets by path; every other one is refused."""

application = Application()
