"""Whether this process is about to leave. Set once, when it is told to (SIGTERM); read wherever something may begin.

First it is leaving: it takes no new connection, so that a proxy goes elsewhere, and answers over those it has as ever,
each for the last time. When proxies have dropped theirs it drains: nothing begins any more, and streams are told to go.
"""

from collections.abc import Awaitable, Callable
from random import randint
from typing import Any

from apps.common import metrics, sse
from apps.common.errors import AppError

BOUND = 10.0
"""Seconds for which what has begun may go on here after the signal."""
RECONNECT_MS = (200, 2_000)
"""Bounds of the time after which a stream's client comes back: apart, not all in the same moment."""
before_the_cut: list[Callable[[], Awaitable[None]]] = []
"""What is waited for before open connections are cut: the composition root says."""
_leaving = False
_draining = False


class Draining(AppError):
    """This process takes nothing new; another one does, or this one's successor."""

    code = "draining"
    status = 503
    retryable = True


def leave() -> None:
    global _leaving
    _leaving = True


def begin() -> None:
    global _leaving, _draining
    _leaving = _draining = True
    metrics.DRAINING.set(1)


def end() -> None:
    """For a server that starts again within the same process."""
    global _leaving, _draining
    _leaving = _draining = False
    metrics.DRAINING.set(0)


def leaving() -> bool:
    return _leaving


def draining() -> bool:
    return _draining


def refuse() -> None:
    """Raises Draining if this process is about to leave; for whoever would begin something."""
    if _draining:
        raise Draining("This server is about to restart. Please try again.", retry_after=1)


def last_answer(send: Callable[[Any], Awaitable[None]]) -> Callable[[Any], Awaitable[None]]:
    """ASGI's `send` for an answer after which the connection closes (RFC 9112 §9.6): no proxy shall use it again."""

    async def closing(message: Any) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
        await send(message)

    return closing


def goodbye() -> bytes:
    """The last words of a stream that its client shall take up elsewhere."""
    return sse.retry(randint(*RECONNECT_MS))  # noqa: S311  # jitter
