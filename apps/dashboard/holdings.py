"""Commands of the live floor name leads and calls by id."""

from apps.dashboard.models import Command
from apps.tenants import data_rights


def register() -> None:
    """From the app's ready()."""
    data_rights.nothing_personal(Command, reason="About the team; its texts are searched all the same.")
