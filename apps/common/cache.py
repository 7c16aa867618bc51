"""Django's cache on the house's Redis: what packages count there holds for every process, such as failed logins."""

from functools import cache
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient

from apps.common import redis


@cache
def _client() -> RedisCacheClient:
    return RedisCacheClient([redis.url()])


class HouseCache(RedisCache):
    """Asks for Redis's address when it is first used: without REDIS_URL that starts the server."""

    @property
    def _cache(self) -> Any:
        return _client()
