"""What happens in conversations, as typed events on the tenant's log, published after commit."""

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar, TypeVar

import msgspec

from apps.common.callbacks import told
from apps.live import after_commit
from apps.tenants import keys
from apps.tenants.scope import current_tenant_id


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
    turn: str
    """Id of its row."""
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


class CallSupervised(Event, frozen=True, tag=True):
    """A supervisor has stepped into a call, or left it: `mode` as of `Call.Supervision`, "" = left."""

    call: str
    mode: str
    by: str


class AttentionChanged(Event, frozen=True, tag=True):
    """A person is wanted, has the conversation, or has left it: `state` as of `Conversation.Attention`."""

    state: str
    by: str


class ConversationClosed(Event, frozen=True, tag=True):
    """Somebody of the team is done with a chat."""


ConversationEvent = (
    ConversationStarted
    | TurnAdded
    | ToolCallFinished
    | HandedOver
    | VisitorIdentified
    | CallStarted
    | CallEnded
    | CallSupervised
    | AttentionChanged
    | ConversationClosed
)
E = TypeVar("E", bound=Event)
_listeners: dict[type[Event], list[Callable[[Any], None]]] = {}
_encode = msgspec.json.Encoder().encode


def publish(event: ConversationEvent) -> None:
    """Puts the event on the tenant's log once the transaction is committed.

    A live view that misses one rebuilds from the database; so a lost Redis loses no conversation.
    """
    for listen_to in _listeners.get(type(event), ()):
        told(partial(listen_to, event))
    after_commit.publish(key=keys.floor_log(current_tenant_id()), events=[_encode(event)])


def listen(kind: type[E], listener: Callable[[E], None]) -> None:
    """From AppConfig.ready(): `listener` is told of each event of the kind, for what must not miss one.

    It is called in the tenant's scope and in the transaction of what happened, so what it writes is kept together with
    that, or not at all. It must not wait for the network.
    """
    _listeners.setdefault(kind, []).append(listener)
