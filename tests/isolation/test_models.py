"""Every model of a tenant, walked: through the ORM, and on PostgreSQL also with raw SQL as the runtime role."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection, transaction

from apps.tenants import rls
from apps.tenants.base import TenantModel
from apps.tenants.models import Tenant
from apps.tenants.rls import tenant_models
from apps.tenants.scope import tenant_scope
from tests.isolation.conftest import table_of

Rows = dict[type[TenantModel], list[str]]


def test_every_model_has_rows_to_try(mine: Tenant, rows_of: Callable[[Tenant], Rows]) -> None:
    """A new model without rows here would be walked without being tried."""
    assert [model._meta.label for model, rows in rows_of(mine).items() if not rows] == []


def test_the_orm_finds_nothing_of_another_tenant(
    mine: Tenant, theirs: Tenant, rows_of: Callable[[Tenant], Rows]
) -> None:
    secrets = rows_of(mine)
    with tenant_scope(theirs.pk):
        for model, keys in secrets.items():
            for manager in (model.objects, model._base_manager, model._default_manager):
                assert not manager.filter(pk__in=keys).exists(), model
            assert model._base_manager.filter(tenant_id=mine.pk).count() == 0
            assert model.objects.filter(pk__in=keys).delete()[0] == 0
    assert rows_of(mine) == secrets


def test_related_managers_are_scoped(mine: Tenant, theirs: Tenant) -> None:
    """A row read in one scope gives away nothing when it is followed in another."""
    for model in tenant_models():
        with tenant_scope(mine.pk):
            row = model.objects.first()
        assert row is not None
        with tenant_scope(theirs.pk):
            for relation in row._meta.related_objects:
                accessor = relation.get_accessor_name()
                if accessor and issubclass(relation.related_model, TenantModel) and not relation.one_to_one:
                    assert getattr(row, accessor).count() == 0, (model, accessor)


def test_raw_sql_finds_and_changes_nothing_of_another_tenant(
    mine: Tenant, theirs: Tenant, rows_of: Callable[[Tenant], Rows]
) -> None:
    if connection.vendor != "postgresql":
        return  # SQLite has no roles: there the managers are the only wall
    secrets = rows_of(mine)
    with connection.cursor() as cursor:
        for model in secrets:
            table = table_of(model)
            cursor.execute(f"SELECT count(*) FROM {table}")
            assert cursor.fetchone() == (0,), f"{table} without a scope"
            with tenant_scope(theirs.pk):
                cursor.execute(f"SELECT count(*) FROM {table} WHERE tenant_id = %s", [mine.pk])
                assert cursor.fetchone() == (0,), table
                cursor.execute(f"UPDATE {table} SET tenant_id = tenant_id WHERE tenant_id = %s", [mine.pk])
                assert cursor.rowcount == 0, table
                cursor.execute(f"DELETE FROM {table} WHERE tenant_id = %s", [mine.pk])
                assert cursor.rowcount == 0, table
                with pytest.raises(DatabaseError, match=r"row-level security|not of its tenant"), transaction.atomic():
                    cursor.execute(f"UPDATE {table} SET tenant_id = %s", [mine.pk])
        with tenant_scope(theirs.pk):
            cursor.execute("SELECT slug FROM tenants_tenant")
            assert cursor.fetchall() == [(theirs.slug,)]
    assert rows_of(mine) == secrets


def test_the_runtime_role_passes_its_own_check(transactional_db: None) -> None:
    rls.assert_runtime_role()


@contextmanager
def _owner() -> Iterator[None]:
    """The owner of the tables is logged in."""
    from callsphere.settings import ENV, database

    owner = database(ENV.database_owner_url)
    runtime = {key: connection.settings_dict[key] for key in ("USER", "PASSWORD", "HOST", "PORT")}
    connection.close()
    connection.settings_dict.update({key: owner[key] for key in runtime})
    pool = connection.settings_dict["OPTIONS"].pop("pool")  # its connections are the runtime role's
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(runtime)
        connection.settings_dict["OPTIONS"]["pool"] = pool


def test_a_role_that_could_step_around_the_wall_is_refused(transactional_db: None) -> None:
    if connection.vendor != "postgresql":
        return
    with _owner(), pytest.raises(ImproperlyConfigured, match=r"superuser or has BYPASSRLS|owns"):
        rls.assert_runtime_role()


def test_a_wall_that_stands_is_left_alone_and_one_that_does_not_is_never_gone(transactional_db: None) -> None:
    """A deploy migrates under traffic: between a policy that is dropped and its successor, nobody would see a row."""
    if connection.vendor != "postgresql":
        return
    said: list[tuple[str, bool]] = []

    def listen(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        said.append((sql, connection.in_atomic_block))
        return execute(sql, params, many, context)

    with _owner(), connection.execute_wrapper(listen):
        rls.after_migrate(using="default")
        assert [sql for sql, _ in said if not sql.strip().startswith(("SELECT", "GRANT"))] == []
        with connection.cursor() as cursor:
            cursor.execute("COMMENT ON POLICY tenant_wall ON business_contact IS 'as it was in an old release'")
        said.clear()
        rls.after_migrate(using="default")
        put_up = [(sql, is_whole) for sql, is_whole in said if "business_contact" in sql]
        assert len(put_up) == 5
        assert all(is_whole for _, is_whole in put_up)
        said.clear()
        rls.after_migrate(using="default")
        assert not [sql for sql, _ in said if "POLICY" in sql]
