"""Who is told that a business was founded."""

import pytest
from django.http import HttpRequest
from django.test import RequestFactory

from apps.tenants import audit, founding
from apps.tenants.models import AuditEntry, Tenant, User
from apps.tenants.scope import tenant_scope

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _only_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(founding, "_listeners", [])


def _note(tenant: Tenant, owner: User, request: HttpRequest) -> None:
    audit.record(actor=f"user:{owner.pk}", action="noted", target=tenant.pk, details={"path": request.path})


def _fail_midway(tenant: Tenant, owner: User, request: HttpRequest) -> None:
    audit.record(actor="system", action="half done")
    raise RuntimeError("on purpose")


def test_every_listener_is_told_once_in_the_tenants_scope(rf: RequestFactory) -> None:
    founding.register(_note)
    founding.register(_note)
    owner = User.objects.create_user("owner@new.example")
    tenant = Tenant(slug="new", name="New", vertical="salon")

    with tenant_scope(tenant.pk):
        tenant.save()
        founding.founded(tenant=tenant, owner=owner, request=rf.post("/signup/"))
        entry = AuditEntry.objects.get()

    assert (entry.actor, entry.action, entry.target) == (f"user:{owner.pk}", "noted", tenant.pk)
    assert entry.details == {"path": "/signup/"}


def test_one_that_fails_neither_stops_the_others_nor_leaves_a_trace(rf: RequestFactory) -> None:
    founding.register(_fail_midway)
    founding.register(_note)
    owner = User.objects.create_user("owner@new.example")
    tenant = Tenant(slug="new", name="New", vertical="salon")

    with tenant_scope(tenant.pk):
        tenant.save()
        founding.founded(tenant=tenant, owner=owner, request=rf.post("/signup/"))
        assert list(AuditEntry.objects.values_list("action", flat=True)) == ["noted"]
