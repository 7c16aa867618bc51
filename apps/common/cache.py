"""Django's cache on the house's Redis: what packages count there holds for every process, such as failed logins."""

from functools import cache
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient

from apps.common import redis


class _HouseClient(RedisCacheClient):
    """Finds the master, or the server of a Cluster, as all other sync code does."""

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        return redis.client()

    def set_many(self, data: Any, timeout: Any = None) -> None:
        """One by one: a Cluster's client takes no MSET."""
        for key, value in data.items():
            self.set(key, value, timeout)


@cache
def _client() -> RedisCacheClient:
    return _HouseClient([])


class HouseCache(RedisCache):
    """Asks for Redis's address when it is first used: without REDIS_URL that starts the server."""

    @property
    def _cache(self) -> Any:
        return _client()
