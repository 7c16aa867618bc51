"""The house rules of the tenant in scope."""

import datetime as dt

from apps.verticals.salon.models import SalonSettings


def house_rules() -> SalonSettings:
    """The salon's own, or the usual ones when it has set none."""
    return SalonSettings.objects.first() or SalonSettings()


def booking_notice(rules: SalonSettings) -> dt.timedelta:
    return dt.timedelta(hours=rules.booking_notice_hours)


def cancellation_window(rules: SalonSettings) -> dt.timedelta:
    return dt.timedelta(hours=rules.cancellation_hours)
