"""Which process generates which run. A run whose process is gone is claimed by another, within seconds.

The leases of all runs are one sorted set by deadline, in Redis' own time, beside the owner of each: renewing a
thousand, and finding the abandoned one among them, is one round trip each.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import NamedTuple, Protocol, cast
from weakref import WeakKeyDictionary

from redis.exceptions import RedisError

from apps.chat.core.turn import StopReason
from apps.common.ids import new_id
from apps.common.redis import Script, pipe
from apps.tenants import keys

logger = logging.getLogger(__name__)

LEASE = 6.0
"""Seconds after the last renewal at which a run counts as abandoned."""
RENEW = 0.5
"""Seconds between renewals; also how long a stop from another process may take to arrive."""
CLAIMS = 8
"""Runs that a process takes over at a time, so that those of a lost process are shared by all."""

_NOW = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
"""
_HOLD = Script(
    _NOW
    + """
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[3])
redis.call('HSET', KEYS[2], ARGV[3], ARGV[1])
"""
)
_RENEW = Script(
    _NOW
    + """
local lost, stopped = {}, {}
for i = 3, #ARGV do
  local owner = redis.call('HGET', KEYS[2], ARGV[i])
  if owner and owner ~= ARGV[1] then
    lost[#lost + 1] = ARGV[i]
  else
    redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[i])
    redis.call('HSET', KEYS[2], ARGV[i], ARGV[1])
    local reason = redis.call('HGET', KEYS[3], ARGV[i])
    if reason then stopped[#stopped + 1] = ARGV[i]; stopped[#stopped + 1] = reason end
  end
end
return {lost, stopped}
"""
)
_CLAIM = Script(
    _NOW
    + """
local found = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[3])
for _, member in ipairs(found) do
  redis.call('ZADD', KEYS[1], now + ARGV[2], member)
  redis.call('HSET', KEYS[2], member, ARGV[1])
end
return found
"""
)
_RELEASE = Script("""
if redis.call('HGET', KEYS[2], ARGV[2]) == ARGV[1] then
  redis.call('ZREM', KEYS[1], ARGV[2])
  redis.call('HDEL', KEYS[2], ARGV[2])
  redis.call('HDEL', KEYS[3], ARGV[2])
end
""")


_ABANDON = Script("if redis.call('HGET', KEYS[2], ARGV[2]) == ARGV[1] then redis.call('ZADD', KEYS[1], 0, ARGV[2]) end")


class Member(NamedTuple):
    """A run, as the leases name it."""

    tenant_id: str
    run_id: str

    def __str__(self) -> str:
        return f"{self.tenant_id}/{self.run_id}"


class Holder(Protocol):
    """What generates a run."""

    def stop(self, reason: StopReason) -> None: ...

    def lose(self) -> None: ...


class Leases:
    """This process's leases: renewed, and when `adopt` is given the abandoned ones of others claimed."""

    def __init__(self) -> None:
        self.owner = new_id("proc")
        self._terms = (self.owner, int(LEASE * 1000))
        self.held: dict[str, Holder] = {}
        self._task: asyncio.Task[None] | None = None
        self._adopt: Callable[[Member], Awaitable[None]] | None = None
        self._patient_until = 0.0

    def hold(self, member: Member, holder: Holder) -> None:
        """The run is ours, even before it has begun: before anything that is asked of Redis later."""
        _HOLD.post(keys.leases(), [*self._terms, str(member)])
        self.keep(member, holder)

    def keep(self, member: Member, holder: Holder) -> None:
        """Renews a lease that we have."""
        self.held[str(member)] = holder
        self._start()

    async def release(self, member: Member) -> None:
        """The run is over."""
        self.held.pop(str(member), None)
        with suppress(RedisError):
            await _RELEASE(keys.leases(), [self.owner, str(member)])

    async def abandon(self, member: Member) -> None:
        """Somebody else shall go on, now."""
        self.held.pop(str(member), None)
        with suppress(RedisError):
            await _ABANDON(keys.leases(), [self.owner, str(member)])

    def watch(self, adopt: Callable[[Member], Awaitable[None]]) -> None:
        """From now on also claims what others have abandoned, and gives it to `adopt`."""
        self._adopt = adopt
        self._start()

    def _start(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work())

    def unwatch(self) -> None:
        """Takes over nothing more."""
        self._adopt = None

    async def close(self) -> None:
        """Ends the task. What is still held is left to others."""
        self.unwatch()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _work(self) -> None:
        clock = asyncio.get_running_loop().time
        while self.held or self._adopt:
            try:
                if self.held:
                    await self._renew()
                if self._adopt and clock() >= self._patient_until:
                    for member in await _CLAIM(keys.leases(), [*self._terms, CLAIMS]):
                        await self._claimed(Member(*member.decode().split("/", 1)))
            except RedisError:
                logger.warning("Leases could not be renewed", extra={"runs": len(self.held)})
                # While Redis was away nobody could renew: let everyone do so before anything counts as abandoned.
                self._patient_until = clock() + LEASE
            except Exception:
                logger.exception("The leases' task stumbled")
            await asyncio.sleep(RENEW)

    async def _renew(self) -> None:
        members = list(self.held)
        lost, stopped = await _RENEW(keys.leases(), [*self._terms, *members])
        for member in lost:
            if (holder := self.held.pop(member.decode(), None)) is not None:
                holder.lose()
        for member, reason in zip(stopped[::2], stopped[1::2], strict=True):
            if (holder := self.held.get(member.decode())) is not None:
                holder.stop(cast(StopReason, reason.decode()))

    async def _claimed(self, member: Member) -> None:
        if str(member) not in self.held and self._adopt is not None:  # else our own, renewed too late
            await self._adopt(member)


async def ask_to_stop(member: Member, reason: StopReason) -> None:
    """Reaches the run's process within RENEW seconds, whichever it is."""
    _, owners, stops = keys.leases()
    if await pipe().call("HEXISTS", owners, str(member)):
        await pipe().call("HSET", stops, str(member), reason)


_leases: WeakKeyDictionary[asyncio.AbstractEventLoop, Leases] = WeakKeyDictionary()


def leases() -> Leases:
    """This event loop's leases."""
    loop = asyncio.get_running_loop()
    if (found := _leases.get(loop)) is None:
        found = _leases[loop] = Leases()
    return found
