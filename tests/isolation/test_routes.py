"""Every address, walked with another tenant's ids: by its owner's rival, by a person without a tenant, by nobody.

The walk is generated from the URL configuration. A route with an object's id is tried with every row of its model; one
without must be listed here with its reason or its own twin, or the suite fails.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.utils import quote
from django.db import models
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from apps.tenants.base import TenantModel
from apps.tenants.models import Tenant, User, WidgetKey
from apps.tenants.scope import tenant_scope
from tests.chat.client import Visitor
from tests.conftest import PASSWORD

pytestmark = pytest.mark.timeout(600)

Rows = dict[type[TenantModel], list[str]]

PUBLIC = {
    "landing": "the same for everybody",
    "demo": "a demo business's public site",
    "voice-demo": "a demo business's public page",
    "twilio-incoming": "signed by the carrier; the called number names the tenant",
    "twilio-status": "signed by the carrier, about a call it carries",
    "twilio-outgoing": "signed by the carrier; twins in tests/telephony/test_webhooks.py",
    "twilio-amd": "signed by the carrier, about a call we made",
    "twilio-gather": "signed by the carrier, about a call we made",
    "twilio-after-dial": "signed by the carrier, about a number of ours",
    "twilio-voicemail": "signed by the carrier, about a number of ours",
    "twilio-recording": "signed by the carrier, about a number of ours",
    "twilio-sms": "signed by the carrier; the texted number names the tenant",
    "twilio-sms-status": "signed by the carrier, about a text we sent",
    **{
        f"{carrier}-{what}": "signed by the carrier; twins in tests/voice/test_carrier_calls.py"
        for carrier in ("telnyx", "plivo", "vonage")
        for what in ("incoming", "after", "status")
    },
    "stripe-webhook": "signed by the payment provider; twins in tests/plans/billing/test_webhooks.py",
    "widget-loader": "one script for all",
    "healthz": "says nothing of tenants",
    "readyz": "says nothing of tenants",
    "metrics": "the operator's; numbers of the whole process",
    "affiliates": "the same for everybody",
    "affiliate-link": "leads to a page of ours; nothing of a business is read",
    "affiliate-join": "about one's own login; twins in tests/affiliates/test_pages.py",
    "affiliate-join-sent": "the same for everybody",
    "affiliate-confirm": "by a secret that was sent by e-mail; twins in tests/affiliates/test_pages.py",
    "affiliate-dashboard": "one's own; twins in tests/affiliates/test_pages.py",
    "affiliate-payout": "one's own; twins in tests/affiliates/test_pages.py",
    "edge-stream": "for the operator's ticket; says nothing of tenants",
    "edge-state": "for the operator's ticket; says nothing of tenants",
    "pricing": "the same for everybody",
    "signup": "makes a tenant of its own; twins in tests/accounts/test_signup.py",
    "signup-code": "about the sign-up in one's own session",
    **dict.fromkeys(
        (
            *("account_login", "account_logout", "account_inactive", "account_signup", "account_reauthenticate"),
            *("account_request_reauthentication_code", "account_confirm_reauthentication_code", "account_email"),
            *("account_email_verification_sent", "account_confirm_email", "account_change_password"),
            *("account_set_password", "account_reset_password", "account_reset_password_done"),
            *("account_reset_password_from_key", "account_reset_password_from_key_done", "account_confirm_login_code"),
            *("mfa_index", "mfa_authenticate", "mfa_reauthenticate", "mfa_activate_totp", "mfa_deactivate_totp"),
            *("mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_download_recovery_codes"),
        ),
        "one's own login; says nothing of tenants",
    ),
    "admin:login": "before anybody is known",
    "admin:logout": "ends one's own session",
    "admin-password-change": "leads to one's own login",
    "admin:password_change": "one's own password",
    "admin:password_change_done": "a fixed page",
    "admin:jsi18n": "translations",
    "admin:tenants_tenant_leave": "ends what an administrator opened",
}
TWINS = {"widget-frame", "chat-sessions", "chat-stream", "chat-resume", "chat-stop", "chat-conversation"} | {
    "chat-ui", "chat-ui-messages", "chat-ui-resume", "chat-ui-stop", "voice-tickets", "dashboard-tickets",
    "dashboard", "dashboard-leads",
    "after-hours-incidents", "after-hours-email", "join", "first-steps-hide", "first-steps-hours",
    "chat-conversation-stream", "chat-callback", "inbox", "inbox-conversations", "inbox-conversation", "inbox-act",
    "inbox-wishes", "inbox-stream", "inbox-run", "tenants-use",
}  # fmt: skip
"""Routes outside the admin; tried by tests named after them here, or in the tests of their app."""


def routes() -> Iterator[tuple[str, str]]:
    """(name, pattern) of each address; the admin's redirects for unknown paths are no addresses."""

    def walk(resolver: URLResolver, prefix: str, namespace: str) -> Iterator[tuple[str, str]]:
        for entry in resolver.url_patterns:
            path = prefix + str(entry.pattern)
            if isinstance(entry, URLResolver):
                yield from walk(entry, path, str(entry.namespace or namespace))
            elif isinstance(entry, URLPattern) and entry.name is not None:
                yield (f"{namespace}:" if namespace else "") + entry.name, path

    yield from walk(get_resolver(), "", "")


def model_of(pattern: str) -> type[models.Model] | None:
    """The model of an admin address such as admin/business/booking/<path:object_id>/cancel/."""
    found = re.match(r"admin/([a-z_]+)/([a-z]+)/", pattern)
    try:
        return apps.get_model(found[1], found[2]) if found else None
    except LookupError:
        return None


def with_object(pattern: str) -> bool:
    return "object_id" in pattern


def filled(pattern: str, key: Any) -> str:
    path = re.sub(r"<path:content_type_id>|<int:\w+>", "1", pattern)
    return "/" + re.sub(r"<\w+:object_id>", str(quote(key)), path)


@pytest.fixture
def rivals(mine: Tenant, theirs: Tenant, charlie: User) -> dict[str, Client]:
    """Bob, who owns another tenant; Charlie, who has none; and nobody."""
    clients = {"bob@harbor.example": Client(), "charlie@nowhere.example": Client()}
    for email, client in clients.items():
        assert client.login(username=email, password=PASSWORD)
    return {**clients, "nobody": Client()}


def test_every_route_has_its_twin() -> None:
    names = {name for name, pattern in routes() if not with_object(pattern)}
    collections = {name for name in names if name.startswith(("admin:", "api:"))}  # api: see test_api_routes.py
    assert names - collections == (TWINS | set(PUBLIC)) - {name for name in PUBLIC if name.startswith("admin:")}


def test_objects_of_another_tenant_are_not_there(
    mine: Tenant, rivals: dict[str, Client], rows_of: Callable[[Tenant], Rows]
) -> None:
    tried = 0
    rows = rows_of(mine)
    for name, pattern in routes():
        model = model_of(pattern)
        if not with_object(pattern) or (model is None and name != "admin:view_on_site"):
            continue
        keys: list[Any] = [User.objects.get(email="alice@riverside.example").pk]
        if model is Tenant:
            keys = [mine.pk]
        elif model is not None and issubclass(model, TenantModel):
            keys = rows[model][:3]
        for key in keys:
            for who, client in rivals.items():
                for method in (client.get, client.post):
                    response = method(filled(pattern, key))
                    tried += 1
                    if who == "nobody":
                        assert response.status_code == 302, (name, who)
                        assert response["Location"].startswith("/admin/login/"), (name, who)
                    else:
                        assert response.status_code in (403, 404, 405), (name, who, response.status_code)
                        assert b"alice@riverside.example" not in response.content
    assert tried > 100
    assert rows_of(mine) == rows


def test_collections_show_nothing_of_another_tenant(
    mine: Tenant, rivals: dict[str, Client], rows_of: Callable[[Tenant], Rows]
) -> None:
    secrets = {key for keys in rows_of(mine).values() for key in keys} | {mine.pk}
    identifier = re.compile(r"\b[a-z]{2,10}(?:_|_5F)[0-9a-z]{20}\b")
    for name, pattern in routes():
        if not name.startswith("admin:") or with_object(pattern) or name in PUBLIC or "(?P" in pattern:
            continue
        for who, client in rivals.items():
            for query in (
                {},
                {"q": "a"},
                {"term": "a", "app_label": "business", "model_name": "booking", "field_name": "contact"},
            ):
                response = client.get(f"/{pattern}", query)
                assert response.status_code in (200, 302, 403, 404), (name, who, response.status_code)
                page = response.content.decode()
                shown = {found.replace("_5F", "_") for found in identifier.findall(page)}
                assert not shown & secrets, (name, who)
                assert "alice@riverside.example" not in page, (name, who)


def test_an_owner_reaches_every_row_that_their_lists_link(mine: Tenant) -> None:
    """The same walk from the inside: or all the 404s above would prove nothing."""
    alice = Client()
    assert alice.login(username="alice@riverside.example", password=PASSWORD)
    followed = 0
    for name, pattern in routes():
        if name.startswith("admin:") and name.endswith("_changelist"):
            page = alice.get(f"/{pattern}", follow=True)
            if page.status_code == 403:
                continue  # the platform's own pages
            assert page.status_code == 200, name
            for link in sorted(set(re.findall(rf'href="(/{pattern}[^"?]+/change/)', page.content.decode())))[:2]:
                assert alice.get(link).status_code == 200, link
                followed += 1
    assert followed > 15


def test_autocompletes_offer_only_ones_own(mine: Tenant, theirs: Tenant, rivals: dict[str, Client]) -> None:
    from django.contrib import admin

    tried = 0
    with tenant_scope(mine.pk):
        foreign = {
            str(key)
            for model in apps.get_models()
            if issubclass(model, TenantModel)
            for key in model.objects.values_list("pk", flat=True)
        }
    for model, model_admin in admin.site._registry.items():
        for field in model_admin.get_autocomplete_fields(None):  # type: ignore[arg-type]
            query = {
                "term": "",
                "app_label": model._meta.app_label,
                "model_name": str(model._meta.model_name),
                "field_name": field,
            }
            response = rivals["bob@harbor.example"].get("/admin/autocomplete/", query)
            assert response.status_code == 200, (model, field)
            offered = {row["id"] for row in response.json()["results"]}
            assert offered
            assert not offered & foreign
            tried += 1
    assert tried >= 2


def test_widget_frame_and_sessions_show_one_tenant(server: str, mine: Tenant, theirs: Tenant) -> None:
    with tenant_scope(theirs.pk):
        key = WidgetKey.objects.earliest("pk").key
    visitor = Visitor(server, key)
    frame = visitor.http.get(f"/widget/frame/{key}").text
    session = visitor.http.post("/api/chat/sessions", json={"widget": key}).text
    for page in (frame, session):
        assert theirs.name in page
        assert mine.name not in page
        assert mine.pk not in page


def test_a_token_of_one_tenant_is_a_new_visitor_at_another(server: str, mine: Tenant, theirs: Tenant) -> None:
    """chat-sessions, chat-stream, chat-resume, chat-stop and chat-conversation, with a foreign token."""
    with tenant_scope(mine.pk):
        own = WidgetKey.objects.earliest("pk").key
    with tenant_scope(theirs.pk):
        foreign = WidgetKey.objects.earliest("pk").key
    alice, bob = Visitor(server, own), Visitor(server, foreign)
    run = alice.ask("hello").run["run"]
    bob.ask("hello")
    bearer = {"Authorization": f"Bearer {alice.token}", "X-Widget-Key": foreign}
    session = bob.http.post("/api/chat/sessions", json={"widget": foreign}, headers=bearer).json()
    assert session["conversation"] is None
    assert bob.http.post("/api/chat/stream", json={"message": "hi"}, headers=bearer).status_code == 401
    for method, address in (
        ("GET", f"runs/{run}/stream"),
        ("POST", f"runs/{run}/stop"),
        ("GET", f"conversations/{alice.conversation}"),
    ):
        assert bob.http.request(method, f"/api/chat/{address}", headers=bob.headers()).status_code == 404
