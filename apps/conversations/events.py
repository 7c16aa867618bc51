"""What happens in conversations, as typed events on the tenant's log, published after commit."""

import logging
from functools import partial
from typing import ClassVar

import msgspec
from django.db import transaction
from redis.exceptions import RedisError

from apps.common.database import calling_loop
from apps.live import log
from apps.tenants import keys
from apps.tenants.scope import current_tenant_id

logger = logging.getLogger(__name__)


class Event(msgspec.Struct, frozen=True, tag_field="type", kw_only=True):
    """Base of the events; `type` is the class's name."""

    __match_args__: ClassVar[tuple[str, ...]] = ()
    conversation: str
    at: float
    """Unix time in seconds."""


class ConversationStarted(Event, frozen=True, tag=True):
    channel: str
    agent: str


class TurnAdded(Event, frozen=True, tag=True):
    number: int
    role: str
    text: str
    agent: str


class ToolCallFinished(Event, frozen=True, tag=True):
    name: str
    status: str
    duration_ms: int


class HandedOver(Event, frozen=True, tag=True):
    from_agent: str
    to_agent: str


class VisitorIdentified(Event, frozen=True, tag=True):
    contact: str


class CallStarted(Event, frozen=True, tag=True):
    call: str
    direction: str
    carrier: str


class CallEnded(Event, frozen=True, tag=True):
    call: str
    reason: str
    seconds: int


ConversationEvent = (
    ConversationStarted | TurnAdded | ToolCallFinished | HandedOver | VisitorIdentified | CallStarted | CallEnded
)
_encode = msgspec.json.Encoder().encode


def publish(event: ConversationEvent) -> None:
    """Puts the event on the tenant's log once the transaction is committed.

    A live view that misses one rebuilds from the database; so a lost Redis loses no conversation.
    """
    key = keys.floor_log(current_tenant_id())

    def send() -> None:
        encoded = [_encode(event)]
        if (loop := calling_loop()) is not None:
            loop.call_soon_threadsafe(partial(log.post, key=key, events=encoded))
            return
        try:
            log.publish(key=key, events=encoded)
        except RedisError:
            logger.warning("A live event could not be published", extra={"event": type(event).__name__})

    transaction.on_commit(send)
