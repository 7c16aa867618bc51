"""Row-level security on PostgreSQL: the second wall around each tenant's rows.

Every table of a TenantModel gets one policy, forced also on its owner: a row is visible and writable when its tenant is
the transaction's `app.tenant_id`, or when that is `*` (all_tenants). With no setting, nothing is visible. The runtime
role must be unable to step around it; `assert_runtime_role` refuses to start otherwise.
"""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, connections

from apps.tenants.base import TenantModel
from apps.tenants.models import Tenant

_SETTING = "current_setting('app.tenant_id', true)"


def tenant_models() -> list[type[TenantModel]]:
    """Every concrete model that belongs to a tenant."""
    return [model for model in apps.get_models() if issubclass(model, TenantModel)]


def after_migrate(*, using: str, **_: Any) -> None:
    """Walls in every tenant table that exists and grants the runtime role its rights. Safe to repeat."""
    database = connections[using]
    if database.vendor != "postgresql":
        return
    role = runtime_role()
    with database.cursor() as cursor:
        existing = set(database.introspection.table_names(cursor))
        for model in tenant_models():
            if model._meta.db_table in existing:
                for statement in _policy(model._meta.db_table, column="tenant_id"):
                    cursor.execute(statement)
        if Tenant._meta.db_table in existing:
            for statement in _policy(Tenant._meta.db_table, column="id"):
                cursor.execute(statement)
        if role:
            for statement in _grants(database.ops.quote_name(role)):
                cursor.execute(statement)


def _policy(table: str, *, column: str) -> list[str]:
    table = f'"{table}"'
    condition = f"{column} = {_SETTING} OR {_SETTING} = '*'"
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"DROP POLICY IF EXISTS tenant_wall ON {table}",
        f"CREATE POLICY tenant_wall ON {table} USING ({condition}) WITH CHECK ({condition})",
    ]


def _grants(role: str) -> list[str]:
    return [
        f"GRANT USAGE ON SCHEMA public TO {role}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
    ]


def runtime_role() -> str:
    """The login name in DATABASE_URL; empty when it names none."""
    from urllib.parse import unquote, urlsplit

    return unquote(urlsplit(settings.DATABASE_RUNTIME_URL).username or "")


def assert_runtime_role(connection: Any = connection) -> None:
    """Checked at start-up, and after a restore on a connection that the runtime role opened.

    Raises:
        ImproperlyConfigured: the database role could step around row-level security, or a table is not walled in.
    """
    if connection.vendor != "postgresql":
        return
    tables = [Tenant._meta.db_table, *(model._meta.db_table for model in tenant_models())]
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        role, is_superuser, bypasses = cursor.fetchone()
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relname = ANY(%s) AND pg_has_role(current_user, relowner, 'MEMBER')",
            [tables],
        )
        owned = sorted(row[0] for row in cursor.fetchall())
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relname = ANY(%s) AND NOT (relrowsecurity AND relforcerowsecurity)",
            [tables],
        )
        open_tables = sorted(row[0] for row in cursor.fetchall())
    advice = "See “PostgreSQL” in docs/operators.md."
    if is_superuser or bypasses:
        raise ImproperlyConfigured(f"DATABASE_URL: the role {role} is a superuser or has BYPASSRLS. {advice}")
    if owned:
        raise ImproperlyConfigured(f"DATABASE_URL: the role {role} owns {', '.join(owned[:3])}. {advice}")
    if open_tables:
        raise ImproperlyConfigured(
            f"No row-level security on {', '.join(open_tables[:3])}: run `migrate` as the owner."
        )
