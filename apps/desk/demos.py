"""The tenants that anybody may talk to without a sign-up: those of the verticals' demos."""

from apps.agents.registry import verticals
from apps.tenants.models import Tenant, WidgetKey
from apps.tenants.scope import all_tenants, tenant_scope


def find(slug: str) -> tuple[Tenant, WidgetKey | None] | None:
    """The demo tenant of that slug, with its first active widget; None when there is none."""
    if not any(vertical.demo and vertical.demo.slug == slug for vertical in verticals().values()):
        return None
    with all_tenants(reason="the public demo pages name a tenant by its slug"):
        tenant = Tenant.objects.filter(slug=slug).first()
    if tenant is None:
        return None
    with tenant_scope(tenant.pk):
        return tenant, WidgetKey.objects.filter(is_active=True).order_by("id").first()
