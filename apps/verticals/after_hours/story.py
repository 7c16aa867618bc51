"""How incidents of the past went, for the demo: their ladders, what was sent, and their log, written in bulk."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from apps.verticals.after_hours.core.ladder import WINDOW, State
from apps.verticals.after_hours.models import Channel, Incident, LogEntry, Outreach, Responder, Rung

Kind = LogEntry.Kind
_ANSWERED_AFTER = dt.timedelta(seconds=35)
_DONE_AFTER = dt.timedelta(hours=2)
_ACTOR = "system"


@dataclass
class Rows:
    """What is to be written."""

    incidents: list[Incident] = field(default_factory=list)
    rungs: list[Rung] = field(default_factory=list)
    outreach: list[Outreach] = field(default_factory=list)
    log: list[LogEntry] = field(default_factory=list)

    def tell(
        self,
        incident: Incident,
        people: Sequence[Responder],
        *,
        taken_at: int | None = None,
        alert: Responder | None = None,
        note: str = "",
        ends: State | None = None,
    ) -> None:
        """One incident's story.

        Args:
            people: who were on its ladder; none = it was for the office.
            taken_at: the position of who took it; None = nobody did.
            alert: who was alerted then.
            ends: how it ended; None = it goes on.
        """
        at = incident.reported_at
        self.incidents.append(incident)
        self._enter(incident, Kind.REPORTED, f"By {Channel(incident.channel).label}: {incident.description}", at)
        if note:
            self._enter(incident, Kind.NOTE, note, at + dt.timedelta(seconds=20))
        if people:
            at = self._climb(incident, people, taken_at, alert)
        if ends is not None:
            self._end(incident, ends, at)

    def _climb(
        self, incident: Incident, people: Sequence[Responder], taken_at: int | None, alert: Responder | None
    ) -> dt.datetime:
        begun = incident.reported_at + dt.timedelta(seconds=1)
        incident.state, incident.escalated_at = State.ESCALATED, begun
        self._enter(incident, Kind.ESCALATED, ", ".join(str(one) for one in people), begun)
        called = len(people) if taken_at is None else taken_at + 1
        for position, person in enumerate(people):
            due = begun + position * WINDOW
            rung = Rung(incident=incident, position=position, responder=person, due_at=due)
            self.rungs.append(rung)
            if position < called:
                rung.begun_at = due
                self._reach(incident, rung, due, answered=position == taken_at)
                self._enter(incident, Kind.CALLED, f"{rung}, call and SMS", due, person)
        if taken_at is None:
            missed = begun + len(people) * WINDOW
            incident.state = State.MISSED
            self._enter(incident, Kind.MISSED, "Nobody on call has answered.", missed)
            self._enter(incident, Kind.ALERTED, f"Alert to {alert}", missed + dt.timedelta(seconds=1))
            return missed
        taker, moment = people[taken_at], begun + taken_at * WINDOW + _ANSWERED_AFTER
        incident.state, incident.acknowledged_by, incident.acknowledged_at = State.ACKNOWLEDGED, taker, moment
        self._enter(incident, Kind.ACKNOWLEDGED, f"{taker}, by key", moment, taker)
        return moment

    def _reach(self, incident: Incident, rung: Rung, at: dt.datetime, *, answered: bool) -> None:
        status = Outreach.Status.ANSWERED if answered else Outreach.Status.NOT_REACHED
        words = f"{incident.reference}: {incident.description}"
        for kind, came_of_it in ((Outreach.Kind.CALL, status), (Outreach.Kind.TEXT, Outreach.Status.SENT)):
            self.outreach.append(
                Outreach(
                    incident=incident,
                    rung=rung,
                    responder=rung.responder,
                    kind=kind,
                    purpose=Outreach.Purpose.RUNG,
                    to=rung.responder.phone,
                    words=words,
                    status=came_of_it,
                    created_at=at,
                )
            )

    def _end(self, incident: Incident, ends: State, at: dt.datetime) -> None:
        taker = incident.acknowledged_by
        ended = at + _DONE_AFTER
        incident.state, incident.closed_at = ends, ended
        kind = Kind.DOWNGRADED if ends is State.DOWNGRADED else Kind.CLOSED
        text = f"{taker}, by SMS" if ends is State.DOWNGRADED else "Done."
        self._enter(incident, kind, text, ended, taker)

    def _enter(
        self, incident: Incident, kind: LogEntry.Kind, text: str, at: dt.datetime, responder: Responder | None = None
    ) -> None:
        entry = LogEntry(incident=incident, kind=kind, state=incident.state, text=text, at=at, actor=_ACTOR)
        entry.responder = responder
        self.log.append(entry)

    def write(self) -> None:
        Incident.objects.bulk_create(self.incidents)
        Rung.objects.bulk_create(self.rungs)
        Outreach.objects.bulk_create(self.outreach)
        LogEntry.objects.bulk_create(self.log)
