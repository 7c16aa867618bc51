"""An after-hours line on a Monday night, with its people on call, its buildings, and a phone that writes down."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import pytest

from apps.business.models import Contact, Staff, WeeklyHours
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from apps.verticals.after_hours import incidents
from apps.verticals.after_hours.models import (
    Building,
    Guidance,
    Incident,
    LineRules,
    Responder,
    Rotation,
    RotationMember,
)
from apps.verticals.after_hours.phone import Order, Receipt
from tests.verticals import visit as visits

FLOOD = "A pipe burst and water is everywhere"
DRIP = "The kitchen tap is dripping"
CALLER = "+12125550142"
SECOND = dt.timedelta(seconds=1)


def make_responder(name: str, number: int, trade: str = "other") -> Responder:
    responder: Responder = Responder.objects.create(
        staff=Staff.objects.create(name=name), trade=trade, phone=f"+121255501{number:02}"
    )
    return responder


def make_rotation(name: str, trade: str, *people: Responder) -> Rotation:
    rotation: Rotation = Rotation.objects.create(name=name, trade=trade, starts_on=dt.date(2026, 11, 23))
    for position, responder in enumerate(people, start=1):
        RotationMember.objects.create(rotation=rotation, responder=responder, position=position)
    return rotation


@dataclass
class Line:
    """The cast. `now` is Monday, November 23, 2026, 10 PM in New York; the office is open on weekdays from 8 to 5."""

    tenant: Tenant
    now: dt.datetime
    nadia: Responder
    owen: Responder
    rosa: Responder
    helen: Responder
    plumbing: Rotation
    everything: Rotation
    alder: Building
    lofts: Building
    dana: Contact

    def report(self, description: str = FLOOD, **fields: Any) -> Incident:
        told = {"channel": "phone", "callback_phone": CALLER, "building": self.alder, "now": self.now, "actor": "test"}
        return incidents.open_incident(description=description, **{**told, **fields})[0]


def make_line(tenant: Tenant) -> Line:
    """In the scope of `tenant`."""
    for weekday in range(5):
        WeeklyHours.objects.create(weekday=weekday, opens=dt.time(8), closes=dt.time(17))
    nadia, owen = make_responder("Nadia Flores", 21, "plumbing"), make_responder("Owen Brandt", 22, "plumbing")
    rosa, helen = make_responder("Rosa Delgado", 23), make_responder("Helen Marsh", 24)
    LineRules.objects.create(alert=helen, alert_email="owner@example.com")
    Guidance.objects.create(
        trade="plumbing", situation="Water runs", words="burst, flood, leak", text="Turn off the water."
    )
    Guidance.objects.create(trade="plumbing", situation="Drain", words="toilet, drain", text="Do not flush.")
    return Line(
        tenant=tenant,
        now=dt.datetime(2026, 11, 23, 22, tzinfo=tenant.zone),
        nadia=nadia,
        owen=owen,
        rosa=rosa,
        helen=helen,
        plumbing=make_rotation("Plumbing", "plumbing", nadia, owen, rosa),
        everything=make_rotation("Everything else", "", rosa, owen),
        alder=Building.objects.create(
            name="The Alder",
            street_address="12 River Road",
            water_shutoff="in the hall closet",
            breaker_panel="behind the door",
            quiet_from=dt.time(22),
            quiet_until=dt.time(7),
            access="key box by the dock",
        ),
        lofts=Building.objects.create(name="Harbor Lofts", street_address="240 Quay Street"),
        dana=Contact.objects.create(given_name="Dana", family_name="Whitfield", phone=CALLER),
    )


@dataclass
class RecordingPhone:
    """The port, as telephony behaves: one key, one call. `orders` are those that went out, in order."""

    orders: list[Order] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    receipts: dict[str, Receipt] = field(default_factory=dict)
    answer: Receipt | Exception | None = None

    async def send(self, order: Order) -> Receipt:
        if order.key not in self.receipts:
            if isinstance(self.answer, Exception):
                raise self.answer
            self.orders.append(order)
            self.receipts[order.key] = self.answer or Receipt(f"out_{len(self.orders):020}")
        return self.receipts[order.key]

    async def hang_up(self, tenant_id: str, reference: str) -> None:
        self.ended.append(reference)

    async def aclose(self) -> None:
        return None

    def reached(self) -> list[tuple[str, str]]:
        return [(order.kind, order.to) for order in self.orders]


class Visit(visits.Visit):
    """A conversation with it."""

    AGENT = "plumbing"
    PREFIXES = ("inc", "bld", "rsp", "rot", "rng", "orc", "avs", "gui", "bkg", "con")


@pytest.fixture
def line(tenant: Tenant) -> Line:
    return make_line(tenant)


@pytest.fixture
def phone() -> RecordingPhone:
    return RecordingPhone()


@pytest.fixture
def stranger(line: Line) -> Visit:
    return Visit(line)


@pytest.fixture
def harbor(line: Line, other_tenant: Tenant) -> Line:
    """The same cast at another tenant, which this one must never see."""
    with tenant_scope(other_tenant.pk):
        return make_line(other_tenant)
