"""Calls to the demo tenants, which anybody may make from the browser."""

from apps.agents.live import LiveAgent, live_agent
from apps.common.errors import NotFound
from apps.desk import demos
from apps.tenants.models import Tenant, WidgetKey
from apps.tenants.scope import tenant_scope

SECONDS = 60
"""Of a call without a sign-up."""
DEFAULT_ACCENT = "#2563eb"


def find(slug: str) -> tuple[Tenant, WidgetKey | None]:
    """The demo tenant, and its widget.

    Raises:
        NotFound: there is none of that name.
    """
    if (found := demos.find(slug)) is None:
        raise NotFound("There is no such demo.", field="tenant")
    return found


def front(slug: str) -> tuple[Tenant, LiveAgent, str]:
    """The demo tenant, who answers there, and the accent color of its pages.

    Raises:
        NotFound, NoAgent: no such tenant; nobody to answer.
    """
    tenant, widget = find(slug)
    with tenant_scope(tenant.pk):
        return tenant, live_agent(), widget.accent if widget else DEFAULT_ACCENT
