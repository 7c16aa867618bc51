"""What a business sets up: contacts, staff, services, hours, its own profile, its plan."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from apps.business.admin.money import CentsField
from apps.business.models import Closure, Contact, Service, StaffService, TimeOff, WeeklyHours
from apps.plans.models import Subscription
from apps.tenants.models import AuditEntry, Tenant
from apps.tenants.scope import tenant_scope
from tests.admin.conftest import World

CONTACT = {"given_name": "Ada", "family_name": "Byron", "phone": "(212) 555-0100", "email": "", "notes": ""}


def inline(prefix: str, rows: list[dict[str, Any]], existing: int = 0) -> dict[str, Any]:
    data = {f"{prefix}-TOTAL_FORMS": len(rows), f"{prefix}-INITIAL_FORMS": existing}
    for number, row in enumerate(rows):
        data |= {f"{prefix}-{number}-{name}": value for name, value in row.items()}
    return data


def test_a_phone_is_kept_in_international_form(owner: Client, mine: World) -> None:
    assert owner.post(reverse("admin:business_contact_add"), CONTACT).status_code == 302
    with tenant_scope(mine.tenant.pk):
        contact = Contact.objects.get(given_name="Ada")
        assert contact.phone == "+12125550100"
        assert AuditEntry.objects.filter(action="contact.added", target=contact.pk).count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"phone": "555"}, "phone"),
        ({"phone": "call me"}, "phone"),
        ({"given_name": ""}, "given_name"),
        ({"given_name": "‮ 42"}, "given_name"),
        ({"family_name": "---"}, "family_name"),
        ({"email": "nobody"}, "email"),
        ({"given_name": "x" * 81}, "given_name"),
    ],
)
def test_a_bad_contact_is_explained(owner: Client, mine: World, changes: dict[str, str], field: str) -> None:
    response = owner.post(reverse("admin:business_contact_add"), CONTACT | changes)
    assert response.status_code == 200
    assert list(response.context["adminform"].form.errors) == [field]


def test_a_contact_shows_its_bookings(owner: Client, mine: World) -> None:
    page = owner.get(reverse("admin:business_contact_change", args=[mine.contact.pk])).content.decode()
    assert reverse("admin:business_booking_change", args=[mine.booking.pk]) in page


def test_a_contact_with_bookings_is_kept(owner: Client, mine: World) -> None:
    owner.post(reverse("admin:business_contact_delete", args=[mine.contact.pk]), {"post": "yes"})
    with tenant_scope(mine.tenant.pk):
        assert Contact.objects.filter(pk=mine.contact.pk).exists()


def test_history_is_the_audit_trail(owner: Client, mine: World) -> None:
    url = reverse("admin:business_contact_change", args=[mine.contact.pk])
    owner.post(url, CONTACT | {"given_name": "Larkspurcontact", "family_name": "Roe"})
    page = owner.get(reverse("admin:business_contact_history", args=[mine.contact.pk])).content.decode()
    assert "Contact created" in page
    assert "Contact changed" in page
    assert "Alice" in page


def test_staff_with_hours_time_off_and_services(owner: Client, mine: World) -> None:
    response = owner.post(
        reverse("admin:business_staff_add"),
        {"name": "Dr. New", "title": "", "is_active": "on"}
        | inline("hours", [{"weekday": 0, "opens": "09:00", "closes": "12:30"}])
        | inline(
            "time_off",
            [
                {
                    "starts_at_0": "2030-07-01",
                    "starts_at_1": "09:00",
                    "ends_at_0": "2030-07-02",
                    "ends_at_1": "17:00",
                    "reason": "Vacation",
                }
            ],
        )
        | inline("skills", [{"service": mine.service.pk, "duration_minutes": "", "price_cents": "99.90"}]),
    )
    assert response.status_code == 302
    with tenant_scope(mine.tenant.pk):
        assert WeeklyHours.objects.get(staff__name="Dr. New").closes.isoformat() == "12:30:00"
        away = TimeOff.objects.get(staff__name="Dr. New")
        assert away.starts_at.astimezone(mine.tenant.zone).hour == 9
        assert StaffService.objects.get(staff__name="Dr. New").price_cents == 9_990


@pytest.mark.parametrize(
    ("hours", "skills", "words"),
    [
        ([{"weekday": 0, "opens": "17:00", "closes": "09:00"}], [], "must be after the opening"),
        ([], [1, 1], "duplicate"),
    ],
)
def test_bad_rows_on_the_staffs_page_are_explained(
    owner: Client, mine: World, hours: list[Any], skills: list[Any], words: str
) -> None:
    rows = [{"service": mine.service.pk, "duration_minutes": "", "price_cents": ""} for _ in skills]
    data = {"name": "Dr. New", "title": "", "is_active": "on"}
    data |= inline("hours", hours) | inline("time_off", []) | inline("skills", rows)
    response = owner.post(reverse("admin:business_staff_add"), data)
    assert response.status_code == 200
    assert words in response.content.decode()


def test_a_skill_that_exists_is_not_added_again(owner: Client, mine: World) -> None:
    with tenant_scope(mine.tenant.pk):
        skill = StaffService.objects.get()
    row = {"service": mine.service.pk, "duration_minutes": "", "price_cents": ""}
    data = {"name": "x", "title": "", "is_active": "on"} | inline("hours", []) | inline("time_off", [])
    data |= inline("skills", [{**row, "id": skill.pk, "staff": mine.staff.pk}, row], existing=1)
    response = owner.post(reverse("admin:business_staff_change", args=[mine.staff.pk]), data)
    assert response.status_code == 200
    with tenant_scope(mine.tenant.pk):
        assert StaffService.objects.count() == 1


def test_a_price_is_written_with_a_point(owner: Client, mine: World) -> None:
    url = reverse("admin:business_service_change", args=[mine.service.pk])
    assert 'value="120.5' in owner.get(url).content.decode()
    data = {
        "name": "Check-up",
        "category": "",
        "description": "",
        "duration_minutes": "20",
        "price_cents": "80",
        "currency": "USD",
        "code": "",
    } | inline("skills", [])
    assert owner.post(url, data).status_code == 302
    with tenant_scope(mine.tenant.pk):
        assert Service.objects.get(pk=mine.service.pk).price_cents == 8_000


@given(st.integers(0, 9_999_999_99 // 100))
def test_cents_come_back_as_they_went(cents: int) -> None:
    field = CentsField()
    assert field.clean(str(field.prepare_value(cents))) == cents
    assert not field.has_changed(cents, str(field.prepare_value(cents)))


def test_business_hours_are_the_business_s_own(owner: Client, mine: World) -> None:
    response = owner.get(reverse("admin:business_weeklyhours_changelist"))
    assert response.context["cl"].result_count == 7
    with tenant_scope(mine.tenant.pk):
        own = WeeklyHours.objects.get(staff=mine.staff)
    assert owner.get(reverse("admin:business_weeklyhours_change", args=[own.pk])).status_code == 404


def test_the_week_is_edited_on_one_page(owner: Client, mine: World) -> None:
    url = reverse("admin:business_weeklyhours_changelist")
    rows = [
        {"id": row.pk, "opens": "10:00", "closes": "16:00" if number else "09:00"}
        for number, row in enumerate(owner.get(url).context["cl"].result_list)
    ]
    data = inline("form", rows, existing=len(rows)) | {"_save": "Save"}
    refused = owner.post(url, data)
    assert b"must be after the opening" in refused.content
    assert owner.post(url, data | {"form-0-closes": "16:00"}).status_code == 302
    with tenant_scope(mine.tenant.pk):
        hours = WeeklyHours.objects.filter(staff=None)
        assert {(row.opens.hour, row.closes.hour) for row in hours} == {(10, 16)}


def test_a_closure_ends_after_it_starts(owner: Client, mine: World) -> None:
    data = {"start_date": "2030-01-02", "end_date": "2030-01-01", "reason": ""}
    response = owner.post(reverse("admin:business_closure_add"), data)
    assert b"comes before the first" in response.content
    with tenant_scope(mine.tenant.pk):
        assert Closure.objects.count() == 1


PROFILE = {
    "name": "Riverside",
    "tagline": "",
    "phone": "212 555 0100",
    "email": "",
    "address": "",
    "time_zone": "Europe/Paris",
    "region": "US",
    "locale": "en-US",
}


def profile(world: World) -> str:
    return reverse("admin:tenants_tenant_change", args=[world.tenant.pk])


def test_an_owner_changes_the_business_profile(owner: Client, mine: World) -> None:
    listed = owner.get(reverse("admin:tenants_tenant_changelist"))
    assert listed["Location"] == profile(mine)
    assert owner.post(profile(mine), PROFILE | {"slug": "stolen", "vertical": "salon"}).status_code == 302
    with tenant_scope(mine.tenant.pk):
        tenant = Tenant.objects.get()
    assert (tenant.phone, tenant.time_zone) == ("+12125550100", "Europe/Paris")
    assert (tenant.slug, tenant.vertical) == ("riverside", "healthcare")


@pytest.mark.parametrize(("name", "value"), [("time_zone", "Mars/Base"), ("region", "XX"), ("phone", "12")])
def test_a_bad_profile_is_explained(owner: Client, mine: World, name: str, value: str) -> None:
    response = owner.post(profile(mine), PROFILE | {name: value})
    assert name in response.context["adminform"].form.errors


def test_managers_and_staff_only_read_the_profile(manager: Client, staff_member: Client, mine: World) -> None:
    for client in (manager, staff_member):
        assert client.get(profile(mine)).status_code == 200
        assert client.post(profile(mine), PROFILE).status_code == 403


def test_the_owner_writes_the_closing_message(owner: Client, manager: Client, mine: World) -> None:
    listed = owner.get(reverse("admin:plans_subscription_changelist"))
    assert listed.status_code == 302
    page = owner.get(listed["Location"]).content.decode()
    assert "14 days left" in page
    with tenant_scope(mine.tenant.pk):
        url = reverse("admin:plans_subscription_change", args=[Subscription.objects.get().pk])
    data = {"closing_message": "Back on Monday.", "overage": "stop", "status": "active", "plan": "scale"}
    assert manager.post(url, data).status_code == 403
    assert owner.post(url, data).status_code == 302
    with tenant_scope(mine.tenant.pk):
        subscription = Subscription.objects.get()
    assert subscription.closing_message == "Back on Monday."
    assert (subscription.status, subscription.plan) == ("trial", "starter")


def test_staff_do_not_see_the_plan(staff_member: Client, mine: World) -> None:
    assert staff_member.get(reverse("admin:plans_subscription_changelist")).status_code == 403


def test_the_audit_trail_names_people_and_cannot_be_changed(owner: Client, staff_member: Client, mine: World) -> None:
    owner.post(reverse("admin:business_contact_add"), CONTACT)
    url = reverse("admin:tenants_auditentry_changelist")
    page = owner.get(url, {"action": "contact.added"}).content.decode()
    assert "Contact added" in page
    assert "Alice" in page
    with tenant_scope(mine.tenant.pk):
        entry = AuditEntry.objects.first()
    assert entry is not None
    change = reverse("admin:tenants_auditentry_change", args=[entry.pk])
    assert owner.get(change).status_code == 200
    assert owner.post(change, {"action": "x"}).status_code == 403
    assert owner.post(reverse("admin:tenants_auditentry_delete", args=[entry.pk])).status_code == 403
    assert staff_member.get(url).status_code == 403
