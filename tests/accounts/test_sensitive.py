"""Before a step that a thief of an open screen would take, the person proves once more who they are."""

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from apps.accounts.sensitive import STEPS
from apps.tenants.models import ApiKey, Tenant, User
from apps.tenants.scope import tenant_scope
from tests.accounts.test_login import log_in
from tests.conftest import PASSWORD
from tests.isolation.test_routes import routes


@pytest.fixture
def client(alice: User, settings: Settings) -> Client:
    settings.SENSITIVE_STEPS_ASK = True
    cache.clear()
    client = Client()
    log_in(client, alice)
    return client


def test_every_step_is_an_address() -> None:
    assert {name for name, _ in routes()} >= STEPS


def test_a_key_is_made_after_the_password_was_given_again(client: Client, clinic: Tenant) -> None:
    page = "/admin/tenants/apikey/add/"
    asked = client.get(page)["Location"]
    assert asked == "/account/reauthenticate/?next=%2Fadmin%2Ftenants%2Fapikey%2Fadd%2F"
    form = {"name": "Robot", "scopes": ["*"]}
    assert client.post(page, form)["Location"].startswith("/account/reauthenticate/")
    with tenant_scope(clinic.pk):
        assert not ApiKey.objects.exists()
    assert client.post(asked, {"password": "wrong"}).status_code == 200
    assert client.get(page).status_code == 302
    assert client.post(asked, {"password": PASSWORD})["Location"] == page
    assert client.get(page).status_code == 200


def test_one_comes_back_to_the_page_of_the_button_and_nowhere_else(client: Client) -> None:
    path = "/admin/api/webhookendpoint/whk_1/rotate/"
    here = client.post(path, HTTP_REFERER="http://testserver/admin/api/webhookendpoint/whk_1/change/")
    assert here["Location"].endswith("next=%2Fadmin%2Fapi%2Fwebhookendpoint%2Fwhk_1%2Fchange%2F")
    assert client.post(path, HTTP_REFERER="https://evil.example/x")["Location"].endswith("next=%2Fadmin%2F")


def test_ones_own_address_is_changed_after_it_only(client: Client) -> None:
    assert client.get("/account/email/")["Location"].startswith("/account/reauthenticate/")


def test_the_rest_of_the_admin_does_not_ask(client: Client) -> None:
    assert client.get("/admin/business/contact/").status_code == 200
