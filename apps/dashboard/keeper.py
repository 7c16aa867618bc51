"""The keeper of a tenant's floor: reads what hints make doubtful, and writes what is another to the floor's log.

It runs in one of the processes where somebody watches. What it tells it has read from the database, so hints that are
lost, doubled or late do no harm; and it reads without hints, too, for those that were lost with a killed process.
"""

import asyncio
import datetime as dt
import logging
import time
from contextlib import closing, suppress
from zoneinfo import ZoneInfo

import msgspec
from django.db import DatabaseError
from django.utils import timezone
from redis.exceptions import RedisError

from apps.common import metrics
from apps.common.redis import pipe
from apps.dashboard import lease, reading
from apps.dashboard.core.board import Board
from apps.dashboard.core.events import Event, State
from apps.dashboard.core.hints import Doubts
from apps.dashboard.core.messages import Delta, encode
from apps.dashboard.lease import Lease
from apps.live import log
from apps.live.hub import Writer, hub
from apps.tenants import keys
from apps.tenants.models import Tenant
from apps.tenants.scope import in_tenant

logger = logging.getLogger(__name__)

TICK = 0.2
"""Seconds between two readings by hints, at least; the first after a quiet spell is at once. What a delta costs, to
read it and to hand it to each viewer, it costs so often."""
BEAT = 0.5
"""Seconds between two words of the keeper about how far the state is true."""
LIVE_AUDIT = 1.0
"""Seconds between two readings, without a hint, of what is under way."""
FULL_AUDIT = 5.0
"""The same, of everything. So long may a hint be missed that was lost with a killed process."""
COUNTS_EVERY = 1.0
"""Seconds between two countings of all leads, at least."""
ON_ITS_WAY = 0.05
"""Seconds after a commit within which its hint is here. A reading by hints is true up to so long before it began."""
KEPT = 256
"""Deltas that stay in the log for those who come back."""
FORGOTTEN_AFTER = 60
"""Seconds after which an epoch without a keeper is gone from Redis."""
PAUSE = 1.0
"""Seconds until the database is tried again."""


class Kept(msgspec.Struct, frozen=True):
    """The state at a position, for a process that begins to follow."""

    seq: int
    verified: float
    state: State


class Keeper:
    """Of one tenant, in one epoch; `run` ends when the lease is lost or `stop` is called."""

    def __init__(self, tenant_id: str, epoch: str) -> None:
        self.tenant_id = tenant_id
        self.epoch = epoch
        self.began = asyncio.Event()
        """Set when the first state is there to be followed."""
        self._board = Board()
        self._doubts = Doubts()
        self._doubted = asyncio.Event()
        self._position = 0
        """Number of the last hint that was taken in."""
        self._bell: asyncio.Task[None] | None = None
        """Waits for a hint while there is none."""
        self._counts_since = 0.0
        """Unix time since which a counting is due; 0.0 = it is not."""
        self._say = asyncio.Event()
        self._seq = 0
        self._kept_seq = -1
        self._verified = 0.0

    async def run(self) -> None:
        """Keeps the floor until the lease is lost, or this is cancelled: then it makes room for another keeper."""
        keeping = asyncio.create_task(self._keep())
        beating = asyncio.create_task(self._beat())
        try:
            await asyncio.wait({keeping, beating}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (keeping, beating):
                task.cancel()
            for result in await asyncio.gather(keeping, beating, return_exceptions=True):
                if isinstance(result, _NoSuchTenant):  # its viewers are members of nothing, and leave in seconds
                    logger.info("A floor's tenant was deleted", extra={"tenant": self.tenant_id})
                elif isinstance(result, Exception):
                    logger.error("A floor is not kept any more", exc_info=result)
            with suppress(RedisError):
                await lease.release(self.tenant_id, epoch=self.epoch)

    async def _beat(self) -> None:
        """Returns when the lease is lost."""
        loop = asyncio.get_running_loop()
        renewed, was_away = loop.time(), False
        while loop.time() - renewed < lease.LASTS:
            try:
                if not await lease.renew(self.tenant_id, Lease(self.epoch, self._seq, self._verified)):
                    return
                renewed = loop.time()
                if was_away:  # and hints were lost
                    was_away, self._doubts.everything = False, True
                    self._doubted.set()
            except RedisError:
                was_away = True
                logger.warning("A lease of a floor was not renewed")
            self._say.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(BEAT):
                    await self._say.wait()

    async def _keep(self) -> None:
        # The position first, then the state: what happens between the two is read twice, not missed.
        self._position, _ = await log.last_event(keys.floor_log(self.tenant_id))
        writer = hub().write(keys.floor_view(self.tenant_id, self.epoch))
        try:
            await self._read_first()
            await self._go_on(writer)
        finally:
            if self._bell is not None:
                self._bell.cancel()
            writer.close()

    async def _read_first(self) -> None:
        while not self.began.is_set():
            try:
                await self._read_everything()
            except DatabaseError:
                logger.exception("A floor could not be read")
                await asyncio.sleep(PAUSE)
                continue
            await self._keep_state()
            self.began.set()

    async def _go_on(self, writer: Writer) -> None:
        loop = asyncio.get_running_loop()
        live_due, full_due, counted = loop.time() + LIVE_AUDIT, loop.time() + FULL_AUDIT, loop.time()
        while True:
            counts_due = counted + COUNTS_EVERY if self._doubts.counts else live_due
            await self._doubt(until=min(live_due, full_due, counts_due))
            began = loop.time()
            is_full = began >= full_due or time.time() >= self._midnight
            try:
                if is_full:
                    events = await self._read_everything()
                    counted, full_due, live_due = began, began + FULL_AUDIT, began + LIVE_AUDIT
                elif began >= live_due:
                    events = await self._read_live()
                    live_due = began + LIVE_AUDIT
                else:
                    with_counts = began >= counted + COUNTS_EVERY
                    events = await self._read_doubts(with_counts=with_counts)
                    counted = began if with_counts else counted
            except DatabaseError:
                logger.exception("A floor could not be read")
                self._doubts.everything = True
                await asyncio.sleep(PAUSE)
                continue
            if events:
                await self._tell(writer, events)
            metrics.FLOOR_TICK.observe(loop.time() - began)
            if is_full:
                await self._keep_state()
            if is_full or began + LIVE_AUDIT == live_due:
                self._say.set()  # and at once to what hints have told meanwhile: an audit keeps nothing waiting
            else:
                await asyncio.sleep(max(0.0, began + TICK - loop.time()))

    # Hints

    async def _doubt(self, *, until: float) -> None:
        """Returns when something is in doubt, or at `until` (the loop's clock).

        Hints are asked for, all that came in one go, and waited for only when there are none: on a busy floor it costs
        more to be told of each than to read what it tells.
        """
        if self._bell is None or self._bell.done():
            await self._hear()
            if self._doubted.is_set():
                return
            self._bell = asyncio.create_task(self._ring())
        if not self._doubted.is_set():
            timer = asyncio.get_running_loop().call_at(until, self._doubted.set)
            try:
                await self._doubted.wait()
            finally:
                timer.cancel()
        if self._bell.done():
            await self._hear()  # what came with the one that rang

    async def _ring(self) -> None:
        with suppress(RedisError), closing(hub().follow(keys.floor_log(self.tenant_id), after=self._position)) as hints:
            while not (came := await hints.next(idle=60.0)):
                pass
            self._note(came)
            self._position = hints.position

    async def _hear(self) -> None:
        """Takes in the hints that came since the last one."""
        with suppress(RedisError):  # the lease is not renewed either, and everything is read once Redis is back
            for entry in await log.entries(keys.floor_log(self.tenant_id), f"({self._position}-0"):
                first, hints = log.events_of(entry)
                self._note(hints)
                self._position = first + len(hints) - 1

    def _note(self, hints: list[bytes]) -> None:
        for hint in hints:
            self._doubts.note(msgspec.json.decode(hint))
        self._doubted.set()

    # Reading

    def _doubts_taken(self) -> Doubts:
        doubts, self._doubts = self._doubts, Doubts()
        self._doubted.clear()
        return doubts

    async def _read_everything(self) -> list[Event]:
        doubts = self._doubts_taken()
        if doubts.turns:  # of them an audit reads no text
            self._doubts.turns = doubts.turns
            self._doubted.set()
        simulated = bool(await pipe().call("EXISTS", keys.floor_simulated(self.tenant_id)))
        began = time.time()
        try:
            events = await in_tenant(
                self.tenant_id,
                reading.read_all,
                self._board,
                now=timezone.now(),
                simulated=simulated,
                hinted=self.began.is_set() and not doubts.everything,
            )
        except Tenant.DoesNotExist:
            raise _NoSuchTenant(self.tenant_id) from None
        self._counts_since = 0.0
        self._note_repairs(events, doubts)
        self._verified = began
        return events

    async def _read_live(self) -> list[Event]:
        """Doubts are for the next tick, or hints that came meanwhile would hide what the audit finds."""
        began = time.time()
        events = await in_tenant(self.tenant_id, reading.read_live, self._board)
        self._note_repairs(events, self._doubts)
        self._advance(began)
        return events

    async def _read_doubts(self, *, with_counts: bool) -> list[Event]:
        doubts = self._doubts_taken()
        began = time.time()
        if doubts.counts and not with_counts:
            doubts.counts, self._doubts.counts = False, True
            self._counts_since = self._counts_since or began - ON_ITS_WAY
        elif doubts.counts:
            self._counts_since = 0.0
        team = self._board.team
        events = await in_tenant(
            self.tenant_id,
            reading.read_doubts,
            self._board,
            doubts,
            now=timezone.now(),
            simulated=team is not None and team.simulated,
        )
        self._advance(began - ON_ITS_WAY)
        return events

    def _advance(self, moment: float) -> None:
        """The state is true up to `moment`, but for a counting that is still due."""
        self._verified = max(self._verified, min(moment, self._counts_since or moment))

    def _note_repairs(self, events: list[Event], doubts: Doubts) -> None:
        """Counts what an audit found though no hint had told it."""
        if events and self.began.is_set() and not doubts:
            metrics.FLOOR_REPAIRS.inc(len(events))

    @property
    def _midnight(self) -> float:
        """When today ends at the tenant, in unix time."""
        team = self._board.team
        if team is None:
            return 0.0
        tomorrow = dt.date.fromisoformat(team.day) + dt.timedelta(days=1)
        return dt.datetime.combine(tomorrow, dt.time(), ZoneInfo(team.time_zone)).timestamp()

    # Telling

    async def _tell(self, writer: Writer, events: list[Event]) -> None:
        number = writer.position + 1
        writer.append(encode(Delta(number - 1, number, events, self._verified)), urgent=True)
        await writer.flushed()
        self._seq = number
        if number == 1:
            pipe().post("EXPIRE", keys.floor_view(self.tenant_id, self.epoch), FORGOTTEN_AFTER)

    async def _keep_state(self) -> None:
        """For processes that begin to follow; and what is too old to come back to is dropped."""
        log_key = keys.floor_view(self.tenant_id, self.epoch)
        state_key = keys.floor_state(self.tenant_id, self.epoch)
        if self._seq != self._kept_seq:
            kept = Kept(self._seq, self._verified, self._board.state())
            self._kept_seq = kept.seq
            await pipe().call("SET", state_key, encode(kept))
            pipe().post("XTRIM", log_key, "MINID", max(0, kept.seq - KEPT))
        for key in (state_key, log_key):
            pipe().post("EXPIRE", key, FORGOTTEN_AFTER)


class _NoSuchTenant(Exception):
    """The tenant was deleted: there is no floor."""
