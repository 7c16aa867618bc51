"""Another tenant's id, put everywhere that a request has room for one: it is never what decides.

The walk over every address with another tenant's rows is in tests/isolation; here Bob, who owns Harbor, asks for his
own things and says in each way he can think of that he is Riverside.
"""

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import httpx2 as httpx
import pytest
from django.apps import apps
from django.contrib import admin
from django.db import models
from django.test import Client
from django.urls import reverse

from apps.tenants.base import TenantModel
from apps.tenants.models import ApiKey, Tenant, WidgetKey
from apps.tenants.scope import all_tenants, tenant_scope
from tests.conftest import PASSWORD
from tests.isolation.test_routes import routes

pytestmark = pytest.mark.timeout(600)


def foreign_keys() -> Iterator[tuple[type[TenantModel], models.ForeignKey[Any, Any]]]:
    for model in apps.get_models():
        if issubclass(model, TenantModel):
            for field in model._meta.get_fields():
                related = getattr(field, "related_model", None)
                if isinstance(field, models.ForeignKey) and _is_tenants(related):
                    yield model, field


def _is_tenants(model: Any) -> bool:
    return isinstance(model, type) and issubclass(model, TenantModel)


def nothing_points_across() -> None:
    """No row of one business points at another's."""
    with all_tenants(reason="the suite looks for what crossed"):
        for model, field in foreign_keys():
            crossing = model.objects.filter(**{f"{field.name}__isnull": False}).exclude(
                **{f"{field.name}__tenant_id": models.F("tenant_id")}
            )
            assert not crossing.exists(), (model, field.name)


def keys_of(tenant: Tenant) -> set[str]:
    with tenant_scope(tenant.pk):
        found = {
            str(pk)
            for model in apps.get_models()
            if issubclass(model, TenantModel)
            for pk in model.objects.values_list("pk", flat=True)
        }
    return {key for key in found if "_" in key}  # numbers are everywhere


def claims(tenant: Tenant) -> list[dict[str, Any]]:
    """Each a way to say that one is somebody else; what a server would read one at a time, it gets together."""
    names = ("tenant", "tenant_id", "tenant__id", "tenant__id__exact", "tenant__slug", "tenant__in", "filter[tenant]")
    orders = ("ordering=tenant__name", "sort=tenant__name", "order_by=-tenant__slug", "fields=tenant", "include=tenant")
    headers = ("X-Tenant", "X-Tenant-ID", "Tenant", "X-Organization", "X-Original-Host", "X-Forwarded-Host")
    cookies = {"Cookie": f"tenant_id={tenant.pk}; tenant={tenant.slug}"}
    return [
        {"QUERY_STRING": "&".join(f"{name}={tenant.pk}" for name in names)},
        {"QUERY_STRING": "&".join((f"tenant={tenant.slug}", f"q={tenant.pk}", *orders))},
        {"headers": dict.fromkeys(headers, tenant.pk) | cookies},
        {"headers": dict.fromkeys(headers, tenant.slug) | {"Host": f"{tenant.slug}.example"}},
    ]


def stays_in_its_business(mine: Tenant, theirs: Tenant) -> None:
    """A program, whatever it says that it is."""
    secrets, tried = keys_of(mine) - keys_of(theirs), set()
    with tenant_scope(theirs.pk):
        secret = ApiKey.issue(name="CRM", scopes=("*",))[1]
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    for name, pattern in routes():
        if not name.startswith("api:") or "<" in pattern or "schema" in name or "docs" in name:
            continue
        plain = client.get(f"/{pattern}")
        for claim in claims(mine):
            answer = client.get(f"/{pattern}", **claim)
            assert answer.status_code in (plain.status_code, 200, 400, 404, 405, 422), (pattern, claim)
            text = answer.content.decode()
            assert not {key for key in secrets if key in text and key not in str(claim)}, (pattern, claim)
            assert mine.name not in text
            tried.add(pattern)
    assert len(tried) > 10


def writes_its_own_alone(mine: Tenant, theirs: Tenant) -> None:
    """Also nested, doubled, and as the internals of a row (mass assignment)."""
    before, kept = keys_of(mine), keys_of(theirs)
    with tenant_scope(theirs.pk):
        secret = ApiKey.issue(name="CRM", scopes=("*",))[1]
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    person = {"given_name": "Eve", "family_name": "Harbor"}
    more: list[dict[str, Any]] = [
        {"tenant": mine.pk},
        {"tenant_id": mine.pk},
        {"tenant": {"id": mine.pk, "slug": mine.slug}},
        {"id": next(iter(before))},
        {"pk": next(iter(before))},
        {"_state": {"db": "default"}},
        {"__class__": "Tenant"},
        {"contact": {"tenant": mine.pk}},
        {"created_at": "2000-01-01T00:00:00Z"},
    ]
    for extra in more:
        answer = client.post("/api/contacts", {**person, **extra}, content_type="application/json")
        assert answer.status_code in (201, 422), (extra, answer.content)
    doubled = f'{{"given_name": "Eve", "tenant": "{theirs.pk}", "tenant": "{mine.pk}"}}'
    assert client.post("/api/contacts", doubled, content_type="application/json").status_code in (201, 422)
    assert keys_of(mine) == before
    assert not (keys_of(theirs) - kept) & before
    nothing_points_across()


def chats_with_its_own_alone(server: str, mine: Tenant, theirs: Tenant) -> None:
    """The widget key of the header counts."""
    with tenant_scope(theirs.pk):
        key = WidgetKey.objects.earliest("pk").key
    with tenant_scope(mine.pk):
        other = WidgetKey.objects.earliest("pk").key
    said = {"tenant": mine.pk, "tenant_id": mine.pk, "tenant__slug": mine.slug, "visitor": {"tenant": mine.pk}}
    with httpx.Client(base_url=server, timeout=60) as http:
        answer = http.post(
            f"/api/chat/sessions?tenant={mine.pk}&widget={other}",
            json={"widget": other, **said},
            headers={"X-Widget-Key": key, "X-Tenant-ID": mine.pk, "Cookie": f"tenant_id={mine.pk}"},
        )
        assert answer.status_code in (200, 422)
        assert mine.name not in answer.text
        for slug in (mine.slug, mine.pk, theirs.slug):  # neither is a demo
            assert http.post("/api/voice/tickets", json={"tenant": slug}).status_code == 404


def actions_take_nothing(bob: Client, mine: Tenant) -> None:
    """Each action of each list, with another tenant's rows ticked."""
    before, tried = _state(mine), 0
    for model, model_admin in admin.site._registry.items():
        path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        with tenant_scope(mine.pk):
            rows = model._default_manager.values_list("pk", flat=True)[:3] if _is_tenants(model) else [mine.pk]
            foreign = list(rows)
        names = {"delete_selected", *(getattr(action, "__name__", str(action)) for action in model_admin.actions or ())}
        for name in names:
            body = {"action": name, "_selected_action": foreign, "post": "yes", "select_across": "0", "index": "0"}
            answer = bob.post(path, body)
            assert answer.status_code in (200, 302, 400, 403, 404, 405), (path, name)
            tried += 1
    assert tried > 40
    assert _state(mine) == before


def lookups_tell_nothing(bob: Client, mine: Tenant) -> None:
    """Each list, asked by what a URL may filter, sort and pop up by: also through relations, one letter at a time."""
    with tenant_scope(mine.pk):
        contact = apps.get_model("business", "Contact").objects.earliest("pk")
        contact.family_name = "Quillfeather"  # as nobody of the other business is called
        contact.save(update_fields=["family_name"])
        secrets = {mine.name, contact.pk, contact.family_name} - {""}
    asked = [
        {"tenant__id__exact": mine.pk},
        {"tenant__slug__startswith": mine.slug[0], "e": "1"},
        {"contact__tenant__id__exact": mine.pk},
        {"contact__family_name__startswith": contact.family_name[:1]},
        {"created_by__password__startswith": "a"},
        {"q": contact.family_name, "_popup": "1", "_to_field": "tenant"},
        {"_popup": "1", "_to_field": "id", "id__exact": contact.pk},
        {"_to_field": "tenant__secret", "o": "99.-7", "all": ""},
        {"pk__in": ",".join((contact.pk, mine.pk)), "p": "-1"},
        {"_changelist_filters": f"tenant__id__exact={mine.pk}"},
    ]
    tried = 0
    for query in asked:
        # A page may say again what it was asked.
        untold = {secret for secret in secrets if not any(secret in value for value in query.values())}
        for model in admin.site._registry:
            path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
            answer = bob.get(path, query)
            assert answer.status_code in (200, 302, 400, 403, 404, 405), (path, query)
            assert not [secret for secret in untold if secret in answer.content.decode()], (path, query)
            tried += answer.status_code == 200
    assert tried > 40


class _Fields(HTMLParser):
    """What a browser would send of a page's form."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.sent: dict[str, Any] = {}
        self._select = self._area = ""
        self.feed(html)

    def handle_starttag(self, tag: str, given: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in given}
        name = attributes.get("name", "")
        if tag == "input" and name and attributes.get("type") not in ("submit", "file", "button"):
            if attributes.get("type") not in ("checkbox", "radio") or "checked" in attributes:
                self.sent[name] = attributes.get("value", "on")
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in attributes:
            self.sent[self._select] = attributes.get("value", "")
        elif tag == "textarea":
            self._area = name
            self.sent[name] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.sent[self._area] += data


def forms_take_nothing(bob: Client, mine: Tenant, theirs: Tenant) -> None:
    """Each list of the form, its rows included: with another tenant's key in its place."""
    before, tried = _state(mine), 0
    for model, model_admin in admin.site._registry.items():
        if not issubclass(model, TenantModel):
            continue
        with tenant_scope(theirs.pk):
            own = model.objects.order_by("pk").first()
        if own is None:
            continue
        path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[own.pk])
        page = bob.get(path, follow=True)
        if page.status_code != 200:
            continue
        fields = _Fields(page.content.decode()).sent
        for name in list(fields):
            kind = _related(model, model_admin, name.rpartition("-")[2])
            if kind is None:
                continue
            with tenant_scope(mine.pk):
                foreign = kind.objects.values_list("pk", flat=True).first()
            answer = bob.post(page.request["PATH_INFO"], {**fields, name: foreign, "tenant": mine.pk})
            assert answer.status_code in (200, 302, 403), (model, name)
            tried += 1
    assert tried > 10
    nothing_points_across()
    assert _state(mine) == before


def _related(model: type[TenantModel], model_admin: Any, name: str) -> type[TenantModel] | None:
    """The model that a field of the form, or of one of its inlines, points at."""
    for each in (model, *(inline.model for inline in model_admin.inlines or ())):
        try:
            related = each._meta.get_field(name).related_model
        except Exception:
            continue
        if _is_tenants(related):
            return related
    return None


def _state(tenant: Tenant) -> dict[str, list[Any]]:
    """Every row of a business, but of its talks: the suite's server ends calls that nobody carries."""
    with tenant_scope(tenant.pk):
        return {
            model._meta.label: list(model.objects.order_by("pk").values())
            for model in apps.get_models()
            if issubclass(model, TenantModel) and model._meta.app_label != "conversations"
        }


def test_outside_the_admin_an_id_decides_nothing(server: str, mine: Tenant, theirs: Tenant) -> None:
    """One test for several attacks: two full businesses take longer to make than to attack."""
    stays_in_its_business(mine, theirs)
    writes_its_own_alone(mine, theirs)
    chats_with_its_own_alone(server, mine, theirs)


def test_in_the_admin_an_id_decides_nothing(mine: Tenant, theirs: Tenant) -> None:
    bob = Client()
    assert bob.login(username="bob@harbor.example", password=PASSWORD)
    forms_take_nothing(bob, mine, theirs)
    lookups_tell_nothing(bob, mine)
    actions_take_nothing(bob, mine)
