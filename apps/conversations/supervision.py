"""Who is in a call beside its agent: one supervisor, who speaks, too, or has the call. The database decides who."""

import datetime as dt
from collections.abc import Mapping

from django.db import transaction
from django.db.models import F, Q

from apps.common.errors import AppError
from apps.conversations import events
from apps.conversations.models import Call
from apps.tenants import audit
from apps.tenants.versions import Outdated

Mode = Call.Supervision
_ENTERED = {Mode.BARGE: "call.barged_in", Mode.TAKEOVER: "call.taken_over"}


class NotTalking(AppError):
    """Nobody is on the line."""

    code = "not_talking"
    status = 409


class Supervised(AppError):
    """Another supervisor is in the call."""

    code = "busy"
    status = 409


@transaction.atomic
def enter(
    *, call: Call, mode: str, user: str, name: str, now: dt.datetime, actor: str, version: int | None = None
) -> Call:
    """Puts a supervisor into the call; from one mode into the other, too. The same again changes nothing.

    Args:
        user: their id. name: theirs, for the others.
        version: of the call, as whoever asks has seen it; None = whatever it is.

    Raises:
        NotTalking, Outdated, Supervised: it is over; changed since; somebody else's.
    """
    fields = {"supervision": mode, "supervisor": user, "supervisor_name": name[:150], "supervised_at": now}
    changed = _change(call, user, version, fields, unless=Q(supervision=mode, supervisor=user))
    if changed:
        audit.record(actor=actor, action=_ENTERED[Mode(mode)], target=call.pk)
        _publish(call, now)
    return call


@transaction.atomic
def leave(*, call: Call, user: str, now: dt.datetime, actor: str, version: int | None = None) -> Call:
    """The agent has the call alone again. Raises like `enter`, and NotTalking also for who is not in it."""
    fields = {"supervision": "", "supervisor": "", "supervisor_name": "", "supervised_at": None}
    if not _change(call, user, version, fields, unless=Q(supervision="")):
        raise NotTalking("You are not in this call.")
    audit.record(actor=actor, action="call.handed_back", target=call.pk)
    _publish(call, now)
    return call


@transaction.atomic
def steer(*, call: Call, user: str, now: dt.datetime, actor: str, action: str, version: int | None = None) -> Call:
    """Anything else that one supervisor does for all, such as ending the call. Raises like `enter`."""
    _change(call, user, version, {}, unless=Q(pk=""))
    audit.record(actor=actor, action=action, target=call.pk)
    _publish(call, now)
    return call


def _change(call: Call, user: str, version: int | None, fields: Mapping[str, object], *, unless: Q) -> bool:
    """One of many who try at the same moment gets it."""
    rows = Call.objects.filter(Q(supervisor="") | Q(supervisor=user), pk=call.pk, status=Call.Status.ACTIVE)
    if version is not None:
        rows = rows.filter(version=version)
    changed = rows.exclude(unless).update(**fields, version=F("version") + 1)
    call.refresh_from_db()
    if changed:
        return True
    if call.status != Call.Status.ACTIVE:
        raise NotTalking("This call is over.")
    if version is not None and version != call.version:
        raise Outdated("Somebody else has changed this call meanwhile.", version=call.version)
    if call.supervisor not in ("", user):
        raise Supervised(f"{call.supervisor_name} is in this call.", version=call.version)
    return False


def _publish(call: Call, now: dt.datetime) -> None:
    events.publish(
        events.CallSupervised(
            conversation=call.conversation_id,
            at=now.timestamp(),
            call=call.pk,
            mode=call.supervision,
            by=call.supervisor_name,
        )
    )
