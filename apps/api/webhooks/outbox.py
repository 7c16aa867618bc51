"""The outbox: a row for each endpoint that wants to know, written in the transaction of what happened."""

import datetime as dt
from collections.abc import Mapping
from typing import NamedTuple

from django.utils import timezone

from apps.api.models import WebhookDelivery, WebhookEndpoint, new_event_id
from apps.conversations import events
from apps.tenants import audit, rows
from apps.tenants.memory import Memory
from apps.tenants.models import AuditEntry
from apps.tenants.scope import current_tenant_id


class Wanted(NamedTuple):
    endpoint_id: str
    events: frozenset[str]


_wanted: Memory[list[Wanted]] = Memory(WebhookEndpoint)


def put(event: str, *, about: str, at: dt.datetime) -> None:
    """Tells every endpoint of the tenant in scope that has chosen the event. For most tenants that is none."""
    listening = [wanted for wanted in _of_tenant() if event in wanted.events]
    if not listening:
        return
    event_id = new_event_id()
    rows.insert(
        *(
            WebhookDelivery(
                endpoint_id=wanted.endpoint_id,
                event_id=event_id,
                event=event,
                object_id=about,
                happened_at=at,
                next_at=at,
            )
            for wanted in listening
        )
    )


def _of_tenant() -> list[Wanted]:
    def read() -> list[Wanted]:
        found = WebhookEndpoint.objects.filter(is_active=True).values_list("pk", "events")
        return [Wanted(pk, frozenset(chosen)) for pk, chosen in found]

    return _wanted.recall(current_tenant_id(), read)


def listen_to_audit(names: Mapping[str, str]) -> None:
    """`names`: action of the audit trail → event."""

    def told(entry: AuditEntry) -> None:
        put(names[entry.action], about=entry.target, at=entry.at)

    audit.listen(names, told)


def listen_to_conversations() -> None:
    """What happens in conversations is told by their own typed events."""
    events.listen(events.ConversationStarted, _started)
    events.listen(events.HandedOver, _handed_over)
    events.listen(events.CallStarted, _call_started)
    events.listen(events.CallEnded, _call_ended)


def _started(event: events.ConversationStarted) -> None:
    put("conversation.started", about=event.conversation, at=_moment(event))


def _handed_over(event: events.HandedOver) -> None:
    put("conversation.handed_over", about=event.conversation, at=_moment(event))


def _call_started(event: events.CallStarted) -> None:
    put("call.started", about=event.call, at=_moment(event))


def _call_ended(event: events.CallEnded) -> None:
    put("call.ended", about=event.call, at=_moment(event))
    put("conversation.ended", about=event.conversation, at=_moment(event))


def _moment(event: events.Event) -> dt.datetime:
    return dt.datetime.fromtimestamp(event.at, dt.UTC) if event.at else timezone.now()
