"""The audit trail."""

from typing import Any

from apps.tenants.models import AuditEntry


def record(*, actor: str, action: str, target: str = "", details: dict[str, Any] | None = None) -> AuditEntry:
    """Adds an entry for the tenant in scope; part of the caller's transaction."""
    entry = AuditEntry(actor=actor, action=action, target=target, details=details or {})
    entry.save()
    return entry
