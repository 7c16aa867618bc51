"""The one way from async code to the ORM: a small pool of threads that keeps no connection between calls."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from functools import partial
from typing import ParamSpec, TypeVar

from django.db import connections

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 8
_pool = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="orm")


def waiting() -> int:
    """Calls for which no thread is free."""
    return _pool._work_queue.qsize()


def _released(function: Callable[[], T]) -> T:
    try:
        return function()
    finally:
        for connection in connections.all(initialized_only=True):
            # PostgreSQL connections go back to the pool. A SQLite handle is bound to this thread and costs nothing
            # to keep; reopening it with its pragmas for every call would.
            if connection.vendor != "sqlite" or not connection.is_usable():
                connection.close()


_loop: ContextVar[asyncio.AbstractEventLoop | None] = ContextVar("calling_loop", default=None)


def calling_loop() -> asyncio.AbstractEventLoop | None:
    """The event loop on whose behalf this thread works; None in code that no event loop called."""
    return _loop.get()


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs a sync function that uses the ORM, with the caller's context variables (tenant scope, request id).

    Cancelling the caller does not stop the function: a transaction that began is finished.
    """
    loop = asyncio.get_running_loop()
    context = copy_context()
    context.run(_loop.set, loop)
    call = partial(context.run, partial(function, *args, **kwargs))
    return await loop.run_in_executor(_pool, _released, call)
