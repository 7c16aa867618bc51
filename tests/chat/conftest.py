from datetime import UTC, datetime

import pytest

from apps.agents import releases
from apps.agents.registry import verticals
from apps.plans.subscriptions import start_trial
from apps.tenants.models import Tenant, WidgetKey
from apps.tenants.scope import tenant_scope
from tests.conftest import make_tenant


def open_for_business(tenant: Tenant, *, key: str) -> WidgetKey:
    """Gives a tenant a trial, the healthcare agents and a widget key."""
    with tenant_scope(tenant.pk):
        start_trial(now=datetime.now(UTC))
        releases.install(vertical=verticals()["healthcare"])
        widget = WidgetKey(key=key)
        widget.save()
        return widget


@pytest.fixture
def widget(transactional_db: None) -> WidgetKey:
    """A widget of Riverside Clinic, ready to chat."""
    return open_for_business(make_tenant("riverside", "Riverside Clinic"), key="wk_riverside")


@pytest.fixture
def other_widget(transactional_db: None) -> WidgetKey:
    """A widget of Harbor Salon, which is another tenant."""
    return open_for_business(make_tenant("harbor", "Harbor Salon"), key="wk_harbor")
