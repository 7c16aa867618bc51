"""What members set at the inbox: for themselves, and (owners and managers) for the business."""

import datetime as dt
from typing import Any, Final

from apps.common.errors import InvalidInput
from apps.conversations.models import TeamDesk
from apps.inbox import seats
from apps.inbox.models import Notify
from apps.tenants import audit
from apps.tenants.models import Role
from apps.tenants.sessions import Forbidden, Person

DECIDE: Final = (Role.OWNER.value, Role.MANAGER.value)
"""Who may change what holds for all; staff read and answer."""
_MOST = {"sensitive_words": 2_000, "closed_words": 500}


def of(person: Person, *, now: dt.datetime) -> dict[str, Any]:
    """`{"notify", "sensitive_words", "closed_words", "may_decide"}`."""
    seat, desk = seats.seat_of(person, now=now), TeamDesk.objects.first()
    return {
        "notify": seat.notify if seat is not None else Notify.NONE.value,
        "sensitive_words": desk.sensitive_words if desk else "",
        "closed_words": desk.closed_words if desk else "",
        "may_decide": person.role in DECIDE,
    }


def change(person: Person, wishes: dict[str, str | None], *, now: dt.datetime) -> None:
    """Sets what is not None.

    Raises:
        InvalidInput, Forbidden: a value is wrong, or not theirs to set; nothing is changed.
    """
    shared = {field: wishes[field] for field in _MOST if wishes.get(field) is not None}
    if shared and person.role not in DECIDE:
        raise Forbidden("Only owners and managers change this.")
    for field, value in shared.items():
        if len(str(value)) > _MOST[field] or "\0" in str(value):
            raise InvalidInput(f"At most {_MOST[field]} characters.", field=field)
    if (notify := wishes.get("notify")) is not None:
        seats.set_notify(person, notify, now=now)
    if not shared:
        return
    desk = TeamDesk.objects.first() or TeamDesk()
    before = {field: getattr(desk, field) for field in shared}
    for field, value in shared.items():
        setattr(desk, field, str(value).strip())
    desk.save()
    changed = [field for field in shared if before[field] != getattr(desk, field)]
    audit.record(actor=person.actor, action="inbox.rules_changed", target=desk.pk, details={"fields": changed})
