"""What the people on call, and callers, answer: keys, texts, call backs, and what comes out of the blue.

Whoever answers is credited by the number that we called, never by our own.
"""

from django.utils import timezone

from apps.telephony.listeners import Listener
from apps.telephony.models import PlacedCall, TextMessage, Voicemail
from apps.verticals.after_hours import escalation, intake, messages
from apps.verticals.after_hours.core.ladder import UNDECIDED, State, Verdict
from apps.verticals.after_hours.core.replies import read_reply
from apps.verticals.after_hours.escalation import BY_CALLING_BACK, BY_KEY, BY_SMS
from apps.verticals.after_hours.journal import Kind, enter
from apps.verticals.after_hours.models import Incident, Outreach, Responder

_TAKE_IT = "1"
_STATUS = {
    "answered": Outreach.Status.ANSWERED,
    "machine": Outreach.Status.MACHINE,
    "busy": Outreach.Status.NOT_REACHED,
    "no_answer": Outreach.Status.NOT_REACHED,
    "canceled": Outreach.Status.DROPPED,
    "failed": Outreach.Status.FAILED,
}
_OUTCOME = {
    "answered": "picked up",
    "machine": "an answering machine took the call; a message was left",
    "busy": "busy",
    "no_answer": "did not pick up",
    "failed": "the call failed",
}


class Answers(Listener):
    """Told by telephony, in the business's scope and in the transaction that records what happened."""

    def call_changed(self, call: PlacedCall) -> None:
        row = _asked(call.about)
        if row is None or not call.outcome:
            return
        status = _STATUS[call.outcome]
        if row.status == status:
            return
        row.status, row.reference, row.hangs_up = status, call.pk, False
        row.save(update_fields=["status", "reference", "hangs_up"])
        if said := _OUTCOME.get(call.outcome):
            text = f"{row.responder}: {said}"
            enter(row.incident, Kind.REACHED, text, now=timezone.now(), actor="system", responder=row.responder)

    def digits_pressed(self, call: PlacedCall, digits: str) -> str | None:
        row = _asked(call.about)
        if row is None or row.responder is None or digits != _TAKE_IT:
            return None
        return f"{_take(row.incident, row.responder, BY_KEY)} Goodbye."

    def called_back(self, call: PlacedCall) -> str | None:
        row = _asked(call.about)
        if row is None or row.responder is None:
            return None
        if row.incident.state in (*UNDECIDED, State.ACKNOWLEDGED) and row.incident.acknowledged_by != row.responder:
            return f"{_take(row.incident, row.responder, BY_CALLING_BACK)} Goodbye."
        return None  # who has it already may have a question: the agent answers

    def text_received(self, text: TextMessage) -> str | None:
        responder = Responder.objects.filter(phone=text.other).select_related("staff").first()
        if responder is None:
            row = _asked(text.about)
            return intake.from_text(text, about=row.incident if row else None)
        incident = _meant(responder, text.about)
        if incident is None:
            return "Thank you. There is nothing that waits for you."
        answer = read_reply(text.body)
        if answer == "acknowledge":
            return _take(incident, responder, BY_SMS)
        if answer == "downgrade":
            return _end(incident, responder)
        enter(
            incident,
            Kind.NOTE,
            f"{responder}: {text.body}",
            now=timezone.now(),
            actor=f"responder:{responder.pk}",
            responder=responder,
        )
        if incident.is_undecided:
            return f"{incident.reference}: reply 1 or ACK to take it, DOWNGRADE if it is no emergency."
        return f"I have noted that on {incident.reference}."

    def voicemail_left(self, voicemail: Voicemail) -> None:
        intake.from_voicemail(voicemail)


def _asked(outreach_id: str) -> Outreach | None:
    """What a call or a text of ours was about."""
    related = ("incident__acknowledged_by__staff", "incident__building", "responder__staff")
    return Outreach.objects.filter(pk=outreach_id).select_related(*related).first() if outreach_id else None


def _meant(responder: Responder, about: str) -> Incident | None:
    """The incident that somebody on call speaks of: of what our last text was about, if it still waits for them; else
    the latest that does; else the latest that they have.
    """
    related = Incident.objects.select_related("acknowledged_by__staff", "building")
    asked = related.filter(outreach__responder=responder).distinct()
    waiting = list(asked.filter(state__in=UNDECIDED).order_by("-number"))
    row = _asked(about)
    if row is not None and any(one.pk == row.incident_id for one in waiting):
        return row.incident
    if waiting:
        return waiting[0]
    if row is not None and row.responder_id == responder.pk:
        return row.incident
    return related.filter(acknowledged_by=responder, state=State.ACKNOWLEDGED).order_by("-acknowledged_at").first()


def _take(incident: Incident, responder: Responder, via: str) -> str:
    verdict = escalation.acknowledge(
        incident=incident, responder=responder, via=via, now=timezone.now(), actor=f"responder:{responder.pk}"
    )
    current = escalation.lock(incident.pk)
    if verdict is Verdict.TAKEN:
        return f"Thank you, {current.reference} is yours. {messages.summary(current)}"
    if verdict is Verdict.YOURS_ALREADY:
        return f"{current.reference} is yours already. {messages.summary(current)}"
    if verdict is Verdict.TOO_LATE:
        return f"Thank you, {current.acknowledged_by} has taken {current.reference} already."
    return f"Thank you, {current.reference} needs nobody any more."


def _end(incident: Incident, responder: Responder) -> str:
    verdict = escalation.downgrade(
        incident=incident, responder=responder, via=BY_SMS, now=timezone.now(), actor=f"responder:{responder.pk}"
    )
    current = escalation.lock(incident.pk)
    if verdict is Verdict.ENDED:
        return f"{current.reference} is no emergency any more. Our office takes it up when it opens."
    if verdict is Verdict.TOO_LATE:
        return f"Thank you, {current.acknowledged_by} has taken {current.reference}, so that is for them to say."
    return f"Thank you, {current.reference} needs nobody any more."
