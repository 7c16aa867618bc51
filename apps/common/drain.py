"""Whether this process is about to leave. Set once, when it is told to (SIGTERM); read wherever something may begin."""

from collections.abc import Awaitable, Callable
from random import randint

from apps.common import metrics, sse
from apps.common.errors import AppError

BOUND = 10.0
"""Seconds for which what has begun may go on here after the signal."""
RECONNECT_MS = (200, 2_000)
"""Bounds of the time after which a stream's client comes back: apart, not all in the same moment."""
before_the_cut: list[Callable[[], Awaitable[None]]] = []
"""What is waited for before open connections are cut: the composition root says."""
_draining = False


class Draining(AppError):
    """This process takes nothing new; another one does, or this one's successor."""

    code = "draining"
    status = 503
    retryable = True


def begin() -> None:
    global _draining
    _draining = True
    metrics.DRAINING.set(1)


def end() -> None:
    """For a server that starts again within the same process."""
    global _draining
    _draining = False
    metrics.DRAINING.set(0)


def draining() -> bool:
    return _draining


def refuse() -> None:
    """Raises Draining if this process is about to leave; for whoever would begin something."""
    if _draining:
        raise Draining("This server is about to restart. Please try again.", retry_after=1)


def goodbye() -> bytes:
    """The last words of a stream that its client shall take up elsewhere."""
    return sse.retry(randint(*RECONNECT_MS))  # noqa: S311  # jitter
