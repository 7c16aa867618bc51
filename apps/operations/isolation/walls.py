"""PostgreSQL's own wall: raw SQL as the runtime role, past every line of Python. Rolled back."""

from collections.abc import Callable
from typing import Any, Final

from django.db import DatabaseError, connection, transaction

from apps.common.ids import new_id
from apps.operations.isolation.findings import Line, Section
from apps.operations.isolation.probes import Probe
from apps.tenants.models import Tenant
from apps.tenants.rls import tenant_models
from apps.tenants.scope import tenant_scope

EXPLAINED: Final = (
    "Raw SQL on every table with the rows of tenants, by the role that the servers log in as: without a tenant told "
    "to the transaction nothing is seen; with the rival's, rows of the other are not read, changed, deleted, inserted "
    "or given to it. The role's attributes, ownership and the policies are read from PostgreSQL's catalogue."
)
ONE_WALL: Final = (
    "This deployment is on SQLite, which has no roles and no row-level security: what keeps businesses apart in the "
    "database are the managers of the section above, and no second wall behind them. Production is PostgreSQL."
)


def examine(*, rival: Probe, victim: Probe) -> Section:
    """Sync; outside of any scope. On SQLite the section says that there is nothing to try."""
    if connection.vendor != "postgresql":
        return Section("Raw SQL and the database's role", ONE_WALL)
    section = Section("Raw SQL and the database's role", EXPLAINED)
    _role(section)
    _tables(section)
    for model in tenant_models():
        if model in victim.rows:
            with transaction.atomic():
                _raw(section.line(f"table {model._meta.db_table}"), model._meta.db_table, rival, victim)
                transaction.set_rollback(True)
    _own_row(section.line(f"table {Tenant._meta.db_table}"), rival, victim)
    return section


def _all(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def _role(section: Section) -> None:
    name, is_super, bypasses, creates_roles, creates_databases, replicates = _all(
        "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles"
        " WHERE rolname = current_user"
    )[0]
    line = section.line(f"role {name}")
    for has, what in (
        (is_super, "a superuser"),
        (bypasses, "BYPASSRLS"),
        (creates_roles, "CREATEROLE"),
        (creates_databases, "CREATEDB"),
        (replicates, "REPLICATION"),
    ):
        line.expect(not has, f"not {what}", f"the role is or has {what}")
    higher = _all(
        "SELECT rolname FROM pg_roles WHERE (rolsuper OR rolbypassrls) AND pg_has_role(current_user, oid, 'MEMBER')"
    )
    line.expect(not higher, "no member of a role that is", f"it may become {', '.join(row[0] for row in higher)}")


def _tables(section: Section) -> None:
    """Every table with a tenant_id, whether a model is known for it or not: its owner, policies and their force."""
    tables = _all(
        "SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity, pg_has_role(current_user, c.relowner, 'MEMBER'),"
        " (SELECT string_agg(p.policyname || ': ' || p.cmd || ' ' || p.qual, '; ') FROM pg_policies p"
        "  WHERE p.tablename = c.relname AND p.schemaname = n.nspname),"
        " (SELECT bool_or(p.permissive = 'PERMISSIVE' AND p.qual NOT LIKE %s) FROM pg_policies p"
        "  WHERE p.tablename = c.relname AND p.schemaname = n.nspname)"
        " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind IN ('r', 'p') AND n.nspname = 'public' AND (c.relname = %s OR EXISTS ("
        "  SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped))"
        " ORDER BY c.relname",
        "%app.tenant_id%",
        Tenant._meta.db_table,
    )
    for name, is_on, is_forced, is_owner, policies, is_wide in tables:
        line = section.line(f"policy of {name}", note=str(policies or ""))
        line.expect(is_on, "row-level security is on", "row-level security is off")
        line.expect(is_forced, "forced, also on its owner", "row-level security is not forced")
        line.expect(not is_owner, "the role does not own it", "the role owns it")
        line.expect(bool(policies) and not is_wide, "its policy asks for the tenant", f"policies: {policies or 'none'}")


def _raw(line: Line, table: str, rival: Probe, victim: Probe) -> None:
    quoted, theirs = connection.ops.quote_name(table), victim.tenant.pk
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {quoted}")  # noqa: S608  # names of ours
        count = cursor.fetchone()[0]
        line.expect(count == 0, "without a tenant no row is seen", f"{count} rows without a tenant")
        with tenant_scope(theirs):
            cursor.execute(f"SELECT * FROM {quoted} ORDER BY id DESC LIMIT 1")  # noqa: S608
            names = [column.name for column in cursor.description]
            values = list(cursor.fetchone() or ())
        with tenant_scope(rival.tenant.pk):
            for verb, statement in (
                ("read", f"SELECT 1 FROM {quoted} WHERE tenant_id = %s"),  # noqa: S608
                ("changed", f"UPDATE {quoted} SET tenant_id = tenant_id WHERE tenant_id = %s"),  # noqa: S608
                ("deleted", f"DELETE FROM {quoted} WHERE tenant_id = %s"),  # noqa: S608
            ):
                cursor.execute(statement, [theirs])
                line.expect(cursor.rowcount == 0, f"not {verb}", f"{cursor.rowcount} rows were {verb}")
            give = f"UPDATE {quoted} SET tenant_id = %s"  # noqa: S608
            _refused(line, "given to it", lambda: cursor.execute(give, [theirs]))
            values[names.index("id")] = new_id("probe")
            columns = ", ".join(connection.ops.quote_name(name) for name in names)
            places = ", ".join("%s" for _ in names)
            add = f"INSERT INTO {quoted} ({columns}) VALUES ({places})"  # noqa: S608
            _refused(line, "inserted for it", lambda: cursor.execute(add, [_bound(value) for value in values]))


def _bound(value: Any) -> Any:
    from psycopg.types.json import Jsonb

    return Jsonb(value) if isinstance(value, dict | list) else value


def _refused(line: Line, what: str, act: Callable[[], Any]) -> None:
    try:
        with transaction.atomic():
            act()
    except DatabaseError as error:
        text = str(error)
        known = "row-level security" in text or "not of its tenant" in text
        line.expect(known, f"not {what}", f"{what}: stopped only by {text.splitlines()[0]}")
    else:
        line.fail(f"a row was {what}")


def _own_row(line: Line, rival: Probe, victim: Probe) -> None:
    table = connection.ops.quote_name(Tenant._meta.db_table)
    rows = _all(f"SELECT id FROM {table}")  # noqa: S608  # a name of ours
    line.expect(not rows, "without a tenant no row is seen", f"{len(rows)} rows without a tenant")
    with tenant_scope(rival.tenant.pk):
        rows = _all(f"SELECT id FROM {table}")  # noqa: S608
        line.expect(rows == [(rival.tenant.pk,)], "only its own row is seen", f"{len(rows)} rows are seen")
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE {table} SET name = name WHERE id = %s", [victim.tenant.pk])  # noqa: S608
            line.expect(cursor.rowcount == 0, "not changed", "the other's row was changed")
