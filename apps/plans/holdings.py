"""The ledger counts what was used, and forgets by whom."""

from django.db.models import Q

from apps.plans.models import Invoice, Subscription, TermsChange, UsageBill, UsageEntry
from apps.tenants import data_rights


def register() -> None:
    """From the app's ready()."""
    data_rights.register(
        UsageEntry,
        lambda subject: Q(conversation_id__in=subject.conversations) & ~Q(visitor=""),
        rule="blank",
        blanks={"visitor": ""},
        reason="It counts for the bill; whom it was about is taken out.",
    )
    data_rights.nothing_personal(
        Subscription, TermsChange, UsageBill, Invoice, reason="About the business, not its contacts."
    )
