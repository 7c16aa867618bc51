import pytest

from apps.common import redis
from apps.tenants import keys
from apps.tenants.models import Role, Tenant, WidgetKey
from apps.tenants.scope import all_tenants
from tests.chat.client import Visitor
from tests.chat.conftest import other_widget, widget
from tests.conftest import make_member
from tests.inbox.team import Member

__all__ = ["other_widget", "widget"]


def tenant_of(widget: WidgetKey) -> Tenant:
    with all_tenants(reason="test"):
        return Tenant.objects.get(pk=widget.tenant_id)


@pytest.fixture(autouse=True)
def _nobody_looks(request: pytest.FixtureRequest) -> None:
    """Redis outlives a test's rows; each tenant is new, so only its own key could be left."""
    if "widget" in request.fixturenames:
        redis.client().delete(keys.inbox_looking(request.getfixturevalue("widget").tenant_id))


@pytest.fixture
def visitor(server: str, widget: WidgetKey) -> Visitor:
    """Has said hello."""
    visitor = Visitor(server, widget.key)
    visitor.ask("hello")
    return visitor


@pytest.fixture
def alice(server: str, widget: WidgetKey) -> Member:
    """Owns Riverside."""
    make_member("alice@riverside.example", tenant_of(widget))
    return Member(server, "alice@riverside.example")


@pytest.fixture
def dana(server: str, widget: WidgetKey) -> Member:
    """Works at Riverside."""
    make_member("dana@riverside.example", tenant_of(widget), Role.STAFF)
    return Member(server, "dana@riverside.example")


@pytest.fixture
def bob(server: str, other_widget: WidgetKey) -> Member:
    """Owns Harbor, another tenant."""
    make_member("bob@harbor.example", tenant_of(other_widget))
    return Member(server, "bob@harbor.example")
