"""The dialer's choice: which leads are called now. It claims them, with a line and an agent each, or says why not.

Claims of one account are made one after the other, under the lock of its dialing rules: so lines, agents and caps hold
exactly, however many workers there are.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, zip_longest

from django.db import transaction
from django.db.models import Count, F, Q

from apps.business.timetable import business_zone
from apps.common.errors import AppError
from apps.plans import allowance
from apps.plans.allowance import NotAllowed
from apps.tenants import audit
from apps.tenants.versions import Outdated
from apps.verticals.sales import events
from apps.verticals.sales.campaigns import dialing_rules, finish_if_done
from apps.verticals.sales.core.gate import WORDS, Allowed, Later, Never, Rules, decide
from apps.verticals.sales.core.pacing import Floor, may_begin
from apps.verticals.sales.dialed import open_calls
from apps.verticals.sales.dossier import Dossier, callback_rules, rules_of, their_time
from apps.verticals.sales.models import (
    Callback,
    Campaign,
    CampaignLead,
    DialedCall,
    DialingRules,
    Lead,
    ReceivedCall,
    TeamAgent,
)
from apps.verticals.sales.models.campaigns import KINDS

LOOK = 20
"""So many leads beyond the free lines are looked at, at most: those that cannot be called now move out of the way."""
MEASURED = dt.timedelta(hours=24)
"""Over which abandoned calls are counted."""
_BUSY_NUMBER = dt.timedelta(minutes=2)
_Ending = DialedCall.Ending


@dataclass(frozen=True)
class Due:
    """Somebody whose time has come: of a campaign, or promised a call."""

    lead: Lead
    kind: str
    rules: Rules
    row: CampaignLead | Callback


class NotClaimed(AppError):
    """The lead is not called now; `details` has `reason`, a word for programs, and the message says it to people."""

    code = "not_claimed"
    status = 409

    @property
    def about_lead(self) -> bool:
        """Whether another lead might be called: the gate refused this one."""
        return self.details["reason"] in WORDS or self.details["reason"] == "on_the_phone"


class Team:
    """The agents of the floor: who is free, by kind. Where there are none of a kind, only the lines count."""

    def __init__(self, busy: set[str]) -> None:
        self._free: dict[str, list[TeamAgent]] = {}
        for agent in TeamAgent.objects.all():
            free = self._free.setdefault(agent.kind, [])
            if not agent.is_paused and agent.pk not in busy:
                free.append(agent)

    def has_room(self, kind: str) -> bool:
        return kind not in self._free or bool(self._free[kind])

    def take(self, kind: str) -> TeamAgent | None:
        """A free agent of the kind; None where no agent is set aside. After `has_room` only."""
        return self._free[kind].pop(0) if kind in self._free else None


@dataclass
class _Claims:
    """What one turn writes."""

    now: dt.datetime
    calls: list[DialedCall] = field(default_factory=list)
    entries: list[CampaignLead] = field(default_factory=list)
    callbacks: list[Callback] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)
    """Ids of campaigns of which somebody was set aside: they may be over."""

    def keep(self, row: CampaignLead | Callback) -> None:
        if isinstance(row, CampaignLead):
            self.entries.append(row)
        else:
            self.callbacks.append(row)

    def call(self, lead: Lead, agent: TeamAgent | None, row: CampaignLead | Callback | None) -> None:
        """`row` is why: of a campaign, a promise, or None when somebody wants it now."""
        if row is not None:
            row.state, row.attempts = "calling", row.attempts + 1
            row.reason = ""
            self.keep(row)
        entry = row if isinstance(row, CampaignLead) else None
        self.calls.append(
            DialedCall(
                lead=lead,
                campaign=entry.campaign if entry else None,
                entry=entry,
                callback=row if isinstance(row, Callback) else None,
                agent=agent,
                phone=lead.phone,
                recipient_time=their_time(lead.phone, self.now),
                claimed_at=self.now,
            )
        )

    def wait(self, row: CampaignLead | Callback, at: dt.datetime, reason: str) -> None:
        row.next_at, row.reason = at, reason
        self.keep(row)

    def set_aside(self, row: CampaignLead | Callback, reason: str) -> None:
        row.reason = reason
        if isinstance(row, CampaignLead):
            row.state = CampaignLead.State.SKIPPED
            self.closed.add(row.campaign_id)
        else:
            row.state = Callback.State.MISSED
        self.keep(row)

    def write(self) -> None:
        DialedCall.objects.bulk_create(self.calls)
        CampaignLead.objects.bulk_update(self.entries, ["state", "attempts", "next_at", "reason"])
        Callback.objects.bulk_update(self.callbacks, ["state", "attempts", "next_at", "reason"])
        at = self.now.timestamp()
        events.publish(
            *(
                events.DialBegun(
                    at=at,
                    call=call.pk,
                    lead=call.lead_id,
                    agent=call.agent_id or "",
                    campaign=call.campaign_id or "",
                )
                for call in self.calls
            )
        )
        for campaign in Campaign.objects.filter(pk__in=self.closed) if self.closed else ():
            if not finish_if_done(campaign=campaign, now=self.now):  # which would have told it
                events.publish(events.CampaignChanged(at=at, campaign=campaign.pk, status=campaign.status))


@transaction.atomic
def claim(*, now: dt.datetime) -> list[DialedCall]:
    """Takes lines and agents for those who may be called now. The calls are not placed yet.

    The number of queries depends on how many campaigns run, and not on how many leads they have.
    """
    rules = _locked_rules()
    if rules.is_stopped or not _may_work(now):
        return []
    holding = list(open_calls().values_list("phone", "agent_id"))
    free = may_begin(_floor(rules, len(holding), now), percent=rules.abandon_percent)
    if not free:
        return []
    team = Team({agent for _, agent in holding if agent})
    candidates = _due(rules, team, free + LOOK, now)
    dossier = Dossier([due.lead for due in candidates], now=now)
    claims, taken = _Claims(now), {phone for phone, _ in holding}
    for due in candidates:
        if len(claims.calls) >= free:
            break
        if not team.has_room(due.kind):
            continue
        if due.lead.phone in taken:
            claims.wait(due.row, now + _BUSY_NUMBER, "")
            continue
        match decide(dossier.facts(due.lead, attempts=due.row.attempts), due.rules, now):
            case Allowed():
                taken.add(due.lead.phone)
                claims.call(due.lead, team.take(due.kind), due.row)
            case Later(at, reason):
                claims.wait(due.row, at, reason)
            case Never(reason):
                claims.set_aside(due.row, reason)
    claims.write()
    return claims.calls


@transaction.atomic
def claim_for(*, agent: TeamAgent, lead: Lead, now: dt.datetime, entry: CampaignLead | None = None) -> DialedCall:
    """Takes a line and this agent for this lead, whom somebody wants called now. It is not placed yet (`pump.dial`).

    What holds for every call of the dialer holds for this one; in no campaign, the usual rules of one.

    Raises:
        NotClaimed: it may not be made.
    """
    rules = _locked_rules()
    if rules.is_stopped or not _may_work(now):
        raise NotClaimed("No calls are made for this account at the moment.", reason="stopped")
    agent.refresh_from_db()
    lead = Lead.objects.select_related("contact").get(pk=lead.pk)
    if agent.is_paused:
        raise NotClaimed(f"{agent.name} is paused.", reason="paused")
    holding = list(open_calls().values_list("phone", "agent_id"))
    if agent.pk in {busy for _, busy in holding}:
        raise NotClaimed(f"{agent.name} is on a call.", reason="busy")
    if lead.phone in {phone for phone, _ in holding}:
        raise NotClaimed("They are on the phone with us already.", reason="on_the_phone")
    if not may_begin(_floor(rules, len(holding), now), percent=rules.abandon_percent):
        raise NotClaimed("Every line is taken.", reason="no_line")
    campaign = entry.campaign if entry is not None else Campaign(agent=agent.kind)
    facts = Dossier([lead], now=now).facts(lead, attempts=entry.attempts if entry is not None else 0)
    match decide(facts, rules_of(campaign, rules, business_zone()), now):
        case Later(_, reason) | Never(reason):
            raise NotClaimed(WORDS[reason], reason=reason)
    claims = _Claims(now)
    claims.call(lead, agent, entry)
    claims.write()
    return claims.calls[0]


@transaction.atomic
def assign(*, agent: TeamAgent, lead: Lead, now: dt.datetime, actor: str, version: int | None = None) -> DialedCall:
    """`claim_for`, as a supervisor commands it: by the campaign that the lead waits in, if agents of this kind call it.

    Args:
        version: of the agent, as whoever asks has seen it; None = whatever it is.

    Raises:
        Outdated: somebody else has commanded the agent since.
        NotClaimed: as `claim_for`.
    """
    rows = TeamAgent.objects.filter(pk=agent.pk)
    changed = (rows if version is None else rows.filter(version=version)).update(version=F("version") + 1)
    agent.refresh_from_db()
    if not changed:
        raise Outdated("Somebody else has changed this agent meanwhile.", version=agent.version)
    if agent.kind not in KINDS:
        raise NotClaimed(f"{agent.name} answers calls, and makes none.", reason="not_a_caller")
    if ReceivedCall.objects.filter(agent=agent).exclude(state=ReceivedCall.State.ENDED).exists():
        raise NotClaimed(f"{agent.name} is on a call.", reason="busy")
    waiting = CampaignLead.objects.filter(
        lead=lead,
        state=CampaignLead.State.WAITING,
        campaign__status=Campaign.Status.RUNNING,
        campaign__agent=agent.kind,
    )
    entry = waiting.select_related("campaign").order_by("next_at").first()
    call = claim_for(agent=agent, lead=lead, now=now, entry=entry)
    audit.record(actor=actor, action="agent.assigned_lead", target=agent.pk, details={"lead": lead.pk, "call": call.pk})
    return call


def _locked_rules() -> DialingRules:
    rules = dialing_rules()
    return DialingRules.objects.select_for_update().get(pk=rules.pk)


def _may_work(now: dt.datetime) -> bool:
    """Whether the account is in force: agents that may not answer must call nobody either."""
    try:
        allowance.check(now=now)
    except NotAllowed:
        return False
    return True


def _floor(rules: DialingRules, calling: int, now: dt.datetime) -> Floor:
    lately = DialedCall.objects.filter(claimed_at__gt=now - MEASURED).aggregate(
        answered=Count("pk", filter=Q(ending__in=(_Ending.ANSWERED, _Ending.ABANDONED))),
        abandoned=Count("pk", filter=Q(ending=_Ending.ABANDONED)),
    )
    return Floor(lines=rules.lines, calling=calling, answered=lately["answered"], abandoned=lately["abandoned"])


def _due(rules: DialingRules, team: Team, most: int, now: dt.datetime) -> list[Due]:
    """Promised calls first; then the campaigns in turn, each by time."""
    promised = Callback.objects.filter(state=Callback.State.PROMISED, next_at__lte=now)
    found = [
        Due(callback.lead, "outbound", callback_rules(rules), callback)
        for callback in promised.select_related("lead").order_by("next_at")[:most]
    ]
    zone = business_zone()
    running = Campaign.objects.filter(status=Campaign.Status.RUNNING)
    in_turn = [
        _due_of(campaign, rules_of(campaign, rules, zone), most, now)
        for campaign in running
        if team.has_room(campaign.agent)
    ]
    return [*found, *_interleaved(in_turn)]


def _due_of(campaign: Campaign, rules: Rules, most: int, now: dt.datetime) -> list[Due]:
    waiting = CampaignLead.objects.filter(campaign=campaign, state=CampaignLead.State.WAITING, next_at__lte=now)
    entries = waiting.select_related("lead").order_by("next_at")[:most]
    for entry in entries:
        entry.campaign = campaign
    return [Due(entry.lead, campaign.agent, rules, entry) for entry in entries]


def _interleaved(lists: Sequence[Sequence[Due]]) -> Iterator[Due]:
    return (due for due in chain.from_iterable(zip_longest(*lists)) if due is not None)
