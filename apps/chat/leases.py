"""Which process generates a run. A run whose process is gone is ended by whoever notices."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from weakref import WeakKeyDictionary

from redis.exceptions import RedisError

from apps.common.redis import async_client
from apps.tenants import keys

logger = logging.getLogger(__name__)

LEASE = 10
"""Seconds after the last renewal at which a run counts as abandoned."""
RENEW = 1.0
"""Seconds between renewals; also how long a stop from another process may take to arrive."""


class Leases:
    """Renews the leases of all runs of this process, and collects their stops, in one round trip."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], Callable[[], None]] = {}
        self._task: asyncio.Task[None] | None = None

    async def hold(self, tenant_id: str, run_id: str, *, on_stop: Callable[[], None]) -> None:
        await async_client().set(keys.run_lease(tenant_id, run_id), 1, ex=LEASE)
        self._held[tenant_id, run_id] = on_stop
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._renew())

    async def release(self, tenant_id: str, run_id: str) -> None:
        self._held.pop((tenant_id, run_id), None)
        with suppress(RedisError):
            await async_client().delete(keys.run_lease(tenant_id, run_id), keys.run_stop(tenant_id, run_id))

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEW)
            if not (held := list(self._held.items())):
                return
            pipeline = async_client().pipeline(transaction=False)
            for (tenant_id, run_id), _ in held:
                pipeline.set(keys.run_lease(tenant_id, run_id), 1, ex=LEASE)
                pipeline.get(keys.run_stop(tenant_id, run_id))
            try:
                answers = await pipeline.execute()
            except RedisError:
                logger.warning("Leases could not be renewed", extra={"runs": len(held)})
                continue
            for (_, on_stop), stop in zip(held, answers[1::2], strict=True):
                if stop:
                    on_stop()


_leases: WeakKeyDictionary[asyncio.AbstractEventLoop, Leases] = WeakKeyDictionary()


def leases() -> Leases:
    """This event loop's leases."""
    loop = asyncio.get_running_loop()
    if (found := _leases.get(loop)) is None:
        found = _leases[loop] = Leases()
    return found
