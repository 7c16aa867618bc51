"""What a sales team holds of a lead, and the numbers that it must never forget not to call."""

from django.db.models import Q

from apps.tenants import data_rights
from apps.tenants.data_rights import Subject
from apps.verticals.sales.models import (
    Campaign,
    Consent,
    DialingRules,
    DoNotCall,
    LeadImport,
    Product,
    ReceivedCall,
    SalesRep,
    TeamAgent,
)


def _of_number(subject: Subject) -> Q:
    return Q(phone=subject.phone) if subject.phone else Q(pk__in=())


def _received(subject: Subject) -> Q:
    theirs = Q(lead__contact_id=subject.contact_id) | Q(conversation_id__in=subject.conversations)
    return theirs | (Q(lead=None) & _of_number(subject))


def register() -> None:
    """From the app's ready(). The lead itself, with its calls, callbacks and meetings, hangs on the contact."""
    data_rights.register(ReceivedCall, _received)
    data_rights.register(
        DoNotCall,
        _of_number,
        rule="keep",
        reason="The law asks you to keep the number on this list, so that nobody calls it again (47 CFR § 64.1200).",
    )
    data_rights.register(
        Consent,
        _of_number,
        rule="keep",
        reason="It is your proof that calls made so far were allowed; it stays for as long as somebody may ask.",
    )
    data_rights.nothing_personal(SalesRep, TeamAgent, reason="The team's own people and agents.")
    data_rights.nothing_personal(
        Campaign, DialingRules, Product, reason="The team's own campaigns, rules and products."
    )
    data_rights.nothing_personal(LeadImport, reason="Counts; its list of problems is searched all the same.")
