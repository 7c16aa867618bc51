"""What a salon that signs up begins with: a menu, house rules, and the owner as its first stylist."""

import datetime as dt

from apps.agents.sdk import NewBusiness
from apps.business import starting
from apps.business.models import Service, Staff
from apps.verticals.salon import cast
from apps.verticals.salon.models import MenuEntry, SalonSettings, Stylist

_WEEK = dict.fromkeys((1, 2, 3, 4, 5), (dt.time(9), dt.time(18)))
"""Salons rest on Mondays."""


def start(new: NewBusiness) -> None:
    """Fills the new salon in scope."""
    starting.keep_hours(_WEEK)
    # A day's notice, as the rules have it otherwise, would leave whoever tries the agent without a time tomorrow.
    SalonSettings.objects.create(booking_notice_hours=2)
    services = write_menu()
    staff = Staff.objects.create(name=new.owner, title="Stylist")
    Stylist.objects.create(staff=staff)
    starting.teach(staff, services.values())


def write_menu() -> dict[str, Service]:
    """A usual menu with the names that customers use; the services by name."""
    services = {
        row.name: Service.objects.create(
            name=row.name,
            category=row.category,
            duration_minutes=row.minutes,
            price_cents=None if row.dollars is None else row.dollars * 100,
            bookable=row.bookable,
        )
        for row in cast.SERVICES
    }
    MenuEntry.objects.bulk_create(
        MenuEntry(
            service=services[row.name],
            also_called=row.also_called,
            add_on=services.get(row.add_on),
            add_on_reason=row.reason,
        )
        for row in cast.SERVICES
    )
    return services
