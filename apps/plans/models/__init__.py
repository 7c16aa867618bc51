"""What a tenant subscribed to, what it used, and what it paid."""

from apps.plans.models.invoice import Invoice, InvoiceStatus, PaymentNotice, UsageBill
from apps.plans.models.subscription import (
    CLOSING_MESSAGE,
    OverageChoice,
    Status,
    Subscription,
    TermsChange,
    check_plan,
)
from apps.plans.models.usage import UsageEntry, UsageKind

__all__ = [
    "CLOSING_MESSAGE",
    "Invoice",
    "InvoiceStatus",
    "OverageChoice",
    "PaymentNotice",
    "Status",
    "Subscription",
    "TermsChange",
    "UsageBill",
    "UsageEntry",
    "UsageKind",
    "check_plan",
]
