"""Glow Beauty on a Monday morning, with three stylists and three customers, and conversations with it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from apps.business.models import Contact, Service, Staff, StaffService, WeeklyHours
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from apps.verticals.salon.house_rules import house_rules
from apps.verticals.salon.models import Appointment, Customer, MenuEntry, Stylist
from apps.verticals.salon.stylists import quotes
from apps.verticals.salon.visits import book_visit
from tests.verticals import visit as visits


def make_service(category: str, name: str, minutes: int, cents: int | None, also_called: str = "") -> Service:
    service = Service.objects.create(name=name, category=category, duration_minutes=minutes, price_cents=cents)
    MenuEntry.objects.create(service=service, also_called=also_called)
    return service


def make_stylist(name: str, skills: Sequence[tuple[Service, int | None, int | None]], known_for: str = "") -> Stylist:
    """`skills`: service, own minutes, own cents."""
    staff = Staff.objects.create(name=name)
    for service, minutes, cents in skills:
        StaffService.objects.create(staff=staff, service=service, duration_minutes=minutes, price_cents=cents)
    return Stylist.objects.create(staff=staff, known_for=known_for)


def make_customer(first_name: str, last_name: str, phone: str, preferred: Stylist | None = None) -> Customer:
    contact = Contact.objects.create(given_name=first_name, family_name=last_name, phone=phone)
    return Customer.objects.create(contact=contact, preferred_stylist=preferred)


@dataclass
class Salon:
    """The cast. `now` is Monday, November 23, 2026, 10 AM in New York; open on weekdays from nine to five."""

    tenant: Tenant
    now: dt.datetime
    cut: Service
    mens: Service
    balayage: Service
    gloss: Service
    bridal: Service
    maya: Stylist
    noah: Stylist
    elena: Stylist
    lena: Customer
    sofia: Customer
    tara: Customer
    services: dict[str, Service] = field(default_factory=dict)

    def book(self, customer: Customer, stylist: Stylist, local: dt.datetime, *services: Service) -> Appointment:
        quote = quotes(services or [self.cut], stylists=[stylist])[0]
        return book_visit(
            customer=customer,
            quote=quote,
            starts_at=local.replace(tzinfo=self.tenant.zone),
            rules=house_rules(),
            now=self.now - dt.timedelta(days=3),
            actor="system",
        )

    def local(self, appointment: Appointment) -> dt.datetime:
        fresh = Appointment.objects.select_related("booking").get(pk=appointment.pk)
        return fresh.booking.starts_at.astimezone(self.tenant.zone)


def make_salon(tenant: Tenant) -> Salon:
    """In the scope of `tenant`."""
    for weekday in range(5):
        WeeklyHours.objects.create(weekday=weekday, opens=dt.time(9), closes=dt.time(17))
    cut = make_service("Cuts", "Women's haircut", 60, 7_500, "haircut, trim")
    mens = make_service("Cuts", "Men's haircut", 30, 4_500, "haircut, trim, fade")
    balayage = make_service("Color", "Balayage", 150, 21_000, "ombre, hand painted highlights")
    gloss = make_service("Color", "Toner gloss", 30, 5_500, "toner, gloss")
    bridal = make_service("Styling", "Bridal styling", 120, None, "wedding hair")
    bridal.bookable = False
    bridal.save()
    MenuEntry.objects.filter(service=balayage).update(add_on=gloss, add_on_reason="It keeps the color bright.")
    maya = make_stylist("Maya Torres", [(cut, None, None), (balayage, 120, 22_500), (gloss, None, None)], "Balayage")
    noah = make_stylist("Noah Kim", [(mens, None, None)])
    elena = make_stylist(
        "Elena Rossi", [(cut, 45, 9_500), (balayage, None, None), (gloss, None, None), (bridal, None, None)]
    )
    return Salon(
        tenant=tenant,
        now=dt.datetime(2026, 11, 23, 10, tzinfo=tenant.zone),
        cut=cut,
        mens=mens,
        balayage=balayage,
        gloss=gloss,
        bridal=bridal,
        maya=maya,
        noah=noah,
        elena=elena,
        lena=make_customer("Léna", "Park", "+12125550101"),
        sofia=make_customer("Sofia", "Alvarez", "+12125550102", maya),
        tara=make_customer("Tara", "Quinn", "+12125550103"),
    )


class Visit(visits.Visit):
    """A conversation with it."""

    AGENT = "booking"
    PREFIXES = ("svc", "sty", "cus", "vst", "con", "bkg", "stf", "wtl", "mnu")


@pytest.fixture
def glow(tenant: Tenant) -> Salon:
    return make_salon(tenant)


@pytest.fixture
def visit(glow: Salon) -> Visit:
    return Visit(glow)


@pytest.fixture
def lena(glow: Salon, visit: Visit) -> Visit:
    return visit.identified_as(glow.lena)


@pytest.fixture
def harbor(glow: Salon, other_tenant: Tenant) -> Salon:
    """The same cast at another tenant, which Glow must never see."""
    with tenant_scope(other_tenant.pk):
        return make_salon(other_tenant)
