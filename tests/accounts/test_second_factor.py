"""Where a second factor is required, nobody gets past without one: pages, the API, the inbox, the floor."""

import json

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.test import Client
from pytest_django import Settings

from apps.dashboard.floors import roles_of
from apps.tenants import second_factor
from apps.tenants.models import Membership, Role, Tenant, User
from apps.tenants.scope import tenant_scope
from tests.conftest import PASSWORD, make_member

SETUP = "/account/two-factor/totp/activate/"


def logged_in(user: User) -> Client:
    client = Client()
    assert client.login(username=user.email, password=PASSWORD)
    return client


def require(tenant: Tenant) -> None:
    with tenant_scope(tenant.pk):
        Tenant.objects.filter(pk=tenant.pk).update(requires_second_factor=True)


@pytest.fixture
def administrator(db: None, settings: Settings) -> User:
    settings.ADMINISTRATORS_NEED_SECOND_FACTOR = True
    return User.objects.create_superuser("root@callsphere.example", PASSWORD)


def test_an_owner_asks_it_of_the_whole_team(clinic: Tenant, alice: User) -> None:
    sam = make_member("sam@riverside.example", clinic, Role.STAFF)
    page = f"/admin/tenants/tenant/{clinic.pk}/change/"
    form = {"name": clinic.name, "time_zone": clinic.time_zone, "region": "US", "locale": "en-US"}
    owner = logged_in(alice)
    assert owner.post(page, {**form, "requires_second_factor": "on"}).status_code == 302
    for client in (owner, logged_in(sam)):
        answer = client.get("/admin/business/contact/")
        assert answer["Location"] == SETUP
        assert "Set up two-factor login first" in client.get("/account/password/change/").content.decode()


def test_who_has_one_goes_on(clinic: Tenant, alice: User) -> None:
    require(clinic)
    client = logged_in(alice)
    assert client.get("/admin/")["Location"] == SETUP
    TOTP.activate(alice, "JBSWY3DPEHPK3PXP")
    assert client.get("/admin/").status_code == 200


@pytest.mark.parametrize("path", ["/api/contacts", "/api/webhooks", "/api/inbox/conversations"])
def test_the_api_is_no_way_around(clinic: Tenant, alice: User, path: str) -> None:
    require(clinic)
    answer = logged_in(alice).get(path)
    assert answer.status_code == 403
    assert json.loads(answer.content)["error"]["code"] == second_factor.SecondFactorMissing.code


@pytest.mark.parametrize("path", ["/api/dashboard/tickets", "/api/dashboard/leads"])
def test_nor_is_the_floor(clinic: Tenant, alice: User, path: str) -> None:
    require(clinic)
    client = logged_in(alice)
    answer = client.post(path) if path.endswith("tickets") else client.get(path)
    assert answer.status_code == 403
    assert json.loads(answer.content)["error"]["code"] == second_factor.SecondFactorMissing.code


def test_a_floor_that_is_open_is_closed_when_it_begins_to_be_required(
    clinic: Tenant, alice: User, administrator: User
) -> None:
    people = {(clinic.pk, str(alice.pk)), (clinic.pk, str(administrator.pk))}
    assert roles_of(people) == {(clinic.pk, str(alice.pk)): Role.OWNER}
    require(clinic)
    assert roles_of(people) == {}
    for user in (alice, administrator):
        TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    assert roles_of(people) == dict.fromkeys(people, Role.OWNER)


@pytest.mark.parametrize("path", ["/inbox/", "/dashboard/"])
def test_pages_of_the_team_lead_to_the_set_up(clinic: Tenant, alice: User, path: str) -> None:
    require(clinic)
    answer = logged_in(alice).get(path, follow=True)
    assert (SETUP, 302) in answer.redirect_chain
    assert clinic.name not in answer.content.decode()


def test_the_platforms_administrators_always_need_one(administrator: User, clinic: Tenant) -> None:
    client = logged_in(administrator)
    for path in ("/admin/", "/admin/tenants/tenant/", f"/admin/tenants/tenant/{clinic.pk}/change/"):
        assert client.get(path)["Location"] == SETUP
    assert client.post(f"/admin/tenants/tenant/{clinic.pk}/open/")["Location"] == SETUP
    assert client.get("/api/contacts").status_code == 403
    TOTP.activate(administrator, "JBSWY3DPEHPK3PXP")
    assert client.get("/admin/").status_code == 200


def test_who_has_none_may_log_out_and_look_after_the_own_account(clinic: Tenant, alice: User) -> None:
    require(clinic)
    client = logged_in(alice)
    assert client.get("/account/two-factor/").status_code == 200
    assert client.get("/pricing/").status_code == 200
    client.post("/admin/logout/")
    assert "_auth_user_id" not in client.session


def test_another_business_of_the_same_person_does_not_ask(clinic: Tenant, other_tenant: Tenant, alice: User) -> None:
    require(clinic)
    with tenant_scope(other_tenant.pk):
        Membership.objects.create(user=alice, role=Role.STAFF)
    client = logged_in(alice)
    assert client.get("/admin/")["Location"] == SETUP
    session = client.session
    session["tenant_id"] = other_tenant.pk
    session.save()
    assert client.get("/admin/").status_code == 200
