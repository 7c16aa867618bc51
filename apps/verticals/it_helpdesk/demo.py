"""Bluewire IT, the demo tenant: a helpdesk in the middle of its working week."""

import datetime as dt
import random
from collections.abc import Iterator, Sequence

from django.db import transaction

from apps.agents.sdk import DemoTenant
from apps.business.calendar import free_slots
from apps.business.models import Closure, Contact, Staff, WeeklyHours
from apps.verticals.it_helpdesk import cast, guides, tickets
from apps.verticals.it_helpdesk.models import (
    Article,
    Device,
    Employee,
    Guide,
    Organization,
    Outage,
    Technician,
    Ticket,
    TicketEntry,
    TicketStatus,
    Troubleshooting,
)
from apps.verticals.it_helpdesk.starter import write_guides
from apps.verticals.it_helpdesk.visits import LENGTH, schedule

_OFFICE = {**dict.fromkeys(cast.WEEK, (7, 19)), 5: (9, 14)}
_PAST_TICKETS = 60
_DAYS_BACK = 30
_ACTOR = "system"
_SHARE_LEFT_OPEN = 0.1
_VISIT_HOUR = 9


@transaction.atomic
def load(now: dt.datetime) -> None:
    """Fills the tenant in scope, alike for the same `now`. A helpdesk that has clients is left as it is."""
    if Organization.objects.exists():
        return
    chance = random.Random("bluewire-it")  # noqa: S311
    closures = _close(now.date())
    technicians = _hire()
    people = _sign_up()
    devices = _equip(people, now)
    write_guides()
    _write_articles()
    _report_outages(now)
    open_days = list(_open_days(now.date(), {closure.start_date for closure in closures}))
    _keep_tickets(people, technicians, devices, open_days, now)
    _fill_history(list(people.values()), list(technicians.values()), chance, now)
    _fill_troubleshooting(list(people.values()), chance, now)


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


def _open_days(today: dt.date, closed: set[dt.date]) -> Iterator[dt.date]:
    """Tomorrow's and later weekdays on which the helpdesk works."""
    for ahead in range(1, 40):
        day = today + dt.timedelta(days=ahead)
        if day.weekday() in cast.WEEK and day not in closed:
            yield day


def _hire() -> dict[str, Technician]:
    """The technicians by first name, and the hours of everyone."""
    hours = [_span(None, weekday, span) for weekday, span in _OFFICE.items()]
    technicians = {}
    for name, title, specialty, level, days, span in cast.TECHNICIANS:
        staff = Staff.objects.create(name=name, title=title)
        hours += [_span(staff, weekday, span) for weekday in days]
        technicians[name.split()[0]] = Technician.objects.create(staff=staff, specialty=specialty, level=level)
    WeeklyHours.objects.bulk_create(hours)
    return technicians


def _span(staff: Staff | None, weekday: int, span: tuple[int, int]) -> WeeklyHours:
    return WeeklyHours(staff=staff, weekday=weekday, opens=dt.time(span[0]), closes=dt.time(span[1]))


def _sign_up() -> dict[str, Employee]:
    """The organizations, and their people by first name."""
    clients = {
        name.split()[0]: Organization.objects.create(name=name, code=code, plan=plan, address=address)
        for name, code, plan, address in cast.ORGANIZATIONS
    }
    people = {}
    for number, (client, given, family, department, is_it_contact) in enumerate(cast.PEOPLE, start=1):
        contact = Contact.objects.create(
            given_name=given,
            family_name=family,
            phone=f"+131255501{number:02}",
            email=f"person{number:02}@example.com",
        )
        people[given] = Employee.objects.create(
            contact=contact, organization=clients[client], department=department, is_it_contact=is_it_contact
        )
    return people


def _equip(people: dict[str, Employee], now: dt.datetime) -> dict[str, Device]:
    """A computer and a phone for everybody, and what an office shares; by asset tag."""
    devices = []
    for number, person in enumerate(people.values()):
        is_laptop = number % 4 != 3
        models = cast.LAPTOPS if is_laptop else cast.DESKTOPS
        devices.append(
            Device(
                organization=person.organization,
                employee=person,
                asset_tag=f"{'NB' if is_laptop else 'PC'}-{1042 + number}",
                kind=Device.Kind.LAPTOP if is_laptop else Device.Kind.DESKTOP,
                model_name=models[number % len(models)],
                serial_number=f"5CG{40100 + 37 * number}",
                operating_system="Windows 11 Pro",
                location=person.department,
                warranty_until_date=now.date() + dt.timedelta(days=420 - 61 * number),
            )
        )
        devices.append(
            Device(
                organization=person.organization,
                employee=person,
                asset_tag=f"PH-{2001 + number}",
                kind=Device.Kind.PHONE,
                model_name="Yealink T54W",
                serial_number=f"YL{7300 + 11 * number}",
                location=person.department,
            )
        )
    for number, client in enumerate(Organization.objects.order_by("name")):
        for place, (kind, prefix, model_name, location) in enumerate(cast.SHARED):
            devices.append(
                Device(
                    organization=client,
                    asset_tag=f"{prefix}-{3001 + 10 * number + place}",
                    kind=kind,
                    model_name=model_name,
                    serial_number=f"SN{90000 + 100 * number + place}",
                    location=location,
                    warranty_until_date=now.date() + dt.timedelta(days=150 * place),
                )
            )
    return {device.asset_tag: device for device in Device.objects.bulk_create(devices)}


def _write_articles() -> None:
    Article.objects.bulk_create(
        Article(title=title, category=category, text=text, source=source)
        for title, category, text, source in cast.ARTICLES
    )


def _report_outages(now: dt.datetime) -> None:
    for client, title, category, since, until in cast.OUTAGES:
        Outage.objects.create(
            organization=Organization.objects.get(name__startswith=client) if client else None,
            title=title,
            category=category,
            started_at=now - dt.timedelta(hours=since),
            expected_end_at=now + dt.timedelta(hours=until),
        )


def _keep_tickets(
    people: dict[str, Employee],
    technicians: dict[str, Technician],
    devices: dict[str, Device],
    open_days: Sequence[dt.date],
    now: dt.datetime,
) -> None:
    """What the scenarios find: INC-1001 to INC-1004, and a visit for the first."""
    earlier = now - dt.timedelta(days=1)
    opened = [
        tickets.open_ticket(
            employee=people[given],
            problem=problem,
            category=category,
            device=devices.get(tag),
            now=earlier,
            actor=_ACTOR,
        )
        for given, problem, category, tag in (
            ("Priya", "The left monitor stays black", "computer", "NB-1046"),
            ("Tom", "VPN drops every few minutes", "network", "NB-1050"),
            ("Kevin", "Invoices print without the logo", "printer", "PR-3041"),
            ("Tom", "Headset crackles", "phone", ""),
        )
    ]
    tickets.add_note(ticket=opened[1], text="New VPN profile sent, under observation", now=earlier, actor=_ACTOR)
    ines = technicians["Ines"]
    first, last = open_days[1], open_days[1] + dt.timedelta(days=14)
    free = free_slots(staff=ines.staff, date_from=first, date_to=last, duration=LENGTH, now=now)
    schedule(
        ticket=opened[0],
        employee=people["Priya"],
        technician=ines,
        starts_at=next(slot.starts_at for slot in free if slot.starts_at.astimezone(now.tzinfo).hour == _VISIT_HOUR),
        conversation_id="",
        now=now,
        actor=_ACTOR,
    )


def _fill_history(
    people: Sequence[Employee], technicians: Sequence[Technician], chance: random.Random, now: dt.datetime
) -> None:
    """Tickets of the last weeks, most of them closed. Written in bulk: one by one the demo would load slowly.

    None is opened for the people of the scenarios, so that what these expect stays clear.
    """
    played = ("Dana", "Kevin", "Priya", "Tom", "Elena", "Zoë")
    others = [person for person in people if person.contact.given_name not in played]
    entries, rows = [], []
    first = Ticket.objects.order_by("-number").values_list("number", flat=True)[0] + 1
    for number in range(_PAST_TICKETS):
        problem, category = chance.choice(cast.PROBLEMS)
        person = chance.choice(others)
        age = dt.timedelta(hours=chance.randrange(3, _DAYS_BACK * 24))
        is_open = age < dt.timedelta(days=5) or chance.random() < _SHARE_LEFT_OPEN
        opened_at = now - age
        able = [one for one in technicians if one.specialty == category] or technicians[:3]
        ticket = Ticket(
            number=first + number,
            organization=person.organization,
            employee=person,
            category=category,
            priority=chance.choices(("critical", "high", "normal", "low"), (1, 3, 8, 2))[0],
            status=chance.choice(("open", "in_progress", "waiting")) if is_open else TicketStatus.CLOSED,
            problem=problem,
            technician=chance.choice(able),
            due_at=opened_at + dt.timedelta(hours=8),
            opened_at=opened_at,
            closed_at=None if is_open else min(now, opened_at + dt.timedelta(hours=chance.randrange(1, 60))),
        )
        rows.append(ticket)
        entries.append(_entry(ticket, TicketEntry.Kind.OPENED, problem, opened_at))
        if chance.random() < 0.5:
            entries.append(_entry(ticket, TicketEntry.Kind.NOTE, chance.choice(cast.NOTES), opened_at + age / 3))
        if ticket.closed_at:
            entries.append(_entry(ticket, TicketEntry.Kind.CLOSED, "Solved", ticket.closed_at))
    Ticket.objects.bulk_create(rows)
    TicketEntry.objects.bulk_create(entries)


def _entry(ticket: Ticket, kind: TicketEntry.Kind, text: str, moment: dt.datetime) -> TicketEntry:
    return TicketEntry(ticket=ticket, kind=kind, text=text, actor=_ACTOR, at=moment)


def _fill_troubleshooting(people: Sequence[Employee], chance: random.Random, now: dt.datetime) -> None:
    """What became of the guides that were gone through this month."""
    runs = []
    for guide in Guide.objects.prefetch_related("steps"):
        steps = guides.steps_of(guide)
        for _ in range(chance.randrange(1, 5)):
            started_at = now - dt.timedelta(hours=chance.randrange(1, _DAYS_BACK * 24))
            runs.append(
                Troubleshooting(
                    guide=guide,
                    employee=chance.choice(people),
                    problem=guide.symptoms.split(", ")[0].capitalize(),
                    answers=[[steps[0].key, not steps[0].on_yes]],
                    outcome="under_way" if steps[0].on_yes else "solved",
                    started_at=started_at,
                    ended_at=None if steps[0].on_yes else started_at + dt.timedelta(minutes=chance.randrange(2, 12)),
                )
            )
    Troubleshooting.objects.bulk_create(runs)


TENANT = DemoTenant(
    slug="bluewire-it",
    name="Bluewire IT",
    tagline="The IT department of companies that have none.",
    time_zone="America/Chicago",
    region="US",
    phone="+13125550160",
    email="help@bluewire-it.example",
    address="600 West Chicago Avenue, Chicago, IL 60654",
    accent="#1d4ed8",
    widget_key="wk_demo_it_helpdesk",
    logins=(
        ("owner@bluewire-it.example", "Simone Adler", "owner"),
        ("manager@bluewire-it.example", "Jonas Webb", "manager"),
        ("staff@bluewire-it.example", "Ines Park", "staff"),
    ),
    load=load,
)
