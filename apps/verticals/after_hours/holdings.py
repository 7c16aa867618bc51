"""What an after-hours line holds of a caller: incidents, with all that was sent and logged for them."""

from django.db.models import Q

from apps.tenants import data_rights
from apps.tenants.data_rights import Subject
from apps.verticals.after_hours.models import (
    Building,
    Guidance,
    Incident,
    LineRules,
    Override,
    Responder,
    Rotation,
    RotationMember,
)


def _theirs(subject: Subject) -> Q:
    nobodys = Q(conversation_id__in=subject.conversations)
    if subject.phone:
        nobodys |= Q(callback_phone=subject.phone)
    return Q(contact_id=subject.contact_id) | (Q(contact=None) & nobodys)


def register() -> None:
    """From the app's ready()."""
    data_rights.register(Incident, _theirs)
    data_rights.nothing_personal(
        Responder, Rotation, RotationMember, Override, reason="The people on call; they are the business's own."
    )
    data_rights.nothing_personal(Building, LineRules, Guidance, reason="Buildings, rules and advice.")
