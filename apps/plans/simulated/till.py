"""The simulated provider: an HTTP server with Stripe's interface and pages, and a client that posts webhooks."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp import web

from apps.plans.simulated import subscribing
from apps.plans.simulated.book import Book, Document
from apps.plans.simulated.hooks import Hooks
from apps.plans.simulated.pages import Pages
from apps.plans.simulated.resources import Resources
from apps.plans.simulated.rest import application

TURN = 1.0
"""Seconds after which it looks for what is due."""


class Till:
    """Runs while it is entered (`async with`). `key` is the API's, `secret` signs webhooks.

    `intercept`, if it is given, takes every event instead of the webhook's addresses.
    """

    def __init__(self, book: Book, *, key: str, secret: str, host: str = "127.0.0.1", port: int = 0) -> None:
        self.book = book
        self.intercept: Callable[[Document], None] | None = None
        self.resources = Resources(book, secret)
        self.pages = Pages(book, self.resources, self._changed)
        self.hooks = Hooks(secret, self._soon)
        self._address = host, port
        app = application(book, key=key, resources=self.resources, changed=self._changed)
        self.pages.add_to(app)
        self._runner = web.AppRunner(app, access_log=None)
        self._running: set[asyncio.Task[Any]] = set()

    @property
    def url(self) -> str:
        return self.resources.base_url

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, *self._address).start()
        host, port = self._runner.addresses[0][:2]
        self.resources.base_url = f"http://{host}:{port}"
        self.hooks.session = aiohttp.ClientSession(headers={"User-Agent": "Stripe/1.0"})
        self.book.on_event = self._told
        self._soon(self._look_after())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self.hooks.session.close()
        await self._runner.cleanup()
        self.book.save()

    def _told(self, event: Document) -> None:
        if self.intercept is not None:
            self.intercept(event)
        else:
            self.hooks.send(event, list(self.book.all("webhook_endpoint")))

    def _soon(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def _changed(self) -> None:
        self.book.save()

    async def _look_after(self) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            while True:
                if subscribing.pass_time(self.book, self.url):
                    self.book.save()
                await asyncio.sleep(TURN)
