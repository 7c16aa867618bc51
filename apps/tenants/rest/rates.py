"""How often somebody may call: a number a minute for each key and person, spread by the generic cell rate algorithm."""

import logging

from django.conf import settings
from redis.exceptions import RedisError

from apps.common.errors import AppError
from apps.common.redis import Script
from apps.tenants import keys

logger = logging.getLogger(__name__)
WINDOW = 60_000
"""Milliseconds; so much of the allowance may be used at once."""

_TAKE = Script("""
-- KEYS: when all that was asked for will have been spread out evenly. ARGV: requests a window, the window.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local interval = ARGV[2] / ARGV[1]
local spread = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now) + interval
if spread - now > tonumber(ARGV[2]) then return {0, math.ceil(spread - now - ARGV[2])} end
redis.call('SET', KEYS[1], spread, 'PX', math.ceil(spread - now))
return {1, math.floor((ARGV[2] - (spread - now)) / interval)}
""")


class TooManyRequests(AppError):
    """The key's or the person's allowance of this minute is used up; `retry_after` in seconds."""

    code = "too_many_requests"
    status = 429
    retryable = True


def take(*, tenant_id: str, who: str) -> dict[str, str]:
    """Counts one request; headers for its answer, which say what is left.

    A Redis that is away counts nothing and refuses nobody: the API's data is in the database.

    Raises:
        TooManyRequests: see there.
    """
    limit = settings.API_REQUESTS_PER_MINUTE
    try:
        taken, number = _TAKE.run([keys.api_rate(tenant_id, who)], [limit, WINDOW])
    except RedisError:
        logger.warning("Requests of the API are not counted: Redis is away")
        return {}
    if not taken:
        seconds = -(-int(number) // 1_000)
        raise TooManyRequests(
            f"That was more than {limit} requests a minute. Go on in {seconds} s.", retry_after=seconds
        )
    return {"RateLimit-Limit": str(limit), "RateLimit-Remaining": str(int(number))}
