"""Calls as they are carried: whoever rings us is given an agent of the floor, and another one after a handoff."""

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, Max, OuterRef
from django.utils import timezone

from apps.conversations.models import Call
from apps.conversations.watchers import CallWatcher
from apps.verticals.sales import dialed, events
from apps.verticals.sales.models import Lead, ReceivedCall, TeamAgent

State = ReceivedCall.State


class Reception(CallWatcher):
    """Seats callers of a business that has a floor; other businesses have no agents there."""

    def call_begun(self, call: Call) -> None:
        if call.direction == Call.Direction.OUTBOUND:
            dialed.of_conversation(call.conversation_id)  # so that the floor shows what is said
            return
        if not TeamAgent.objects.exists():
            return
        received = ReceivedCall(
            call_id=call.pk,
            conversation_id=call.conversation_id,
            kind=call.conversation.agent,
            lead=Lead.objects.filter(phone=call.caller).first() if call.caller else None,
            phone=call.caller,
            began_at=call.started_at,
        )
        received.save(force_insert=True)
        _seat(received)

    def call_handed_over(self, call: Call) -> None:
        received = ReceivedCall.objects.filter(call_id=call.pk).exclude(state=State.ENDED).first()
        if received is not None and received.kind != call.conversation.agent:
            received.kind = call.conversation.agent
            _seat(received)

    def call_ended(self, call: Call) -> None:
        received = ReceivedCall.objects.filter(call_id=call.pk).exclude(state=State.ENDED).first()
        if received is None or call.ended_at is None:
            return
        received.state, received.ended_at = State.ENDED, call.ended_at
        received.seconds = max(0, round((call.ended_at - received.began_at).total_seconds()))
        received.save(update_fields=["state", "ended_at", "seconds"])
        _publish(received)


def _seat(received: ReceivedCall) -> None:
    """Gives the call to the free agent of its kind who has rested longest; to None when all are busy or paused."""
    theirs = ReceivedCall.objects.filter(agent=OuterRef("pk")).exclude(state=State.ENDED).exclude(pk=received.pk)
    free = TeamAgent.objects.filter(~Exists(theirs), kind=received.kind, is_paused=False)
    rested = F("rested").asc(nulls_first=True)
    for agent in [*free.annotate(rested=Max("received__ended_at")).order_by(rested, "name"), None]:
        received.agent = agent
        try:
            with transaction.atomic():
                received.save(update_fields=["agent", "kind"])
        except IntegrityError:  # another call took the agent in this moment
            continue
        break
    _publish(received)


def _publish(received: ReceivedCall) -> None:
    events.publish(
        events.ReceivedCallChanged(
            at=timezone.now().timestamp(),
            call=received.pk,
            agent=received.agent_id or "",
            lead=received.lead_id or "",
            kind=received.kind,
            state=received.state,
        )
    )
