"""What is another tenant's does not exist, on any page of the admin; an outsider finds nothing at all."""

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from apps.business.models import WeeklyHours
from apps.tenants.models import ApiKey, Tenant, User
from apps.tenants.scope import tenant_scope
from tests.admin.conftest import World, address, pages

pytestmark = pytest.mark.django_db

PAGES = {page.opts.label: page for page in pages()}
PLATFORM = [page for page in admin.site._registry.values() if page.opts.app_label == "affiliates"]


def rows_of(world: World, page) -> list:
    if page.model is Tenant:
        return [world.tenant]
    with tenant_scope(world.tenant.pk):
        rows = page.model.objects.all()
        return list(rows.filter(staff=None) if page.model is WeeklyHours else rows)


@pytest.mark.parametrize("label", PAGES)
@pytest.mark.parametrize("view", ["change", "history", "delete"])
def test_another_tenants_rows_are_not_found(owner: Client, theirs: World, label: str, view: str) -> None:
    page = PAGES[label]
    for row in rows_of(theirs, page):
        url = address(page, view, row.pk)
        assert owner.get(url).status_code == 404, url
        assert owner.post(url, {"post": "yes"}).status_code == 404, url


@pytest.mark.parametrize("label", PAGES)
def test_lists_show_nothing_of_another_tenant(owner: Client, mine: World, theirs: World, label: str) -> None:
    page = PAGES[label]
    for query in ({}, {"q": "anzibarco"}, {"q": "Harbor"}):
        response = owner.get(address(page, "changelist"), query, follow=True)
        assert response.status_code == 200
        text = response.content.decode()
        for word in ("Zanzibar", "Harbor Salon", *(row.pk for row in rows_of(theirs, page))):
            assert word not in text, (label, query)


@pytest.mark.parametrize("label", PAGES)
@pytest.mark.parametrize("view", ["add", "change"])
def test_forms_offer_nothing_of_another_tenant(
    owner: Client, mine: World, theirs: World, label: str, view: str
) -> None:
    page = PAGES[label]
    urls = [address(page, "add")]
    if view == "change":
        urls = [address(page, "change", row.pk) for row in rows_of(mine, page)[:3]]
    for url in urls:
        query = {"contact": theirs.contact.pk, "staff": theirs.staff.pk, "service": theirs.service.pk}
        response = owner.get(url, query)
        assert response.status_code in (200, 403), url
        assert b"Zanzibar" not in response.content
        assert theirs.staff.name.encode() not in response.content


@pytest.mark.parametrize("label", PAGES)
def test_an_outsider_finds_no_page(mine: World, charlie: User, login, label: str) -> None:
    client = login(charlie)
    page = PAGES[label]
    row = rows_of(mine, page)[0].pk if rows_of(mine, page) else "x"
    urls = [address(page, "changelist"), address(page, "add")]
    urls += [address(page, view, row) for view in ("change", "history", "delete")]
    for url in urls:
        assert client.get(url).status_code == 404, url
        assert client.post(url, {}).status_code == 404, url


@pytest.mark.parametrize("page", PLATFORM, ids=lambda page: page.opts.label)
def test_what_is_the_platforms_is_closed_to_businesses(owner: Client, charlie: User, login, page) -> None:
    for client in (owner, login(charlie)):
        for url in (address(page, "changelist"), address(page, "add"), address(page, "change", "x")):
            assert client.get(url).status_code in (403, 404), url
            assert client.post(url, {}).status_code in (403, 404), url


def test_an_outsider_is_told_what_to_do(mine: World, charlie: User, login) -> None:
    response = login(charlie).get(reverse("admin:index"))
    assert response.status_code == 200
    assert b"You do not belong to a business yet" in response.content
    assert b"Riverside" not in response.content


def test_autocomplete_offers_only_ones_own(owner: Client, mine: World, theirs: World) -> None:
    for model, field in (("booking", "contact"), ("staffservice", "staff"), ("staffservice", "service")):
        response = owner.get(
            reverse("admin:autocomplete"),
            {"app_label": "business", "model_name": model, "field_name": field, "term": ""},
        )
        assert response.status_code == 200
        names = str(response.json())
        assert "Larkspur" in names
        assert "Zanzibar" not in names


@pytest.mark.parametrize("term", ["\0", "%", "'\"--", "x" * 5_000, "🦩"])
def test_odd_searches_find_nothing(owner: Client, mine: World, term: str) -> None:
    for model, field in (("booking", "contact"), ("staffservice", "staff")):
        query = {"app_label": "business", "model_name": model, "field_name": field, "term": f"zz{term}"}
        response = owner.get(reverse("admin:autocomplete"), query)
        assert response.json()["results"] == []
    for page in PAGES.values():
        response = owner.get(address(page, "changelist"), {"q": term, "p": "x", "o": "zz"}, follow=True)
        assert response.status_code == 200


def test_autocomplete_is_closed_to_outsiders(mine: World, charlie: User, login) -> None:
    query = {"app_label": "business", "model_name": "booking", "field_name": "contact", "term": "Lark"}
    assert login(charlie).get(reverse("admin:autocomplete"), query).status_code == 403


def test_a_booking_cannot_take_another_tenants_contact(owner: Client, mine: World, theirs: World) -> None:
    response = owner.post(
        reverse("admin:business_booking_add"),
        {
            "contact": theirs.contact.pk,
            "staff": theirs.staff.pk,
            "service": theirs.service.pk,
            "date": "2026-11-25",
            "time": "11:00",
        },
    )
    assert response.status_code == 200
    assert set(response.context["adminform"].form.errors) >= {"contact", "staff", "service"}


EXTRA = [
    ("business_booking_cancel", "booking"),
    ("agents_agent_draft", "agent"),
    ("agents_agent_discard", "agent"),
]


@pytest.mark.parametrize(("name", "kind"), EXTRA)
def test_other_actions_do_not_find_another_tenants_rows(
    owner: Client, theirs: World, charlie: User, login, name: str, kind: str
) -> None:
    url = reverse(f"admin:{name}", args=[getattr(theirs, kind).pk])
    for client in (owner, login(charlie)):
        assert client.get(url).status_code == 404
        assert client.post(url).status_code == 404


def test_versions_and_keys_of_another_tenant_are_not_found(owner: Client, theirs: World) -> None:
    assert owner.get(reverse("admin:agents_agent_version", args=[theirs.agent.pk, 1])).status_code == 404
    with tenant_scope(theirs.tenant.pk):
        key = ApiKey.objects.get()
    assert owner.post(reverse("admin:tenants_apikey_revoke", args=[key.pk])).status_code == 404
    with tenant_scope(theirs.tenant.pk):
        key.refresh_from_db()
    assert key.revoked_at is None


def test_the_day_and_the_first_page_show_only_ones_own(owner: Client, mine: World, theirs: World) -> None:
    day = mine.booking.starts_at.astimezone(mine.tenant.zone).date()
    for url in (f"{reverse('admin:business_booking_day')}?date={day}", reverse("admin:index")):
        response = owner.get(url)
        assert response.status_code == 200
        assert b"Larkspur" in response.content
        assert b"Zanzibar" not in response.content


def test_visitors_are_sent_to_the_login(client: Client, mine: World) -> None:
    for page in PAGES.values():
        response = client.get(address(page, "changelist"))
        assert response.status_code == 302
        assert "/login/" in response["Location"]


@pytest.mark.parametrize("odd", ["x", "con_", "con_%00aaaaaaaaaaaaaaaaaaa", "con_" + "a" * 500, "1"])
def test_odd_ids_are_not_found(owner: Client, mine: World, odd: str) -> None:
    for page in PAGES.values():
        prefix = address(page, "changelist")
        for view in ("change", "history", "delete"):
            assert owner.get(f"{prefix}{odd}/{view}/").status_code == 404, (page, view)
    assert owner.post(f"{reverse('admin:tenants_tenant_changelist')}{odd}/open/").status_code == 404
