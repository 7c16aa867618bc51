"""Harbour Homes, the demo tenant: an agency in the middle of its working weeks."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from itertools import takewhile

from django.db import transaction

from apps.agents.sdk import DemoTenant
from apps.business.calendar import free_slots
from apps.business.core.names import initials
from apps.business.models import Booking, BookingStatus, Closure, Contact, Staff, WeeklyHours
from apps.tenants.models import Tenant
from apps.verticals.real_estate import cast, market
from apps.verticals.real_estate.core.rents import due_dates
from apps.verticals.real_estate.core.urgency import answer_by
from apps.verticals.real_estate.models import (
    Contractor,
    EnquiredListing,
    Enquiry,
    Lease,
    Listing,
    MaintenanceNote,
    MaintenanceRequest,
    Property,
    RentCharge,
    Renter,
    RentPayment,
    Suburb,
    Viewing,
)
from apps.verticals.real_estate.viewings import LENGTH, arrange

_OFFICE = {**dict.fromkeys(cast.WEEK, (dt.time(9), dt.time(17, 30))), 5: (dt.time(9), dt.time(17))}
_ACTOR = "system"
_VIEWINGS_AHEAD = 14


@transaction.atomic
def load(now: dt.datetime) -> None:
    """Fills the tenant in scope, alike for the same `now`. An agency that has listings is left as it is."""
    if Listing.objects.exists():
        return
    today = now.date()
    _close(today)
    staff = _hire()
    suburbs = _survey(today)
    listings = _list(staff, suburbs, today)
    leases = _let(suburbs, today)
    _charge(leases, today)
    _mend(leases, now)
    _show(listings, _enquire(listings, now), now)


def _close(today: dt.date) -> None:
    """The coming year's holidays."""
    Closure.objects.bulk_create(
        Closure(start_date=date, end_date=date, reason=reason)
        for year in (today.year, today.year + 1)
        for date, reason in _holidays(year)
        if today <= date <= today + dt.timedelta(days=365)
    )


def _holidays(year: int) -> Iterator[tuple[dt.date, str]]:
    yield dt.date(year, 1, 1), "New Year's Day"
    yield dt.date(year, 1, 26), "Australia Day"
    yield dt.date(year, 4, 25), "Anzac Day"
    yield dt.date(year, 12, 25), "Christmas Day"
    yield dt.date(year, 12, 26), "Boxing Day"


def _hire() -> list[Staff]:
    """The team in the order of the cast, and the hours of everyone."""
    hours = [WeeklyHours(weekday=day, opens=span[0], closes=span[1]) for day, span in _OFFICE.items()]
    team = []
    for name, title, days, spans in cast.STAFF:
        member = Staff.objects.create(name=name, title=title)
        hours += [
            WeeklyHours(staff=member, weekday=day, opens=dt.time(opens), closes=dt.time(closes))
            for day in days
            for opens, closes in spans
        ]
        team.append(member)
    WeeklyHours.objects.bulk_create(hours)
    return team


def _survey(today: dt.date) -> dict[str, Suburb]:
    rows = Suburb.objects.bulk_create(
        Suburb(
            name=row.name,
            postcode=row.postcode,
            state="NSW",
            median_house_price_cents=row.house * 100_000,
            median_unit_price_cents=row.unit * 100_000,
            median_weekly_rent_cents=row.rent * 100,
            yearly_growth_percent=Decimal(row.growth),
            days_on_market=row.days,
            commute_minutes=row.commute,
            population=row.population,
            schools=row.schools,
            transport=row.transport,
            shops=row.shops,
            lifestyle=row.lifestyle,
            source="Made up for the demo",
            as_of_date=today.replace(day=1),
        )
        for row in market.SUBURBS
    )
    return {row.name: row for row in rows}


def _list(staff: list[Staff], suburbs: dict[str, Suburb], today: dt.date) -> dict[str, Listing]:
    """The listings by street address."""
    homes = Property.objects.bulk_create(
        Property(
            street_address=row.street,
            suburb=suburbs[row.suburb],
            property_type=row.kind,
            bedrooms=row.bedrooms,
            bathrooms=row.bathrooms,
            parking_spaces=row.parking,
            floor_area=row.floor or None,
            land_area=row.land or None,
            built_year=row.built or None,
            features=row.features,
            pets_considered=row.pets,
        )
        for row in market.HOMES
    )
    listings = Listing.objects.bulk_create(
        Listing(
            property=home,
            purpose=row.purpose,
            status=row.status,
            price_cents=row.price * 100,
            price_text=row.price_text,
            headline=row.headline,
            description=row.description,
            agent=staff[row.who],
            available_from_date=today + dt.timedelta(days=14) if row.purpose == "rent" else None,
            listed_date=today - dt.timedelta(days=3 * number % 40),
        )
        for number, (home, row) in enumerate(zip(homes, market.HOMES, strict=True))
    )
    return {row.street: listing for row, listing in zip(market.HOMES, listings, strict=True)}


def _let(suburbs: dict[str, Suburb], today: dt.date) -> list[Lease]:
    """The leases in the order of the cast, paid as far as it says."""
    leases = [_lease(row, suburbs[row.suburb], today) for row in cast.RENTERS]
    payments: list[RentPayment] = []
    for row, lease in zip(cast.RENTERS, leases, strict=True):
        due = list(takewhile(lambda day: day <= today, due_dates(lease.terms)))
        payments += [
            RentPayment(
                lease=lease,
                amount_cents=lease.rent_cents,
                paid_date=day,
                method="direct_debit" if row.frequency == "monthly" else "bank_transfer",
                reference=f"{row.family} rent",
                status=RentPayment.Status.RECEIVED,
            )
            for day in due[: len(due) - row.behind]
        ]
    late = leases[-1]
    payments.append(RentPayment(lease=late, amount_cents=late.rent_cents, paid_date=today - dt.timedelta(days=1)))
    RentPayment.objects.bulk_create(payments)
    return leases


def _lease(row: cast.RenterRow, suburb: Suburb, today: dt.date) -> Lease:
    contact = Contact.objects.create(
        given_name=row.given,
        family_name=row.family,
        phone=row.phone,
        email=f"{row.given}.{row.family}@example.com".lower().replace("’", ""),
    )
    home = Property.objects.create(
        street_address=row.street,
        suburb=suburb,
        property_type=row.kind,
        bedrooms=row.bedrooms,
        bathrooms=1 + row.bedrooms // 3,
        parking_spaces=1,
        features="balcony" if row.kind == "apartment" else "garden",
        pets_considered=row.pets,
        is_managed=True,
        notes=cast.HOUSE_NOTES,
    )
    start = today - dt.timedelta(weeks=row.weeks, days=3)
    weeks = {"weekly": 4, "fortnightly": 4, "monthly": 5}[row.frequency]
    return Lease.objects.create(
        property=home,
        renter=Renter.objects.create(contact=contact, date_of_birth=row.born),
        rent_cents=row.rent * 100,
        frequency=row.frequency,
        bond_cents=row.rent
        * 100
        * (weeks if row.frequency == "weekly" else 2 if row.frequency == "fortnightly" else 1),
        start_date=start,
        end_date=start + dt.timedelta(days=363),
    )


def _charge(leases: list[Lease], today: dt.date) -> None:
    RentCharge.objects.bulk_create(
        RentCharge(
            lease=leases[who],
            amount_cents=dollars * 100,
            charged_date=today - dt.timedelta(days=days),
            reason=reason,
        )
        for who, dollars, days, reason in cast.CHARGES
    )


def _mend(leases: list[Lease], now: dt.datetime) -> None:
    """Contractors, and requests in every state."""
    trades: dict[str, Contractor] = {}
    for name, trade, digits, on_call in cast.CONTRACTORS:
        one = Contractor.objects.create(name=name, trade=trade, phone=f"+612555000{digits}", is_on_call=on_call)
        trades.setdefault(trade, one)
    for number, row in enumerate(cast.REQUESTS, start=1):
        who, description, priority, status, trade, days, notes = row
        at = now - dt.timedelta(days=days, hours=1)
        request = MaintenanceRequest.objects.create(
            # From 900 on: the day's own numbers start at 1.
            reference=f"M-{at:%Y%m%d}-{900 + number}",
            property=leases[who].property,
            renter=leases[who].renter,
            category=trade,
            description=description,
            priority=priority,
            status=status,
            contractor=None if status == "open" else trades[trade],
            reported_at=at,
            answer_by=answer_by(priority, at),  # type: ignore[arg-type]
            completed_at=at + dt.timedelta(days=2) if status == "completed" else None,
        )
        MaintenanceNote.objects.bulk_create(
            MaintenanceNote(request=request, text=text, author=_ACTOR, created_at=at + dt.timedelta(hours=5))
            for text in notes
        )


def _enquire(listings: dict[str, Listing], now: dt.datetime) -> list[Contact]:
    """What visitors looked for in the last days; who they are."""
    contacts = []
    for number, (given, family, intent, wish, budget, streets) in enumerate(cast.BUYERS):
        contact = Contact.objects.create(
            given_name=given,
            family_name=family,
            phone=f"+612555000{40 + number}",
            email=f"{given}.{family}@example.com".lower(),
        )
        at = now - dt.timedelta(days=number, hours=2)
        enquiry = Enquiry.objects.create(
            conversation_id=f"demo-{number}",
            contact=contact,
            intent=intent,
            wish=wish,
            budget_cents=budget * 100 or None,
            created_at=at,
            updated_at=at,
        )
        EnquiredListing.objects.bulk_create(
            EnquiredListing(enquiry=enquiry, listing=listings[street], is_favorite=place == 0)
            for place, street in enumerate(streets)
        )
        contacts.append(contact)
    return contacts


def _show(listings: dict[str, Listing], contacts: list[Contact], now: dt.datetime) -> None:
    """Viewings ahead, in the afternoons so that every demo finds a free morning; and some that are over."""
    shown = list(listings.values())
    ahead: dict[str, list[dt.datetime]] = {}
    for slot in free_slots(date_from=now.date(), date_to=now.date() + dt.timedelta(days=9), duration=LENGTH, now=now):
        local = slot.starts_at.astimezone(now.tzinfo)
        if local.hour >= 15 and local.date() > now.date():
            ahead.setdefault(slot.staff.pk, []).append(slot.starts_at)
    for number in range(_VIEWINGS_AHEAD):
        listing = shown[number * 5 % len(shown)]
        times = ahead.get(listing.agent_id, [])
        if times:
            contact = contacts[number % len(contacts)]
            arrange(listing=listing, contact=contact, starts_at=times.pop(number % len(times)), now=now, actor=_ACTOR)
    _look_back(shown, contacts, now)


def _look_back(shown: list[Listing], contacts: list[Contact], now: dt.datetime) -> None:
    """Last week's viewings, and what was said afterwards."""
    past = now - dt.timedelta(days=9)
    free = free_slots(date_from=past.date(), date_to=now.date() - dt.timedelta(days=1), duration=LENGTH, now=past)
    letters = initials(Tenant.objects.get().name)
    for number, feedback in enumerate(cast.FEEDBACK):
        listing = shown[number * 3]
        slot = next((one for one in free if one.staff.pk == listing.agent_id), None)
        if slot is None:
            continue
        free = [one for one in free if one.starts_at > slot.starts_at]
        booked = slot.starts_at - dt.timedelta(days=2)
        booking = Booking.objects.create(
            contact=contacts[-1 - number],
            staff=slot.staff,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            status=BookingStatus.COMPLETED,
            reference=f"{letters}-{booked.astimezone(now.tzinfo):%Y%m%d}-{900 + number}",
            created_at=booked,
        )
        Viewing.objects.create(booking=booking, listing=listing, feedback=feedback)


TENANT = DemoTenant(
    slug="harbour-homes",
    name="Harbour Homes",
    tagline="Sales, rentals and property management between the harbour and the hills.",
    time_zone="Australia/Sydney",
    region="AU",
    phone="+61255500010",
    email="hello@harbour-homes.example",
    address="8 Quay Street, Wattle Bay NSW 2990",
    accent="#1d4ed8",
    widget_key="wk_demo_real_estate",
    logins=(
        ("owner@harbour-homes.example", "Claire Whitfield", "owner"),
        ("manager@harbour-homes.example", "Helen Castro", "manager"),
        ("staff@harbour-homes.example", "Tom Whitlam", "staff"),
    ),
    load=load,
)
