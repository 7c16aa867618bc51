"""Writes what a tenant's calls want written: in order, in a thread, what came within a moment in one transaction.

A turn alone costs a change of threads and a transaction, which is more than its rows do.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from weakref import WeakValueDictionary

from django.db import transaction

from apps.tenants.scope import in_tenant

logger = logging.getLogger(__name__)

LINGER = 0.25
"""Seconds that something waits for more of it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """`write` is sync, and may be called again after it failed."""

    call: str
    write: Callable[[], object]
    written: asyncio.Future[None] | None = None
    """Somebody waits for it."""


class Clerk:
    """One tenant's, in one event loop."""

    def __init__(self, tenant_id: str) -> None:
        self._tenant_id = tenant_id
        self._waiting: list[Entry] = []
        self._hurry = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def put(self, call: str, write: Callable[[], object]) -> None:
        """Has it written soon, after all that was put before."""
        self._put(Entry(call, write))

    async def write(self, call: str, write: Callable[[], object]) -> None:
        """Has it written now, after all that was put before; waits until there is nothing more to be tried."""
        written = asyncio.get_running_loop().create_future()
        self._hurry.set()
        self._put(Entry(call, write, written))
        await written

    def _put(self, entry: Entry) -> None:
        self._waiting.append(entry)
        if self._task is None:
            self._task = asyncio.create_task(self._work())

    async def _work(self) -> None:
        while self._waiting:
            with suppress(TimeoutError):
                async with asyncio.timeout(LINGER):
                    await self._hurry.wait()
            self._hurry.clear()
            entries, self._waiting = self._waiting, []
            try:
                await in_tenant(self._tenant_id, _together, entries)
            except Exception:  # at least one cannot be written, and must not take the others with it
                for entry in entries:
                    await self._alone(entry)
            for entry in entries:
                if entry.written is not None and not entry.written.done():
                    entry.written.set_result(None)
        self._task = None

    async def _alone(self, entry: Entry) -> None:
        try:
            await in_tenant(self._tenant_id, entry.write)
        except Exception:
            logger.exception("Something of a call could not be stored", extra={"call": entry.call})


@transaction.atomic(savepoint=False)
def _together(entries: list[Entry]) -> None:
    for entry in entries:
        entry.write()


_clerks: WeakValueDictionary[tuple[int, str], Clerk] = WeakValueDictionary()


def clerk_of(tenant_id: str) -> Clerk:
    """This event loop's clerk for a tenant; whoever needs it keeps it."""
    key = (id(asyncio.get_running_loop()), tenant_id)
    if (found := _clerks.get(key)) is None:
        found = _clerks[key] = Clerk(tenant_id)
    return found
