"""Programs that call the API with a key of one of the cast's businesses."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from apps.common.redis import client as redis
from apps.tenants.models import ApiKey, Tenant
from apps.tenants.scope import tenant_scope


class Program:
    """Calls the API with a key, and reads JSON."""

    def __init__(self, secret: str) -> None:
        self.secret = secret
        self.http = Client()

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.generic(
            method,
            f"/api/{path}",
            data="" if body is None else json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.secret}", **given},
        )

    def get(self, path: str, **headers: str) -> Any:
        return self("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self("POST", path, {} if body is None else body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        return self("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self("DELETE", path, **headers)


def program(tenant: Tenant, *scopes: str) -> Program:
    """One with a key of these scopes; of all when there is none."""
    with tenant_scope(tenant.pk):
        return Program(ApiKey.issue(name="CRM", scopes=scopes or ("*",))[1])


@pytest.fixture
def crm(clinic: Tenant) -> Program:
    """A program of Riverside Clinic that may do everything."""
    return program(clinic)


@pytest.fixture
def rival(other_tenant: Tenant) -> Program:
    """A program of Harbor Salon that may do everything there."""
    return program(other_tenant)


@pytest.fixture(autouse=True)
def _fresh_rates(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    for key in redis().scan_iter("cs:*:api:rate:*"):
        redis().delete(key)


MakeProgram = Callable[..., Program]
