"""The simulated floor: begins calls at a rate, performs what is due of each, and holds them as a real process does."""

import datetime as dt
import heapq
import logging
import random
from itertools import count

from django.db import transaction

from apps.business.models import Contact
from apps.common.redis import client
from apps.conversations import calls, holding
from apps.conversations.models import Call, Conversation
from apps.telephony import placed
from apps.telephony.models import PlacedCall
from apps.tenants import keys
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from apps.verticals.sales import campaigns, dialed, dialer, leads, permission
from apps.verticals.sales.campaigns import CampaignRefused
from apps.verticals.sales.dialer import NotClaimed
from apps.verticals.sales.leads import LeadKnown
from apps.verticals.sales.models import Campaign, Consent, DialedCall, Lead, ReceivedCall, TeamAgent
from apps.verticals.sales.simulation import people, script
from apps.verticals.sales.simulation.calls import ACTOR, CARRIER, SimulatedCall
from apps.verticals.sales.simulation.obedience import Desk

logger = logging.getLogger(__name__)

SOURCE = "Simulated floor"
"""Of its leads, by which they are told from others and cleared away."""
CAMPAIGN = "Simulated calls"
MARKED = 30
"""Seconds for which a floor counts as simulated after the last word of this."""
OUTBOUND_SHARE = 0.6
LATE = dt.timedelta(seconds=10)
"""A machine that slept does not make up for the calls of more than this."""
TRIES = 12
"""People who are looked at for one call, until the gate lets one through: elsewhere it is night."""
KEPT = dt.timedelta(hours=6)
"""For which simulated conversations are kept."""
_DIALERS = ("outbound", "lead")
KEPT_PEOPLE = dt.timedelta(days=2)
_CLEARED_AT_ONCE = 10
_RENEW = dt.timedelta(seconds=holding.RENEW)
_NEVER = 10 * 365 * 24 * 60
"""Minutes: nobody is called again by itself."""


class SimulatedFloor:
    """Of one tenant. `step` is called a few times a second, outside of any scope."""

    def __init__(self, tenant: Tenant, *, calls_per_minute: float, chance: random.Random, now: dt.datetime) -> None:
        self._tenant = tenant
        self._gap = dt.timedelta(minutes=1) / calls_per_minute
        self._chance = chance
        self._next = now
        self._renewed_at = dt.datetime.min.replace(tzinfo=dt.UTC)
        self._due: list[tuple[dt.datetime, int, SimulatedCall]] = []
        self._numbers = count()
        self.begun = 0
        self.desk = Desk(self._has)
        with tenant_scope(tenant.pk):
            _end_orphans(now)

    def _has(self, call_id: str) -> bool:
        """Asked from another thread; the list may be another one a moment later, and so may the call."""
        return any(call.call is not None and call.call.pk == call_id for call in self.under_way)

    @property
    def under_way(self) -> list[SimulatedCall]:
        return [call for _, _, call in self._due]

    def step(self, now: dt.datetime) -> None:
        """Begins what is to begin and performs what is due."""
        renew, begin, asked = now - self._renewed_at >= _RENEW, self._next <= now, self.desk.take()
        if not (renew or begin or asked or (self._due and self._due[0][0] <= now)):
            return
        with tenant_scope(self._tenant.pk):
            if renew:
                self._renewed_at = now
                self._hold()
                _clear(now)
            for order in asked:
                for call in self.under_way:
                    if call.call is not None and call.call.pk == order.call:
                        call.obey(order, now)
            self._next = max(self._next, now - LATE)
            while self._next <= now:
                self._next += self._gap * self._chance.expovariate(1.0)
                self._begin(now)
            while self._due and self._due[0][0] <= now:
                _, number, call = heapq.heappop(self._due)
                if self._perform(call, now):
                    heapq.heappush(self._due, (call.due, number, call))

    def close(self, now: dt.datetime) -> None:
        """Ends what is under way, and says that nothing is simulated any more."""
        with tenant_scope(self._tenant.pk):
            for call in self.under_way:
                call.hang_up(now, reason="drain")
            for campaign in Campaign.objects.filter(name=CAMPAIGN, status=Campaign.Status.RUNNING):
                campaigns.pause(campaign=campaign, now=now, actor=ACTOR)
        self._due.clear()
        client().delete(keys.floor_simulated(self._tenant.pk))

    def _perform(self, call: SimulatedCall, now: dt.datetime) -> bool:
        """Whether there is more of it to come."""
        if call.over:  # a supervisor has ended it
            return False
        if call.held:
            call.wait(now)
            return True
        try:
            call.perform(now)
        except Exception:
            logger.exception("A simulated call failed")
            call.hang_up(now, reason="carrier_lost")
        return not call.over

    def _begin(self, now: dt.datetime) -> None:
        outgoing = self._chance.random() < OUTBOUND_SHARE
        call = self._call_out(now) if outgoing else self._call_in(now)
        if call is not None:
            self.begun += 1
            heapq.heappush(self._due, (call.due, next(self._numbers), call))

    def _call_in(self, now: dt.datetime) -> SimulatedCall | None:
        """Nobody rings when the whole reception is busy: who did would only hear that it is."""
        busy = ReceivedCall.objects.exclude(state=ReceivedCall.State.ENDED).filter(agent__isnull=False).values("agent")
        if not TeamAgent.objects.filter(kind="triage", is_paused=False).exclude(pk__in=busy).exists():
            return None
        on_the_phone = {*dialed.open_calls().values_list("phone", flat=True)}
        known = Lead.objects.filter(source=SOURCE).exclude(phone__in=on_the_phone).order_by("-created_at")
        phones = list(known.values_list("phone", flat=True)[:50])
        caller = self._chance.choice(phones) if phones and self._chance.random() < 0.4 else ""
        caller = caller or people.somebody(self._chance).phone
        return SimulatedCall(script.inbound(self._chance), now=now, business=self._tenant.name, caller=caller)

    def _call_out(self, now: dt.datetime) -> SimulatedCall | None:
        agent = self._free_agent()
        if agent is None:
            return None
        for _ in range(TRIES):
            try:
                call = self._claim(agent, people.somebody(self._chance), now)
            except CampaignRefused:
                continue  # it would be the first lead, and must not be called either
            except NotClaimed as refusal:
                if refusal.about_lead:
                    continue  # it is night there, or they were called enough
                return None
            steps = script.outbound(self._chance)
            return SimulatedCall(steps, now=now, business=self._tenant.name, ours=call)
        return None

    def _free_agent(self) -> TeamAgent | None:
        busy = dialed.open_calls().filter(agent__isnull=False).values("agent")
        free = list(TeamAgent.objects.filter(kind__in=_DIALERS, is_paused=False).exclude(pk__in=busy))
        return self._chance.choice(free) if free else None

    @transaction.atomic
    def _claim(self, agent: TeamAgent, person: people.Person, now: dt.datetime) -> DialedCall:
        """The call of a lead who is new, or called again, past the gate that every call passes."""
        lead = self._lead(person, now)
        campaign = _campaign(now)
        campaigns.enroll(campaign=campaign, leads=[lead], now=now, actor=ACTOR)
        if campaign.status != Campaign.Status.RUNNING:
            campaigns.start(campaign=campaign, now=now, actor=ACTOR)
        entry = campaign.entries.select_related("campaign").get(lead=lead)
        claimed = dialer.claim_for(agent=agent, lead=lead, entry=entry, now=now)
        call = dialed.confirm(call_id=claimed.pk, now=now)  # in this transaction, so that no pump places it
        if call is None:
            raise NotClaimed("Somebody said stop.", reason="stopped")
        return call

    def _lead(self, person: people.Person, now: dt.datetime) -> Lead:
        try:
            with transaction.atomic():
                lead = leads.register(
                    first_name=person.given,
                    last_name=person.family,
                    phone=person.phone,
                    source=SOURCE,
                    company=person.company,
                    job_title=person.title,
                    now=now,
                    actor=ACTOR,
                )
        except LeadKnown:
            return Lead.objects.select_related("contact").get(phone=person.phone)
        agreed_at = now - dt.timedelta(days=1)
        permission.grant(phone=lead.phone, kind="written", source=SOURCE, obtained_at=agreed_at, now=now, actor=ACTOR)
        return lead

    def _hold(self) -> None:
        """Says that this floor is simulated, and that its calls have an owner."""
        client().set(keys.floor_simulated(self._tenant.pk), 1, ex=MARKED)
        held = [holding.member(self._tenant.pk, call.call.pk) for call in self.under_way if call.call is not None]
        holding.keep.run([keys.calls()], [int(holding.HELD * 1000), *held])


def _end_orphans(now: dt.datetime) -> None:
    """Calls of a simulation that was killed."""
    for call in Call.objects.filter(carrier=CARRIER, status=Call.Status.ACTIVE):
        calls.end(call_id=call.pk, reason="process_lost", now=now)
    about = {call.pk: call for call in dialed.open_calls()}
    for row in PlacedCall.objects.filter(key__in=about, carrier_call__startswith=CARRIER):
        status = "completed" if about[row.key].state == DialedCall.State.TALKING else "canceled"
        placed.report(call_id=row.pk, carrier_call=row.carrier_call, status=status, seconds=0, now=now)


def _campaign(now: dt.datetime) -> Campaign:
    """Its leads never wait: each is called in the moment in which it is put in, and a pump finds nobody to call."""
    return Campaign.objects.get_or_create(
        name=CAMPAIGN,
        defaults={
            "purpose": "the route planning webinar you signed up for",
            "opens": dt.time(8),
            "closes": dt.time(21),
            "max_attempts": 8,
            "retry_busy_minutes": _NEVER,
            "retry_no_answer_minutes": _NEVER,
            "retry_machine_minutes": _NEVER,
            "created_at": now,
        },
    )[0]


def _clear(now: dt.datetime) -> None:
    """Lets what is old go, some at a time: talks after hours, people and calls after two days."""
    talks = Conversation.objects.filter(call__carrier=CARRIER, last_at__lt=now - KEPT)
    people_of = Contact.objects.filter(lead__source=SOURCE, lead__last_call_at__lt=now - KEPT_PEOPLE)
    placed = PlacedCall.objects.filter(carrier_call__startswith=CARRIER, created_at__lt=now - KEPT_PEOPLE)
    consents = Consent.objects.filter(source=SOURCE, recorded_at__lt=now - KEPT_PEOPLE).exclude(
        phone__in=Lead.objects.values("phone")
    )
    for rows in (talks, people_of, placed, consents):
        rows.model.objects.filter(
            pk__in=list(rows.order_by("pk").values_list("pk", flat=True)[:_CLEARED_AT_ONCE])
        ).delete()
