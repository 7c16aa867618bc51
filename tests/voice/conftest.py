"""A demo tenant that can be called."""

from datetime import UTC, datetime

import pytest

from apps.chat import demo
from apps.tenants.models import Tenant


@pytest.fixture
def clinic(transactional_db: None) -> Tenant:
    """Riverside Clinic of the demo, whose agent answers without a sign-up."""
    [loaded] = [each for each in demo.load(now=datetime.now(UTC)) if each.vertical.slug == "healthcare"]
    return loaded.tenant
