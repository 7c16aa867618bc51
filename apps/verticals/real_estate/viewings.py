"""Viewings: a home shown to somebody, in the calendar of the agent who shows it."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q

from apps.business import bookings
from apps.business.calendar import free_slots
from apps.business.contacts import create_contact
from apps.business.core.names import fold
from apps.business.models import OPEN_STATUSES, Contact
from apps.verticals.real_estate.models import Listing, Viewing

LENGTH = dt.timedelta(minutes=30)
NOTICE = dt.timedelta(hours=2)
"""The agent has to get there, and somebody may live in the home."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A time at which the listing can be seen; `starts_at` is local."""

    listing: Listing
    starts_at: dt.datetime

    def as_data(self) -> dict[str, Any]:
        """Under the names of the tools' arguments."""
        return {
            "listing_id": self.listing.pk,
            "agent_name": self.listing.agent.name,
            "date": self.starts_at.date().isoformat(),
            "time": f"{self.starts_at:%H:%M}",
        }


def openings(listing: Listing, *, date_from: dt.date, date_to: dt.date, now: dt.datetime) -> list[Opening]:
    """Every free time of the listing's agent on these local days, both included. `now` is local."""
    slots = free_slots(
        staff=listing.agent, date_from=date_from, date_to=date_to, duration=LENGTH, now=now, notice=NOTICE
    )
    return [Opening(listing, slot.starts_at.astimezone(now.tzinfo)) for slot in slots]


def upcoming(who: Q, *, now: dt.datetime) -> list[Viewing]:
    """What lies ahead of somebody, the next first; `who` picks the bookings."""
    ahead = Viewing.objects.filter(who, booking__status__in=OPEN_STATUSES, booking__starts_at__gte=now)
    return list(_whole(ahead).order_by("booking__starts_at"))


def viewing_of(who: Q, viewing_id: str) -> Viewing | None:
    """A viewing among somebody's bookings."""
    return _whole(Viewing.objects.filter(who, pk=viewing_id)).first()


def by_reference(*, reference: str, phone: str) -> Viewing | None:
    """The viewing with both this reference and this E.164 number."""
    found = Viewing.objects.filter(booking__reference__iexact=reference.strip(), booking__contact__phone=phone)
    return _whole(found).first() if phone else None


def _whole(viewings: Any) -> Any:
    return viewings.select_related("booking__contact", "booking__staff", "listing__property__suburb", "listing__agent")


def visitor(*, first_name: str, last_name: str, phone: str, email: str, actor: str) -> tuple[Contact, bool]:
    """Who comes: the contact of this name and E.164 number, else a new one; and whether it is new.

    Raises:
        InvalidName, InvalidPhone, InvalidEmail.
    """
    keys = {"given_key": fold(first_name)[:80], "family_key": fold(last_name)[:80]}
    known = Contact.objects.filter(phone=phone, **keys).first()
    if known is not None:
        return known, False
    created = create_contact(given_name=first_name, family_name=last_name, phone=phone, email=email, actor=actor)
    return created, True


@transaction.atomic
def arrange(
    *,
    listing: Listing,
    contact: Contact,
    starts_at: dt.datetime,
    conversation_id: str = "",
    now: dt.datetime,
    actor: str,
) -> Viewing:
    """Books the agent's time and writes down for which home.

    Raises:
        BookingRefused: as bookings.book.
    """
    booking = bookings.book(
        contact=contact,
        staff=listing.agent,
        starts_at=starts_at,
        duration=LENGTH,
        conversation_id=conversation_id,
        now=now,
        notice=NOTICE,
        actor=actor,
    )
    viewing = Viewing(booking=booking, listing=listing)
    viewing.save()
    return viewing


def as_data(viewing: Viewing, *, zone: dt.tzinfo | None) -> dict[str, Any]:
    """The facts a model may chain on; date and time are local."""
    booking, home = viewing.booking, viewing.listing.property
    local = booking.starts_at.astimezone(zone)
    return {
        "viewing_id": viewing.pk,
        "property_name": home.street_address,
        "suburb": home.suburb.name,
        "agent_name": booking.staff.name,
        "date": local.date().isoformat(),
        "time": f"{local:%H:%M}",
        "status": str(booking.status),
        "reference": booking.reference,
    }
