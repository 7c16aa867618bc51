"""Renters: identified before anything is said, their lease, what they owe and what they say they have paid."""

import datetime as dt
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.agents.sdk import Tool
from apps.conversations.models import ToolCall
from apps.tenants.scope import tenant_scope
from apps.verticals.real_estate.core.rents import Terms, account, due_dates, per_week
from apps.verticals.real_estate.models import Lease, Property, RentCharge, Renter, RentPayment
from apps.verticals.real_estate.tools import (
    create_tenant,
    find_tenant_by_phone,
    get_lease_info,
    get_property_info,
    get_rent_balance,
    get_tenant_details,
    record_payment,
)
from apps.verticals.real_estate.tools.arguments import ATTEMPTS
from apps.verticals.real_estate.tools.rent import MOST_PENDING
from tests.verticals.real_estate.conftest import MIA_BORN, MIA_PHONE, MONDAY, Agency, Visit, pay

TERMS = st.builds(
    Terms,
    st.integers(1, 1_000_000),
    st.sampled_from(["weekly", "fortnightly", "monthly"]),
    st.dates(dt.date(2000, 1, 1), dt.date(2060, 1, 1)),
)
ZOE = {"first_name": "Zoë", "last_name": "Reed", "date_of_birth": "1999-01-02", "phone": "212 555 0150"}


@given(TERMS)
def test_rent_falls_due_at_even_steps(terms: Terms) -> None:
    days = list(islice(due_dates(terms), 40))
    assert days[0] == terms.start
    steps = {(later - earlier).days for earlier, later in pairwise(days)}
    assert steps <= {"weekly": {7}, "fortnightly": {14}, "monthly": {28, 29, 30, 31}}[terms.frequency]


@given(TERMS, st.integers(0, 2_000), st.integers(0, 10_000_000), st.integers(0, 100_000))
def test_an_account_balances(terms: Terms, days: int, paid: int, charged: int) -> None:
    today = terms.start + dt.timedelta(days=days)
    state = account(terms, paid=paid, charged=charged, today=today)
    due = [day for day in islice(due_dates(terms), 400) if day <= today]
    assert state.balance == len(due) * terms.rent + charged - paid
    assert 0 <= state.overdue_days <= days
    assert state.next_due is not None
    assert state.next_due > today
    if state.balance <= 0:
        assert state.overdue_days == 0


def test_the_last_of_a_month() -> None:
    terms = Terms(100, "monthly", dt.date(2027, 1, 31))
    assert list(islice(due_dates(terms), 3)) == [dt.date(2027, 1, 31), dt.date(2027, 2, 28), dt.date(2027, 3, 31)]
    ended = Terms(100, "weekly", dt.date(2026, 1, 1), dt.date(2026, 1, 8))
    assert len(list(due_dates(ended))) == 2
    assert account(ended, paid=0, today=dt.date(2026, 2, 1)).next_due is None
    assert list(due_dates(Terms(1, "monthly", dt.date(9999, 12, 1)))) == [dt.date(9999, 12, 1)]
    assert [per_week(Terms(5_200, one, MONDAY)) for one in ("weekly", "fortnightly", "monthly")] == [
        5_200,
        2_600,
        1_200,
    ]


def test_found_by_phone_and_birth_date(harbour: Agency, visit: Visit) -> None:
    result = visit.call(find_tenant_by_phone, phone="(212) 555-0101", date_of_birth=MIA_BORN)
    assert result.data == {"renter_id": harbour.mia.pk}
    assert visit.context.contact_id == harbour.mia.contact_id
    assert "Mia" not in result.say


def test_a_number_alone_identifies_nobody(harbour: Agency, visit: Visit) -> None:
    refusal = visit.refused(find_tenant_by_phone, phone=MIA_PHONE)
    assert (refusal.code, refusal.field) == ("date_of_birth_needed", "date_of_birth")
    assert visit.refused(find_tenant_by_phone, phone="+12125550199").say == refusal.say
    assert visit.refused(find_tenant_by_phone, phone="12").code == "invalid_phone"
    wrong = visit.refused(find_tenant_by_phone, phone=MIA_PHONE, date_of_birth="1991-03-15")
    assert wrong.code == "not_found"
    assert visit.context.contact_id is None


def test_the_carrier_vouches_for_a_caller(harbour: Agency) -> None:
    caller = Visit(harbour, channel="phone", caller_phone=MIA_PHONE)
    assert caller.call(find_tenant_by_phone, phone=MIA_PHONE).data == {"renter_id": harbour.mia.pk}
    other = Visit(harbour, channel="phone", caller_phone="+12125550102")
    assert other.refused(find_tenant_by_phone, phone=MIA_PHONE).code == "date_of_birth_needed"


def test_guessing_comes_to_an_end(harbour: Agency, visit: Visit) -> None:
    for number in range(ATTEMPTS + 1):
        ToolCall.objects.create(
            conversation_id=visit.context.conversation_id,
            run="r",
            key=f"k{number}",
            call=str(number),
            name="find_tenant_by_phone",
            arguments="{}",
            status=ToolCall.Status.REFUSED,
            result={"error": {"code": "not_found"}},
        )
    right = {"phone": MIA_PHONE, "date_of_birth": MIA_BORN}
    assert visit.refused(find_tenant_by_phone, **right).code == "too_many_attempts"
    assert visit.refused(create_tenant, **ZOE).code == "too_many_attempts"


def test_an_applicant(harbour: Agency, visit: Visit) -> None:
    result = visit.call(create_tenant, **ZOE)
    renter = Renter.objects.select_related("contact").get(pk=result.data["renter_id"])
    assert renter.contact.phone == "+12125550150"
    assert visit.context.contact_id == renter.contact_id
    assert visit.call(get_tenant_details, renter_id=renter.pk).say.startswith("You are on file as an applicant")
    assert visit.refused(get_lease_info, renter_id=renter.pk).code == "no_lease"
    assert visit.refused(create_tenant, **ZOE).code == "identify_first"


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"date_of_birth": "2027-01-01"}, "invalid_date_of_birth", "date_of_birth"),
        ({"date_of_birth": "1850-01-01"}, "invalid_date_of_birth", "date_of_birth"),
        ({"date_of_birth": "2010-01-01"}, "too_young", "date_of_birth"),
        ({"phone": "1"}, "invalid_phone", "phone"),
        ({"email": "a@"}, "invalid_email", "email"),
        ({"first_name": "77"}, "invalid_name", "first_name"),
    ],
)
def test_who_cannot_be_registered(visit: Visit, change: dict, code: str, field: str) -> None:
    before = Renter.objects.count()
    refusal = visit.refused(create_tenant, **ZOE | change)
    assert (refusal.code, refusal.field) == (code, field)
    assert Renter.objects.count() == before


def test_what_is_owed(harbour: Agency, visit: Visit) -> None:
    visit.identified_as(harbour.mia)
    pay(harbour.mias, 650 * 10)
    RentCharge.objects.create(lease=harbour.mias, amount_cents=8_450, charged_date=MONDAY, reason="Water usage")
    result = visit.call(get_rent_balance, renter_id=harbour.mia.pk)
    assert result.say == (
        "You owe $734.50, and the oldest part is 7 days late. The next rent of $650 is due on Monday, November 30."
    )
    assert result.data["other_charges"] == "$84.50"
    pay(harbour.mias, 735, status="pending")
    assert (
        "A payment of $735 that you reported is still being checked."
        in visit.call(get_rent_balance, renter_id=harbour.mia.pk).say
    )


def test_paid_up_and_ahead(harbour: Agency, visit: Visit) -> None:
    visit.identified_as(harbour.mia)
    pay(harbour.mias, 650 * 11)
    assert visit.call(get_rent_balance, renter_id=harbour.mia.pk).say.startswith("Your rent is paid up to date.")
    pay(harbour.mias, 100)
    assert visit.call(get_rent_balance, renter_id=harbour.mia.pk).say.startswith("You are $100 ahead.")


def test_a_reported_payment_counts_when_it_has_come(harbour: Agency, visit: Visit) -> None:
    visit.identified_as(harbour.mia)
    sent = {"renter_id": harbour.mia.pk, "amount": 650.5, "reference": "rent"}
    result = visit.call(record_payment, **sent)
    payment = RentPayment.objects.get()
    assert (payment.amount_cents, payment.status, payment.paid_date) == (65_050, "pending", MONDAY)
    assert result.say.startswith("I have taken down your payment of $650.50")
    assert visit.call(record_payment, **sent).data == result.data
    assert RentPayment.objects.count() == 1
    assert visit.call(get_rent_balance, renter_id=harbour.mia.pk).data["balance"] == "$7,150"


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"amount": 0.001}, "amount_not_plausible", "amount"),
        ({"amount": 60_000}, "amount_not_plausible", "amount"),
        ({"amount": -5}, "invalid_arguments", "amount"),
        ({"paid_date": "2026-11-24"}, "not_paid_yet", "paid_date"),
        ({"paid_date": "2026-01-01"}, "too_long_ago", "paid_date"),
        ({"method": "barter"}, "invalid_arguments", "method"),
    ],
)
def test_payments_that_are_not_taken_down(harbour: Agency, visit: Visit, change: dict, code: str, field: str) -> None:
    visit.identified_as(harbour.mia)
    refusal = visit.refused(record_payment, **{"renter_id": harbour.mia.pk, "amount": 650} | change)
    assert (refusal.code, refusal.field) == (code, field)
    assert not RentPayment.objects.exists()


def test_many_pending_payments(harbour: Agency, visit: Visit) -> None:
    visit.identified_as(harbour.mia)
    for number in range(MOST_PENDING):
        visit.call(record_payment, renter_id=harbour.mia.pk, amount=100 + number)
    assert visit.refused(record_payment, renter_id=harbour.mia.pk, amount=99).code == "too_many_pending"


def test_a_lease(harbour: Agency, visit: Visit) -> None:
    visit.identified_as(harbour.mia)
    result = visit.call(get_lease_info, renter_id=harbour.mia.pk)
    assert result.say == (
        "The fixed term of your lease ends on Monday, September 13; the rent is $650 weekly, notice 21 days."
    )
    assert result.data["bond"] == "$2,600"
    Lease.objects.filter(pk=harbour.mias.pk).update(end_date=MONDAY - dt.timedelta(days=1))
    assert "goes on from period to period" in visit.call(get_lease_info, renter_id=harbour.mia.pk).say


def test_the_file(harbour: Agency, visit: Visit) -> None:
    visit.identified_as(harbour.mia)
    result = visit.call(get_tenant_details, renter_id=harbour.mia.pk)
    assert result.say == "You have rented 22 Ellery Street, Fernleigh since Monday, September 14."
    assert result.data["phone_ending"] == "101"
    assert MIA_PHONE not in str(result.data)


@pytest.mark.parametrize(
    ("tool", "more"),
    [(get_rent_balance, {}), (get_lease_info, {}), (get_tenant_details, {}), (record_payment, {"amount": 5})],
    ids=lambda value: getattr(value, "name", ""),
)
def test_only_the_identified_renter(harbour: Agency, foreign: Agency, visit: Visit, tool: Tool, more: dict) -> None:
    refusals = [visit.refused(tool, renter_id=harbour.mia.pk, **more)]
    visit.identified_as(harbour.mia)
    for one in (harbour.jack.pk, foreign.mia.pk, "rnt_invented"):
        refusals.append(visit.refused(tool, renter_id=one, **more))
    assert {(one.code, one.say, str(one.data)) for one in refusals} == {("not_identified", refusals[0].say, "{}")}
    assert not RentPayment.objects.exists()


def test_another_agencys_renter_is_not_found(harbour: Agency, foreign: Agency, visit: Visit) -> None:
    with tenant_scope(foreign.tenant.pk):
        contact = foreign.mia.contact
        contact.phone = "+12125550666"
        contact.save()
    refusal = visit.refused(find_tenant_by_phone, phone="+12125550666", date_of_birth=MIA_BORN)
    assert refusal.code == "not_found"


def test_a_home_and_its_house_notes(harbour: Agency, foreign: Agency, visit: Visit) -> None:
    asked = {"property_name": "22 Ellery St"}
    result = visit.call(get_property_info, **asked)
    assert result.say == ("22 Ellery Street, Fernleigh is a house with 2 bedrooms, 1 bathroom. Pets are not allowed.")
    assert result.data["notes"] is None
    visit.identified_as(harbour.jack)
    assert visit.call(get_property_info, **asked).data["notes"] is None
    visit.identified_as(harbour.mia)
    assert visit.call(get_property_info, **asked).say.endswith("Bins go out on Monday.")
    assert visit.call(get_property_info, property_id=harbour.rental.property_id).data["pets"] == "Pets are considered"
    for wrong, code in (
        ({}, "property_needed"),
        ({"property_name": "1 Nowhere"}, "property_not_found"),
        ({"property_id": foreign.rental.property_id}, "property_not_found"),
    ):
        assert visit.refused(get_property_info, **wrong).code == code
    Property.objects.create(suburb=harbour.rental.property.suburb, street_address="22A Ellery Street", bedrooms=1)
    refusal = visit.refused(get_property_info, property_name="Ellery Street")
    assert (refusal.code, refusal.field) == ("which_property", "property_name")
    assert "22A Ellery Street" in refusal.say
