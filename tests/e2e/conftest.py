from datetime import UTC, datetime

import pytest

from apps.chat import demo
from apps.tenants.models import Tenant
from apps.tenants.scope import all_tenants


@pytest.fixture
def clinic_demo(transactional_db: None) -> Tenant:
    """The demo tenants as `make run` makes them; Riverside Clinic."""
    demo.load(now=datetime.now(UTC))
    with all_tenants(reason="test"):
        return Tenant.objects.get(slug="riverside-clinic")
