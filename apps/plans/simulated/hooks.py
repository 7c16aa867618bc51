"""Webhooks of the simulated provider: signed as Stripe's are, and posted until they are taken.

https://docs.stripe.com/webhooks#verify-manually
"""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Coroutine
from typing import Any

import aiohttp

from apps.plans.simulated.book import Document

SECONDS = 20
RETRIES = (0.2, 1, 5, 30, 120, 600, 3_600)
"""After how many seconds each it is tried again. The provider itself goes on for three days."""


def payload(event: Document) -> bytes:
    """The body, as it is signed."""
    return json.dumps(event, indent=2).encode()


def signature(body: bytes, secret: str, at: float | None = None) -> str:
    """The header Stripe-Signature; `at` is unix time, now by default."""
    stamp = int(time.time() if at is None else at)
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={digest}"


class Hooks:
    """Posts events to whoever wants them. `session` is given while the server runs."""

    def __init__(self, secret: str, soon: Callable[[Coroutine[Any, Any, None]], None]) -> None:
        self.secret = secret
        self.session: aiohttp.ClientSession
        self._soon = soon

    def send(self, event: Document, endpoints: list[Document]) -> None:
        for endpoint in endpoints:
            wanted = endpoint["enabled_events"]
            if endpoint["status"] == "enabled" and ("*" in wanted or event["type"] in wanted):
                self._soon(self._deliver(event, endpoint["url"]))

    async def _deliver(self, event: Document, url: str) -> None:
        body = payload(event)
        for wait in (*RETRIES, None):
            if await self._post(url, body) or wait is None:
                return
            await asyncio.sleep(wait)

    async def _post(self, url: str, body: bytes) -> bool:
        headers = {"Stripe-Signature": signature(body, self.secret), "Content-Type": "application/json; charset=utf-8"}
        try:
            async with asyncio.timeout(SECONDS), self.session.post(url, data=body, headers=headers) as answer:
                return answer.status < 300
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return False
