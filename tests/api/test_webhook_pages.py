"""Webhooks in the admin."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.api.models import WebhookDelivery, WebhookEndpoint
from apps.tenants.models import AuditEntry, Role, Tenant, User
from apps.tenants.scope import tenant_scope
from tests.conftest import make_member

pytestmark = pytest.mark.django_db(transaction=True)
FORM = {"url": "https://example.com/hook", "description": "CRM", "events": ["contact.created"]}


@pytest.fixture
def owner(alice: User) -> Client:
    client = Client()
    client.force_login(alice)
    return client


def made(owner: Client, tenant: Tenant) -> tuple[WebhookEndpoint, str]:
    answer = owner.post(reverse("admin:api_webhookendpoint_add"), FORM)
    assert answer.status_code == 200, answer.content
    with tenant_scope(tenant.pk):
        return WebhookEndpoint.objects.get(), answer.context["secret"]


def test_the_secret_is_shown_once(owner: Client, clinic: Tenant) -> None:
    endpoint, secret = made(owner, clinic)
    assert secret.startswith("whsec_")
    for name, args in (("changelist", []), ("change", [endpoint.pk]), ("history", [endpoint.pk])):
        page = owner.get(reverse(f"admin:api_webhookendpoint_{name}", args=args))
        assert page.status_code == 200
        assert secret not in page.content.decode()
    rotated = owner.post(reverse("admin:api_webhookendpoint_rotate", args=[endpoint.pk]))
    assert rotated.context["secret"] not in ("", secret)


@pytest.mark.parametrize(
    ("change", "field"),
    [({"url": "http://example.com/"}, "url"), ({"url": "https://10.0.0.1/"}, "url"), ({"events": []}, "events")],
)
def test_what_is_wrong_stands_beside_the_field(owner: Client, clinic: Tenant, change: Any, field: str) -> None:
    answer = owner.post(reverse("admin:api_webhookendpoint_add"), FORM | change)
    assert field in answer.context["adminform"].form.errors
    with tenant_scope(clinic.pk):
        assert not WebhookEndpoint.objects.exists()


def test_an_owner_tries_it_out_and_sends_again(owner: Client, clinic: Tenant) -> None:
    endpoint, _ = made(owner, clinic)
    page = reverse("admin:api_webhookendpoint_change", args=[endpoint.pk])
    assert "Nothing yet" in owner.get(page).content.decode()
    owner.post(reverse("admin:api_webhookendpoint_test", args=[endpoint.pk]))
    with tenant_scope(clinic.pk):
        delivery = WebhookDelivery.objects.get()
        WebhookDelivery.objects.update(status="failed", answered=500, duration_ms=7, response_head="<b>no</b>")
    assert "Send the failed ones again (1)" in owner.get(page).content.decode()
    shown = owner.get(reverse("admin:api_webhookdelivery_change", args=[delivery.pk])).content.decode()
    assert "&lt;b&gt;no&lt;/b&gt;" in shown
    assert owner.get(reverse("admin:api_webhookdelivery_changelist")).status_code == 200
    owner.post(reverse("admin:api_webhookdelivery_replay", args=[delivery.pk]))
    with tenant_scope(clinic.pk):
        assert WebhookDelivery.objects.get().status == "pending"
        WebhookDelivery.objects.update(status="failed")
    owner.post(reverse("admin:api_webhookendpoint_replay", args=[endpoint.pk]))
    with tenant_scope(clinic.pk):
        assert WebhookDelivery.objects.get().status == "pending"
        actions = set(AuditEntry.objects.filter(action__startswith="webhook").values_list("action", flat=True))
    assert actions == {"webhook.created", "webhook.tried_out", "webhook.replayed"}


def test_an_owner_switches_it_off_and_deletes_it(owner: Client, clinic: Tenant) -> None:
    endpoint, _ = made(owner, clinic)
    page = reverse("admin:api_webhookendpoint_change", args=[endpoint.pk])
    assert owner.post(page, FORM).status_code == 302
    with tenant_scope(clinic.pk):
        assert WebhookEndpoint.objects.get().is_active is False
    test = owner.post(reverse("admin:api_webhookendpoint_test", args=[endpoint.pk]), follow=True)
    assert "switched off" in test.content.decode()
    owner.post(reverse("admin:api_webhookendpoint_delete", args=[endpoint.pk]), {"post": "yes"})
    with tenant_scope(clinic.pk):
        assert not WebhookEndpoint.objects.exists()


def test_managers_look_and_staff_do_not(owner: Client, clinic: Tenant) -> None:
    endpoint, _ = made(owner, clinic)
    manager, staff = Client(), Client()
    manager.force_login(make_member("m@riverside.example", clinic, Role.MANAGER))
    staff.force_login(make_member("s@riverside.example", clinic, Role.STAFF))
    assert manager.get(reverse("admin:api_webhookendpoint_change", args=[endpoint.pk])).status_code == 200
    assert manager.post(reverse("admin:api_webhookendpoint_rotate", args=[endpoint.pk])).status_code == 403
    assert staff.get(reverse("admin:api_webhookendpoint_changelist")).status_code == 403
