"""Tenancy fails closed: no scope, no rows; another tenant's rows do not exist."""

import pytest
from django.db import connection

from apps.tenants import audit
from apps.tenants.base import ForeignTenant
from apps.tenants.models import ApiKey, AuditEntry, Membership, Tenant, User, WidgetKey, hash_secret
from apps.tenants.scope import NoTenantInScope, all_tenants, current_tenant_id, tenant_scope


def test_without_a_scope_every_query_raises(clinic: Tenant) -> None:
    for query in (
        WidgetKey.objects.all,
        WidgetKey.objects.count,
        WidgetKey._base_manager.all,
        Tenant.objects.all,
    ):
        with pytest.raises(NoTenantInScope):
            query()


def test_none_or_star_is_not_a_tenant() -> None:
    for wrong in ("", "*"):
        with pytest.raises(NoTenantInScope), tenant_scope(wrong):
            pass


def test_a_scope_shows_only_its_own_rows(clinic: Tenant, other_tenant: Tenant) -> None:
    with tenant_scope(clinic.pk):
        mine = WidgetKey.objects.create()
    with tenant_scope(other_tenant.pk):
        theirs = WidgetKey.objects.create()
        assert list(WidgetKey.objects.all()) == [theirs]
        assert not WidgetKey.objects.filter(pk=mine.pk).exists()
        assert list(Tenant.objects.all()) == [other_tenant]
        assert WidgetKey.objects.filter(pk=mine.pk).update(name="x") == 0
    with all_tenants(reason="test"):
        assert WidgetKey.objects.count() == 2


def test_scopes_nest_and_restore(clinic: Tenant, other_tenant: Tenant) -> None:
    with tenant_scope(clinic.pk):
        WidgetKey.objects.create()
        with tenant_scope(other_tenant.pk):
            assert current_tenant_id() == other_tenant.pk
            assert WidgetKey.objects.count() == 0
        assert current_tenant_id() == clinic.pk
        assert WidgetKey.objects.count() == 1


def test_every_tenant_in_scope_names_none(clinic: Tenant) -> None:
    with all_tenants(reason="test"), pytest.raises(NoTenantInScope):
        WidgetKey.objects.create()


def test_rows_of_another_tenant_cannot_be_written(clinic: Tenant, other_tenant: Tenant) -> None:
    with tenant_scope(other_tenant.pk):
        theirs = WidgetKey.objects.create()
    with tenant_scope(clinic.pk):
        with pytest.raises(ForeignTenant):
            theirs.save()
        with pytest.raises(ForeignTenant):
            WidgetKey.objects.bulk_create([WidgetKey(tenant_id=other_tenant.pk)])
        with pytest.raises(ForeignTenant):
            WidgetKey.objects.update(tenant_id=other_tenant.pk)


def test_an_api_keys_secret_is_not_stored(tenant: Tenant) -> None:
    key, secret = ApiKey.issue(name="CRM")
    assert secret.startswith("sk_")
    key.refresh_from_db()
    assert key.secret_hash == hash_secret(secret)
    assert secret not in str(key.__dict__)


def test_the_audit_trail_is_append_only(tenant: Tenant) -> None:
    entry = audit.record(actor="system", action="test.done")
    entry.action = "test.changed"
    with pytest.raises(Exception, match="append-only"):
        entry.save()
    with pytest.raises(Exception, match="append-only"):
        entry.delete()
    assert AuditEntry.objects.get().action == "test.done"


def test_raw_sql_sees_only_the_tenant_in_scope(clinic: Tenant, other_tenant: Tenant, alice: User) -> None:
    """Row-level security, as the runtime role. SQLite has no such wall: there the managers are the only one."""
    if connection.vendor != "postgresql":
        assert connection.vendor == "sqlite"
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tenants_membership")
        assert cursor.fetchone() == (0,)
        with tenant_scope(other_tenant.pk):
            cursor.execute("SELECT count(*) FROM tenants_membership")
            assert cursor.fetchone() == (0,)
        with tenant_scope(clinic.pk):
            cursor.execute("SELECT count(*) FROM tenants_membership")
            assert cursor.fetchone() == (1,)
            cursor.execute("UPDATE tenants_membership SET role = 'staff'")
            assert cursor.rowcount == 1
            assert Membership.objects.get().user == alice
