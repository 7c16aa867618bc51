"""Platform administrators, the sidebar, and the first page."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.plans.models import Subscription
from apps.tenants.middleware import SESSION_KEY
from apps.tenants.models import AuditEntry, Membership, Role, User
from apps.tenants.scope import tenant_scope
from callsphere.navigation import sidebar
from tests.admin.conftest import World, address, pages

LEAVE = "admin:tenants_tenant_leave"


def opens(world: World) -> str:
    return reverse("admin:tenants_tenant_open", args=[world.tenant.pk])


def trail(world: World) -> list[str]:
    with tenant_scope(world.tenant.pk):
        return list(AuditEntry.objects.filter(action__startswith="tenant.").values_list("action", flat=True))


def test_an_administrator_opens_a_tenant_and_leaves_it(administrator: Client, mine: World, theirs: World) -> None:
    index = reverse("admin:index")
    assert b"Open as this tenant" in administrator.get(index).content
    assert administrator.get(opens(mine)).status_code == 405
    assert administrator.post(opens(mine)).status_code == 302
    page = administrator.get(index).content.decode()
    assert "You are in <strong>Riverside Clinic</strong>" in page
    contacts = administrator.get(reverse("admin:business_contact_changelist")).content.decode()
    assert "Larkspur" in contacts
    assert "Zanzibar" not in contacts
    administrator.post(reverse(LEAVE))
    assert b"Open as this tenant" in administrator.get(index).content
    assert trail(mine) == ["tenant.left", "tenant.opened"]
    assert trail(theirs) == []


def test_outside_a_tenant_an_administrator_only_looks(administrator: Client, mine: World, theirs: World) -> None:
    for page in pages():
        response = administrator.get(address(page, "changelist"), follow=True)
        assert response.status_code == 200, page
        assert administrator.get(address(page, "add")).status_code == 403, page
    contact = reverse("admin:business_contact_change", args=[mine.contact.pk])
    assert administrator.get(contact).status_code == 200
    assert administrator.post(contact, {"given_name": "x"}).status_code == 403
    listed = administrator.get(reverse("admin:business_contact_changelist")).content.decode()
    assert "Larkspur" in listed
    assert "Zanzibar" in listed
    assert "Harbor Salon" in listed


def test_an_administrator_reads_every_page_of_every_tenant(administrator: Client, mine: World, theirs: World) -> None:
    for world in (mine, theirs):
        urls = [
            reverse("admin:agents_agent_change", args=[world.agent.pk]),
            reverse("admin:agents_agent_version", args=[world.agent.pk, 1]),
            reverse("admin:conversations_conversation_change", args=[world.conversation.pk]),
            reverse("admin:business_booking_change", args=[world.booking.pk]),
            reverse("admin:tenants_widgetkey_change", args=[world.widget.pk]),
            reverse("admin:tenants_tenant_change", args=[world.tenant.pk]),
            reverse("admin:business_booking_history", args=[world.booking.pk]),
        ]
        for url in urls:
            assert administrator.get(url).status_code == 200, url


def test_inside_a_tenant_an_administrator_works_as_its_owner(administrator: Client, mine: World) -> None:
    administrator.post(opens(mine))
    values = {"given_name": "Ada", "family_name": "", "phone": "", "email": "", "notes": ""}
    assert administrator.post(reverse("admin:business_contact_add"), values).status_code == 302
    with tenant_scope(mine.tenant.pk):
        assert AuditEntry.objects.filter(action="contact.added").count() == 1


def test_a_session_in_a_tenant_that_is_gone_falls_back_to_all(administrator: Client, mine: World) -> None:
    session = administrator.session
    session[SESSION_KEY] = "ten_gone"
    session.save()
    assert b"Open as this tenant" in administrator.get(reverse("admin:index")).content


def test_nobody_else_opens_a_tenant(owner: Client, theirs: World, charlie: User, login) -> None:
    for client in (owner, login(charlie)):
        assert client.post(opens(theirs)).status_code == 404
    assert trail(theirs) == []


def test_a_person_with_two_businesses_changes_between_them(
    owner: Client, mine: World, theirs: World, alice: User
) -> None:
    with tenant_scope(theirs.tenant.pk):
        Membership.objects.create(user=alice, role=Role.STAFF)
    page = owner.get(reverse("admin:index")).content.decode()
    assert "Harbor Salon" in page
    assert owner.post(opens(theirs)).status_code == 302
    contacts = owner.get(reverse("admin:business_contact_changelist")).content.decode()
    assert "Zanzibar" in contacts
    assert "Larkspur" not in contacts
    assert owner.get(reverse("admin:tenants_apikey_changelist")).status_code == 403
    assert trail(theirs) == []


def test_logins_are_for_administrators_and_never_deleted(administrator: Client, bob: User) -> None:
    assert administrator.get(reverse("admin:tenants_user_changelist")).status_code == 200
    assert administrator.get(reverse("admin:tenants_user_change", args=[bob.pk])).status_code == 200
    assert administrator.post(reverse("admin:tenants_user_delete", args=[bob.pk])).status_code == 403
    values = {"email": "dora@x.example", "name": "Dora", "usable_password": "true"}
    values |= {"password1": "a-long-pass-phrase", "password2": "a-long-pass-phrase"}
    assert administrator.post(reverse("admin:tenants_user_add"), values).status_code == 302
    assert User.objects.get(email="dora@x.example").check_password("a-long-pass-phrase")


def titles(client: Client) -> list[str]:
    request: Any = client.get(reverse("admin:index")).wsgi_request
    with tenant_scope(request.tenant.pk):
        return [item["title"] for group in sidebar(request) for item in group["items"]]


def test_the_sidebar_shows_what_the_role_may_see(owner: Client, manager: Client, staff_member: Client) -> None:
    seen_by_staff = titles(staff_member)
    assert {"Today", "Conversations", "Calendar", "Contacts", "Patients"} <= set(seen_by_staff)
    assert not {"Team", "API keys", "Audit trail", "Plan & usage", "Website chat"} & set(seen_by_staff)
    assert {"Team", "API keys", "Audit trail", "Plan & usage"} <= set(titles(manager))
    assert set(titles(owner)) == set(titles(manager))
    assert "Logins" not in titles(owner)


def test_another_industrys_pages_are_not_in_the_sidebar(bob: User, theirs: World, login) -> None:
    assert "Patients" not in titles(login(bob))


def test_the_pages_own_item_is_the_active_one(owner: Client, mine: World) -> None:
    for url, title in (
        (reverse("admin:index"), "Today"),
        (reverse("admin:business_booking_day"), "Calendar"),
        (reverse("admin:business_booking_changelist"), "Bookings"),
    ):
        groups = owner.get(url).context["sidebar_navigation"]
        assert [item["title"] for group in groups for item in group["items"] if item["active"]] == [title]


def test_today_shows_the_trial_and_what_happened(owner: Client, mine: World) -> None:
    page = owner.get(reverse("admin:index")).content.decode()
    assert "14 days left in your trial" in page
    assert "Larkspurcontact Doe" in page
    assert mine.widget.key in page
    assert "1 of 6 done" in page  # a conversation; what a starter pack brings is there already
    assert "List your services" not in page


@pytest.mark.parametrize(("left", "words"), [(timedelta(hours=1), "1 day left"), (timedelta(0), "are paused")])
def test_today_says_when_the_trial_ends(owner: Client, mine: World, left: timedelta, words: str) -> None:
    with tenant_scope(mine.tenant.pk):
        Subscription.objects.update(trial_ends_at=timezone.now() + left)
    assert words in owner.get(reverse("admin:index")).content.decode()


def test_an_empty_business_is_told_what_to_do(alice: User, login) -> None:
    page = login(alice).get(reverse("admin:index")).content.decode()
    for step in ("Set your opening hours", "Add the people", "List your services", "Publish an agent", "Put the chat"):
        assert step in page
    assert "Nothing more today" in page


def test_times_are_the_businesss(owner: Client, mine: World) -> None:
    page = owner.get(reverse("admin:business_booking_changelist")).content.decode()
    assert "10:00 AM" in page


def test_no_page_has_inline_handlers(owner: Client, mine: World) -> None:
    for url in (reverse("admin:index"), reverse("admin:business_booking_day")):
        page = owner.get(url).content.decode()
        assert " onclick=" not in page
        assert " onchange=" not in page


def test_login_leads_to_today(client: Client, mine: World) -> None:
    login = client.get(reverse("admin:login"))["Location"]
    values = {"login": "alice@riverside.example", "password": "callsphere-tests"}
    assert client.post(login, values)["Location"] == reverse("admin:login")
    assert client.get(reverse("admin:login"))["Location"] == reverse("admin:index")
    client.logout()
    assert client.post(reverse("account_login"), values)["Location"] == reverse("admin:index")
