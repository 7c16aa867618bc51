"""Writing calls: their beginning and their end."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction

from apps.common.errors import AppError
from apps.conversations import events, turns, watchers
from apps.conversations.models import Call, Conversation, ToolCall
from apps.conversations.watchers import CallWatcher


class CallKnown(AppError):
    """The carrier announced a call that is under way, or over, already."""

    code = "call_known"
    status = 409


def begin(
    *,
    agent: str,
    channel: str,
    carrier: str,
    now: dt.datetime,
    carrier_call: str = "",
    caller: str = "",
    number: str = "",
    direction: str = Call.Direction.INBOUND,
    visitor: str = "",
    conversation_id: str = "",
) -> Call:
    """A call and its conversation.

    Args:
        agent: slug of who answers.
        carrier_call: the carrier's own id, by which the same call is not begun twice.
        conversation_id: the id of the conversation, when it was promised to somebody already.

    Raises:
        CallKnown: this carrier's call has begun before.
    """
    try:
        with transaction.atomic():
            conversation = turns.start(agent=agent, channel=channel, now=now, visitor=visitor, id=conversation_id)
            call = Call.objects.create(
                conversation=conversation,
                direction=direction,
                carrier=carrier,
                carrier_call=carrier_call[:64],
                caller=caller[:32],
                number=number[:32],
                started_at=now,
            )
            events.publish(
                events.CallStarted(
                    conversation=conversation.pk,
                    at=now.timestamp(),
                    call=call.pk,
                    direction=direction,
                    carrier=carrier,
                )
            )
            watchers.tell(CallWatcher.call_begun, call)
    except IntegrityError:
        raise CallKnown("This call has begun already.") from None
    return call


@transaction.atomic
def end(
    *,
    call_id: str,
    reason: str,
    now: dt.datetime,
    usage: Mapping[str, int] | None = None,
    timings: Mapping[str, Any] | None = None,
) -> bool:
    """Closes the call and its conversation; False when somebody has already: whoever comes first says why.

    What it took (`usage`, `timings`) is put down all the same, for only the process that held the call knows.
    """
    call = Call.objects.select_related("conversation").get(pk=call_id)
    ended: dict[str, Any] = {"status": Call.Status.ENDED, "ended": reason[:32], "ended_at": now}
    ended |= {"supervision": "", "supervisor": "", "supervisor_name": "", "supervised_at": None}
    if not Call.objects.filter(pk=call_id, status=Call.Status.ACTIVE).update(
        **ended, usage=dict(usage or {}), timings=dict(timings or {})
    ):
        Call.objects.filter(pk=call_id, usage={}).update(usage=dict(usage or {}), timings=dict(timings or {}))
        return False
    Conversation.objects.filter(pk=call.conversation_id).update(status=Conversation.Status.CLOSED, last_at=now)
    seconds = max(0, round((now - call.started_at).total_seconds()))
    events.publish(
        events.CallEnded(
            conversation=call.conversation_id, at=now.timestamp(), call=call_id, reason=reason, seconds=seconds
        )
    )
    call.status, call.ended, call.ended_at = ended["status"], ended["ended"], now
    watchers.tell(CallWatcher.call_ended, call)
    return True


@transaction.atomic
def lose(*, call_id: str, now: dt.datetime) -> bool:
    """Closes a call whose process is gone, with what that was carrying out; False when somebody has already."""
    if not end(call_id=call_id, reason="process_lost", now=now):
        return False
    error = {"code": "process_lost", "message": "The process that carried it out was lost."}
    ToolCall.objects.filter(conversation__call=call_id, status=ToolCall.Status.STARTED).update(
        status=ToolCall.Status.FAILED, result={"ok": False, "say": "", "error": error}
    )
    return True
