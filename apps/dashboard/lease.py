"""Which process keeps a tenant's floor. One at a time, while it says so; its name is the epoch of what it tells.

A keeper that was thought dead and goes on does no harm: it writes to the log of its own epoch, which nobody follows.
"""

from dataclasses import dataclass

from apps.common.redis import Script, pipe
from apps.tenants import keys

LASTS = 2.5
"""Seconds, unless it is renewed."""

_TAKE = Script("""
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'seq', 0, 'verified', 0)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
""")
_RENEW = Script("""
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'seq', ARGV[3], 'verified', ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
""")
_RELEASE = Script("""
if redis.call('HGET', KEYS[1], 'epoch') == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 0
""")


@dataclass(frozen=True, slots=True)
class Lease:
    """What the keeper says: the state of number `seq` equals the database up to `verified` (unix time)."""

    epoch: str
    seq: int
    verified: float


async def held(tenant_id: str) -> Lease | None:
    """The keeper's last word; None while there is no keeper."""
    epoch, seq, verified = await pipe().call("HMGET", keys.floor_keeper(tenant_id), "epoch", "seq", "verified")
    return None if epoch is None else Lease(epoch.decode(), int(seq), float(verified))


async def take(tenant_id: str, *, epoch: str) -> bool:
    """Becomes the keeper, unless there is one."""
    return bool(await _TAKE([keys.floor_keeper(tenant_id)], [epoch, int(LASTS * 1000)]))


async def renew(tenant_id: str, lease: Lease) -> bool:
    """Goes on, with a new word; False when it is another's now, or Redis has lost it."""
    words = [lease.epoch, int(LASTS * 1000), lease.seq, lease.verified]
    return bool(await _RENEW([keys.floor_keeper(tenant_id)], words))


async def release(tenant_id: str, *, epoch: str) -> None:
    """Makes room for another, at once."""
    await _RELEASE([keys.floor_keeper(tenant_id)], [epoch])
