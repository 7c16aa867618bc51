"""Calls of the dialer from the moment a line is taken until it is free again, and what came of them."""

import datetime as dt

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from apps.business.core.names import clean
from apps.common.errors import AppError
from apps.conversations.models import Call
from apps.telephony import numbers, placed
from apps.telephony.core import progress
from apps.telephony.models import PlacedCall
from apps.telephony.numbers import NoNumber
from apps.tenants import audit
from apps.tenants.versions import Outdated
from apps.verticals.sales import campaigns, events, permission
from apps.verticals.sales.core.retries import Ending, Pauses, next_try
from apps.verticals.sales.dossier import CALLBACK_ATTEMPTS
from apps.verticals.sales.models import Callback, Campaign, CampaignLead, DialedCall, DialingRules, Lead, ReceivedCall
from apps.verticals.sales.models.dialing import Disposition

State = DialedCall.State
TOPIC = "sales"
"""Of the calls that we place; `about` is the id of the DialedCall, which is their idempotency key, too."""
CLAIM = dt.timedelta(minutes=1)
"""A call that has not been placed by then is not going to be: whoever had claimed it is gone."""
UNHEARD = dt.timedelta(minutes=5)
"""The carrier did not say whether it had taken the order, and has said nothing since."""
LONGEST = dt.timedelta(minutes=30)
"""No call takes longer; the record of one that seems to was lost."""
_AT_ONCE = 50
_SOON = dt.timedelta(minutes=1)
_CALLBACK_PAUSES = Pauses(busy=dt.timedelta(minutes=15), no_answer=dt.timedelta(hours=1), machine=dt.timedelta(hours=1))
_STATES = {"in_progress": State.TALKING, "ringing": State.RINGING}
_STATUS_AFTER: dict[str, str] = {
    Disposition.INTERESTED: Lead.Status.CONTACTED,
    Disposition.MEETING: Lead.Status.MEETING,
    Disposition.CALLBACK: Lead.Status.CONTACTED,
    Disposition.NURTURE: Lead.Status.NURTURE,
    Disposition.NOT_INTERESTED: Lead.Status.LOST,
    Disposition.WRONG_PERSON: Lead.Status.CLOSED,
    Disposition.DO_NOT_CALL: Lead.Status.CLOSED,
    Disposition.NOT_QUALIFIED: Lead.Status.LOST,
}


def open_calls() -> QuerySet[DialedCall]:
    """Those that hold a line."""
    return DialedCall.objects.exclude(state=State.ENDED)


@transaction.atomic
def confirm(*, call_id: str, now: dt.datetime) -> DialedCall | None:
    """The claimed call, now to be placed, after a last look: somebody may have said stop since. None = not any more."""
    call = DialedCall.objects.select_for_update(of=("self",)).select_related("campaign", "agent").get(pk=call_id)
    if call.state != State.CLAIMED:
        return None
    rules = DialingRules.objects.first()
    halted = call.campaign is not None and call.campaign.status != Campaign.Status.RUNNING
    if rules is None or rules.is_stopped or halted or permission.forbidden([call.phone]):
        end(call=call, ending=DialedCall.Ending.NOT_DIALED, now=now)
        return None
    call.state = State.DIALING
    call.save(update_fields=["state"])
    return call


@transaction.atomic
def follow(placed_call: PlacedCall, *, now: dt.datetime) -> DialedCall | None:
    """Takes over what the phone tells of a call of ours; None when it is none of ours, or over."""
    call = DialedCall.objects.select_for_update().filter(pk=placed_call.about).first()
    if call is None or call.state == State.ENDED:
        return None
    call.placed_call_id = placed_call.pk
    outcome = placed_call.outcome
    if outcome:
        ending: str = outcome
        conversation = _conversation(placed_call)
        if outcome == "answered" and not conversation:
            ending = DialedCall.Ending.ABANDONED
        call.conversation_id = call.conversation_id or conversation
        call.save(update_fields=["placed_call_id", "conversation_id"])
        return end(call=call, ending=ending, seconds=placed_call.seconds or 0, now=now)
    state = _STATES.get(placed_call.status, State.DIALING)
    if state != call.state:
        call.state = state
        if state == State.TALKING:
            call.answered_at = now
            call.conversation_id = call.conversation_id or _conversation(placed_call)
        events.publish(events.DialChanged(at=now.timestamp(), call=call.pk, state=state))
    call.save(update_fields=["placed_call_id", "state", "answered_at", "conversation_id"])
    return call


def _conversation(placed_call: PlacedCall) -> str:
    """Id of the conversation that whoever answered had with an agent; "" = none."""
    if not placed_call.carrier_call:
        return ""
    known = Call.objects.filter(carrier_call=placed_call.carrier_call)
    return known.values_list("conversation_id", flat=True).first() or ""


def of_conversation(conversation_id: str) -> DialedCall | None:
    """The call of the dialer that this conversation is, which it knows from then on; None when it is none."""
    rows = DialedCall.objects.select_related("lead__contact", "campaign", "callback")
    if not conversation_id:
        return None
    if (call := rows.filter(conversation_id=conversation_id).first()) is not None:
        return call
    carried = Call.objects.filter(conversation_id=conversation_id, direction=Call.Direction.OUTBOUND).first()
    if carried is None or not carried.carrier_call:
        return None
    about = PlacedCall.objects.filter(carrier_call=carried.carrier_call, topic=TOPIC).values_list("about", flat=True)
    call = rows.filter(pk=about.first() or "").first()
    if call is not None:
        call.conversation_id = conversation_id
        call.save(update_fields=["conversation_id"])
        events.publish(events.DialChanged(at=timezone.now().timestamp(), call=call.pk, state=call.state))
    return call


def end(*, call: DialedCall, ending: str, now: dt.datetime, seconds: int = 0) -> DialedCall:
    """Frees the line and the agent, and says when the lead is to be called again, if at all. In a transaction."""
    call.state, call.ending, call.ended_at, call.seconds = State.ENDED, ending, now, seconds
    call.save(update_fields=["state", "ending", "ended_at", "seconds"])
    if ending != DialedCall.Ending.NOT_DIALED:
        Lead.objects.filter(pk=call.lead_id).update(last_call_at=call.claimed_at)
        Lead.objects.filter(pk=call.lead_id, status=Lead.Status.NEW).update(status=Lead.Status.CONTACTED)
    if call.entry_id is not None:
        _leave_campaign(call, ending, now)
    if call.callback_id is not None:
        _leave_callback(call, ending, now)
    events.publish(
        events.DialEnded(
            at=now.timestamp(),
            call=call.pk,
            lead=call.lead_id,
            agent=call.agent_id or "",
            campaign=call.campaign_id or "",
            ending=ending,
            seconds=seconds,
        )
    )
    return call


def _leave_campaign(call: DialedCall, ending: str, now: dt.datetime) -> None:
    entry = CampaignLead.objects.select_for_update().select_related("campaign").get(pk=call.entry_id)
    campaign = entry.campaign
    again = _again(ending, _pauses(campaign), now)
    entry.ending = ending
    if ending == DialedCall.Ending.NOT_DIALED:
        entry.attempts = max(0, entry.attempts - 1)
        entry.ending = ""
    if entry.state == CampaignLead.State.CALLING:
        if again is None:
            entry.state = CampaignLead.State.DONE
        elif entry.attempts >= campaign.max_attempts:
            entry.state, entry.reason = CampaignLead.State.SKIPPED, "attempts_used_up"
        else:
            entry.state, entry.next_at = CampaignLead.State.WAITING, again
    entry.save(update_fields=["state", "next_at", "attempts", "reason", "ending"])
    campaigns.finish_if_done(campaign=campaign, now=now)


def _leave_callback(call: DialedCall, ending: str, now: dt.datetime) -> None:
    callback = Callback.objects.select_for_update().get(pk=call.callback_id)
    again = _again(ending, _CALLBACK_PAUSES, now)
    if ending == DialedCall.Ending.NOT_DIALED:
        callback.attempts = max(0, callback.attempts - 1)
    if callback.state == Callback.State.CALLING:
        if again is None:
            callback.state = Callback.State.DONE
        elif callback.attempts >= CALLBACK_ATTEMPTS:
            callback.state, callback.reason = Callback.State.MISSED, "attempts_used_up"
        else:
            callback.state, callback.next_at = Callback.State.PROMISED, again
        events.publish(
            events.CallbackChanged(
                at=now.timestamp(), callback=callback.pk, lead=callback.lead_id, state=callback.state
            )
        )
    callback.save(update_fields=["state", "next_at", "attempts", "reason"])


def _again(ending: str, pauses: Pauses, now: dt.datetime) -> dt.datetime | None:
    if ending == DialedCall.Ending.NOT_DIALED:
        return now + _SOON
    kind: Ending = ending  # type: ignore[assignment]
    return next_try(kind, pauses, ended_at=now)


def _pauses(campaign: Campaign) -> Pauses:
    return Pauses(
        busy=dt.timedelta(minutes=campaign.retry_busy_minutes),
        no_answer=dt.timedelta(minutes=campaign.retry_no_answer_minutes),
        machine=dt.timedelta(minutes=campaign.retry_machine_minutes),
    )


def recover(*, now: dt.datetime) -> int:
    """Frees the lines of calls that nobody looks after any more, because a process was killed. How many.

    A claim that was never placed is undone for good: its key is used up first, so that whoever had claimed it and was
    only slow calls nobody after all.
    """
    old = list(open_calls().filter(claimed_at__lt=now - CLAIM).order_by("claimed_at")[:_AT_ONCE])
    made = {row.key: row for row in PlacedCall.objects.filter(key__in=[call.pk for call in old])} if old else {}
    return sum(_recover(call, made.get(call.pk), now) for call in old)


@transaction.atomic
def _recover(call: DialedCall, placed_call: PlacedCall | None, now: dt.datetime) -> bool:
    call = DialedCall.objects.select_for_update().get(pk=call.pk)
    if call.state == State.ENDED:
        return False
    if placed_call is None:
        fields = {"to": call.phone, "number": _own_number(), "status": "canceled", "topic": TOPIC, "about": call.pk}
        placed_call, is_new = placed.create(key=call.pk, **fields)
        if is_new:
            end(call=call, ending=DialedCall.Ending.NOT_DIALED, now=now)
            return True
    if placed_call.outcome:
        return follow(placed_call, now=now) is not None
    age = now - call.claimed_at
    if age > LONGEST or (age > UNHEARD and placed_call.status == progress.UNCONFIRMED):
        end(call=call, ending=DialedCall.Ending.FAILED, now=now)
        return True
    return False


def _own_number() -> str:
    try:
        return numbers.own()
    except NoNumber:
        return ""


class NoCall(AppError):
    """Nobody has talked to them yet."""

    code = "not_talking"
    status = 409


@transaction.atomic
def set_outcome(
    *, lead: Lead, outcome: str, note: str, now: dt.datetime, actor: str, version: int | None = None
) -> Lead:
    """Takes down what came of the last call with somebody, as `record_outcome` does.

    Raises:
        NoCall: there was none.
        Outdated: somebody else has set another outcome since `version` of the lead.
    """
    dialed = DialedCall.objects.filter(lead=lead).exclude(ending=DialedCall.Ending.NOT_DIALED).first()
    received = ReceivedCall.objects.filter(lead=lead).first()
    call: DialedCall | ReceivedCall | None = dialed or received
    if dialed is not None and received is not None and received.began_at > dialed.claimed_at:
        call = received
    if call is None:
        raise NoCall("Nobody has talked to this lead yet.")
    conversation = call.conversation_id
    record_outcome(
        call=call, outcome=outcome, note=note, conversation_id=conversation, now=now, actor=actor, version=version
    )
    lead.refresh_from_db()
    return lead


@transaction.atomic
def record_outcome(
    *,
    call: DialedCall | ReceivedCall,
    outcome: str,
    note: str,
    conversation_id: str,
    now: dt.datetime,
    actor: str,
    version: int | None = None,
) -> DialedCall | ReceivedCall:
    """Takes down what came of talking to a lead, and does what follows from it. The same again is the same.

    Args:
        version: of the lead, as whoever asks has seen it; None = whatever it is.

    Raises:
        Outdated: it has another version now.
    """
    rows = DialedCall.objects if isinstance(call, DialedCall) else ReceivedCall.objects
    call = rows.select_for_update(of=("self",)).select_related("lead").get(pk=call.pk)
    lead = Lead.objects.select_for_update(of=("self",)).get(pk=call.lead_id)
    if version is not None and lead.version != version:
        raise Outdated("Somebody else has changed this lead meanwhile.", version=lead.version)
    if call.disposition == outcome and not note:
        return call
    call.disposition, call.note = outcome, clean(note, limit=400) or call.note
    call.save(update_fields=["disposition", "note"])
    status = lead.status if lead.status == Lead.Status.WON else _STATUS_AFTER[outcome]
    Lead.objects.filter(pk=lead.pk).update(status=status, version=F("version") + 1)
    if outcome == Disposition.DO_NOT_CALL:
        permission.forbid(
            phone=call.phone, source="asked", now=now, actor=actor, conversation_id=conversation_id, reason=call.note
        )
    elif outcome == Disposition.WRONG_PERSON:  # whoever has the number now has never agreed to be called
        permission.withdraw(phone=call.phone, now=now, actor=actor)
    audit.record(actor=actor, action="call.outcome", target=call.pk, details={"outcome": outcome})
    events.publish(events.OutcomeRecorded(at=now.timestamp(), lead=lead.pk, call=call.pk, outcome=outcome))
    return call
