"""The salon's texts over a real socket: the day before, when the waitlist has found a time, and what is answered."""

import datetime as dt
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import time_machine

from apps.business.models import BookingStatus
from apps.common.database import in_thread
from apps.common.duties import complete
from apps.telephony.calls import gateway
from apps.telephony.models import OptOut
from apps.telephony.simulated.exchange import Exchange
from apps.tenants.models import Tenant
from apps.tenants.scope import in_tenant, tenant_scope
from apps.verticals.salon import notices
from apps.verticals.salon.models import Appointment, Customer, WaitlistEntry, WaitlistWish
from tests.conftest import make_tenant
from tests.telephony.product import OURS, carrier, give_number
from tests.verticals.salon.conftest import Salon, make_salon

WEDNESDAY = dt.date(2026, 11, 25)
DAY_BEFORE = dt.datetime(2026, 11, 24, 15, tzinfo=dt.UTC)  # 10 AM in New York


@pytest.fixture
def glow(transactional_db: None) -> Salon:
    tenant = make_tenant("glow", "Glow Beauty", vertical="salon")
    with tenant_scope(tenant.pk):
        tenant.phone = "+12125550100"
        tenant.save()
        return make_salon(tenant)


@pytest.fixture
async def exchange(settings: Any, server: str, glow: Salon) -> AsyncIterator[Exchange]:
    await give_number(glow.tenant)
    async with carrier(settings, server) as exchange:
        yield exchange
        await in_thread(complete, _hang_up())


async def _hang_up() -> None:
    await gateway().aclose()


@pytest.fixture
def visit(glow: Salon) -> Appointment:
    """Léna's, on Wednesday at ten."""
    with tenant_scope(glow.tenant.pk):
        return glow.book(glow.lena, glow.maya, dt.datetime(2026, 11, 25, 10), glow.cut)


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    """The carrier's answers come at the time of the duty."""
    with time_machine.travel(DAY_BEFORE, tick=True):
        yield


async def send(now: dt.datetime = DAY_BEFORE) -> int:
    return await in_thread(notices.send, now)


async def test_it_reminds_once_and_again_when_the_visit_is_moved(
    exchange: Exchange, glow: Salon, visit: Appointment
) -> None:
    assert await send(DAY_BEFORE - dt.timedelta(hours=1)) == 0  # more than a day before
    assert [await send(), await send()] == [1, 0]
    (text,) = exchange.messages
    assert (text["from"], text["to"]) == (OURS, "+12125550101")
    assert text["body"] == (
        "Glow Beauty: we look forward to seeing you on Wednesday, November 25 at 10 AM with Maya Torres "
        "(Women's haircut). Reply YES to confirm, or call +12125550100 to change it."
    )

    def move() -> None:
        visit.booking.starts_at += dt.timedelta(hours=1)
        visit.booking.ends_at += dt.timedelta(hours=1)
        visit.booking.save()

    await in_tenant(glow.tenant.pk, move)
    assert await send(DAY_BEFORE + dt.timedelta(hours=1)) == 1
    assert "at 11 AM" in exchange.messages[1]["body"]


@pytest.mark.parametrize("why", ["cancelled", "booked today", "no phone", "stopped", "at night", "too near"])
async def test_nobody_is_reminded_who_should_not_be(
    exchange: Exchange, glow: Salon, visit: Appointment, why: str
) -> None:
    now = DAY_BEFORE

    def arrange() -> None:
        booking = visit.booking
        if why == "cancelled":
            booking.status = BookingStatus.CANCELLED
        elif why == "booked today":
            booking.created_at = DAY_BEFORE
        elif why == "no phone":
            glow.lena.contact.phone = ""
            glow.lena.contact.save()
        elif why == "stopped":
            OptOut.objects.create(number=glow.lena.contact.phone)
        booking.save()

    await in_tenant(glow.tenant.pk, arrange)
    if why == "at night":
        now += dt.timedelta(hours=11)
    if why == "too near":
        now = dt.datetime(2026, 11, 25, 14, tzinfo=dt.UTC)
    assert await send(now) == 0
    assert exchange.messages == []


@pytest.mark.parametrize(
    ("answer", "status"), [("Yes.", BookingStatus.CONFIRMED), ("Can I come at 11?", BookingStatus.SCHEDULED)]
)
async def test_yes_confirms(
    exchange: Exchange, server: str, glow: Salon, visit: Appointment, answer: str, status: str
) -> None:
    await send()
    await exchange.text(from_="+12125550101", to=OURS, body=answer, url=f"{server}/voice/twilio/sms")
    fresh = await in_tenant(glow.tenant.pk, lambda: Appointment.objects.select_related("booking").get(pk=visit.pk))
    assert fresh.booking.status == status
    assert ("confirmed" in exchange.messages[-1]["body"]) == (status == BookingStatus.CONFIRMED)


async def test_somebody_elses_yes_confirms_nothing(
    exchange: Exchange, server: str, glow: Salon, visit: Appointment
) -> None:
    await send()
    await exchange.text(from_="+12125550102", to=OURS, body="yes", url=f"{server}/voice/twilio/sms")
    fresh = await in_tenant(glow.tenant.pk, lambda: Appointment.objects.select_related("booking").get(pk=visit.pk))
    assert fresh.booking.status == BookingStatus.SCHEDULED


async def test_a_time_that_came_free_by_itself_goes_to_who_waits_and_they_are_told(
    exchange: Exchange, glow: Salon
) -> None:
    now = dt.datetime(2026, 11, 23, 15, tzinfo=dt.UTC)

    def wait() -> None:
        entry = WaitlistEntry.objects.create(
            customer=glow.sofia, stylist=glow.maya, first_date=WEDNESDAY, last_date=WEDNESDAY, created_at=now
        )
        WaitlistWish.objects.create(entry=entry, service=glow.cut)

    await in_tenant(glow.tenant.pk, wait)
    assert [await in_thread(notices.fill, now) for _ in range(2)] == [1, 0]
    assert [await send(now), await send(now)] == [1, 0]
    (text,) = exchange.messages
    assert text["to"] == "+12125550102"
    assert "good news, a time came free and is yours: on Wednesday, November 25 at" in text["body"]


async def test_a_carrier_that_is_away_costs_the_other_salons_nothing(
    exchange: Exchange, glow: Salon, visit: Appointment, settings: Any, other: Tenant
) -> None:
    exchange.account = type(exchange.account)(exchange.account.sid, "another token")
    assert await send() == 0
    assert exchange.messages == []


@pytest.fixture
def other(transactional_db: None) -> Tenant:
    """A salon without a phone number, with a visit to come: it is left alone."""
    tenant = make_tenant("harbor", "Harbor Hair", vertical="salon")
    with tenant_scope(tenant.pk):
        salon = make_salon(tenant)
        salon.book(salon.lena, salon.maya, dt.datetime(2026, 11, 25, 10), salon.cut)
        assert Customer.objects.count() == 3
    return tenant
