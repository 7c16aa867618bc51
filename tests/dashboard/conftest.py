"""Summit's floor, committed: what a server sees."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from time import monotonic, sleep

import pytest
from django.utils import timezone

from apps.dashboard import floor as floor_module
from apps.dashboard import floors
from apps.dashboard.core.events import State
from apps.dashboard.reading import snapshot
from apps.tenants.models import Tenant, User
from apps.tenants.scope import tenant_scope
from tests.conftest import make_member, make_tenant
from tests.verticals.sales import conftest as cast
from tests.verticals.sales.conftest import Summit, in_denver, make_summit


class Floor:
    """The cast, at a moment that is always now."""

    def __init__(self, tenant: Tenant, team: Summit) -> None:
        self.tenant = tenant
        self.summit = team

    @property
    def now(self) -> datetime:
        return datetime.now(UTC)

    @contextmanager
    def scope(self) -> Iterator[Summit]:
        with tenant_scope(self.tenant.pk):
            yield self.summit

    def snapshot(self) -> State:
        with self.scope():
            return snapshot(now=timezone.now())


def make_floor(slug: str, number: str) -> Floor:
    tenant = make_tenant(slug, slug.title(), vertical="sales", time_zone="America/Denver")
    with tenant_scope(tenant.pk):
        team = make_summit(in_denver(tenant, number))
        team.hire("Ava", "Ben", "Cleo")
        team.hire("Dora", kind="appointment")
    return Floor(tenant, team)


summit = cast.summit


@pytest.fixture
def floor(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Floor]:
    """Afterwards the server lets go of its floors before the tables are emptied."""
    monkeypatch.setattr(floor_module, "LINGER", 0.1)
    yield make_floor("summit", "+13035550199")
    deadline = monotonic() + 30
    while not all(each.idle for each in [*floors._floors.values()]) and monotonic() < deadline:
        sleep(0.02)


@pytest.fixture
def rival(floor: Floor) -> Floor:
    return make_floor("ridge", "+13035550198")


@pytest.fixture
def olivia(floor: Floor) -> User:
    """Owns Summit."""
    return make_member("olivia@summit.example", floor.tenant)


@pytest.fixture
def rita(rival: Floor) -> User:
    """Owns Ridge."""
    return make_member("rita@ridge.example", rival.tenant)
