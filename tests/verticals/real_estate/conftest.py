"""Harbour Homes on a Monday morning: two suburbs, four listings, two renters, and conversations with it."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import pytest

from apps.business.models import Contact, Staff, WeeklyHours
from apps.tenants.models import Tenant
from apps.tenants.scope import tenant_scope
from apps.verticals.real_estate.models import (
    Contractor,
    Lease,
    Listing,
    Property,
    Renter,
    RentPayment,
    Suburb,
    Viewing,
)
from apps.verticals.real_estate.viewings import arrange
from tests.verticals import visit as visits

MIA_BORN = dt.date(1991, 3, 14)
MIA_PHONE = "+12125550101"
MONDAY = dt.date(2026, 11, 23)


@dataclass
class Agency:
    """The cast. `now` is Monday, November 23, 2026, 10 AM in New York."""

    tenant: Tenant
    now: dt.datetime
    fernleigh: Suburb
    millbrook: Suburb
    grace: Staff
    tom: Staff
    cottage: Listing
    villa: Listing
    flat: Listing
    rental: Listing
    mia: Renter
    jack: Renter
    mias: Lease
    jacks: Lease
    plumber: Contractor

    def view(self, contact: Contact, listing: Listing, local: dt.datetime) -> Viewing:
        starts_at = local.replace(tzinfo=self.tenant.zone)
        return arrange(listing=listing, contact=contact, starts_at=starts_at, now=self.now, actor="system")


def make_listing(suburb: Suburb, street: str, agent: Staff, dollars: int, **more: Any) -> Listing:
    listed = {name: more.pop(name) for name in ("purpose", "status", "description", "price_text") if name in more}
    home = Property.objects.create(suburb=suburb, street_address=street, **more)
    return Listing.objects.create(
        property=home, agent=agent, price_cents=dollars * 100, headline=f"Home in {street}", **listed
    )


def make_lease(given: str, family: str, born: dt.date, phone: str, home: Property, *, rent: int) -> Lease:
    contact = Contact.objects.create(given_name=given, family_name=family, phone=phone)
    renter = Renter.objects.create(contact=contact, date_of_birth=born)
    return Lease.objects.create(
        property=home,
        renter=renter,
        rent_cents=rent * 100,
        bond_cents=rent * 400,
        start_date=MONDAY - dt.timedelta(weeks=10),
        end_date=MONDAY + dt.timedelta(weeks=42),
    )


def make_agency(tenant: Tenant) -> Agency:
    """In the scope of `tenant`."""
    for weekday in range(5):
        WeeklyHours.objects.create(weekday=weekday, opens=dt.time(9), closes=dt.time(17))
    fernleigh = Suburb.objects.create(
        name="Fernleigh",
        postcode="2991",
        median_house_price_cents=168_000_000,
        median_unit_price_cents=89_000_000,
        median_weekly_rent_cents=70_000,
        yearly_growth_percent="3.2",
        commute_minutes=28,
        schools="Fernleigh Public School",
    )
    millbrook = Suburb.objects.create(
        name="Millbrook", postcode="2992", median_house_price_cents=124_000_000, yearly_growth_percent="-1.5"
    )
    grace, tom = Staff.objects.create(name="Grace Lim"), Staff.objects.create(name="Tom Whitlam")
    rooms = {"bedrooms": 3, "bathrooms": 1, "parking_spaces": 1}
    managed = {"is_managed": True, "notes": "Bins go out on Monday.", "bedrooms": 2, "bathrooms": 1}
    mias_home = Property.objects.create(suburb=fernleigh, street_address="22 Ellery Street", **managed)
    jacks_home = Property.objects.create(suburb=millbrook, street_address="4/61 Linden Road", **managed)
    mias = make_lease("Mia", "Thompson", MIA_BORN, MIA_PHONE, mias_home, rent=650)
    jacks = make_lease("Jack", "Turner", dt.date(1985, 11, 2), "+12125550102", jacks_home, rent=500)
    return Agency(
        tenant=tenant,
        now=dt.datetime(2026, 11, 23, 10, tzinfo=tenant.zone),
        fernleigh=fernleigh,
        millbrook=millbrook,
        grace=grace,
        tom=tom,
        cottage=make_listing(fernleigh, "8 Banksia Avenue", grace, 1_495_000, features="garden", **rooms),
        villa=make_listing(millbrook, "14 Acacia Close", grace, 1_350_000, features="pool", **rooms | {"bathrooms": 2}),
        flat=make_listing(fernleigh, "3/18 Wharf Road", tom, 765_000, property_type="apartment", bedrooms=2),
        rental=make_listing(fernleigh, "21 Palm Street", tom, 760, purpose="rent", pets_considered=True, **rooms),
        mia=mias.renter,
        jack=jacks.renter,
        mias=mias,
        jacks=jacks,
        plumber=Contractor.objects.create(name="Bluegum Plumbing", trade="plumbing", is_on_call=True),
    )


def pay(lease: Lease, dollars: int, *, status: str = "received", days_ago: int = 1) -> RentPayment:
    return RentPayment.objects.create(
        lease=lease, amount_cents=dollars * 100, paid_date=MONDAY - dt.timedelta(days=days_ago), status=status
    )


class Visit(visits.Visit):
    """A conversation with it."""

    AGENT = "triage"
    PREFIXES = ("lst", "prp", "sbr", "vwg", "enq", "rnt", "lea", "pay", "mnt", "ctr", "con", "bkg", "stf")


@pytest.fixture
def harbour(tenant: Tenant) -> Agency:
    return make_agency(tenant)


@pytest.fixture
def visit(harbour: Agency) -> Visit:
    return Visit(harbour)


@pytest.fixture
def foreign(harbour: Agency, other_tenant: Tenant) -> Agency:
    """The same cast at another tenant, which ours must never see."""
    with tenant_scope(other_tenant.pk):
        return make_agency(other_tenant)
