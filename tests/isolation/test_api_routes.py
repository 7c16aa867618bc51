"""Every address under /api/ that has an object's id, walked with another business's key and by nobody.

The walk is generated from the URL configuration and from the resources' own queries: an address whose resource finds
no row of the one business to try would prove nothing, and fails.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver

from apps.api.registry import places
from apps.tenants.base import TenantModel
from apps.tenants.models import ApiKey, Tenant
from apps.tenants.rest.resources import Resource
from apps.tenants.scope import all_tenants, tenant_scope

pytestmark = pytest.mark.timeout(240)
Rows = dict[type[TenantModel], list[str]]
PUBLIC = {"schema", "docs"}
"""The same for everybody."""
METHODS = ("GET", "POST", "PATCH", "DELETE")


def api_routes() -> Iterator[tuple[str, str, type[Resource]]]:
    """(name, pattern, resource) of each address under /api/ that is a resource's."""
    entries: list[Any] = get_resolver().url_patterns
    for entry in entries:
        if getattr(entry, "namespace", None) == "api":
            for route in entry.url_patterns:
                if route.name not in PUBLIC:
                    yield str(route.name), str(route.pattern), route.callback.cls


def of_tenant(tenant: Tenant, name: str) -> list[str]:
    """Some ids of a resource's rows."""
    resource = next(placed for prefix, placed in places() if prefix == name)
    with tenant_scope(tenant.pk):
        return [row.pk for row in resource().rows().order_by("pk")[:2]]


def children_of(tenant: Tenant, resource: type[Resource], parent: str) -> list[Any]:
    view = resource()
    view.kwargs = {"parent": parent}
    with tenant_scope(tenant.pk):
        return list(view.rows()[:2])


def addresses(tenant: Tenant) -> Iterator[tuple[str, str]]:
    """(name, path) of each address with an id, filled with the tenant's own."""
    for name, pattern, resource in api_routes():
        if "<" not in pattern:
            continue
        filled = 0
        if "<str:parent>" not in pattern:
            for pk in of_tenant(tenant, pattern.split("/")[0]):
                filled += 1
                yield name, pattern.replace("<str:pk>", pk)
        else:
            for parent in of_tenant(tenant, pattern.split("/")[0]):
                path = pattern.replace("<str:parent>", parent)
                if "<" not in path:
                    filled += 1
                    yield name, path
                for row in children_of(tenant, resource, parent) if "<" in path else ():
                    filled += 1
                    yield name, path.replace("<str:pk>", row.pk).replace("<int:number>", str(getattr(row, "number", 0)))
        assert filled, f"{name} is walked without being tried"


def key_of(tenant: Tenant) -> dict[str, str]:
    with tenant_scope(tenant.pk):
        return {"Authorization": f"Bearer {ApiKey.issue(name='rival')[1]}"}


@pytest.mark.parametrize("vertical", ["healthcare", "sales", "after_hours", "it_helpdesk"])
def test_what_belongs_to_another_business_is_not_there(
    mine: Tenant, theirs: Tenant, rows_of: Callable[[Tenant], Rows], vertical: str, settings: Any
) -> None:
    settings.API_REQUESTS_PER_MINUTE = 100_000
    with all_tenants(reason="the suite makes both of one industry"):
        Tenant.objects.update(vertical=vertical)
    key, own = key_of(theirs), key_of(mine)
    rows = rows_of(mine)
    client, tried = Client(), 0
    industry = {resource.resource for _, resource in places() if resource.vertical}
    for name, path in addresses(mine):
        root = path.split("/")[0]
        if vertical == "healthcare" and root in industry:
            continue  # tried with each of its own industry
        if vertical != "healthcare" and root not in industry:
            continue
        for method in METHODS:
            answer = client.generic(method, f"/api/{path}", "{}", "application/json", headers=key)
            assert answer.status_code in (404, 405), (name, method, answer.content)
            assert client.generic(method, f"/api/{path}", "{}", "application/json").status_code == 401, name
            tried += 1
        if name.endswith(("-detail", "-list")):
            assert client.get(f"/api/{path}", headers=own).status_code in (200, 404), name
    assert tried >= 4
    assert rows_of(mine) == rows


def test_lists_show_nothing_of_another_business(
    mine: Tenant, theirs: Tenant, rows_of: Callable[[Tenant], Rows]
) -> None:
    secrets = {key for keys in rows_of(mine).values() for key in keys} | {mine.pk}
    key = key_of(theirs)
    client, shown = Client(), 0
    for name, pattern, _ in api_routes():
        if "<" in pattern:
            continue
        answer = client.get(f"/api/{pattern}", {"limit": "200"} if name.endswith("-list") else {}, headers=key)
        assert answer.status_code in (200, 404, 405, 422), (name, answer.content)
        found = set(re.findall(r"\b[a-z]{2,10}_[0-9a-z]{20}\b", answer.content.decode()))
        assert not found & secrets, name
        shown += len(found)
    assert shown > 50
