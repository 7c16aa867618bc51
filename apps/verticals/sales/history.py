"""The past of the demo team: the calls of the last weeks, and how they left the leads."""

import datetime as dt
import random
from collections.abc import Sequence

from apps.common.ids import new_id
from apps.verticals.sales.dossier import their_time
from apps.verticals.sales.models import Campaign, CampaignLead, DialedCall, Lead, ReceivedCall, TeamAgent

_PAST_CALLS = 180
_DAYS_BACK = 21
_RECEIVED = 60
_ENDINGS = {"answered": 40, "no_answer": 30, "machine": 20, "busy": 8, "failed": 2}
_OUTCOMES = {
    **{"interested": 25, "meeting_booked": 12, "callback": 15, "nurture": 18, "not_interested": 20},
    **{"wrong_person": 4, "not_qualified": 6},
}
"""How often each comes in a hundred."""


def fill_dialed(
    campaign: Campaign, others: Sequence[Lead], agents: Sequence[TeamAgent], chance: random.Random, now: dt.datetime
) -> None:
    """The calls of the last weeks, and how they left the leads of the campaign. Written in bulk."""
    entries = {entry.lead_id: entry for entry in campaign.entries.filter(lead__in=others)}
    by_id = {lead.pk: lead for lead in others}
    calls: list[DialedCall] = []
    changed = []
    for lead_id, entry in entries.items():
        if len(calls) >= _PAST_CALLS or chance.random() < 0.25:
            continue
        lead = by_id[lead_id]
        began = now - dt.timedelta(days=chance.randrange(2, _DAYS_BACK), hours=chance.randrange(0, 6))
        for _ in range(chance.randrange(1, campaign.max_attempts + 1)):
            ending = _one_of(_ENDINGS, chance)
            seconds = chance.randrange(25, 420) if ending == "answered" else 0
            calls.append(past_call(lead, campaign, entry, chance.choice(agents), began, ending, seconds, chance))
            entry.attempts += 1
            entry.ending = ending
            began += dt.timedelta(days=1, minutes=chance.randrange(0, 90))
            if ending == "answered" or began > now - dt.timedelta(days=1):
                break
        entry.state = CampaignLead.State.DONE if entry.ending == "answered" else CampaignLead.State.WAITING
        if entry.state == CampaignLead.State.WAITING and entry.attempts >= campaign.max_attempts:
            entry.state, entry.reason = CampaignLead.State.SKIPPED, "attempts_used_up"
        changed.append(entry)
    DialedCall.objects.bulk_create(calls)
    for call in calls:
        call.lead.last_call_at = call.claimed_at
    Lead.objects.bulk_update({call.lead for call in calls}, ["last_call_at"])
    CampaignLead.objects.bulk_update(changed, ["state", "attempts", "ending", "reason"])


def _one_of(shares: dict[str, int], chance: random.Random) -> str:
    return chance.choices(list(shares), list(shares.values()))[0]


def past_call(
    lead: Lead,
    campaign: Campaign,
    entry: CampaignLead | None,
    agent: TeamAgent,
    began: dt.datetime,
    ending: str,
    seconds: int,
    chance: random.Random,
) -> DialedCall:
    answered = ending == "answered"
    return DialedCall(
        lead=lead,
        campaign=campaign,
        entry=entry,
        agent=agent,
        phone=lead.phone,
        state=DialedCall.State.ENDED,
        ending=ending,
        disposition=_one_of(_OUTCOMES, chance) if answered else "",
        recipient_time=their_time(lead.phone, began),
        claimed_at=began,
        answered_at=began + dt.timedelta(seconds=9) if answered else None,
        ended_at=began + dt.timedelta(seconds=30 + seconds),
        seconds=seconds,
    )


def fill_received(leads: Sequence[Lead], agents: Sequence[TeamAgent], now: dt.datetime) -> None:
    """People who rang, over the same weeks; every third is a lead."""
    chance = random.Random("received")  # noqa: S311
    rows = []
    for number in range(_RECEIVED):
        began = now - dt.timedelta(days=chance.randrange(1, _DAYS_BACK), minutes=chance.randrange(0, 480))
        lead = leads[number % len(leads)] if number % 3 == 0 else None
        agent, seconds = chance.choice(agents), chance.randrange(40, 600)
        rows.append(
            ReceivedCall(
                call_id=new_id("voc"),
                conversation_id=new_id("conv"),
                kind=agent.kind,
                agent=agent,
                lead=lead,
                phone=lead.phone if lead else f"+1303555{chance.randrange(120, 180):04}",
                state=ReceivedCall.State.ENDED,
                disposition=_one_of(_OUTCOMES, chance) if lead else "",
                began_at=began,
                ended_at=began + dt.timedelta(seconds=seconds),
                seconds=seconds,
            )
        )
    ReceivedCall.objects.bulk_create(rows)
