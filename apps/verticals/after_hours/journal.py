"""The log of an incident: who did what, when, and how it stood then."""

import datetime as dt

from apps.verticals.after_hours.models import Incident, LogEntry, Responder

Kind = LogEntry.Kind
MAX_TEXT = 1_000


def enter(
    incident: Incident,
    kind: LogEntry.Kind,
    text: str = "",
    *,
    now: dt.datetime,
    actor: str,
    responder: Responder | None = None,
) -> LogEntry:
    """Adds a line; part of the caller's transaction."""
    entry: LogEntry = LogEntry.objects.create(
        incident=incident,
        kind=kind,
        state=incident.state,
        text=text[:MAX_TEXT],
        responder=responder,
        at=now,
        actor=actor,
    )
    return entry
