"""The trail of what was done about affiliates. The tenants' own trail belongs to one business each."""

from typing import Any

from apps.affiliates.models import TrailEntry


def record(*, actor: str, action: str, target: str, details: dict[str, Any] | None = None) -> None:
    """Adds an entry, as part of the caller's transaction. No personal data in `details`."""
    TrailEntry(actor=actor, action=action, target=target, details=details or {}).save()
