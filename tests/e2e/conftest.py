from datetime import UTC, datetime

import pytest

from apps.chat import demo
from apps.sandbox import launcher
from apps.tenants.models import Tenant
from apps.tenants.scope import all_tenants
from tests import cluster


@pytest.fixture(autouse=True)
def _mails(request: pytest.FixtureRequest) -> None:
    if cluster.WANTED and {"server", "transactional_db"} <= set(request.fixturenames):
        for name in ("server", "transactional_db"):
            request.getfixturevalue(name)
        cluster.collect_mails()


@pytest.fixture
def stand_in() -> None:
    """The model's stand-in runs: a call waits for its model for seconds only, and its process may take longer."""
    launcher._process().ensure(timeout=90.0)


@pytest.fixture
def clinic_demo(transactional_db: None) -> Tenant:
    """The demo tenants as `make run` makes them; Riverside Clinic."""
    demo.load(now=datetime.now(UTC))
    with all_tenants(reason="test"):
        return Tenant.objects.get(slug="riverside-clinic")
