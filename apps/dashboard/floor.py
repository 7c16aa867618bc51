"""One tenant's floor in this process: follows what the keeper writes, and hands it to everybody who watches here."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Iterable
from contextlib import closing
from typing import Final

import msgspec
from redis.exceptions import RedisError

from apps.common import drain
from apps.common.ids import new_id
from apps.common.redis import library
from apps.dashboard import lease
from apps.dashboard.connection import CATCH_UP, MOST_UNSENT, Connection, Ready, ready
from apps.dashboard.core.events import State
from apps.dashboard.core.messages import (
    Delta,
    Fresh,
    Hello,
    Ping,
    Snapshot,
    Stale,
    Subscribe,
    Watching,
    encode,
    read_delta,
)
from apps.dashboard.core.state import reduce
from apps.dashboard.keeper import Keeper, Kept
from apps.dashboard.presence import Presence
from apps.live import log
from apps.live.hub import hub
from apps.tenants import keys

logger = logging.getLogger(__name__)

LOOK = 0.5
"""Seconds between two looks at the keeper's lease."""
LOOK_SOON = 0.05
"""The same, while there is no state to show yet."""
FRESH = 0.9
"""Seconds without a delta after which viewers are told that what they see is true all the same."""
STALE = 3.0
"""Seconds after which what nobody has verified is shown as stale. Clocks of our machines must not differ by more."""
LINGER = 10.0
"""Seconds for which a floor is kept after its last viewer has left: pages reload."""
HEARTBEAT = 15.0
REMEMBERED: Final = 256
"""Deltas that can be given again to a viewer who comes back; and bytes of them."""
REMEMBERED_BYTES: Final = 2_000_000
TOO_SLOW = 4408

_read_kept = msgspec.json.Decoder(Kept).decode


class Floor:
    """What viewers of one tenant see. `run` is its life, `let_go` its end; the rest is for their sockets."""

    def __init__(self, tenant_id: str, *, process: str) -> None:
        self.tenant_id = tenant_id
        self.presence = Presence(tenant_id, process=process)
        self.viewers: set[Connection] = set()
        self.left_at = 0.0
        """The loop's clock, when the last viewer left."""
        self._newcomers: dict[Connection, Subscribe] = {}
        """Who waits for the first state."""
        self._behind: set[Connection] = set()
        self._epoch = ""
        self._seq = 0
        self._state: State | None = None
        self._verified = 0.0
        self._told_at = 0.0
        """Unix time when viewers were last told that the state is true."""
        self._is_stale = False
        self._recent: deque[tuple[int, Ready]] = deque()
        self._recent_bytes = 0
        self._snapshot: Ready | None = None
        self._lag: tuple[str, int] = ("", 0)
        self._following: asyncio.Task[None] | None = None
        self._keeping: asyncio.Task[None] | None = None

    # Viewers

    def join(self, viewer: Connection, position: Subscribe) -> None:
        """From now on the viewer sees the floor: from its position on if that can be, else from a snapshot."""
        self.viewers.add(viewer)
        self.presence.put(viewer.seat())
        if self._state is None:
            self._newcomers[viewer] = position
        else:
            self._welcome(viewer, position)

    def leave(self, viewer: Connection) -> None:
        """The viewer's socket is closed."""
        self.viewers.discard(viewer)
        self._newcomers.pop(viewer, None)
        self._behind.discard(viewer)
        self.presence.put(viewer.seat(gone=time.time()))
        self.left_at = asyncio.get_running_loop().time()

    def _welcome(self, viewer: Connection, position: Subscribe) -> None:
        missed = self._after(position)
        hello = Hello(
            epoch=self._epoch,
            seq=self._seq,
            recovered=missed is not None,
            viewer=Watching(viewer.viewer.user_id, viewer.viewer.name, viewer.viewer.role),
            presence=self.presence.people(),
            heartbeat=HEARTBEAT,
            now=time.time(),
        )
        viewer.write_text(encode(hello))
        if missed is None:
            viewer.write(self._snapshot_message())
        for message in missed or ():
            viewer.write(message)
        viewer.write_text(encode(self._freshness()))

    def _after(self, position: Subscribe) -> list[Ready] | None:
        """All that came after the position, or None: never a part."""
        first = self._recent[0][0] if self._recent else self._seq + 1
        if position.epoch != self._epoch or not first - 1 <= position.seq <= self._seq:
            return None
        return [message for number, message in self._recent if number > position.seq]

    def _freshness(self) -> Fresh | Stale:
        return Stale(self._verified) if self._is_stale else Fresh(self._seq, self._verified)

    def _snapshot_message(self) -> Ready:
        """One for all who need it at this position."""
        if self._snapshot is None and self._state is not None:
            content = Snapshot(epoch=self._epoch, seq=self._seq, state=self._state, verified=self._verified)
            self._snapshot = ready(encode(content))
        assert self._snapshot is not None
        return self._snapshot

    def broadcast(self, message: Ready) -> None:
        """Hands it to everybody who keeps up; who does not gets the whole state when they have."""
        most = MOST_UNSENT
        waiting = self._behind | self._newcomers.keys()
        for viewer in self.viewers - waiting if waiting else self.viewers:
            if not viewer.write(message, most):
                self._behind.add(viewer)
                viewer.behind_since = asyncio.get_running_loop().time()

    def _look_after_slow_ones(self) -> None:
        now = asyncio.get_running_loop().time()
        for viewer in list(self._behind):
            if not viewer.unsent and self._state is not None:
                self._behind.discard(viewer)
                viewer.write(self._snapshot_message())
                viewer.write_text(encode(self._freshness()))
            elif now - (viewer.behind_since or now) > CATCH_UP:
                viewer.close(TOO_SLOW)

    def ping(self) -> None:
        """The heartbeat. Who has not answered two of them is gone."""
        message = ready(encode(Ping(self._seq)))
        for viewer in list(self.viewers):
            if viewer.unanswered >= 2:
                viewer.close(TOO_SLOW)
                continue
            viewer.unanswered += 1
            if viewer.unanswered > 1:
                self.presence.put(viewer.seat())
            if viewer not in self._behind:
                viewer.write(message)

    # The keeper

    async def run(self) -> None:
        """Looks at the lease until nobody has watched for a while."""
        while self.viewers or asyncio.get_running_loop().time() - self.left_at < LINGER:
            try:
                await self._look()
                await self.presence.exchange()
            except RedisError:
                logger.warning("A floor cannot be followed: Redis is away", extra={"tenant": self.tenant_id})
            self._tell_people()
            self._tell_freshness()
            self._look_after_slow_ones()
            await asyncio.sleep(LOOK if self._state is not None else LOOK_SOON)

    async def let_go(self) -> None:
        """After `run`, or when it was cancelled: another process may keep the floor."""
        tasks = [task for task in (self._following, self._keeping) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.presence.withdraw()

    async def _look(self) -> None:
        word = await lease.held(self.tenant_id)
        if word is None:
            await self._become_keeper()
        elif word.epoch != self._epoch or self._is_left_behind(word):
            await self._open(word.epoch)
        elif word.seq <= self._seq:
            self._verified = max(self._verified, word.verified)

    async def _become_keeper(self) -> None:
        if drain.draining() or (self._keeping is not None and not self._keeping.done()):
            return
        epoch = new_id("floor")
        if await lease.take(self.tenant_id, epoch=epoch):
            keeper = Keeper(self.tenant_id, epoch)
            self._keeping = asyncio.create_task(keeper.run())
            began = asyncio.create_task(keeper.began.wait())
            await asyncio.wait({self._keeping, began}, timeout=LOOK, return_when=asyncio.FIRST_COMPLETED)
            began.cancel()
            if keeper.began.is_set():
                await self._open(epoch)

    def _is_left_behind(self, word: lease.Lease) -> bool:
        """Whether the keeper is ahead of us, and we have not moved since the last look: something was lost."""
        before, self._lag = self._lag, (word.epoch, self._seq)
        return word.seq > self._seq and before == self._lag

    async def _open(self, epoch: str) -> None:
        """Begins to follow a keeper; nothing happens while its first state is not there."""
        blob = await library().call("GET", keys.floor_state(self.tenant_id, epoch))
        if blob is None:
            return
        key = keys.floor_view(self.tenant_id, epoch)
        kept, entries = _read_kept(blob), await log.entries(key)
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
        self._epoch, self._seq, self._state, self._verified = epoch, kept.seq, kept.state, kept.verified
        self._recent.clear()
        self._recent_bytes = 0
        for entry in entries:
            first, blobs = log.events_of(entry)
            for number, text in enumerate(blobs, start=first):
                self._take(number, ready(text))
        self._following = asyncio.create_task(self._follow(key))
        self._show_anew()

    def _show_anew(self) -> None:
        """Another epoch: everybody gets all of it."""
        self._is_stale, self._told_at = False, time.time()
        for viewer in self.viewers - self._newcomers.keys() - self._behind:
            viewer.write(self._snapshot_message())
        waiting, self._newcomers = self._newcomers, {}
        for viewer, position in waiting.items():
            self._welcome(viewer, position)

    async def _follow(self, key: str) -> None:
        with closing(hub().follow(key, after=self._seq)) as follower:
            while True:
                for text in await follower.next(idle=60.0):
                    message = ready(text)
                    if self._take(self._seq + 1, message):
                        self.broadcast(message)
                        self._told_at, self._is_stale = time.time(), False

    def _take(self, number: int, message: Ready) -> bool:
        """A delta of the keeper's; whether it is news."""
        self._recent.append((number, message))
        self._recent_bytes += len(message.text)
        while len(self._recent) > REMEMBERED or (self._recent_bytes > REMEMBERED_BYTES and len(self._recent) > 1):
            _, dropped = self._recent.popleft()
            self._recent_bytes -= len(dropped.text)
        if number <= self._seq or self._state is None:
            return False
        delta: Delta = read_delta(message.text)
        self._state = reduce(self._state, delta.events)
        self._seq, self._verified = delta.to, max(self._verified, delta.verified)
        self._snapshot = None
        return True

    # What viewers are told beside deltas

    def _tell_freshness(self) -> None:
        now = time.time()
        if self._state is not None and now - self._verified > STALE:
            if not self._is_stale:
                self._is_stale = True
                self.broadcast(ready(encode(Stale(self._verified))))
        elif self._state is not None and now - self._told_at >= FRESH:
            self._is_stale, self._told_at = False, now
            self.broadcast(ready(encode(Fresh(self._seq, self._verified))))

    def _tell_people(self) -> None:
        if (news := self.presence.news()) is not None:
            self.broadcast(ready(encode(news)))


def close_all(viewers: Iterable[Connection], code: int) -> None:
    """Ends these connections."""
    for viewer in list(viewers):
        viewer.close(code)
