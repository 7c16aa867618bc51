"""Members at the inbox: their wishes, what they have seen, and whether anybody is looking."""

import datetime as dt

from apps.common import redis
from apps.common.errors import InvalidInput
from apps.common.redis import pipe
from apps.conversations.models import Conversation
from apps.inbox.models import Notify, Seat, Seen
from apps.tenants import audit, keys
from apps.tenants.sessions import Person

LOOKS = 45
"""Seconds for which somebody counts as looking after their page last said so."""


def seat_of(person: Person, *, now: dt.datetime) -> Seat | None:
    """The person's; made at their first visit. None for a platform administrator, who is no member."""
    if not person.membership_id:
        return None
    seat, _ = Seat.objects.get_or_create(membership_id=person.membership_id, defaults={"since": now})
    return seat


def set_notify(person: Person, notify: str, *, now: dt.datetime) -> None:
    """Raises InvalidInput unless `notify` is one of `Notify`."""
    if notify not in Notify.values:
        raise InvalidInput(f"Expected one of {', '.join(Notify.values)}.", field="notify")
    seat = seat_of(person, now=now)
    if seat is not None and seat.notify != notify:
        seat.notify = notify
        seat.save(update_fields=["notify"])
        audit.record(actor=person.actor, action="inbox.notify_set", target=seat.pk, details={"notify": notify})


def mark_seen(person: Person, conversation: Conversation, *, now: dt.datetime) -> None:
    """All that is in the conversation now is not new to them any more."""
    if person.membership_id:
        Seen.objects.update_or_create(
            membership_id=person.membership_id, conversation_id=conversation.pk, defaults={"at": now}
        )


async def look(tenant_id: str) -> None:
    """Somebody has the inbox open."""
    await pipe().call("SET", keys.inbox_looking(tenant_id), 1, "EX", LOOKS)


def is_looked_at(tenant_id: str) -> bool:
    """Whether somebody has the tenant's inbox open. Sync."""
    return bool(redis.client().exists(keys.inbox_looking(tenant_id)))
