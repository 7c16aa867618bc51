"""Riverside Clinic, the demo tenant: a clinic in the middle of its working weeks."""

import datetime as dt
import random
from collections import Counter
from collections.abc import Iterator

from django.db import transaction

from apps.agents.sdk import DemoTenant
from apps.business.calendar import at, free_slots
from apps.business.core.names import initials
from apps.business.models import (
    Booking,
    BookingStatus,
    Closure,
    Contact,
    Service,
    Staff,
    StaffService,
    TimeOff,
    WeeklyHours,
)
from apps.tenants.models import Tenant
from apps.verticals.healthcare import cast
from apps.verticals.healthcare.appointments import schedule
from apps.verticals.healthcare.models import Appointment, AppointmentType, InsurancePolicy, Patient, Provider

_OFFICE = {**dict.fromkeys(cast.WEEK, (8, 18)), 5: (9, 13)}
_DAYS_BACK, _DAYS_AHEAD = 7, 21
_SHARE_BOOKED = 0.22
_ACTOR = "system"


@transaction.atomic
def load(now: dt.datetime) -> None:
    """Fills the tenant in scope, alike for the same `now`. A clinic that has providers is left as it is."""
    if Provider.objects.exists():
        return
    chance = random.Random("riverside-clinic")  # noqa: S311
    closures = _close(now.date())
    providers = _hire()
    _offer_services(providers)
    patients = _register(now)
    open_days = list(_open_days(now.date(), closures))
    _leave(providers, open_days)
    _keep_appointments(providers, patients, open_days, now)
    _fill_book(providers, patients[len(cast.PATIENTS) :], chance, now, quiet=open_days[0])


def _close(today: dt.date) -> list[Closure]:
    """The coming year's holidays."""
    rows = [
        Closure(start_date=date, end_date=date, reason=reason)
        for year in (today.year, today.year + 1)
        for date, reason in _holidays(year)
        if today <= date <= today + dt.timedelta(days=365)
    ]
    return Closure.objects.bulk_create(rows)


def _holidays(year: int) -> Iterator[tuple[dt.date, str]]:
    yield dt.date(year, 1, 1), "New Year's Day"
    yield dt.date(year, 7, 4), "Independence Day"
    first = dt.date(year, 11, 1)
    yield first + dt.timedelta(days=(3 - first.weekday()) % 7 + 21), "Thanksgiving"
    yield dt.date(year, 12, 25), "Christmas"


def _open_days(today: dt.date, closures: list[Closure]) -> Iterator[dt.date]:
    """Tomorrow's and later weekdays on which the clinic works."""
    closed = {closure.start_date for closure in closures}
    for ahead in range(1, 2 * _DAYS_AHEAD):
        day = today + dt.timedelta(days=ahead)
        if day.weekday() in cast.WEEK and day not in closed:
            yield day


def _hire() -> dict[str, Provider]:
    """The providers by last name, and the hours of everyone."""
    hours = [_span(None, weekday, span) for weekday, span in _OFFICE.items()]
    providers = {}
    for row in cast.PROVIDERS:
        staff = Staff.objects.create(name=row.name, title=row.title)
        hours += [_span(staff, weekday, span) for weekday in row.days for span in row.hours]
        providers[row.name.split()[-1]] = Provider.objects.create(
            staff=staff,
            specialization=row.specialization,
            credentials=row.credentials,
            languages=row.languages,
            accepting_new_patients=row.accepting,
            bio=row.bio,
        )
    WeeklyHours.objects.bulk_create(hours)
    return providers


def _span(staff: Staff | None, weekday: int, span: tuple[int, int]) -> WeeklyHours:
    return WeeklyHours(staff=staff, weekday=weekday, opens=dt.time(span[0]), closes=dt.time(span[1]))


def _offer_services(providers: dict[str, Provider]) -> None:
    """A service is done by the providers of its category; those of no specialty by primary care."""
    own = {provider.specialization for provider in providers.values()}
    for category, name, code, minutes, dollars in cast.SERVICES:
        service = Service.objects.create(
            name=name, category=category, code=code, duration_minutes=minutes, price_cents=dollars * 100
        )
        field = category if category in own else "Primary Care"
        StaffService.objects.bulk_create(
            StaffService(staff=provider.staff, service=service)
            for provider in providers.values()
            if provider.specialization == field
        )


def _register(now: dt.datetime) -> list[Patient]:
    """Those with a part to play first, then the others."""
    others = [
        (given, family, dt.date(1940 + (7 * number) % 75, 1 + number % 12, 1 + (11 * number) % 28), False)
        for number, (family, given) in enumerate((family, given) for family in cast.FAMILY for given in cast.GIVEN)
    ]
    patients = []
    for number, (given, family, born, is_new) in enumerate((*cast.PATIENTS, *others), start=1):
        contact = Contact.objects.create(
            given_name=given,
            family_name=family,
            phone=f"+121255501{number:02}",
            email=f"patient{number:02}@example.com",
        )
        patients.append(Patient.objects.create(contact=contact, date_of_birth=born, is_new=is_new))
    by_name = {patient.contact.given_name: patient for patient in patients[: len(cast.PATIENTS)]}
    InsurancePolicy.objects.bulk_create(
        InsurancePolicy(
            patient=by_name[given],
            payer=payer,
            plan=plan,
            member_number=member_number,
            status=status,
            copay_cents=None if copay is None else copay * 100,
            valid_until_date=dt.date(now.year + years, 12, 31),
        )
        for given, payer, plan, member_number, status, copay, years in cast.POLICIES
    )
    return patients


def _leave(providers: dict[str, Provider], open_days: list[dt.date]) -> None:
    for name, first, last, reason in (("Brandt", 3, 5, "Conference"), ("Rossi", 7, 7, "Training")):
        TimeOff.objects.create(
            staff=providers[name].staff,
            starts_at=at(day=open_days[first], local=dt.time(8)),
            ends_at=at(day=open_days[last], local=dt.time(18)),
            reason=reason,
        )


def _keep_appointments(
    providers: dict[str, Provider], patients: list[Patient], open_days: list[dt.date], now: dt.datetime
) -> None:
    """What the scenarios find in the book: one appointment of James Walker's, two of Emily Carter's."""
    by_name = {patient.contact.given_name: patient for patient in patients[: len(cast.PATIENTS)]}
    for given, provider, day, hour, kind, reason in (
        ("James", "Haddad", 4, 10, AppointmentType.FOLLOW_UP, "follow-up after a stent"),
        ("Emily", "Hart", 1, 9, AppointmentType.ROUTINE_CHECKUP, "annual physical"),
        ("Emily", "Nair", 5, 14, AppointmentType.CONSULTATION, "sore hip"),
    ):
        schedule(
            patient=by_name[given],
            provider=providers[provider],
            starts_at=at(day=open_days[day], local=dt.time(hour)),
            duration=dt.timedelta(minutes=30),
            appointment_type=kind,
            reason=reason,
            now=now,
            actor=_ACTOR,
        )


def _fill_book(
    providers: dict[str, Provider],
    patients: list[Patient],
    chance: random.Random,
    now: dt.datetime,
    *,
    quiet: dt.date,
) -> None:
    """Past and coming visits. On the `quiet` morning nothing is booked, so that every demo finds a time.

    Written in bulk: one by one, as visitors book, the demo would take many seconds to load.
    """
    start = now - dt.timedelta(days=_DAYS_BACK)
    free = free_slots(date_from=start.date(), date_to=now.date() + dt.timedelta(days=_DAYS_AHEAD), now=start)
    by_staff = {provider.staff_id: provider for provider in providers.values()}
    appointments = []
    for slot in (slot for slot in free if slot.staff.pk in by_staff):
        local = slot.starts_at.astimezone(now.tzinfo)
        if chance.random() > _SHARE_BOOKED or (local.date() == quiet and local.hour < 12):
            continue
        booking = Booking(
            contact=chance.choice(patients).contact,
            staff=slot.staff,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            status=_status(local < now, chance),
            created_at=min(now, slot.starts_at) - dt.timedelta(days=chance.randrange(1, 10)),
        )
        reasons = cast.REASONS[by_staff[slot.staff.pk].specialization]
        kind = chance.choice((AppointmentType.FOLLOW_UP, AppointmentType.CONSULTATION))
        appointments.append(Appointment(booking=booking, appointment_type=kind, reason=chance.choice(reasons)))
    _number([appointment.booking for appointment in appointments], now.tzinfo)
    Booking.objects.bulk_create(appointment.booking for appointment in appointments)
    Appointment.objects.bulk_create(appointments)


def _number(bookings: list[Booking], zone: dt.tzinfo | None) -> None:
    """Gives the references that the book itself would have given on the days before today."""
    letters = initials(Tenant.objects.get().name)
    given: Counter[str] = Counter()
    for booking in bookings:
        day = f"{booking.created_at.astimezone(zone):%Y%m%d}"
        given[day] += 1
        booking.reference = f"{letters}-{day}-{given[day]:03d}"


def _status(is_over: bool, chance: random.Random) -> str:
    if is_over:
        return chance.choices([BookingStatus.COMPLETED, BookingStatus.NO_SHOW], [9, 1])[0]
    return chance.choice([BookingStatus.SCHEDULED, BookingStatus.CONFIRMED])


TENANT = DemoTenant(
    slug="riverside-clinic",
    name="Riverside Clinic",
    tagline="Family medicine and specialists under one roof, by the river since 1987.",
    time_zone="America/New_York",
    region="US",
    phone="+12125550100",
    email="frontdesk@riverside-clinic.example",
    address="12 Riverside Drive, New York, NY 10023",
    accent="#0f766e",
    widget_key="wk_demo_healthcare",
    logins=(
        ("owner@riverside-clinic.example", "Olivia Brooks", "owner"),
        ("manager@riverside-clinic.example", "Henry Cole", "manager"),
        ("staff@riverside-clinic.example", "Nora Lindt", "staff"),
    ),
    load=load,
)
