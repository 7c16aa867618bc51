"""The calls of this process, and the record of every process's calls in Redis.

A call whose process died is ended on record by another process, within seconds: nothing stays under way for ever.
"""

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta
from weakref import WeakKeyDictionary

from django.utils import timezone
from redis.exceptions import RedisError

from apps.common.database import in_thread
from apps.common.redis import pipe
from apps.conversations import calls as records
from apps.conversations import holding, orders
from apps.conversations.holding import HELD, RENEW
from apps.conversations.models import Call
from apps.conversations.orders import Answer, Order
from apps.tenants import keys
from apps.tenants.scope import all_tenants, in_tenant
from apps.voice.bridge import Bridge
from apps.voice.core.events import EndAsked
from apps.voice.supervision import Supervision

logger = logging.getLogger(__name__)

SWEEP = 10.0
"""Seconds between two looks for calls that nobody holds: their process died before it could say so, or Redis forgot."""
SETTLED = 5.0
"""Seconds after its beginning at which somebody must hold a call."""
DRAIN = 60.0
"""Seconds for which calls may go on after a SIGTERM; then they are ended with a word."""
DRAIN_WORDS = "I am sorry, I have to end this call for a moment of maintenance. Please call again. Goodbye."
GOODBYE = 15.0
"""Seconds that such a goodbye may take."""


class UnderWay:
    """The bridges of one event loop."""

    def __init__(self) -> None:
        self._bridges: dict[str, Bridge] = {}
        self._supervised: dict[str, Supervision] = {}
        self._task: asyncio.Task[None] | None = None
        self._orders: asyncio.Task[None] | None = None
        self._empty = asyncio.Event()
        self._empty.set()
        self._news = asyncio.Event()
        self._unheld: set[str] = set()
        """Calls that nobody held at the last look."""
        self._swept_at = 0.0

    def __len__(self) -> int:
        return len(self._bridges)

    def find(self, call_id: str) -> Bridge | None:
        return self._bridges.get(call_id)

    def enter(self, bridge: Bridge) -> None:
        self._bridges[bridge.office.call.pk] = bridge
        self._empty.clear()
        self._news.set()  # whoever dies now has a successor who knows
        self.watch()

    def leave(self, bridge: Bridge) -> None:
        self._bridges.pop(bridge.office.call.pk, None)
        if (supervision := self._supervised.pop(bridge.office.call.pk, None)) is not None:
            supervision.close()
        if not self._bridges:
            self._empty.set()
        pipe().post("ZREM", keys.calls(), _member(bridge))

    def watch(self) -> None:
        """From now on renews our calls, ends those that a lost process left, and does what supervisors order."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work())
        if self._orders is None or self._orders.done():
            self._orders = asyncio.create_task(orders.follow(self._perform))

    def _perform(self, order: Order) -> Answer | None:
        bridge = self._bridges.get(order.call)
        if bridge is None or bridge.office.call.tenant_id != order.tenant:
            return None
        if (supervision := self._supervised.get(order.call)) is None:
            supervision = self._supervised[order.call] = Supervision(bridge)
        return supervision.perform(order)

    async def settled(self, *, within: float = DRAIN) -> None:
        """Lets the calls finish; those that have not `within` seconds are ended with a word."""
        await self._wait(within)
        for bridge in list(self._bridges.values()):
            bridge.end(EndAsked("drain", words=DRAIN_WORDS))
        await self._wait(GOODBYE)

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._empty.wait()

    async def close(self) -> None:
        tasks = [task for task in (self._task, self._orders) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _work(self) -> None:
        while True:
            try:
                members = map(_member, self._bridges.values())
                lost = await holding.renew([keys.calls()], [int(HELD * 1000), *members])
                for member in lost:
                    await _end_lost(member.decode())
                await self._sweep()
            except RedisError:
                logger.warning("Calls could not be renewed", extra={"calls": len(self._bridges)})
            except Exception:
                logger.exception("The calls' task stumbled")
            with suppress(TimeoutError):
                async with asyncio.timeout(RENEW):
                    await self._news.wait()
            self._news.clear()

    async def _sweep(self) -> None:
        """Ends calls that nobody held at this look and at the last one: a living owner renews in between."""
        now = asyncio.get_running_loop().time()
        if now - self._swept_at < SWEEP:
            return
        self._swept_at = now
        active = set(await in_thread(_active))
        held = {member.decode() for member in await pipe().call("ZRANGE", keys.calls(), 0, -1)} if active else set()
        unheld = active - held
        for member in unheld & self._unheld:
            await _end_lost(member)
        self._unheld = unheld


def _active() -> list[str]:
    before = timezone.now() - timedelta(seconds=SETTLED)
    with all_tenants(reason="calls that lost their process are ended, whosesoever they are"):
        calls = Call.objects.filter(status=Call.Status.ACTIVE, started_at__lt=before)
        return [holding.member(tenant, call) for tenant, call in calls.values_list("tenant_id", "pk")]


def _member(bridge: Bridge) -> str:
    call = bridge.office.call
    return holding.member(call.tenant_id, call.pk)


async def _end_lost(member: str) -> None:
    tenant_id, _, call_id = member.partition("/")
    with suppress(Call.DoesNotExist):  # its tenant is gone
        if await in_tenant(tenant_id, records.lose, call_id=call_id, now=timezone.now()):
            logger.warning("A call lost its process", extra={"call": call_id})


_under_way: WeakKeyDictionary[asyncio.AbstractEventLoop, UnderWay] = WeakKeyDictionary()


def under_way() -> UnderWay:
    """This event loop's."""
    loop = asyncio.get_running_loop()
    if (found := _under_way.get(loop)) is None:
        found = _under_way[loop] = UnderWay()
    return found
