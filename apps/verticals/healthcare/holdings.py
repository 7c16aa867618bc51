"""What a clinic holds of a patient goes with the contact; how long it keeps its trail."""

from apps.business.data_rights import retention
from apps.business.data_rights.retention import HEALTH_MONTHS, USUAL, Terms
from apps.tenants import data_rights
from apps.verticals.healthcare.models import Provider


def register() -> None:
    """From the app's ready(). Patient and policies hang on the contact, appointments on their bookings."""
    data_rights.nothing_personal(Provider, reason="The clinic's own people.")
    retention.register("healthcare", Terms(USUAL.transcript_days, HEALTH_MONTHS))
