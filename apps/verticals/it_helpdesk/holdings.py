"""What a helpdesk holds of a caller: tickets, and what hangs on the contact."""

from django.db.models import Q

from apps.tenants import data_rights
from apps.tenants.data_rights import Subject
from apps.verticals.it_helpdesk.models import (
    Article,
    Device,
    Guide,
    GuideStep,
    Organization,
    Outage,
    Technician,
    Ticket,
    Troubleshooting,
)


def _theirs(subject: Subject) -> Q:
    return Q(employee__contact_id=subject.contact_id) | Q(employee=None, conversation_id__in=subject.conversations)


def register() -> None:
    """From the app's ready()."""
    data_rights.register(Ticket, _theirs)
    data_rights.register(Troubleshooting, lambda subject: Q(employee__contact_id=subject.contact_id))
    data_rights.register(
        Device,
        lambda subject: Q(employee__contact_id=subject.contact_id),
        rule="blank",
        blanks={"employee": None},
        reason="It belongs to the client organization; who used it is taken out.",
    )
    data_rights.nothing_personal(Organization, reason="A client company.")
    data_rights.nothing_personal(Technician, reason="The helpdesk's own people.")
    data_rights.nothing_personal(Guide, GuideStep, Article, Outage, reason="The helpdesk's own words.")
