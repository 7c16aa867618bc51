"""The audit trail in the owner's words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.tenants.models import AuditEntry, User

_PARTIES = {"agent": "Agent", "key": "API key", "conversation": "Visitor"}


@dataclass(frozen=True, slots=True)
class Line:
    """One entry, to be read."""

    at: datetime
    who: str
    what: str
    target: str
    details: str


def described(entries: Sequence[AuditEntry]) -> list[Line]:
    """The entries as lines; one query for the people, however many entries."""
    people = _people(entries)
    return [
        Line(
            entry.at,
            people.get(entry.actor) or _party(entry.actor),
            phrase(entry.action),
            entry.target,
            _facts(entry),
        )
        for entry in entries
    ]


def phrase(action: str) -> str:
    """`booking.rescheduled` as “Booking rescheduled”."""
    return action.replace(".", " ").replace("_", " ").capitalize()


def _people(entries: Sequence[AuditEntry]) -> dict[str, str]:
    ids = {entry.actor.removeprefix("user:") for entry in entries if entry.actor.startswith("user:")}
    return {f"user:{pk}": str(user) for pk, user in User.objects.in_bulk(filter(str.isdecimal, ids)).items()}


def _party(actor: str) -> str:
    kind, _, name = actor.partition(":")
    if kind == "user":
        return "A person who has left"
    if kind == "system":
        return "CallSphere"
    return f"{_PARTIES.get(kind, kind.capitalize())} {name}".strip()


def _facts(entry: AuditEntry) -> str:
    return "; ".join(f"{name.replace('_', ' ')}: {_fact(value)}" for name, value in entry.details.items())


def _fact(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name.replace('_', ' ')} {_fact(inner)}" for name, inner in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
