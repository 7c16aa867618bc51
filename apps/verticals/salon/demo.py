"""Glow Beauty, the demo tenant: a salon in the middle of its working weeks."""

import datetime as dt
import random
from collections.abc import Iterator, Sequence

from django.db import transaction

from apps.agents.sdk import DemoTenant
from apps.business.calendar import at
from apps.business.core.names import initials
from apps.business.core.slots import Span, free_slots
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
from apps.business.timetable import read_timetable
from apps.tenants.models import Tenant
from apps.verticals.salon import cast, waitlist
from apps.verticals.salon.models import Appointment, AppointmentLine, Customer, SalonSettings, Stylist
from apps.verticals.salon.starter import write_menu
from apps.verticals.salon.stylists import Line, Quote, quotes
from apps.verticals.salon.visits import book_visit

_OPEN = {**dict.fromkeys(cast.WEEK, (9, 19)), 5: (9, 18)}
_DAYS_BACK, _DAYS_AHEAD = 7, 21
_VISITS_A_DAY = 3
_SHARE_BOOKED = 0.55
_ACTOR = "system"
_NO_NOTICE = SalonSettings(booking_notice_hours=0)
"""Of old, these were booked in good time."""


@transaction.atomic
def load(now: dt.datetime) -> None:
    """Fills the tenant in scope, alike for the same `now`. A salon that has stylists is left as it is."""
    if Stylist.objects.exists():
        return
    chance = random.Random("glow-salon")  # noqa: S311
    SalonSettings.objects.create(policy="Cards and cash are welcome. Parking behind the house is free for two hours.")
    services = write_menu()
    stylists = _hire(services)
    customers = _register(stylists)
    _close(now.date())
    open_days = list(_open_days(now.date()))
    _leave(stylists, open_days)
    _keep_visits(stylists, services, customers, open_days, now)
    _fill_nails(stylists, services, customers, open_days[1], now)
    _fill_book(list(stylists.values()), customers[len(cast.CUSTOMERS) :], chance, now, quiet=open_days[1])


def _hire(services: dict[str, Service]) -> dict[str, Stylist]:
    """The stylists by first name, their hours and skills, and the salon's hours."""
    hours = [_span(None, weekday, span) for weekday, span in _OPEN.items()]
    skills, stylists = [], {}
    for row in cast.STYLISTS:
        staff = Staff.objects.create(name=row.name, title=row.title)
        stylists[row.name.split()[0]] = Stylist.objects.create(
            staff=staff, known_for=row.known_for, languages=row.languages, bio=row.bio
        )
        hours += [_span(staff, weekday, span) for weekday in row.days for span in row.hours]
        own = {name: (minutes, dollars) for name, minutes, dollars in row.own}
        for name in row.skills:
            minutes, dollars = own.get(name, (None, None))
            skills.append(
                StaffService(
                    staff=staff,
                    service=services[name],
                    duration_minutes=minutes,
                    price_cents=None if dollars is None else dollars * 100,
                )
            )
    WeeklyHours.objects.bulk_create(hours)
    StaffService.objects.bulk_create(skills)
    return stylists


def _span(staff: Staff | None, weekday: int, span: tuple[int, int]) -> WeeklyHours:
    return WeeklyHours(staff=staff, weekday=weekday, opens=dt.time(span[0]), closes=dt.time(span[1]))


def _register(stylists: dict[str, Stylist]) -> list[Customer]:
    """Those with a part to play first, then the others."""
    others = [(given, family, "", "") for family in cast.FAMILY for given in cast.GIVEN]
    rows = [*cast.CUSTOMERS, *others]
    contacts = [
        Contact(
            given_name=given,
            family_name=family,
            phone=f"+131055501{number:02}",
            email=f"customer{number:02}@example.com",
        )
        for number, (given, family, _, _) in enumerate(rows, start=1)
    ]
    Contact.objects.bulk_create(contacts)
    return Customer.objects.bulk_create(
        Customer(contact=contact, preferred_stylist=stylists.get(preferred), formula=formula)
        for contact, (_, _, preferred, formula) in zip(contacts, rows, strict=True)
    )


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
    yield dt.date(year, 7, 4), "Independence Day"
    first = dt.date(year, 11, 1)
    yield first + dt.timedelta(days=(3 - first.weekday()) % 7 + 21), "Thanksgiving"
    yield dt.date(year, 12, 25), "Christmas"


def _open_days(today: dt.date) -> Iterator[dt.date]:
    """Tomorrow's and later days on which every kind of work is done: Chloe, Elena and Maya are in."""
    closed = set(Closure.objects.values_list("start_date", flat=True))
    for ahead in range(1, 2 * _DAYS_AHEAD):
        day = today + dt.timedelta(days=ahead)
        if day.weekday() in (1, 2, 4) and day not in closed:
            yield day


def _leave(stylists: dict[str, Stylist], open_days: list[dt.date]) -> None:
    for name, day, reason in (("Maya", open_days[4], "Color masterclass"), ("Noah", open_days[6], "Moving house")):
        TimeOff.objects.create(
            staff=stylists[name].staff,
            starts_at=at(day=day, local=dt.time(8)),
            ends_at=at(day=day, local=dt.time(20)),
            reason=reason,
        )


def _keep_visits(
    stylists: dict[str, Stylist],
    services: dict[str, Service],
    customers: list[Customer],
    open_days: list[dt.date],
    now: dt.datetime,
) -> None:
    """What the scenarios find in the book."""
    tomorrow = next(day for day in _days_of(now.date(), stylists["Noah"]) if day > now.date())
    by_name = {customer.contact.given_name: customer for customer in customers[: len(cast.CUSTOMERS)]}
    for given, stylist, day, time, names in (
        ("Lena", "Elena", open_days[2], dt.time(10), ("Women's haircut", "Toner gloss")),
        ("Sofia", "Maya", open_days[3], dt.time(15), ("Balayage",)),
        ("Marcus", "Noah", tomorrow, dt.time(9), ("Men's haircut", "Beard trim")),
        ("Ines", "Maya", open_days[2], dt.time(15), ("Root touch-up",)),
        ("Ines", "Chloe", open_days[5], dt.time(11), ("Classic pedicure",)),
        ("Dana", "Chloe", open_days[1], dt.time(14), ("Gel manicure",)),
    ):
        quote = quotes([services[name] for name in names], stylists=[stylists[stylist]])[0]
        _book(by_name[given], quote, at(day=day, local=time), now)


def _days_of(today: dt.date, stylist: Stylist) -> Iterator[dt.date]:
    """The days on which a stylist is in."""
    weekdays = set(WeeklyHours.objects.filter(staff=stylist.staff_id).values_list("weekday", flat=True))
    closed = set(Closure.objects.values_list("start_date", flat=True))
    for ahead in range(_DAYS_AHEAD):
        day = today + dt.timedelta(days=ahead)
        if day.weekday() in weekdays and day not in closed:
            yield day


def _book(customer: Customer, quote: Quote, starts_at: dt.datetime, now: dt.datetime) -> Appointment:
    return book_visit(customer=customer, quote=quote, starts_at=starts_at, rules=_NO_NOTICE, now=now, actor=_ACTOR)


def _fill_nails(
    stylists: dict[str, Stylist],
    services: dict[str, Service],
    customers: list[Customer],
    day: dt.date,
    now: dt.datetime,
) -> None:
    """A day on which the nail artist is full, and Tara, who waits for it."""
    manicure = services["Gel manicure"]
    quote = quotes([manicure], stylists=[stylists["Chloe"]])[0]
    guests = iter(customers[len(cast.CUSTOMERS) :])
    quarters = [dt.time(hour, minute) for hour in range(10, 18) for minute in (0, 15, 30, 45)]
    busy_from, busy_to = dt.time(14), dt.time(14, 45)
    for time in quarters[::3]:
        ends = (dt.datetime.combine(day, time) + dt.timedelta(minutes=quote.minutes)).time()
        if ends <= dt.time(18) and not (time < busy_to and ends > busy_from):
            _book(next(guests), quote, at(day=day, local=time), now)
    waitlist.join(
        customer=customers[4],
        services=[manicure],
        stylist=None,
        first_date=day,
        last_date=day,
        part_of_day="",
        conversation_id="",
        now=now,
        actor=_ACTOR,
    )


def _fill_book(
    stylists: Sequence[Stylist],
    customers: Sequence[Customer],
    chance: random.Random,
    now: dt.datetime,
    *,
    quiet: dt.date,
) -> None:
    """Past and coming visits. On the `quiet` day nothing more is booked, so that every demo finds a time.

    Written in bulk: one by one, as visitors book, the demo would take many seconds to load.
    """
    first, last = now.date() - dt.timedelta(days=_DAYS_BACK), now.date() + dt.timedelta(days=_DAYS_AHEAD)
    zone = Tenant.objects.get().zone
    timetable = read_timetable(staff=[one.staff for one in stylists], first=first, last=last, zone=zone)
    skills = StaffService.objects.filter(staff__in=[one.staff_id for one in stylists], service__bookable=True)
    by_staff: dict[str, list[StaffService]] = {}
    for skill in skills.select_related("service").order_by("staff__name", "service__name"):
        by_staff.setdefault(skill.staff_id, []).append(skill)
    made: list[tuple[Booking, Quote]] = []
    for stylist in stylists:
        busy = timetable.busy(stylist.staff_id)
        days = [day for day in timetable.open_days(first, last) if day != quiet]
        for day in (day for day in days for _ in range(_VISITS_A_DAY)):
            skill = chance.choice(by_staff[stylist.staff_id])
            minutes = int(skill.duration.total_seconds() // 60)
            free = free_slots(
                days=[day],
                week=timetable.week_of(stylist.staff_id),
                zone=zone,
                busy=busy,
                duration=skill.duration,
                step=dt.timedelta(minutes=30),
                earliest=dt.datetime.combine(first, dt.time(), zone),
                latest=dt.datetime.combine(last, dt.time.max, zone),
            )
            starts = list(free)
            if not starts or chance.random() > _SHARE_BOOKED:
                continue
            span = chance.choice(starts)
            busy.append(span)
            quote = Quote(stylist, (Line(skill.service, minutes, skill.price),))
            made.append((_past_or_coming(chance.choice(customers), quote, span, chance, now), quote))
    _write(made, now)


def _past_or_coming(customer: Customer, quote: Quote, span: Span, chance: random.Random, now: dt.datetime) -> Booking:
    over = chance.choices([BookingStatus.COMPLETED, BookingStatus.NO_SHOW], [12, 1])[0]
    coming = chance.choice([BookingStatus.SCHEDULED, BookingStatus.CONFIRMED])
    return Booking(
        contact=customer.contact,
        staff=quote.stylist.staff,
        service=quote.lines[0].service,
        starts_at=span.starts_at,
        ends_at=span.ends_at,
        status=over if span.starts_at < now else coming,
        created_at=min(now, span.starts_at) - dt.timedelta(days=chance.randrange(1, 10)),
    )


def _write(made: list[tuple[Booking, Quote]], now: dt.datetime) -> None:
    _number([booking for booking, _ in made], now.tzinfo)
    Booking.objects.bulk_create(booking for booking, _ in made)
    visits = [(Appointment(booking=booking), quote) for booking, quote in made]
    Appointment.objects.bulk_create(appointment for appointment, _ in visits)
    AppointmentLine.objects.bulk_create(
        AppointmentLine(
            appointment=appointment,
            service=line.service,
            duration_minutes=line.minutes,
            price_cents=line.price_cents,
        )
        for appointment, quote in visits
        for line in quote.lines
    )


def _number(bookings: list[Booking], zone: dt.tzinfo | None) -> None:
    """Gives the references that the book itself would have given on the days before today."""
    letters = initials(Tenant.objects.get().name)
    given: dict[str, int] = {}
    for reference in Booking.objects.filter(reference__startswith=f"{letters}-").values_list("reference", flat=True):
        prefix, _, number = reference.rpartition("-")
        given[prefix] = max(given.get(prefix, 0), int(number))
    for booking in bookings:
        prefix = f"{letters}-{booking.created_at.astimezone(zone):%Y%m%d}"
        given[prefix] = given.get(prefix, 0) + 1
        booking.reference = f"{prefix}-{given[prefix]:03d}"


TENANT = DemoTenant(
    slug="glow-salon",
    name="Glow Beauty Salon",
    tagline="Hair, nails and brows on Ocean Avenue, by people who remember how you like it.",
    time_zone="America/Los_Angeles",
    region="US",
    phone="+13105550100",
    email="hello@glow-salon.example",
    address="48 Ocean Avenue, Santa Monica, CA 90401",
    accent="#be185d",
    widget_key="wk_demo_salon",
    logins=(
        ("owner@glow-salon.example", "Elena Rossi", "owner"),
        ("manager@glow-salon.example", "Ruth Adeyemi", "manager"),
        ("staff@glow-salon.example", "Sam Lindqvist", "staff"),
    ),
    load=load,
)
