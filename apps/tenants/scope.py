"""Which tenant's rows this code may touch. No scope, no rows: asking without one raises.

The scope is a context variable, so it follows into tasks and threads. On PostgreSQL it is also told to the database
(`app.tenant_id`, local to a transaction, so it is safe behind PgBouncer), where row-level security holds it against
raw SQL too; a scope there is one transaction. On SQLite a scope is no transaction: it would take the write lock.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, ParamSpec, TypeVar

from django.db import connection, transaction

from apps.common.database import in_thread

P = ParamSpec("P")
T = TypeVar("T")

EVERY_TENANT: Final = "*"
_current: ContextVar[str | None] = ContextVar("tenant_id", default=None)


class NoTenantInScope(Exception):
    """Code asked for a tenant's rows without saying whose. A bug, never bad input: it must not be caught."""


def current_scope() -> str:
    """The tenant's id, or EVERY_TENANT.

    Raises:
        NoTenantInScope: outside any scope.
    """
    scope = _current.get()
    if scope is None:
        raise NoTenantInScope("Enter tenant_scope(tenant_id), or all_tenants(reason=…), around this query.")
    return scope


def current_tenant_id() -> str:
    """The id of the one tenant in scope.

    Raises:
        NoTenantInScope: outside any scope, or where every tenant is.
    """
    scope = current_scope()
    if scope == EVERY_TENANT:
        raise NoTenantInScope("Every tenant is in scope here: enter tenant_scope(tenant_id) to write or name one.")
    return scope


@contextmanager
def tenant_scope(tenant_id: str) -> Iterator[None]:
    """Only this tenant's rows are visible and writable inside."""
    if not tenant_id or tenant_id == EVERY_TENANT:
        raise NoTenantInScope("tenant_scope needs the id of one tenant.")
    with _entered(tenant_id):
        yield


@contextmanager
def all_tenants(*, reason: str) -> Iterator[None]:
    """The one way out, easy to grep: rows of every tenant are visible inside. `reason` is for the reader."""
    if not reason:
        raise ValueError("all_tenants needs a reason.")
    with _entered(EVERY_TENANT):
        yield


@contextmanager
def _entered(scope: str) -> Iterator[None]:
    outer = _current.get()
    token = _current.set(scope)
    try:
        if connection.vendor == "postgresql":
            with transaction.atomic():
                _tell_database(scope)
                yield
                _tell_database(outer or "")
        else:
            yield
    finally:
        _current.reset(token)


def _tell_database(scope: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.tenant_id', %s, true)", [scope])


async def in_tenant(tenant_id: str, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Runs a sync function in a thread, in the tenant's scope: how async code reads and writes."""

    def scoped() -> T:
        with tenant_scope(tenant_id):
            return function(*args, **kwargs)

    return await in_thread(scoped)
