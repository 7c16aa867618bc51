"""Accounts are about the business's own people."""

from apps.accounts.models import FirstSteps, Invitation
from apps.tenants import data_rights


def register() -> None:
    """From the app's ready()."""
    data_rights.nothing_personal(FirstSteps, Invitation, reason="About the business's own team, not its contacts.")
