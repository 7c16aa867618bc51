"""Summit on a Monday morning: two reps, three leads, a campaign, and conversations with its agents."""

import datetime as dt
from dataclasses import dataclass

import pytest

from apps.business.models import Contact, Staff, WeeklyHours
from apps.conversations.models import Call
from apps.plans.subscriptions import start_trial, subscribe
from apps.telephony.models import PhoneNumber, PlacedCall
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from apps.verticals.sales import campaigns, meetings
from apps.verticals.sales.models import (
    Campaign,
    CampaignLead,
    Consent,
    DialedCall,
    DialingRules,
    Lead,
    Meeting,
    Product,
    SalesRep,
    TeamAgent,
)
from tests.verticals import visit as visits

DENVER = "+13035550101"


class Visit(visits.Visit):
    """A conversation with the sales team."""

    AGENT = "appointment"
    PREFIXES = ("led", "rep", "mtg", "cbk", "dlc", "cmp", "con", "bkg", "prd", "cns", "dnc")


def make_rep(name: str) -> SalesRep:
    return SalesRep.objects.create(staff=Staff.objects.create(name=name))


def make_lead(first_name: str, last_name: str, phone: str, **fields: object) -> Lead:
    contact = Contact.objects.create(given_name=first_name, family_name=last_name, phone=phone)
    return Lead.objects.create(contact=contact, phone=phone, source="Form on our site", **fields)


def agree(phone: str, *, now: dt.datetime, kind: str = "written", **fields: object) -> Consent:
    return Consent.objects.create(
        phone=phone,
        kind=kind,
        source="Form on our site",
        recorded_by="system",
        **{"obtained_at": now - dt.timedelta(days=30), **fields},
    )


@dataclass
class Summit:
    """The cast. `now` is Monday, November 23, 2026, 10 AM in Denver; open on weekdays from nine to five."""

    tenant: Tenant
    now: dt.datetime
    dana: SalesRep
    miguel: SalesRep
    nora: Lead
    ben: Lead
    carla: Lead
    rules: DialingRules
    campaign: Campaign

    def meet(self, lead: Lead, rep: SalesRep, local: dt.datetime) -> Meeting:
        return meetings.book(
            lead=lead,
            rep=rep,
            starts_at=local.replace(tzinfo=self.tenant.zone),
            topic="Demo",
            conversation_id="",
            now=self.now - dt.timedelta(days=3),
            actor="system",
        )

    def enroll(self, *leads: Lead, running: bool = True) -> list[CampaignLead]:
        campaigns.enroll(campaign=self.campaign, leads=leads, now=self.now, actor="system")
        if running:
            Campaign.objects.filter(pk=self.campaign.pk).update(status=Campaign.Status.RUNNING)
            self.campaign.refresh_from_db()
        return list(self.campaign.entries.order_by("id"))

    def hire(self, *names: str, kind: str = "outbound") -> list[TeamAgent]:
        return [TeamAgent.objects.create(name=name, kind=kind) for name in names]

    def dialed(self, lead: Lead, **fields: object) -> DialedCall:
        return DialedCall.objects.create(
            lead=lead, phone=lead.phone, campaign=self.campaign, **{"claimed_at": self.now, **fields}
        )

    def talk(self, call: DialedCall, visit: Visit) -> PlacedCall:
        """Whoever answered `call` talks in `visit`."""
        placed = PlacedCall.objects.create(
            number="+13035550199",
            to=call.phone,
            topic="sales",
            about=call.pk,
            key=call.pk,
            carrier_call=f"CA{call.pk}",
            status="in_progress",
        )
        Call.objects.create(
            conversation=visit.conversation, direction="outbound", carrier="twilio", carrier_call=placed.carrier_call
        )
        return placed


def make_summit(tenant: Tenant) -> Summit:
    """In the scope of `tenant`."""
    now = dt.datetime(2026, 11, 23, 10, tzinfo=tenant.zone)
    start_trial(now=now)
    subscribe(plan="growth", now=now)
    for weekday in range(5):
        WeeklyHours.objects.create(weekday=weekday, opens=dt.time(9), closes=dt.time(17))
    Product.objects.create(name="Summit Starter", summary="For small crews.", price_cents=1_900, per="user and month")
    Product.objects.create(
        name="Summit Crew", also_called="pro", summary="For teams.", details="Up to 100 users.", price_cents=3_900
    )
    nora = make_lead("Nora", "Whitfield", DENVER, company="Whitfield Plumbing")
    ben = make_lead("Ben", "Okafor", "+13035550102")
    carla = make_lead("Carla", "Mendes", "+13035550103")
    for lead in (nora, ben, carla):
        agree(lead.phone, now=now)
    return Summit(
        tenant=tenant,
        now=now,
        dana=make_rep("Dana Cole"),
        miguel=make_rep("Miguel Torres"),
        nora=nora,
        ben=ben,
        carla=carla,
        rules=DialingRules.objects.create(),
        campaign=Campaign.objects.create(name="Webinar", purpose="the webinar you signed up for", created_at=now),
    )


def in_denver(tenant: Tenant, number: str) -> Tenant:
    Tenant.objects.filter(pk=tenant.pk).update(
        time_zone="America/Denver", phone="+13035550199", address="1600 Wynkoop Street", vertical="sales"
    )
    tenant.refresh_from_db()
    PhoneNumber.objects.create(number=number)
    return tenant


@pytest.fixture
def summit(tenant: Tenant) -> Summit:
    return make_summit(in_denver(tenant, "+13035550199"))


@pytest.fixture
def visit(summit: Summit) -> Visit:
    return Visit(summit)


@pytest.fixture
def nora(summit: Summit, visit: Visit) -> Visit:
    return visit.identified_as(summit.nora)


@pytest.fixture
def harbor(summit: Summit, other_tenant: Tenant) -> Summit:
    """The same cast at another tenant, which Summit must never see."""
    with tenant_scope(other_tenant.pk):
        return make_summit(in_denver(other_tenant, "+13035550198"))
