"""A bell: says that there is something to read, and not what. Who hears it looks into the database."""

import logging

from django.db import transaction
from redis.exceptions import RedisError

from apps.common import redis
from apps.common.database import calling_loop

logger = logging.getLogger(__name__)


def ring(key: str, *, word: bytes = b"look") -> None:
    """Rings when the transaction is committed. Who is not there to hear it looks when they come."""

    def send() -> None:
        if (loop := calling_loop()) is not None:
            loop.call_soon_threadsafe(lambda: redis.pipe().post("PUBLISH", key, word))
            return
        try:
            redis.client().publish(key, word)
        except RedisError:
            logger.warning("A bell could not be rung")

    transaction.on_commit(send)
