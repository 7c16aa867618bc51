"""The cast: Riverside Clinic (Alice owns it), Harbor Salon (Bob owns it), and Charlie, who belongs to neither."""

from collections.abc import AsyncIterator, Iterator
from functools import partialmethod
from inspect import iscoroutinefunction
from typing import Any

import hypothesis
import pytest
from asgiref.sync import SyncToAsync
from django.conf import settings
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import OperationalError, connection, connections, transaction
from django.db.backends.base.creation import BaseDatabaseCreation
from django.test import TransactionTestCase

from apps.agents import model
from apps.telephony import calls
from apps.tenants.models import Membership, Role, Tenant, User
from apps.tenants.scope import EVERY_TENANT, all_tenants, tenant_scope
from callsphere.settings import ENV, database
from tests import databases
from tests.server import serving

hypothesis.settings.register_profile("callsphere", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("callsphere")

PASSWORD = "callsphere-tests"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Tests of no database run once, and modules with a test that has a timeout of its own begin first.

    Who asks for no database gets none (pytest-django sees to that), so that it is the same on SQLite and PostgreSQL.
    A long wait that began last would keep the other workers waiting.
    """
    for item in items:
        if "_django_db_helper" not in getattr(item, "fixturenames", ()) and not item.get_closest_marker("django_db"):
            item.add_marker("once")
    yield  # pytest deselects, pytest-django sorts
    long = {item.path for item in items if item.get_closest_marker("timeout")}
    items.sort(key=lambda item: item.path not in long)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """On PostgreSQL the owner makes the test database; `django_db_setup` then hands over to the runtime role."""
    if settings.DATABASE_RUNTIME_URL:
        _log_in(ENV.database_owner_url)
        connection.settings_dict["OPTIONS"].pop("pool")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    if not settings.DATABASE_RUNTIME_URL:
        yield
        return
    with django_db_blocker.unblock():
        connection.close()
        _log_in(settings.DATABASE_RUNTIME_URL)
        connection.settings_dict["OPTIONS"]["pool"] = database(settings.DATABASE_RUNTIME_URL)["OPTIONS"]["pool"]
    yield
    with django_db_blocker.unblock():
        SyncToAsync.single_thread_executor.submit(connections.close_all).result()  # where `sync_to_async` keeps one
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]
    connection.settings_dict["OPTIONS"].pop("pool")
    _log_in(ENV.database_owner_url)


def _log_in(url: str) -> None:
    connection.settings_dict.update({key: database(url)[key] for key in ("USER", "PASSWORD", "HOST", "PORT")})


@pytest.fixture(autouse=True)
def _clients(request: pytest.FixtureRequest) -> None:
    if iscoroutinefunction(request.function):  # has an event loop
        request.getfixturevalue("closed_clients")


@pytest.fixture
async def closed_clients() -> AsyncIterator[None]:
    """The clients that the product keeps for each event loop end with the test's loop, as at a server's end."""
    yield
    await calls.close()
    await model.close()


@pytest.fixture(scope="session")
def server(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """Address of the whole product on a real socket, with its static files collected as in production.

    From its start the database stays open between tests: what the server still writes for the test before must not be
    cut off within a transaction, which would leave a thread's connection broken for every test that follows.
    """
    call_command("collectstatic", interactive=False, verbosity=0)
    from callsphere.asgi import application  # here: it looks for the collected files

    with django_db_blocker.unblock(), serving(application) as address:
        yield address


_TRIES = 5


def _empty(self: Any) -> None:
    """Deletes what a test committed. Stock, a flush: on PostgreSQL it truncates, which costs 100 ms a test.

    What the migrations put in (content types and permissions) stays.
    """
    kept = {ContentType._meta.db_table, Permission._meta.db_table}
    tables = sorted({*connection.introspection.django_table_names(include_views=False)} - kept)
    names = [connection.ops.quote_name(table) for table in tables]
    for attempt in range(_TRIES):
        try:
            _delete_all(names)
            return
        except OperationalError:  # a deadlock with what the server still writes, or SQLite's lock
            if attempt == _TRIES - 1:
                raise


def _delete_all(names: list[str]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT set_config('app.tenant_id', %s, true)", [EVERY_TENANT])
            # What the server still does for a test writes before this or after it, not between two tables.
            cursor.execute(f"LOCK TABLE {', '.join(names)} IN SHARE ROW EXCLUSIVE MODE")
        for name in names:
            cursor.execute(f"DELETE FROM {name}")


TransactionTestCase._fixture_teardown = _empty  # type: ignore[attr-defined]
BaseDatabaseCreation.create_test_db = partialmethod(databases.create, BaseDatabaseCreation.create_test_db)  # type: ignore[assignment,method-assign]


def make_tenant(slug: str, name: str, *, vertical: str = "healthcare", time_zone: str = "America/New_York") -> Tenant:
    with all_tenants(reason="the suite sets up its cast"):
        return Tenant.objects.create(slug=slug, name=name, vertical=vertical, time_zone=time_zone)


def make_member(email: str, tenant: Tenant, role: str = Role.OWNER) -> User:
    user = User.objects.create_user(email, PASSWORD, is_staff=True, name=email.split("@")[0].title())
    with tenant_scope(tenant.pk):
        Membership.objects.create(user=user, role=role)
    return user


@pytest.fixture
def clinic(db: None) -> Tenant:
    """Riverside Clinic; not in scope."""
    return make_tenant("riverside", "Riverside Clinic")


@pytest.fixture
def other_tenant(db: None) -> Tenant:
    """Harbor Salon, whose rows Riverside must never see; not in scope."""
    return make_tenant("harbor", "Harbor Salon", vertical="salon", time_zone="Europe/London")


@pytest.fixture
def tenant(clinic: Tenant) -> Iterator[Tenant]:
    """Riverside Clinic, in scope for the whole (sync) test."""
    with tenant_scope(clinic.pk):
        yield clinic


@pytest.fixture
def alice(clinic: Tenant) -> User:
    return make_member("alice@riverside.example", clinic)


@pytest.fixture
def bob(other_tenant: Tenant) -> User:
    return make_member("bob@harbor.example", other_tenant)


@pytest.fixture
def charlie(db: None) -> User:
    """A person with a login and no tenant."""
    return User.objects.create_user("charlie@nowhere.example", PASSWORD, is_staff=True)
