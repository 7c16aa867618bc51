from apps.tenants.admin.base import TenantAdmin, TenantInline, actor_of
from apps.tenants.admin.forms import TenantForm

__all__ = ["TenantAdmin", "TenantForm", "TenantInline", "actor_of"]

from apps.tenants.admin import audit, keys, members, users  # noqa: F401  # they register their pages
