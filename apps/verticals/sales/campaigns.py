"""Campaigns: putting leads into one, looking whom it would call, and starting and stopping it."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import QuerySet

from apps.business.timetable import business_zone
from apps.common.errors import AppError
from apps.telephony import numbers
from apps.telephony.numbers import NoNumber
from apps.tenants import audit
from apps.verticals.sales import events
from apps.verticals.sales.core.gate import WORDS, Allowed, Decision, Later, Never, Reason, decide
from apps.verticals.sales.dossier import Dossier, rules_of
from apps.verticals.sales.models import Campaign, CampaignLead, DialingRules, Lead

State = CampaignLead.State
_AT_ONCE = 1_000


class CampaignRefused(AppError):
    """The campaign cannot be started, or stopped, as it is."""

    code = "campaign_refused"
    status = 409


@dataclass
class Preflight:
    """Whom a campaign would call as things are: now, later, and whom never and why."""

    now: int = 0
    later: int = 0
    done: int = 0
    skipped: list[tuple[Lead, Reason]] = field(default_factory=list)

    @property
    def callable(self) -> int:
        return self.now + self.later

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """(why, how many) of those who are skipped, the most first."""
        return [(WORDS[reason], count) for reason, count in Counter(why for _, why in self.skipped).most_common()]


def dialing_rules() -> DialingRules:
    """Those of the tenant in scope; the usual ones when it has set none."""
    return DialingRules.objects.first() or DialingRules.objects.get_or_create()[0]


@transaction.atomic
def enroll(*, campaign: Campaign, leads: Iterable[Lead], now: dt.datetime, actor: str) -> int:
    """Puts leads into a campaign; those who are in it already stay as they are. How many are new."""
    wanted = {lead.pk: lead for lead in leads}
    there = set(campaign.entries.filter(lead__in=wanted).values_list("lead_id", flat=True))
    entries = [
        CampaignLead(campaign=campaign, lead=lead, next_at=now) for pk, lead in wanted.items() if pk not in there
    ]
    CampaignLead.objects.bulk_create(entries, batch_size=_AT_ONCE)
    if entries:
        audit.record(actor=actor, action="campaign.enrolled", target=campaign.pk, details={"leads": len(entries)})
        _publish(campaign, now)
    return len(entries)


def preflight(campaign: Campaign, *, now: dt.datetime) -> Preflight:
    """Decides for every lead of the campaign as the dialer would, and writes nothing. Five queries per 1,000 leads."""
    result = Preflight(done=campaign.entries.filter(state=State.DONE).count())
    for entry, decision in _decisions(campaign, campaign.entries.exclude(state=State.DONE), now=now):
        match decision:
            case Allowed():
                result.now += 1
            case Later():
                result.later += 1
            case Never(reason):
                result.skipped.append((entry.lead, reason))
    return result


def _decisions(
    campaign: Campaign, rows: QuerySet[CampaignLead], *, now: dt.datetime
) -> Iterator[tuple[CampaignLead, Decision]]:
    rules = rules_of(campaign, dialing_rules(), business_zone())
    keys = list(rows.order_by("id").values_list("pk", flat=True))
    for start in range(0, len(keys), _AT_ONCE):
        chunk = list(CampaignLead.objects.filter(pk__in=keys[start : start + _AT_ONCE]).select_related("lead__contact"))
        dossier = Dossier([entry.lead for entry in chunk], now=now)
        for entry in chunk:
            yield entry, decide(dossier.facts(entry.lead, attempts=entry.attempts), rules, now)


def standing(lead: Lead, *, now: dt.datetime) -> str:
    """Whether a lead may be called by a campaign with the usual rules, in words."""
    facts = Dossier([lead], now=now).facts(lead, attempts=0)
    match decide(facts, rules_of(Campaign(), dialing_rules(), business_zone()), now):
        case Allowed():
            return "Yes, now."
        case Later(_, reason):
            return f"Later: {WORDS[reason]}"
        case Never(reason):
            return f"No: {WORDS[reason]}"


@transaction.atomic
def start(*, campaign: Campaign, now: dt.datetime, actor: str) -> Preflight:
    """Lets the dialer call the campaign's leads. Every lead is looked at first: who must not be called is set aside.

    Raises:
        CampaignRefused: it runs, is over, says not what it is for, has no number to call from, or nobody to call.
    """
    campaign = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if campaign.status == Campaign.Status.RUNNING:
        raise CampaignRefused("This campaign is running.")
    if not campaign.purpose.strip():
        raise CampaignRefused("Say what the calls are about; people are told so at the beginning.", field="purpose")
    try:
        numbers.own()
    except NoNumber:
        raise CampaignRefused("Your business has no phone number to call from.") from None
    result = Preflight(done=campaign.entries.filter(state=State.DONE).count())
    changed: list[CampaignLead] = []
    for entry, decision in _decisions(
        campaign, campaign.entries.exclude(state__in=(State.DONE, State.CALLING)), now=now
    ):
        _note(result, entry, decision, now)
        changed.append(entry)
    if not result.callable:
        raise CampaignRefused("Nobody of this campaign may be called. Look at the preflight for the reasons.")
    CampaignLead.objects.bulk_update(changed, ["state", "next_at", "reason"], batch_size=_AT_ONCE)
    campaign.status, campaign.started_at = Campaign.Status.RUNNING, campaign.started_at or now
    campaign.save(update_fields=["status", "started_at"])
    _changed(campaign, "campaign.started", now=now, actor=actor)
    return result


def _note(result: Preflight, entry: CampaignLead, decision: Decision, now: dt.datetime) -> None:
    match decision:
        case Allowed():
            result.now += 1
            entry.state, entry.next_at, entry.reason = State.WAITING, max(entry.next_at, now), ""
        case Later(at, reason):
            result.later += 1
            entry.state, entry.next_at, entry.reason = State.WAITING, max(entry.next_at, at), reason
        case Never(reason):
            result.skipped.append((entry.lead, reason))
            entry.state, entry.reason = State.SKIPPED, reason


@transaction.atomic
def pause(*, campaign: Campaign, now: dt.datetime, actor: str) -> Campaign:
    """No call of it begins from now on; those under way go on.

    Raises:
        CampaignRefused: it does not run.
    """
    campaign = Campaign.objects.select_for_update().get(pk=campaign.pk)
    if campaign.status != Campaign.Status.RUNNING:
        raise CampaignRefused("This campaign is not running.")
    campaign.status = Campaign.Status.PAUSED
    campaign.save(update_fields=["status"])
    _changed(campaign, "campaign.paused", now=now, actor=actor)
    return campaign


@transaction.atomic
def halt(*, campaign_id: str, now: dt.datetime) -> bool:
    """Pauses a running campaign because its calls cannot be made; whether it ran."""
    campaign = Campaign.objects.select_for_update().get(pk=campaign_id)
    if campaign.status != Campaign.Status.RUNNING:
        return False
    campaign.status = Campaign.Status.PAUSED
    campaign.save(update_fields=["status"])
    _changed(campaign, "campaign.halted", now=now, actor="system")
    return True


@transaction.atomic
def finish_if_done(*, campaign: Campaign, now: dt.datetime) -> bool:
    """Ends a campaign of which nobody waits and nobody is called any more."""
    if campaign.entries.filter(state__in=(State.WAITING, State.CALLING)).exists():
        return False
    if not Campaign.objects.filter(pk=campaign.pk, status=Campaign.Status.RUNNING).update(
        status=Campaign.Status.FINISHED
    ):
        return False
    campaign.status = Campaign.Status.FINISHED
    _changed(campaign, "campaign.finished", now=now, actor="system")
    return True


def _changed(campaign: Campaign, action: str, *, now: dt.datetime, actor: str) -> None:
    audit.record(actor=actor, action=action, target=campaign.pk)
    _publish(campaign, now)


def _publish(campaign: Campaign, now: dt.datetime) -> None:
    events.publish(events.CampaignChanged(at=now.timestamp(), campaign=campaign.pk, status=campaign.status))


@transaction.atomic
def stop_all(*, is_stopped: bool, now: dt.datetime, actor: str) -> DialingRules:
    """The big red button: no call of the account begins; or they may again."""
    rules = dialing_rules()
    rules.is_stopped = is_stopped
    rules.save(update_fields=["is_stopped"])
    audit.record(actor=actor, action="dialing.stopped" if is_stopped else "dialing.resumed", target=rules.pk)
    events.publish(events.DialingStopped(at=now.timestamp(), is_stopped=is_stopped))
    return rules
