"""The tenants that anybody may call from the browser, without a sign-up: those of the demo."""

from apps.agents.live import LiveAgent, live_agent
from apps.agents.registry import verticals
from apps.common.errors import NotFound
from apps.tenants.models import Tenant, WidgetKey
from apps.tenants.scope import all_tenants, tenant_scope

SECONDS = 60
"""Of a call without a sign-up."""
DEFAULT_ACCENT = "#2563eb"


def find(slug: str) -> Tenant:
    """The demo tenant.

    Raises:
        NotFound: there is none of that name.
    """
    if any(vertical.demo and vertical.demo.slug == slug for vertical in verticals().values()):
        with all_tenants(reason="the public demo names a tenant by its slug"):
            tenant = Tenant.objects.filter(slug=slug).first()
        if tenant is not None:
            return tenant
    raise NotFound("There is no such demo.", field="tenant")


def front(tenant: Tenant) -> tuple[LiveAgent, str]:
    """Who answers there, and the accent color of the tenant's pages.

    Raises:
        NoAgent: nobody.
    """
    with tenant_scope(tenant.pk):
        widget = WidgetKey.objects.filter(is_active=True).order_by("id").first()
        return live_agent(), widget.accent if widget else DEFAULT_ACCENT
