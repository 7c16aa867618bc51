"""What waits in the database, of all tenants together: each app registers its queues, a duty measures them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min

from apps.common import metrics


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many, and for how many seconds the oldest of them is overdue; 0.0 where none is."""

    depth: int
    oldest: float


Measure = Callable[[datetime], Waiting]
"""Called outside of any tenant's scope."""
_queues: dict[str, Measure] = {}


def register(name: str, measure: Measure) -> None:
    """From AppConfig.ready(); `name` is a value of a metric's label, such as "webhooks"."""
    _queues[name] = measure


def waiting(rows: Any, since: str, now: datetime) -> Waiting:
    """Of a query's rows, with the field that says from when on each waits."""
    found = rows.order_by().aggregate(depth=Count("pk"), oldest=Min(since))
    oldest = (now - found["oldest"]).total_seconds() if found["oldest"] is not None else 0.0
    return Waiting(found["depth"], max(0.0, oldest))


def measure(now: datetime) -> int:
    """A duty: says how much waits. Nothing is done by it."""
    for name, look in _queues.items():
        found = look(now)
        metrics.QUEUE.labels(name).set(found.depth)
        metrics.QUEUE_AGE.labels(name).set(found.oldest)
    return 0
