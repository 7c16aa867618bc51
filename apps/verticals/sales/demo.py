"""Summit Software, the demo tenant: a sales team in the middle of its campaigns."""

import datetime as dt
import random
from collections.abc import Sequence

from django.db import transaction

from apps.agents.sdk import DemoTenant
from apps.business.calendar import free_slots
from apps.business.models import Contact, Staff, WeeklyHours
from apps.verticals.sales import campaigns, cast, history, imports, meetings
from apps.verticals.sales.models import (
    Callback,
    Campaign,
    CampaignLead,
    Consent,
    DialingRules,
    DoNotCall,
    Lead,
    Product,
    Qualification,
    SalesRep,
    TeamAgent,
)

_ACTOR = "system"
_OFFICE = (8, 18)
_OTHERS = 120
_LINES = 22
"""One for each agent that calls out, or most of the floor would have nothing to do."""
_LEVELS = ("low", "medium", "high")


@transaction.atomic
def load(now: dt.datetime) -> None:
    """Fills the tenant in scope, alike for the same `now`. A team that has leads is left as it is."""
    if Lead.objects.exists():
        return
    chance = random.Random("summit-sales")  # noqa: S311
    DialingRules.objects.create(lines=_LINES)
    products = _write_products()
    reps = _hire()
    team = _staff_the_floor()
    played, others = _take_down_leads(reps, products, chance, now)
    _record_consents([*played, *others], chance, now)
    _forbid(others, now)
    _import_fair(now)
    paused = _campaigns(played, others, now)
    history.fill_dialed(paused, others, [agent for agent in team if agent.kind == "outbound"], chance, now)
    history.fill_received(played + others, [agent for agent in team if agent.kind in ("triage", "inbound")], now)
    _call_played(paused, played, team, now)
    _qualify([*played, *others], chance, now)
    _promise(played, others, now)
    _book(played, others, reps, chance, now)


def _write_products() -> list[Product]:
    return Product.objects.bulk_create(
        Product(
            name=row.name,
            also_called=row.also_called,
            summary=row.summary,
            details=row.details,
            price_cents=None if row.dollars is None else row.dollars * 100,
            per=row.per,
            good_for=row.good_for,
            position=position,
        )
        for position, row in enumerate(cast.PRODUCTS)
    )


def _hire() -> dict[str, SalesRep]:
    """The reps by first name, and the hours of everyone."""
    hours = [_span(None, weekday, _OFFICE) for weekday in cast.WEEK]
    reps = {}
    for name, title, sells, span in cast.REPS:
        staff = Staff.objects.create(name=name, title=title)
        hours += [_span(staff, weekday, span) for weekday in cast.WEEK]
        reps[name.split()[0]] = SalesRep.objects.create(staff=staff, sells=sells)
    WeeklyHours.objects.bulk_create(hours)
    return reps


def _span(staff: Staff | None, weekday: int, span: tuple[int, int]) -> WeeklyHours:
    return WeeklyHours(staff=staff, weekday=weekday, opens=dt.time(span[0]), closes=dt.time(span[1]))


def _staff_the_floor() -> list[TeamAgent]:
    return TeamAgent.objects.bulk_create(
        TeamAgent(name=name, kind=kind) for kind, names in cast.TEAM.items() for name in names
    )


def _take_down_leads(
    reps: dict[str, SalesRep], products: Sequence[Product], chance: random.Random, now: dt.datetime
) -> tuple[list[Lead], list[Lead]]:
    """(those with a part to play, the others)."""
    rows = list(cast.LEADS)
    names = [(given, family) for family in cast.FAMILY for given in cast.GIVEN]
    for number, (given, family) in enumerate(names[:_OTHERS]):
        phone = f"{cast.AREAS[number % len(cast.AREAS)]}01{20 + number // len(cast.AREAS):02}"
        title, company = chance.choice(cast.TITLES), chance.choice(cast.COMPANIES)
        status = chance.choices(("new", "contacted", "qualified", "nurture", "lost", "won"), (45, 25, 10, 12, 5, 3))[0]
        rows.append((given, family, phone, company, title, status, 0, chance.choice([*reps, ""])))
    contacts = Contact.objects.bulk_create(
        Contact(given_name=given, family_name=family, phone=phone, email=f"lead{number:03}@example.com")
        for number, (given, family, phone, *_) in enumerate(rows, start=1)
    )
    leads = Lead.objects.bulk_create(
        Lead(
            contact=contact,
            phone=phone,
            company=company,
            job_title=title,
            source=chance.choice(cast.SOURCES),
            status=status,
            score=score,
            rep=reps.get(rep),
            interest=chance.choice([None, *products]),
            created_at=now - dt.timedelta(days=chance.randrange(3, 90)),
        )
        for contact, (_, _, phone, company, title, status, score, rep) in zip(contacts, rows, strict=True)
    )
    return leads[: len(cast.LEADS)], leads[len(cast.LEADS) :]


def _record_consents(leads: Sequence[Lead], chance: random.Random, now: dt.datetime) -> None:
    """Most have agreed in writing, some by word of mouth, some not at all, and a few long ago."""
    rows = []
    for lead in leads[1:]:
        kind = chance.choices(("written", "spoken", ""), (80, 10, 10))[0]
        if not kind and lead not in leads[: len(cast.LEADS)]:
            continue
        given_at = lead.created_at
        rows.append(
            Consent(
                phone=lead.phone,
                kind=kind or "written",
                source=lead.source,
                wording=cast.WORDING if kind != "spoken" else "",
                obtained_at=given_at,
                expires_at=now - dt.timedelta(days=1) if chance.random() < 0.05 else None,
                recorded_by=_ACTOR,
                recorded_at=given_at,
            )
        )
    Consent.objects.bulk_create(rows)
    nora = leads[0]
    Consent.objects.create(
        phone=nora.phone,
        kind="written",
        source="Form on summit-software.example/demo",
        wording=cast.WORDING,
        obtained_at=now - dt.timedelta(days=40),
        recorded_by=_ACTOR,
    )


def _forbid(others: Sequence[Lead], now: dt.datetime) -> None:
    theo = cast.LEADS[-1][2]
    rows = [(theo, "asked", "Asked on the phone")]
    rows += [(lead.phone, "register", "National register") for lead in others[10:13]]
    DoNotCall.objects.bulk_create(
        DoNotCall(phone=phone, source=source, reason=reason, added_by=_ACTOR, added_at=now - dt.timedelta(days=9))
        for phone, source, reason in rows
    )


def _import_fair(now: dt.datetime) -> None:
    data = cast.FAIR_CSV.replace("2026-10", f"{now - dt.timedelta(days=50):%Y-%m}").encode()
    imports.take_in(data=data, name=cast.FAIR_NAME, source="Contractors' fair in Denver", now=now, actor=_ACTOR)


def _campaigns(played: Sequence[Lead], others: Sequence[Lead], now: dt.datetime) -> Campaign:
    """One that is paused half way, one that waits for its start, one that is over."""
    paused = Campaign.objects.create(
        name="Webinar follow-up",
        purpose="the route planning webinar you signed up for",
        status=Campaign.Status.PAUSED,
        started_at=now - dt.timedelta(days=14),
        created_at=now - dt.timedelta(days=15),
        voicemail="Hello, this is an AI assistant of Summit Software about the webinar. We will try again.",
    )
    draft = Campaign.objects.create(
        name="Contractors' fair",
        purpose="your visit to our booth at the contractors' fair",
        agent="lead",
        opens=dt.time(10),
        closes=dt.time(17),
        max_attempts=2,
        created_at=now - dt.timedelta(days=2),
    )
    over = Campaign.objects.create(
        name="Spring update",
        purpose="the new mobile app",
        status=Campaign.Status.FINISHED,
        started_at=now - dt.timedelta(days=200),
        end_date=(now - dt.timedelta(days=170)).date(),
        created_at=now - dt.timedelta(days=201),
    )
    campaigns.enroll(campaign=paused, leads=[*played[1:5], *others[:80]], now=now, actor=_ACTOR)
    fair = Lead.objects.filter(came_with__isnull=False)
    campaigns.enroll(campaign=draft, leads=[*fair, *others[80:]], now=now, actor=_ACTOR)
    CampaignLead.objects.bulk_create(
        CampaignLead(campaign=over, lead=lead, state=CampaignLead.State.DONE, attempts=1, ending="answered")
        for lead in others[:30]
    )
    return paused


def _call_played(campaign: Campaign, played: Sequence[Lead], team: Sequence[TeamAgent], now: dt.datetime) -> None:
    """Ben was called yesterday; he may ask why."""
    ben = played[1]
    entry = campaign.entries.get(lead=ben)
    oscar = next(agent for agent in team if agent.name == "Oscar")
    call = history.past_call(
        ben,
        campaign,
        entry,
        oscar,
        now - dt.timedelta(days=1),
        "answered",
        95,
        random.Random("ben"),  # noqa: S311
    )
    call.disposition = "callback"
    call.save()
    entry.state, entry.attempts, entry.ending = CampaignLead.State.DONE, 1, "answered"
    entry.save(update_fields=["state", "attempts", "ending"])


def _qualify(leads: Sequence[Lead], chance: random.Random, now: dt.datetime) -> None:
    """Findings for all that have been talked to, and the score that follows from them."""
    rows, changed = [], []
    for number, lead in enumerate(leads):
        if lead.status in ("new", "closed") or (number >= len(cast.LEADS) and chance.random() < 0.4):
            continue
        low, high = (40, 98) if lead.status in ("qualified", "won", "meeting") else (8, 68)
        score = lead.score or chance.randrange(low, high)
        rows.append(
            Qualification(
                lead=lead,
                need=chance.choice(("Fewer phone calls about routes", "Invoices on the same day", "One calendar")),
                intent=chance.choice(_LEVELS),
                fit=chance.choice(_LEVELS),
                authority=chance.choice(_LEVELS),
                urgency=chance.choice(_LEVELS),
                score=score,
                actor="agent:lead",
                at=now - dt.timedelta(days=chance.randrange(1, 20)),
            )
        )
        lead.score = score
        changed.append(lead)
    Qualification.objects.bulk_create(rows)
    Lead.objects.bulk_update(changed, ["score"])


def _promise(played: Sequence[Lead], others: Sequence[Lead], now: dt.datetime) -> None:
    """Calls that people are waiting for, the next days; Zoë's is the one of the scenarios."""
    day = dt.datetime.combine(now.date() + dt.timedelta(days=3), dt.time(14), now.tzinfo)
    wishes = [(played[6], day, "the mobile app")]
    wishes += [(lead, day + dt.timedelta(days=number), "prices") for number, lead in enumerate(others[40:44], start=1)]
    Callback.objects.bulk_create(
        Callback(lead=lead, at=moment, next_at=moment, note=note, created_at=now - dt.timedelta(days=1))
        for lead, moment, note in wishes
    )


def _book(
    played: Sequence[Lead],
    others: Sequence[Lead],
    reps: dict[str, SalesRep],
    chance: random.Random,
    now: dt.datetime,
) -> None:
    """Nora meets Dana and Greta meets Owen, on the second and third day with free times; others later on."""
    plans = [(played[0], reps["Dana"], 1, 11), (played[5], reps["Owen"], 2, 14)]
    plans += [
        (lead, chance.choice(list(reps.values())), chance.randrange(3, 8), chance.randrange(10, 16))
        for lead in others[50:58]
    ]
    today = now.date()
    for lead, rep, nth, hour in plans:
        free = free_slots(
            staff=rep.staff,
            date_from=today + dt.timedelta(days=1),
            date_to=today + dt.timedelta(days=18),
            duration=meetings.LENGTH,
            now=now,
        )
        days = sorted({slot.starts_at.astimezone(now.tzinfo).date() for slot in free})
        on_day = [slot.starts_at for slot in free if slot.starts_at.astimezone(now.tzinfo).date() == days[nth]]
        starts_at = next((at for at in on_day if at.astimezone(now.tzinfo).hour == hour), on_day[0])
        meetings.book(
            lead=lead,
            rep=rep,
            starts_at=starts_at,
            topic="Product demo",
            conversation_id="",
            now=now - dt.timedelta(days=1),
            actor=_ACTOR,
        )


TENANT = DemoTenant(
    slug="summit-sales",
    name="Summit Software",
    tagline="Software for companies that work at their customers' doors.",
    time_zone="America/Denver",
    region="US",
    phone="+13035550199",
    email="hello@summit-sales.example",
    address="1600 Wynkoop Street, Denver, CO 80202",
    accent="#0f766e",
    widget_key="wk_demo_sales",
    logins=(
        ("owner@summit-sales.example", "Helen Marsh", "owner"),
        ("manager@summit-sales.example", "Ray Castillo", "manager"),
        ("staff@summit-sales.example", "Dana Cole", "staff"),
    ),
    load=load,
    beside="floor",
)
