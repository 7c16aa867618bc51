"""The inbox keeps of a contact only what hangs on their conversations."""

from apps.conversations.models import TeamDesk
from apps.inbox.models import Seat, Seen
from apps.tenants import data_rights


def register() -> None:
    """From the app's ready()."""
    data_rights.owners_words(TeamDesk)
    data_rights.nothing_personal(TeamDesk, Seat, Seen, reason="The business's own words, and who of its team looks.")
