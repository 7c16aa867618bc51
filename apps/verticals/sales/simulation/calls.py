"""A simulated call: performs the steps of its script by the services that a real one goes through."""

import datetime as dt

from apps.common.ids import new_id
from apps.conversations import calls, supervision, turns
from apps.conversations.models import Call
from apps.conversations.orders import Order
from apps.telephony import placed
from apps.telephony.models import PlacedCall
from apps.verticals.sales import dialed
from apps.verticals.sales.models import DialedCall, ReceivedCall
from apps.verticals.sales.simulation.script import (
    Answer,
    Conclude,
    Decline,
    HandOver,
    HangUp,
    Machine,
    Ring,
    Say,
    Step,
    Timed,
)

CARRIER = "simulated"
ACTOR = "simulated floor"
PATIENCE = dt.timedelta(minutes=2)
"""For which a supervisor may be silent in a call that they have taken over."""


class SimulatedCall:
    """One call and where it stands. Every method is called in the tenant's scope.

    Attributes:
        due: when its next step is to be performed.
        held: a person talks in place of the agent, so its script waits.
    """

    def __init__(
        self,
        steps: list[Timed],
        *,
        now: dt.datetime,
        business: str,
        caller: str = "",
        ours: DialedCall | None = None,
    ) -> None:
        self._steps = steps
        self._business = business
        self._caller = caller
        self._ours = ours
        self._placed: PlacedCall | None = None
        self._answered_at = now
        self._carrier_call = new_id(CARRIER)
        self.call: Call | None = None
        self.held = False
        self._held_since = now
        self.due = now + dt.timedelta(seconds=steps[0][0])

    @property
    def over(self) -> bool:
        return not self._steps

    def perform(self, now: dt.datetime) -> None:
        """Its next step."""
        _, step = self._steps.pop(0)
        self._do(step, now)
        if self._steps:
            self.due = now + dt.timedelta(seconds=self._steps[0][0])

    def _do(self, step: Step, now: dt.datetime) -> None:
        match step:
            case Ring():
                self._place()
                self._report("ringing", now)
            case Answer():
                self._answer(now)
            case Decline(why):
                self._report(why.replace("_", "-"), now)
            case Machine():
                self._report("completed", now, answered_by="machine_start")
            case Say(who, text):
                self.say(who, text, now)
            case HandOver(to):
                if self.call is not None:
                    turns.hand_over(conversation_id=self.call.conversation_id, to=to, handover={}, now=now)
                    self.call.conversation.refresh_from_db()
            case Conclude(outcome):
                self._conclude(outcome, now)
            case HangUp():
                self.hang_up(now, reason="caller_left")

    def say(self, who: str, text: str, now: dt.datetime) -> None:
        """One side says something."""
        if self.call is None:
            return
        conversation = self.call.conversation
        turns.add_spoken_turn(
            conversation=conversation,
            role=who,
            text=self._filled(text),
            run=self.call.pk,
            now=now,
            agent=conversation.agent if who == "agent" else "",
            agent_version=1 if who == "agent" else None,
            ended="stop" if who == "agent" else "",
        )

    def obey(self, order: Order, now: dt.datetime) -> None:
        """What a supervisor wants done."""
        match order.kind:
            case "takeover":
                self.held, self._held_since = True, now
            case "return":
                self.go_on(now)
            case "type":
                self._held_since = now
                self.say("supervisor", order.text, now)
            case "end":
                self.say("agent", "Thank you for your time. Goodbye.", now)
                self.hang_up(now, reason="supervisor")

    def wait(self, now: dt.datetime) -> None:
        """It is held: looks again in a moment. A supervisor who says nothing for long has left."""
        self.due = now + dt.timedelta(seconds=1)
        if self.call is not None and now - self._held_since > PATIENCE:
            self.call.refresh_from_db()
            if self.call.supervisor:
                supervision.leave(call=self.call, user=self.call.supervisor, now=now, actor=ACTOR)
            self.go_on(now)

    def go_on(self, now: dt.datetime) -> None:
        """The agent has the call again."""
        self.held = False
        self.say("agent", "Thank you for waiting. Let us go on.", now)
        self.due = now + dt.timedelta(seconds=2)

    def hang_up(self, now: dt.datetime, *, reason: str) -> None:
        """The call is over, whatever its script still wanted."""
        self._steps.clear()
        if self.call is not None:
            calls.end(call_id=self.call.pk, reason=reason, now=now)
        self._report("completed" if self.call is not None else "canceled", now)

    def _place(self) -> None:
        """On record as the dialer's pump and the carrier put it."""
        call = self._ours
        if call is None:
            return
        self._placed, _ = placed.create(
            key=call.pk,
            to=call.phone,
            number="",
            agent=call.agent.kind if call.agent else "",
            topic=dialed.TOPIC,
            about=call.pk,
        )

    def _report(self, status: str, now: dt.datetime, *, answered_by: str = "") -> None:
        if self._placed is not None:
            seconds = round((now - self._answered_at).total_seconds()) if self.call is not None else 0
            placed.report(
                call_id=self._placed.pk,
                carrier_call=self._carrier_call,
                status=status,
                answered_by=answered_by,
                seconds=seconds if status == "completed" else None,
                now=now,
            )

    def _answer(self, now: dt.datetime) -> None:
        call, self._answered_at = self._ours, now
        outgoing = call is not None
        self.call = calls.begin(
            agent=call.agent.kind if call is not None and call.agent else "triage",
            channel="phone",
            carrier=CARRIER,
            carrier_call=self._carrier_call,
            caller=self._caller,
            direction=Call.Direction.OUTBOUND if outgoing else Call.Direction.INBOUND,
            now=now,
        )
        self._report("in-progress", now)
        if outgoing:
            dialed.of_conversation(self.call.conversation_id)

    def _conclude(self, outcome: str, now: dt.datetime) -> None:
        if self._ours is not None and self.call is not None:
            dialed.record_outcome(
                call=self._ours,
                outcome=outcome,
                note="",
                conversation_id=self.call.conversation_id,
                now=now,
                actor=ACTOR,
            )

    def _filled(self, text: str) -> str:
        """The line with its names: of whom the floor shows for the call, and of the lead."""
        if "{" not in text:
            return text
        row = self._ours or ReceivedCall.objects.select_related("agent").filter(call_id=self._call_id).first()
        agent = row.agent.name if row is not None and row.agent else "Sasha"
        name = self._ours.lead.contact.given_name if self._ours is not None else ""
        return text.format(agent=agent, name=name, business=self._business)

    @property
    def _call_id(self) -> str:
        return self.call.pk if self.call is not None else ""
