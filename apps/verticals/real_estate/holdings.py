"""What an agency holds of buyers and renters, and what it must keep of a lease."""

import datetime as dt

from django.db.models import Q

from apps.business.core.traces import ERASED
from apps.tenants import data_rights
from apps.tenants.data_rights import Subject
from apps.verticals.real_estate.models import (
    Contractor,
    Enquiry,
    Lease,
    Listing,
    MaintenanceRequest,
    Property,
    RentCharge,
    Renter,
    RentPayment,
    Suburb,
)

_BOOKS = (
    "Leases and what was paid on them are kept for the books and for the owner of the home; the person is taken out."
)


def _enquiries(subject: Subject) -> Q:
    return Q(contact_id=subject.contact_id) | Q(contact=None, conversation_id__in=subject.conversations)


def _repairs(subject: Subject) -> Q:
    nobodys = Q(conversation_id__in=subject.conversations)
    if subject.phone:
        nobodys |= Q(callback_phone=subject.phone)
    return Q(renter__contact_id=subject.contact_id) | (Q(renter=None) & nobodys)


def register() -> None:
    """From the app's ready()."""
    data_rights.register(Enquiry, _enquiries)
    data_rights.register(
        MaintenanceRequest,
        _repairs,
        rule="blank",
        blanks={"renter": None, "callback_phone": "", "access": "", "conversation_id": "", "description": ERASED},
        reason="That a home was mended belongs to the home; who reported it is taken out.",
    )
    data_rights.register(
        Lease, lambda subject: Q(renter__contact_id=subject.contact_id), rule="blank", blanks={}, reason=_BOOKS
    )
    data_rights.register(
        Renter,
        lambda subject: Q(contact_id=subject.contact_id, leases__isnull=False),
        rule="blank",
        blanks={"date_of_birth": dt.date(1900, 1, 1)},
        reason=_BOOKS,
    )
    data_rights.register(
        RentPayment,
        lambda subject: Q(lease__renter__contact_id=subject.contact_id),
        rule="blank",
        blanks={"reference": "", "conversation_id": ""},
        reason=_BOOKS,
    )
    data_rights.nothing_personal(RentCharge, Property, Listing, Suburb, reason="Homes and their prices.")
    data_rights.nothing_personal(Contractor, reason="Companies that the agency sends.")
