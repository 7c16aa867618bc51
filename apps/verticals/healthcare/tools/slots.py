"""The tools that look for free times."""

import datetime as dt
from dataclasses import replace
from typing import Annotated

from apps.agents.sdk import Time, ToolContext, ToolRefused, ToolResult, tool
from apps.business.core.openings import AHEAD, OFFERED, best, in_part
from apps.business.core.wording import spoken_date, spoken_time
from apps.verticals.healthcare.core.specialties import GLOSSARY, PRIMARY_CARE
from apps.verticals.healthcare.providers import Team, accepting, active_providers, spoken_fields, team_for
from apps.verticals.healthcare.slots import Opening, openings, spoken_openings
from apps.verticals.healthcare.tools.arguments import (
    Id,
    PartOfDay,
    Topic,
    bookable_day,
    identified_patient,
    length,
    provider_for,
    today,
)

Duration = Annotated[int, "length of the appointment in minutes"]
Part = Annotated[PartOfDay | None, "part of the day the visitor prefers, if they said so"]


@tool(label="Checking free times")
def get_available_slots(
    ctx: ToolContext,
    *,
    provider_id: Annotated[Id, "provider_id of the provider"],
    date: Annotated[dt.date, "the day to look at"],
    duration: Duration = 30,
    part_of_day: Part = None,
) -> ToolResult:
    """Lists every free time of one provider on one day, or their next free times when that day is full.

    Use it when both provider and day are settled. Returns free slots: provider_id, provider_name, date, time,
    duration.
    """
    provider = provider_for(identified_patient(ctx), provider_id)
    minutes = length(duration)
    day = bookable_day(ctx, date)
    found = openings([provider], date_from=day, date_to=day + AHEAD, duration=minutes, now=ctx.now)
    on_day = [opening for opening in found if opening.starts_at.date() == day]
    wished = in_part(on_day, part_of_day)
    if not wished:
        missed = f"{provider.staff.name} has nothing free {_wish(ctx, day, part_of_day)}. "
        return _offered(ctx, best(on_day or found), note=missed)
    others = ", among others" if len(wished) > OFFERED else ""
    return ToolResult(
        f"I have {spoken_openings(wished[:OFFERED], today=today(ctx))}{others}.",
        {"slots": [opening.as_data() for opening in wished]},
    )


@tool(label="Checking free times")
def find_next_available(
    ctx: ToolContext,
    *,
    provider_id: Annotated[Id | None, "provider_id, when the visitor wants one provider"] = None,
    specialization: Annotated[
        Topic | None,
        f"specialty or complaint in the visitor's words, without provider_id: {GLOSSARY}",
    ] = None,
    date: Annotated[dt.date | None, "the day the visitor wishes, if they named one"] = None,
    time: Annotated[Time | None, "the time the visitor wishes, if they named one"] = None,
    part_of_day: Part = None,
    duration: Duration = 30,
) -> ToolResult:
    """Finds the next free times for an appointment, looking two weeks ahead.

    Use it to offer times for a complaint, a specialty or a provider; give the wished day and time if there
    are any. Returns free slots, at most four: provider_id, provider_name, specialization, date, time,
    duration.
    """
    team = _team(ctx, provider_id, specialization)
    minutes = length(duration)
    start = bookable_day(ctx, date) if date else today(ctx)
    found = openings(team.providers, date_from=start, date_to=start + AHEAD, duration=minutes, now=ctx.now)
    on_day = [opening for opening in found if opening.starts_at.date() == date]
    fitting = in_part(on_day if date else found, part_of_day)
    at_time = [opening for opening in fitting if opening.starts_at.time() == time]
    note = f"{team.note}, so I would start with {spoken_fields(team.providers)}. " if team.note else ""
    if not fitting or (time and not at_time):
        if found and (date or part_of_day or time):
            note += f"There is nothing free {_wish(ctx, date, part_of_day, time)}. "
        fitting = fitting or on_day or in_part(found, part_of_day) or found
    return _offered(ctx, best(at_time or fitting, near=time), note=note)


def _team(ctx: ToolContext, provider_id: str | None, specialization: str | None) -> Team:
    """Who could see the visitor; those without room for new patients only for a known patient."""
    patient = identified_patient(ctx)
    if provider_id:
        return Team([provider_for(patient, provider_id)])
    is_established = patient is not None and not patient.is_new
    everybody = active_providers()
    team = team_for(specialization or PRIMARY_CARE, everybody)
    if not is_established and team.providers and not accepting(team.providers):
        closed = f"Our providers for {spoken_fields(team.providers)} only see existing patients"
        team = Team(team_for(PRIMARY_CARE, accepting(everybody)).providers, closed)
    elif not is_established:
        team = replace(team, providers=accepting(team.providers))
    if not team.providers:
        raise ToolRefused("no_providers", "Nobody here takes bookings online at the moment. Please call our office.")
    return team if specialization else replace(team, note="")


def _wish(ctx: ToolContext, day: dt.date | None, part_of_day: str | None, time: dt.time | None = None) -> str:
    """Such as "on Tuesday, November 24 in the morning"."""
    return " ".join(
        word
        for word in (
            f"on {spoken_date(day, today=today(ctx))}" if day else "",
            f"at {spoken_time(time)}" if time else f"in the {part_of_day}" if part_of_day else "",
        )
        if word
    )


def _offered(ctx: ToolContext, offered: list[Opening], *, note: str) -> ToolResult:
    if not offered:
        return ToolResult(
            f"{note}I see nothing free within two weeks of that day.",
            {"slots": []},
        )
    return ToolResult(
        f"{note}I have {spoken_openings(offered, today=today(ctx))}.",
        {"slots": [opening.as_data() for opening in offered]},
    )
