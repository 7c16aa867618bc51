"""Which calls somebody holds: a call whose process died is found here, and ended on record by another."""

from apps.common.redis import Script

HELD = 15.0
"""Seconds after the last renewal at which a call counts as abandoned."""
RENEW = 3.0
"""Seconds between two renewals."""

_HOLD = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for i = 2, #ARGV do redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[i]) end
"""

renew = Script(f"""{_HOLD}
local found = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 64)
for _, member in ipairs(found) do redis.call('ZREM', KEYS[1], member) end
return found
""")
"""([keys.calls()], [HELD in milliseconds, held members…]) gives the members that nobody holds any more, once."""

keep = Script(f"{_HOLD} return 0")
"""The same for whoever ends no calls of others."""


def member(tenant_id: str, call_id: str) -> str:
    """A call's name there."""
    return f"{tenant_id}/{call_id}"
