"""Row-level security on PostgreSQL: the second wall around each tenant's rows.

Every table of a TenantModel gets one policy, forced also on its owner: a row is visible and writable when its tenant is
the transaction's `app.tenant_id`, or when that is `*` (all_tenants). With no setting, nothing is visible. The runtime
role must be unable to step around it; `assert_runtime_role` refuses to start otherwise.
"""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, connections, transaction

from apps.tenants.base import TenantModel
from apps.tenants.models import Tenant

_SETTING = "current_setting('app.tenant_id', true)"
_NAME = "tenant_wall"


def tenant_models() -> list[type[TenantModel]]:
    """Every concrete model that belongs to a tenant."""
    return [model for model in apps.get_models() if issubclass(model, TenantModel)]


def after_migrate(*, using: str, **_: Any) -> None:
    """Walls in every tenant table that exists and grants the runtime role its rights. Safe to repeat under traffic:
    a wall that stands as it should is left alone, and one that is put up again is never gone for a moment."""
    database = connections[using]
    if database.vendor != "postgresql":
        return
    role = runtime_role()
    with database.cursor() as cursor:
        existing = set(database.introspection.table_names(cursor))
        standing = _standing(cursor)
        columns = {model._meta.db_table: "tenant_id" for model in tenant_models()} | {Tenant._meta.db_table: "id"}
        for table, column in columns.items():
            condition = f"{column} = {_SETTING} OR {_SETTING} = '*'"
            if table in existing and standing.get(table) != condition:
                with transaction.atomic(using=using):
                    for statement in _policy(table, condition):
                        cursor.execute(statement)
        if role:
            for statement in _grants(database.ops.quote_name(role)):
                cursor.execute(statement)


def _standing(cursor: Any) -> dict[str, str]:
    """The condition of each table's wall, where row-level security is on and forced."""
    cursor.execute(
        "SELECT relname, obj_description(pg_policy.oid, 'pg_policy') FROM pg_policy JOIN pg_class ON polrelid ="
        " pg_class.oid WHERE polname = %s AND relrowsecurity AND relforcerowsecurity"
        " AND pg_table_is_visible(pg_class.oid)",
        [_NAME],
    )
    return dict(cursor.fetchall())


def _policy(table: str, condition: str) -> list[str]:
    """Statements of one transaction. The comment keeps the condition as it was written here."""
    table, literal = f'"{table}"', condition.replace("'", "''")
    return [
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"DROP POLICY IF EXISTS {_NAME} ON {table}",
        f"CREATE POLICY {_NAME} ON {table} USING ({condition}) WITH CHECK ({condition})",
        f"COMMENT ON POLICY {_NAME} ON {table} IS '{literal}'",
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
