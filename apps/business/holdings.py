"""What a business holds of its contacts, whatever its industry."""

from collections.abc import Callable

from django.db.models import Q

from apps.business.data_rights import exports
from apps.business.models import (
    Booking,
    Closure,
    Contact,
    DataRequest,
    Retention,
    Service,
    Staff,
    StaffService,
    TimeOff,
    WeeklyHours,
)
from apps.tenants import data_rights
from apps.tenants.data_rights import Subject
from apps.tenants.models import ApiKey, AuditEntry, Membership, WidgetKey


def register() -> None:
    """From the app's ready()."""
    data_rights.register(
        Contact,
        lambda subject: Q(pk=subject.contact_id),
        rule="last",
        reason="It goes last: as long as it is there, an erasure that broke off can go on.",
    )
    data_rights.register(Booking, lambda subject: Q(contact_id=subject.contact_id))
    data_rights.register_cleaner("Exports", _forget_exports)
    data_rights.nothing_personal(
        Staff,
        Service,
        StaffService,
        WeeklyHours,
        Closure,
        TimeOff,
        reason="The business's own people, services and hours.",
    )
    data_rights.nothing_personal(DataRequest, Retention, reason="Names a contact by id only.")
    data_rights.nothing_personal(Membership, ApiKey, WidgetKey, reason="The business's own team and keys.")
    data_rights.nothing_personal(AuditEntry, reason="Names people by id only; its texts are searched all the same.")


def _forget_exports(tenant_id: str, subject: Subject, about: Callable[[str], bool]) -> int:
    return exports.forget_of(tenant_id=tenant_id, contact_id=subject.contact_id)
