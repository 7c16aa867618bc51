"""Nightwatch, the demo tenant: an after-hours line in the middle of its week."""

import datetime as dt
import random
from collections.abc import Iterator, Sequence

from django.db import transaction

from apps.agents.sdk import DemoTenant
from apps.business.calendar import free_slots
from apps.business.models import Closure, Contact, Staff, WeeklyHours
from apps.verticals.after_hours import cast, rotations, story, visits
from apps.verticals.after_hours.core.ladder import State
from apps.verticals.after_hours.core.scoring import THRESHOLD, score
from apps.verticals.after_hours.models import (
    Building,
    Incident,
    LineRules,
    Override,
    Responder,
    Rotation,
    RotationMember,
)
from apps.verticals.after_hours.starter import write_guidance

_OFFICE = dict.fromkeys(cast.WEEK, (8, 17))
_CITY = "Milwaukee"
_FIRST = 1001
_PAST = 50
_DAYS_BACK = 30
_VISIT_HOUR = 9
_ACTOR = "system"


@transaction.atomic
def load(now: dt.datetime) -> None:
    """Fills the tenant in scope, alike for the same `now`. A line that has people on call is left as it is."""
    if Responder.objects.exists():
        return
    chance = random.Random("nightwatch")  # noqa: S311
    closures = _close(now.date())
    team = _hire()
    buildings = _look_after()
    callers = _sign_up()
    _take_turns(team, now)
    write_guidance()
    LineRules.objects.create(alert=team["Helen"], alert_email="owner@nightwatch-property.example")
    open_days = list(_open_days(now.date(), {closure.start_date for closure in closures}))
    _fill_history(callers, buildings, chance, now)
    _report(callers, buildings, team, open_days, now)


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
    """Tomorrow's and later weekdays on which the office works."""
    for ahead in range(1, 40):
        day = today + dt.timedelta(days=ahead)
        if day.weekday() in cast.WEEK and day not in closed:
            yield day


def _hire() -> dict[str, Responder]:
    """The people on call by first name, and the hours of everyone."""
    hours = [_span(None, weekday, span) for weekday, span in _OFFICE.items()]
    team = {}
    for number, (name, title, trade, days, span) in enumerate(cast.TEAM, start=21):
        staff = Staff.objects.create(name=name, title=title)
        hours += [_span(staff, weekday, span) for weekday in days]
        team[name.split()[0]] = Responder.objects.create(staff=staff, trade=trade, phone=f"+141455501{number}")
    WeeklyHours.objects.bulk_create(hours)
    return team


def _span(staff: Staff | None, weekday: int, span: tuple[int, int]) -> WeeklyHours:
    return WeeklyHours(staff=staff, weekday=weekday, opens=dt.time(span[0]), closes=dt.time(span[1]))


def _look_after() -> dict[str, Building]:
    """The buildings by their address."""
    found = {}
    for name, address, homes, water, breakers, quiet, access in cast.BUILDINGS:
        found[address] = Building.objects.create(
            name=name,
            street_address=address,
            city=_CITY,
            homes=homes,
            water_shutoff=water,
            breaker_panel=breakers,
            quiet_from=dt.time(quiet[0]) if quiet else None,
            quiet_until=dt.time(quiet[1]) if quiet else None,
            access=access,
        )
    return found


def _sign_up() -> dict[str, Contact]:
    """The callers by first name."""
    return {
        given: Contact.objects.create(
            given_name=given,
            family_name=family,
            phone=f"+141455501{number:02}",
            email=f"caller{number:02}@example.com",
        )
        for number, (given, family, _, _) in enumerate(cast.CALLERS, start=1)
    }


def _take_turns(team: dict[str, Responder], now: dt.datetime) -> None:
    """The rotations since a Monday four weeks ago; one is on leave now, and two have swapped next week."""
    monday = now.date() - dt.timedelta(days=now.weekday() + 28)
    made = {}
    for name, trade, members in cast.ROTATIONS:
        made[name] = Rotation.objects.create(name=name, trade=trade, starts_on=monday)
        RotationMember.objects.bulk_create(
            RotationMember(rotation=made[name], responder=team[member], position=position)
            for position, member in enumerate(members, start=1)
        )
    day = dt.timedelta(days=1)
    start = now.replace(hour=8, minute=0, second=0, microsecond=0)
    Override.objects.create(
        responder=team["Ivy"],
        instead=None,
        starts_at=start - 2 * day,
        ends_at=start + 5 * day,
        reason="Leave",
    )
    for away, instead in (("Nadia", "Owen"), ("Owen", "Nadia")):
        Override.objects.create(
            responder=team[away],
            instead=team[instead],
            rotation=made["Plumbing"],
            starts_at=start + 7 * day,
            ends_at=start + 14 * day,
            reason="Swap",
        )


def _told(
    number: int, caller: Contact, building: Building, unit: str, trade: str, words: str, at: dt.datetime
) -> Incident:
    urgency = score(words)
    return Incident(
        number=number,
        channel="phone",
        trade=trade,
        description=words,
        score=urgency.value,
        signs=list(urgency.signs),
        contact=caller,
        callback_phone=caller.phone,
        building=building,
        unit=unit,
        reported_at=at,
    )


def _report(
    callers: dict[str, Contact],
    buildings: dict[str, Building],
    team: dict[str, Responder],
    open_days: Sequence[dt.date],
    now: dt.datetime,
) -> None:
    """What the scenarios find: AH-1051 was missed, AH-1052 waits, AH-1053 has a visit, AH-1054 is taken."""
    homes = {given: (buildings[street], unit) for given, _, street, unit in cast.CALLERS}
    reports = (
        ("Laura", "lockout", "I am locked out, my keys are inside", 30),
        ("Tom", "electrical", "One hallway light flickers", 26),
        ("Priya", "plumbing", "The kitchen tap is dripping", 20),
        ("Kevin", "hvac", "No heat since noon, and it is freezing in here", 3),
    )
    missed, waits, visited, taken = (
        _told(number, callers[given], *homes[given], trade, words, now - dt.timedelta(hours=hours))
        for number, (given, trade, words, hours) in enumerate(reports, start=_FIRST + _PAST)
    )
    rows = story.Rows()
    rows.tell(missed, [team[one] for one in ("Sam", "Rosa", "Curtis")], alert=team["Helen"])
    rows.tell(waits, [])
    rows.tell(visited, [])
    rows.tell(taken, [team[one] for one in ("Grace", "Marco")], taken_at=1)
    rows.write()
    nadia = team["Nadia"]
    first, last = open_days[1], open_days[1] + dt.timedelta(days=14)
    free = free_slots(staff=nadia.staff, date_from=first, date_to=last, duration=visits.LENGTH, now=now)
    visits.schedule(
        incident=visited,
        contact=callers["Priya"],
        technician=nadia,
        starts_at=next(slot.starts_at for slot in free if slot.starts_at.astimezone(now.tzinfo).hour == _VISIT_HOUR),
        now=now,
        actor=_ACTOR,
    )


def _fill_history(
    callers: dict[str, Contact], buildings: dict[str, Building], chance: random.Random, now: dt.datetime
) -> None:
    """Reports of the last weeks, all of them done. Written in bulk: one by one the demo would load slowly.

    None is by the people of the scenarios, so that what these expect stays clear.
    """
    played = ("Dana", "Kevin", "Priya", "Tom", "Laura")
    others = [one for one in cast.CALLERS if one[0] not in played]
    ladders = {one.rotation.trade: list(one.responders) for one in rotations.everybody_on_call(now=now)}
    minutes = sorted((chance.randrange(31 * 60, _DAYS_BACK * 24 * 60) for _ in range(_PAST)), reverse=True)
    rows = story.Rows()
    for number, ago in enumerate(minutes, start=_FIRST):
        trade, words = chance.choice(cast.PROBLEMS)
        given, _, street, unit = chance.choice(others)
        at = now - dt.timedelta(minutes=ago)
        incident = _told(number, callers[given], buildings[street], unit, trade, words, at)
        incident.channel = chance.choices(("phone", "chat", "sms", "email"), (6, 4, 2, 1))[0]
        people = ladders.get(trade) or ladders[""] if incident.score >= THRESHOLD else []
        place = chance.choices((0, 1, 2), (7, 3, 1))[0]
        rows.tell(
            incident,
            people,
            taken_at=min(place, len(people) - 1) if people else None,
            note=chance.choice(cast.NOTES) if chance.random() < 0.3 else "",
            ends=State.DOWNGRADED if people and chance.random() < 0.1 else State.CLOSED,
        )
    rows.write()


TENANT = DemoTenant(
    slug="nightwatch-property",
    name="Nightwatch",
    tagline="Somebody answers, whenever something breaks.",
    time_zone="America/Chicago",
    region="US",
    phone="+14145550160",
    email="office@nightwatch-property.example",
    address="88 Water Street, Milwaukee, WI 53202",
    accent="#7c3aed",
    widget_key="wk_demo_after_hours",
    logins=(
        ("owner@nightwatch-property.example", "Helen Marsh", "owner"),
        ("manager@nightwatch-property.example", "Rosa Delgado", "manager"),
        ("staff@nightwatch-property.example", "Curtis Boone", "staff"),
    ),
    load=load,
)
