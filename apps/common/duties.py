"""What is due by itself: timers, reminders, retention. Each app registers its duties; `manage.py worker` performs them.

A duty's own rows are its timers: it claims what is due, and a worker that is killed leaves the claim to the next one.
That is why there is no task queue here (docs/adr/0009).
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from django.core.exceptions import ImproperlyConfigured
from django.db import close_old_connections
from django.utils import timezone
from opentelemetry.trace import SpanKind

from apps.common import metrics, telemetry

logger = logging.getLogger(__name__)

CLOSES_WITHIN = 2.0
"""Seconds that connections have to be closed when a worker leaves."""

T = TypeVar("T")
Perform = Callable[[datetime], int]
"""Does all that is due at the moment it is given, and returns how many things that were.

It is called outside of any tenant's scope. Other processes may call it at the same moment and any of them may be killed
in the midst of it: it claims its rows atomically, and doing again what was begun must be right.
"""


@dataclass(frozen=True)
class Duty:
    """Something to look after every `every` seconds; `name` is for logs, such as "after_hours.rungs"."""

    name: str
    every: float
    perform: Perform


_duties: dict[str, Duty] = {}


def register(name: str, every: float, perform: Perform) -> None:
    """From AppConfig.ready(): `perform` is called about every `every` seconds by each worker process."""
    if _duties.get(name, Duty(name, every, perform)).perform is not perform:
        raise ImproperlyConfigured(f"Two duties are called {name!r}.")
    _duties[name] = Duty(name, every, perform)


Close = Callable[[], Coroutine[Any, Any, None]]
_closes: list[Close] = []


def at_the_end(close: Close) -> None:
    """From AppConfig.ready(): `close` is awaited on the duties' event loop when a worker leaves."""
    if close not in _closes:
        _closes.append(close)


def registered() -> list[Duty]:
    """All of them, by name."""
    return [_duties[name] for name in sorted(_duties)]


class Worker:
    """Performs duties, each in a thread of its own, so that a slow one delays no other."""

    def __init__(self, duties: list[Duty]) -> None:
        self._stopping = threading.Event()
        for duty in duties:
            metrics.DUTY_FAILURES.labels(duty.name)  # is there, as 0, before the first: else that one is missed
        # Daemons: what does not end in its time at a stop is cut, as a kill would cut it.
        self._threads = [
            threading.Thread(target=self._look_after, args=(duty,), name=duty.name, daemon=True) for duty in duties
        ]

    def start(self) -> None:
        """Begins with all duties at once."""
        for thread in self._threads:
            thread.start()

    def stop(self, *, within: float) -> bool:
        """No duty begins again. Waits `within` seconds for those that run; False when one still does."""
        self._stopping.set()
        deadline = time.monotonic() + within
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        if loop.cache_info().currsize:
            with suppress(TimeoutError):
                complete(_close_all(), within=CLOSES_WITHIN)
        return not any(thread.is_alive() for thread in self._threads)

    def _look_after(self, duty: Duty) -> None:
        due = time.monotonic()
        while not self._stopping.is_set():
            began = time.monotonic()
            metrics.DUTY_LATE.labels(duty.name).set(began - due)
            due = began + duty.every
            perform(duty, timezone.now())
            self._stopping.wait(max(0.0, duty.every - (time.monotonic() - began)))


def perform(duty: Duty, now: datetime) -> int:
    """Once; what fails is logged and tried again at the next turn. How many things were done."""
    close_old_connections()
    span = telemetry.root(f"duty {duty.name}", {"callsphere.duty": duty.name}, kind=SpanKind.INTERNAL)
    telemetry.enter(span)
    began = time.monotonic()
    try:
        done = duty.perform(now)
    except Exception as error:
        logger.exception("A duty failed", extra={"duty": duty.name})
        metrics.DUTY_FAILURES.labels(duty.name).inc()
        telemetry.fail(span, type(error).__name__)
        span.end()
        return 0
    finally:
        close_old_connections()
        metrics.DUTY_SECONDS.labels(duty.name).observe(time.monotonic() - began)
    metrics.DUTY_DONE.labels(duty.name).set_to_current_time()
    metrics.DUTY_THINGS.labels(duty.name).inc(done)
    if done:  # a turn that found nothing to do is no trace: a span that is not ended is not sent
        span.set_attribute("callsphere.done", done)
        span.end()
    return done


def complete(work: Coroutine[Any, Any, T], *, within: float | None = None) -> T:
    """Awaits what a duty has to await, such as the carrier, on one event loop: connections last from turn to turn.

    Raises:
        TimeoutError: it took more than `within` seconds.
    """
    return asyncio.run_coroutine_threadsafe(work, loop()).result(within)


async def _close_all() -> None:
    await asyncio.gather(*(close() for close in _closes))


@cache
def loop() -> asyncio.AbstractEventLoop:
    """The event loop of this process's duties, in a thread of its own, begun when it is first asked for."""
    made = asyncio.new_event_loop()
    threading.Thread(target=made.run_forever, name="duties' loop", daemon=True).start()
    return made
