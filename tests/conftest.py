"""The cast: Riverside Clinic (Alice owns it), Harbor Salon (Bob owns it), and Charlie, who belongs to neither."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.test import TransactionTestCase

from apps.tenants.models import Membership, Role, Tenant, User
from apps.tenants.scope import all_tenants, tenant_scope
from tests.server import serving

hypothesis.settings.register_profile("callsphere", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("callsphere")

PASSWORD = "callsphere-tests"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """On PostgreSQL the owner makes the test database; `django_db_setup` then hands over to the runtime role."""
    if settings.DATABASE_RUNTIME_URL:
        from callsphere.settings import ENV, database

        owner = database(ENV.database_owner_url)
        connections["default"].settings_dict.update({key: owner[key] for key in ("USER", "PASSWORD", "HOST", "PORT")})
        connections["default"].settings_dict["OPTIONS"].pop("pool", None)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    if not settings.DATABASE_RUNTIME_URL:
        yield
        return
    from apps.tenants.rls import runtime_role
    from callsphere.settings import database

    connection = connections["default"]
    with django_db_blocker.unblock():
        with connection.cursor() as cursor:
            # Only the suite empties tables; the product's role may not.
            cursor.execute(f'GRANT TRUNCATE ON ALL TABLES IN SCHEMA public TO "{runtime_role()}"')
        connection.close()
    owner = {key: connection.settings_dict[key] for key in ("USER", "PASSWORD")}
    runtime = database(settings.DATABASE_RUNTIME_URL)
    connection.settings_dict.update({key: runtime[key] for key in owner})
    yield
    connection.settings_dict.update(owner)


@pytest.fixture(scope="session")
def server(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """Address of the whole product on a real socket, with its static files collected as in production."""
    call_command("collectstatic", interactive=False, verbosity=0)
    from callsphere.asgi import application  # here: it looks for the collected files

    with ExitStack() as stack:
        with django_db_blocker.unblock():  # at its start the server checks the database's role
            address = stack.enter_context(serving(application))
        yield address


def _empty(self: Any) -> None:
    """Empties the tables without `post_migrate`, which would need the owner and costs 100 ms a test."""
    for name in self._databases_names(include_mirrors=False):
        call_command(
            "flush",
            verbosity=0,
            interactive=False,
            database=name,
            reset_sequences=False,
            inhibit_post_migrate=True,
        )


TransactionTestCase._fixture_teardown = _empty  # type: ignore[attr-defined]


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
