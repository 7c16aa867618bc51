"""Putting events on a log of many writers once what they tell of is committed."""

import logging
from collections.abc import Sequence
from functools import partial

from django.db import transaction
from redis.exceptions import RedisError

from apps.common.database import calling_loop
from apps.live import log

logger = logging.getLogger(__name__)


def publish(*, key: str, events: Sequence[bytes]) -> None:
    """Appends `events`, in this order, when the transaction is committed; not at all when it is rolled back.

    A Redis that is away is logged and costs the transaction nothing: whoever misses an event reads the database again.
    """

    def send() -> None:
        if (loop := calling_loop()) is not None:
            loop.call_soon_threadsafe(partial(log.post, key=key, events=events))
            return
        try:
            log.publish(key=key, events=events)
        except RedisError:
            logger.warning("Live events could not be published", extra={"events": len(events)})

    transaction.on_commit(send)
