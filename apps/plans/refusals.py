"""What a budget's refusal says, and how often each limit refused.

Counted in Redis by the hour: an attack must not write a row for each of its messages.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from apps.common.errors import AppError
from apps.common.redis import client
from apps.plans.core.budget import DAY, HOUR, MINUTE, Refused
from apps.tenants import keys

KEPT = 40 * DAY
"""Seconds: a period of a month, and some."""
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


class TooManyMessages(AppError):
    """A limit on messages is reached."""

    code = "too_many_messages"
    status = 429
    retryable = True


class TokenBudgetSpent(AppError):
    """A limit on tokens is reached."""

    code = "token_budget_spent"
    status = 429
    retryable = True


_WORDS = {
    ("visitor", "messages"): "That was a lot of messages in a short time.",
    ("visitor", "tokens"): "That was a lot to read and write in a short time.",
    ("address", "messages"): "A lot of messages came from your network.",
    ("address", "tokens"): "A lot was asked from your network.",
}
_BUSY = "More people are writing to us than we can answer at the moment."


def error(refused: Refused) -> AppError:
    """The answer to a message that a budget refuses, in words for the visitor; `retry_after` in seconds."""
    limit = refused.limit
    kind = TooManyMessages if limit.measure == "messages" else TokenBudgetSpent
    words = _WORDS.get((limit.scope, limit.measure), _BUSY)
    message = f"{words} Please try again in {_spoken(refused.retry_after)}."
    return kind(message, retry_after=refused.retry_after, limit=limit.scope)


def _spoken(seconds: int) -> str:
    """Such as `40 seconds`, `5 minutes`, `2 hours`; rounded up."""
    for unit, length in (("hour", HOUR), ("minute", MINUTE)):
        if seconds > length:
            return f"{-(-seconds // length)} {unit}s"
    return f"{seconds} second{'s' if seconds > 1 else ''}"


class Place(NamedTuple):
    """Where a refusal of this hour is counted: the field is `<hour>:<name of the limit>`."""

    key: str
    hour: str


def place(*, tenant_id: str, now: int) -> Place:
    at = datetime.fromtimestamp(now, UTC)
    return Place(keys.budget_refusals(tenant_id, f"{at:%Y-%m-%d}"), f"{at:%H}")


def refused(*, tenant_id: str, since: datetime, until: datetime) -> dict[str, int]:
    """Refusals by the limit's name, the most first, from the hour of `since` to that of `until`. Sync.

    Raises:
        redis.RedisError: Redis is away.
    """
    first, last = since.astimezone(UTC), until.astimezone(UTC)
    days = [first.date() + n * _DAY for n in range((last.date() - first.date()).days + 1)]
    pipeline = client().pipeline(transaction=False)
    for day in days:
        pipeline.hgetall(keys.budget_refusals(tenant_id, day.isoformat()))
    totals: Counter[str] = Counter()
    for day, counted in zip(days, pipeline.execute(), strict=True):
        for field, number in counted.items():
            hour, _, name = field.decode().partition(":")
            at = datetime(day.year, day.month, day.day, int(hour), tzinfo=UTC)
            if first - _HOUR < at <= last:
                totals[name] += int(number)
    return dict(totals.most_common())
