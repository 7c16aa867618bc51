"""What a salon holds of a customer goes with the contact."""

from apps.tenants import data_rights
from apps.verticals.salon.models import MenuEntry, SalonSettings, Stylist


def register() -> None:
    """From the app's ready(). Customer and waitlist hang on the contact, appointments on their bookings."""
    data_rights.nothing_personal(Stylist, SalonSettings, MenuEntry, reason="The salon's own people, menu and rules.")
