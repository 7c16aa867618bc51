"""What is raised while the database or Redis is away: the same request may succeed in a moment."""

from django.db import InterfaceError, OperationalError
from redis.exceptions import RedisError

from apps.common.errors import Unavailable

AWAY = (InterfaceError, OperationalError, RedisError)
RETRY_AFTER = 2
"""Seconds."""


def unavailable() -> Unavailable:
    """What is answered then."""
    return Unavailable("This is not available at the moment.", retry_after=RETRY_AFTER)
