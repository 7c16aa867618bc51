"""Widget keys and API keys."""

import pytest
from django.test import Client
from django.urls import reverse

from apps.tenants.models import ApiKey, AuditEntry, WidgetKey, hash_secret
from apps.tenants.scope import tenant_scope
from tests.admin.conftest import World

WIDGET = {"name": "Shop", "agent": "", "title": "", "accent": "#112233", "is_active": "on"}


def test_an_api_keys_secret_is_shown_once(owner: Client, mine: World) -> None:
    response = owner.post(reverse("admin:tenants_apikey_add"), {"name": "CRM", "scopes": ["contacts:read"]})
    assert response.status_code == 200
    secret = response.context["secret"]
    assert secret in response.content.decode()
    assert "no-store" in response["Cache-Control"]
    with tenant_scope(mine.tenant.pk):
        key = ApiKey.objects.get(name="CRM")
        assert key.secret_hash == hash_secret(secret)
        assert key.scopes == ["contacts:read"]
        assert AuditEntry.objects.filter(action="apikey.added", target=key.pk).count() == 1
        assert secret not in str(list(AuditEntry.objects.values()))
    for name, args in (("changelist", []), ("change", [key.pk]), ("history", [key.pk])):
        page = owner.get(reverse(f"admin:tenants_apikey_{name}", args=args)).content.decode()
        assert secret not in page
        assert key.secret_hash not in page


def test_a_keys_scopes_are_chosen_from_those_of_the_industry(owner: Client, mine: World) -> None:
    add = reverse("admin:tenants_apikey_add")
    page = owner.get(add).content.decode()
    assert "contacts:read" in page
    assert "incidents:read" not in page
    refused = owner.post(add, {"name": "CRM"})
    assert "Choose one at least" in str(refused.context["adminform"].form.errors["scopes"])
    assert "scopes" in owner.post(add, {"name": "CRM", "scopes": ["incidents:read"]}).context["adminform"].form.errors
    owner.post(add, {"name": "CRM", "scopes": ["contacts:read", "*"]})
    with tenant_scope(mine.tenant.pk):
        key = ApiKey.objects.get(name="CRM")
    assert key.scopes == ["*"]
    change = reverse("admin:tenants_apikey_change", args=[key.pk])
    owner.post(change, {"name": "CRM", "scopes": ["bookings:write"]})
    with tenant_scope(mine.tenant.pk):
        assert ApiKey.objects.get(name="CRM").scopes == ["bookings:write"]
        assert AuditEntry.objects.filter(action="apikey.changed", target=key.pk).count() == 1


def test_a_key_is_revoked_once_and_stays(owner: Client, mine: World) -> None:
    with tenant_scope(mine.tenant.pk):
        key = ApiKey.objects.get()
    url = reverse("admin:tenants_apikey_revoke", args=[key.pk])
    assert owner.get(url).status_code == 405
    for _ in range(2):
        assert owner.post(url).status_code == 302
    with tenant_scope(mine.tenant.pk):
        assert ApiKey.objects.get().revoked_at is not None
        assert AuditEntry.objects.filter(action="apikey.revoked").count() == 1
    assert owner.post(reverse("admin:tenants_apikey_delete", args=[key.pk])).status_code == 403


def test_managers_see_keys_and_change_none_and_staff_see_none(
    manager: Client, staff_member: Client, mine: World
) -> None:
    with tenant_scope(mine.tenant.pk):
        key = ApiKey.objects.get()
    revoke = reverse("admin:tenants_apikey_revoke", args=[key.pk])
    assert manager.get(reverse("admin:tenants_apikey_changelist")).status_code == 200
    assert manager.post(revoke).status_code == 403
    assert manager.post(reverse("admin:tenants_apikey_add"), {"name": "x"}).status_code == 403
    for client_url in (reverse("admin:tenants_apikey_changelist"), reverse("admin:tenants_widgetkey_changelist")):
        assert staff_member.get(client_url).status_code == 403
    assert staff_member.post(revoke).status_code == 403


def test_domains_are_one_on_each_line(owner: Client, mine: World) -> None:
    domains = " Shop.example \r\n\r\n*.shop.example\r\nshop.example\r\n"
    assert owner.post(reverse("admin:tenants_widgetkey_add"), WIDGET | {"allowed_domains": domains}).status_code == 302
    with tenant_scope(mine.tenant.pk):
        widget = WidgetKey.objects.get(name="Shop")
    assert widget.allowed_domains == ["shop.example", "*.shop.example"]
    page = owner.get(reverse("admin:tenants_widgetkey_change", args=[widget.pk])).content.decode()
    assert "shop.example\n*.shop.example" in page


@pytest.mark.parametrize("bad", ["not a domain", "javascript:alert(1)", "shop.example/path", "https://", "*"])
def test_a_bad_domain_is_named(owner: Client, mine: World, bad: str) -> None:
    values = WIDGET | {"allowed_domains": f"shop.example\n{bad}"}
    response = owner.post(reverse("admin:tenants_widgetkey_add"), values)
    assert response.status_code == 200
    errors = str(response.context["adminform"].form.errors["allowed_domains"])
    assert bad.replace("'", "&#x27;") in errors
    with tenant_scope(mine.tenant.pk):
        assert WidgetKey.objects.count() == 1


@pytest.mark.parametrize("accent", ["red", "#12", "#1122334", "url(x)"])
def test_a_bad_color_is_refused(owner: Client, mine: World, accent: str) -> None:
    response = owner.post(reverse("admin:tenants_widgetkey_add"), WIDGET | {"accent": accent})
    assert "accent" in response.context["adminform"].form.errors


def test_an_agent_of_nobody_cannot_answer(owner: Client, mine: World) -> None:
    response = owner.post(reverse("admin:tenants_widgetkey_add"), WIDGET | {"agent": "stranger"})
    assert "agent" in response.context["adminform"].form.errors


def test_the_snippet_carries_this_servers_address_and_the_key(owner: Client, mine: World) -> None:
    url = reverse("admin:tenants_widgetkey_change", args=[mine.widget.pk])
    embed = owner.get(url).context["embed"]
    assert embed["snippet"] == (
        f'<script async src="http://testserver/widget/v1.js" data-key="{mine.widget.key}"></script>'
    )
    assert owner.get(embed["preview"]).status_code == 200
