"""What the floor needs of the database, as rows of the board. The number of queries does not depend on their number."""

import datetime as dt
from collections.abc import Collection, Iterable
from typing import Any, Final

from django.db.models import Count, Max, Q, QuerySet

from apps.conversations.models import Call, Turn
from apps.dashboard.core import events
from apps.dashboard.core.rows import AgentRow, CallRow, Changes, Details
from apps.dashboard.core.transcript import SHOWN
from apps.dashboard.supervised import supervision
from apps.tenants.models import Tenant
from apps.tenants.scope import current_tenant_id
from apps.verticals.sales.core.scoring import HOT, WARM, temperature
from apps.verticals.sales.models import Campaign, CampaignLead, DialedCall, DialingRules, Lead, ReceivedCall, TeamAgent

USUAL_LINES: Final = DialingRules._meta.get_field("lines").get_default()
_DIALED: Final = (
    *("id", "state", "agent_id", "campaign__agent", "lead_id", "phone", "campaign_id", "conversation_id"),
    *("claimed_at", "answered_at", "ended_at", "seconds", "ending", "disposition"),
)
_RECEIVED: Final = (
    *("id", "state", "agent_id", "kind", "lead_id", "phone", "conversation_id"),
    *("began_at", "ended_at", "seconds", "disposition"),
)
_ENTRY = CampaignLead.State


def everything(*, now: dt.datetime, simulated: bool) -> Changes:
    """All rows of the floor, in seven queries."""
    team, day_began = _team(now, simulated=simulated)
    return Changes(
        team=team,
        day_began=day_began.timestamp(),
        agents=_agents(),
        calls={
            **_dialed(Q(claimed_at__gte=day_began) | ~Q(state="ended")),
            **_received(Q(began_at__gte=day_began) | ~Q(state="ended")),
        },
        campaigns=campaigns(),
        leads=lead_counts(),
        whole=frozenset(("agents", "calls", "campaigns")),
    )


def live_part(*, known_open: Collection[str]) -> Changes:
    """What changes from second to second: agents, and calls that are under way or were when it was last read."""
    return Changes(
        agents=_agents(),
        calls={
            **_read_calls(known_open),
            **_dialed(~Q(state="ended")),
            **_received(~Q(state="ended")),
        },
        whole=frozenset(("agents",)),
    )


def some(*, agents: bool, call_ids: Collection[str], team_at: dt.datetime | None, simulated: bool) -> Changes:
    """The rows that hints made doubtful. `team_at`: the moment, if the team's is among them."""
    changes = Changes()
    if team_at is not None:
        changes.team, _ = _team(team_at, simulated=simulated)
    if agents:
        changes.agents, changes.whole = _agents(), frozenset(("agents",))
    if call_ids:
        changes.calls = _read_calls(call_ids)
    return changes


def _team(now: dt.datetime, *, simulated: bool) -> tuple[events.Team, dt.datetime]:
    tenant = Tenant.objects.get(pk=current_tenant_id())
    today = now.astimezone(tenant.zone).date()
    rules = DialingRules.objects.values_list("lines", "is_stopped").first() or (USUAL_LINES, False)
    team = events.Team(
        tenant=tenant.name,
        time_zone=tenant.time_zone,
        day=today.isoformat(),
        lines=rules[0],
        stopped=rules[1],
        simulated=simulated,
    )
    return team, dt.datetime.combine(today, dt.time(), tenant.zone)


def _agents() -> dict[str, AgentRow | None]:
    rows = TeamAgent.objects.order_by().values_list("id", "name", "kind", "is_paused", "version", "changed_at")
    return {
        pk: AgentRow(id=pk, name=name, kind=kind, paused=paused, version=version, changed=changed.timestamp())
        for pk, name, kind, paused, version, changed in rows
    }


def _read_calls(ids: Collection[str]) -> dict[str, CallRow | None]:
    """The calls of these ids; None for one that is gone."""
    found: dict[str, CallRow | None] = dict.fromkeys(ids)
    if dialed := [one for one in ids if one.startswith(DialedCall.id_prefix)]:
        found |= _dialed(Q(pk__in=dialed))
    if received := [one for one in ids if one.startswith(ReceivedCall.id_prefix)]:
        found |= _received(Q(pk__in=received))
    return found


def _dialed(which: Q) -> dict[str, CallRow | None]:
    return {row[0]: _dialed_row(*row) for row in DialedCall.objects.filter(which).order_by().values_list(*_DIALED)}


def _dialed_row(
    pk: str,
    state: str,
    agent: str | None,
    kind: str | None,
    lead: str,
    phone: str,
    campaign: str | None,
    conversation: str,
    claimed: dt.datetime,
    answered: dt.datetime | None,
    ended: dt.datetime | None,
    seconds: int | None,
    ending: str,
    outcome: str,
) -> CallRow:
    return CallRow(
        id=pk,
        direction="outbound",
        state="dialing" if state == DialedCall.State.CLAIMED else state,
        agent=agent or "",
        kind="" if agent else (kind or ""),
        lead=lead,
        phone=phone,
        campaign=campaign or "",
        conversation=conversation,
        began=claimed.timestamp(),
        answered=_moment(answered),
        ended=_moment(ended),
        seconds=seconds or 0,
        ending=ending,
        outcome=outcome,
    )


def _received(which: Q) -> dict[str, CallRow | None]:
    rows = ReceivedCall.objects.filter(which).order_by().values_list(*_RECEIVED)
    return {
        pk: CallRow(
            id=pk,
            direction="inbound",
            state=state,
            agent=agent or "",
            kind=kind,
            lead=lead or "",
            phone=phone,
            campaign="",
            conversation=conversation,
            began=began.timestamp(),
            answered=began.timestamp(),
            ended=_moment(ended),
            seconds=seconds or 0,
            ending="answered" if state == ReceivedCall.State.ENDED else "",
            outcome=outcome,
        )
        for pk, state, agent, kind, lead, phone, conversation, began, ended, seconds, outcome in rows
    }


def _moment(at: dt.datetime | None) -> float:
    return at.timestamp() if at is not None else 0.0


def campaigns() -> dict[str, events.Campaign | None]:
    """Every campaign with how many of its leads wait, are talked to, are done, and are left out."""
    by_state = {state: Count("entries", filter=Q(entries__state=state)) for state in _ENTRY.values}
    rows = Campaign.objects.order_by().annotate(**by_state)
    return {row["id"]: events.Campaign(**row) for row in rows.values("id", "name", "status", "agent", *_ENTRY.values)}


def lead_counts() -> events.Leads:
    """How many leads there are, by temperature and by status."""
    rows = (
        Lead.objects.order_by()
        .values_list("status")
        .annotate(
            total=Count("pk"),
            hot=Count("pk", filter=Q(score__gte=HOT)),
            warm=Count("pk", filter=Q(score__gte=WARM, score__lt=HOT)),
        )
    )
    counts = list(rows)
    total, hot, warm = (sum(row[column] for row in counts) for column in (1, 2, 3))
    by_status = {row[0]: row[1] for row in sorted(counts)}
    return events.Leads(total=total, hot=hot, warm=warm, cold=total - hot - warm, by_status=by_status)


def called_leads(ids: Collection[str]) -> dict[str, events.CalledLead]:
    """The people of these calls. One who is gone has no name."""
    rows = Lead.objects.filter(pk__in=ids).order_by().select_related("contact")
    found = {
        lead.pk: events.CalledLead(
            id=lead.pk,
            name=lead.contact.name,
            company=lead.company,
            score=lead.score,
            temperature=temperature(lead.score),
            version=lead.version,
        )
        for lead in rows
    }

    def nobody(pk: str) -> events.CalledLead:
        return events.CalledLead(id=pk, name="", company="", score=0, temperature="cold", version=0)

    return {pk: found.get(pk) or nobody(pk) for pk in ids}


def voice_calls(conversations: Collection[str]) -> dict[str, str]:
    """By conversation: the id of its call; "" while there is none."""
    rows = Call.objects.filter(conversation__in=conversations).order_by().values_list("conversation_id", "id")
    return {**dict.fromkeys(conversations, ""), **dict(rows)}


def _spoken() -> QuerySet[Turn]:
    """What was said and holds."""
    return Turn.objects.exclude(ended=Turn.REPLACED).order_by()


def turns_of(conversations: Collection[str]) -> dict[str, list[events.Turn]]:
    """By conversation: the turns that are shown. Two queries, one more when one of them is long."""
    last: dict[str, int] = dict(
        _spoken().filter(conversation__in=conversations).values_list("conversation").annotate(last=Max("number"))
    )
    which = Q(conversation__in=[one for one, number in last.items() if number <= SHOWN])
    for conversation, number in last.items():
        if number > SHOWN:
            which |= Q(conversation=conversation, number__gt=number - SHOWN)
    found: dict[str, list[events.Turn]] = {conversation: [] for conversation in conversations}
    if last:
        _gather(_spoken().filter(which), into=found)
    return found


def turns(ids: Collection[str]) -> dict[str, list[events.Turn]]:
    """The turns with these ids, by conversation."""
    found: dict[str, list[events.Turn]] = {}
    _gather(_spoken().filter(pk__in=ids), into=found)
    return found


def _gather(rows: QuerySet[Turn], *, into: dict[str, list[events.Turn]]) -> None:
    fields = ("conversation_id", "number", "role", "text", "unheard", "agent", "created_at")
    values: Iterable[Any] = rows.values_list(*fields)
    for conversation, number, role, text, unheard, agent, at in values:
        turn = events.Turn(number=number, role=role, text=text, unheard=unheard, agent=agent, at=at.timestamp())
        into.setdefault(conversation, []).append(turn)


def extents(conversations: Collection[str]) -> dict[str, tuple[int, int]]:
    """By conversation: how many turns are shown of it, and the number of the last: enough to see that one is missing.

    A turn never changes, but for its being void after all, and then it does not count.
    """
    rows = _spoken().filter(conversation__in=conversations).values_list("conversation")
    counted = rows.annotate(count=Count("pk"), last=Max("number"))
    return {conversation: (min(count, SHOWN), last) for conversation, count, last in counted}


def details(
    *,
    lead_ids: Collection[str] = (),
    conversations: Collection[str] = (),
    voice_of: Collection[str] = (),
    turn_ids: Collection[str] = (),
    call_ids: Collection[str] = (),
) -> Details:
    """What calls on the floor show beside their own rows; a query only for what is asked.

    Args:
        conversations: of which all turns are read.
        voice_of: conversations of which the call is read.
        turn_ids: of further turns.
        call_ids: of which it is read who supervises them.
    """
    result = Details(whole_turns=frozenset(conversations))
    if lead_ids:
        result.leads = called_leads(lead_ids)
    if voice_of:
        result.voice = voice_calls(voice_of)
    if conversations:
        result.turns = turns_of(conversations)
    if turn_ids:
        for conversation, read in turns(turn_ids).items():
            result.turns.setdefault(conversation, []).extend(read)
    if call_ids:
        result.supervision = supervision(call_ids)
    return result
