"""Writing a tenant's rows on the way of every message, by statements that are made once.

The ORM compiles each statement anew: 0.2 to 0.3 ms of CPU for a row, more than the database itself takes. Here only the
values are new. The rows are models all the same, and their tenant is checked as `TenantModel.save` does.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from django.db import connection, models

from apps.tenants.base import TenantModel
from apps.tenants.memory import written

Adapt = Callable[[Any], Any]


class _Column(NamedTuple):
    attribute: str
    name: str
    """Quoted."""
    adapt: Adapt | None
    """What the database's driver does not know how to bind; None = nothing to do."""


def insert(*rows: TenantModel, ignore_conflicts: bool = False) -> None:
    """Adds new rows of one model in one statement.

    Args:
        ignore_conflicts: leave out a row that a unique constraint refuses.

    Raises:
        ForeignTenant, NoTenantInScope: as `TenantModel.check_tenant`.
        django.db.IntegrityError: a constraint refuses one.
    """
    model = type(rows[0])
    for row in rows:
        row.check_tenant()
    columns = _columns(model)
    _execute(
        _inserting(model, len(rows), ignore_conflicts), [_bound(row, column) for row in rows for column in columns]
    )
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias
    written(model)


def update(row: TenantModel, *fields: str) -> None:
    """Stores these fields of a row that is in the database.

    Raises:
        ForeignTenant, NoTenantInScope: as `TenantModel.check_tenant`.
    """
    model = type(row)
    row.check_tenant()
    changed = [column for column in _columns(model) if column.attribute in fields]
    _execute(_updating(model, fields), [*(_bound(row, column) for column in changed), row.pk, row.tenant_id])
    written(model)


def _execute(statement: str, values: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def _bound(row: TenantModel, column: _Column) -> Any:
    value = getattr(row, column.attribute)
    return value if column.adapt is None or value is None else column.adapt(value)


@cache
def _columns(model: type[TenantModel]) -> tuple[_Column, ...]:
    quoted = connection.ops.quote_name
    fields = model._meta.concrete_fields
    return tuple(_Column(field.attname, quoted(str(field.column)), _adapter(field)) for field in fields)


def _adapter(field: "models.Field[Any, Any]") -> Adapt | None:
    if isinstance(field, models.JSONField):
        return lambda value: field.get_db_prep_save(value, connection)
    if isinstance(field, models.DateTimeField):
        return connection.ops.adapt_datetimefield_value
    return str if field.choices else None  # one of a TextChoices is not quite a str to a driver


@cache
def _inserting(model: type[TenantModel], count: int, ignore_conflicts: bool) -> str:
    columns = _columns(model)
    names = ", ".join(column.name for column in columns)
    row = f"({', '.join(['%s'] * len(columns))})"
    conflicts = " ON CONFLICT DO NOTHING" if ignore_conflicts else ""
    return f"INSERT INTO {_table(model)} ({names}) VALUES {', '.join([row] * count)}{conflicts}"  # noqa: S608  # names of ours


@cache
def _updating(model: type[TenantModel], fields: tuple[str, ...]) -> str:
    given = ", ".join(f"{column.name} = %s" for column in _columns(model) if column.attribute in fields)
    return f"UPDATE {_table(model)} SET {given} WHERE id = %s AND tenant_id = %s"  # noqa: S608  # names of ours


def _table(model: type[TenantModel]) -> str:
    return connection.ops.quote_name(model._meta.db_table)
