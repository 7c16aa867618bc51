"""Which incidents a conversation may speak of."""

from django.db.models import Q, QuerySet

from apps.verticals.after_hours.models import Incident

_RELATED = ("building", "acknowledged_by__staff", "contact")


def visible(*, contact_id: str | None, conversation_id: str) -> QuerySet[Incident]:
    """What was reported in this conversation, and what the caller whom it has identified has reported."""
    own = Q(conversation_id=conversation_id) if conversation_id else Q(pk="")
    if contact_id:
        own |= Q(contact_id=contact_id)
    return Incident.objects.filter(own).select_related(*_RELATED)


def by_reference(*, number: int, phone: str) -> Incident | None:
    """The report of that number, if it was made with this phone number; None does not tell which of them is wrong."""
    return Incident.objects.filter(number=number, callback_phone=phone).select_related(*_RELATED).first()
