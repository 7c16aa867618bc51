"""How a platform administrator enters a tenant, and a person with several businesses changes between them."""

from django.http import Http404, HttpRequest

from apps.common.ids import is_id
from apps.tenants import audit
from apps.tenants.admin.base import actor_of
from apps.tenants.middleware import SESSION_KEY
from apps.tenants.models import Membership, Tenant
from apps.tenants.scope import all_tenants, tenant_scope


def open_tenant(request: HttpRequest, *, tenant_id: str) -> Tenant:
    """Makes the tenant the one that this session works in. The tenant's trail says that an administrator came.

    Raises:
        Http404: there is none, or the person is neither its member nor a platform administrator.
    """
    if not is_id(tenant_id):
        raise Http404
    with all_tenants(reason="a person asks to change tenants; who may is checked here"):
        tenant = Tenant.objects.filter(pk=tenant_id).first()
        is_member = Membership.objects.filter(tenant_id=tenant_id, user_id=request.user.pk).exists()
    is_administrator = bool(getattr(request.user, "is_superuser", False))
    if tenant is None or not (is_member or is_administrator):
        raise Http404
    if is_administrator:
        with tenant_scope(tenant.pk):
            audit.record(actor=actor_of(request), action="tenant.opened", target=tenant.pk)
    request.session[SESSION_KEY] = tenant.pk
    return tenant


def leave_tenant(request: HttpRequest) -> None:
    """Back to all tenants. Nothing happens when none is open."""
    tenant_id = request.session.pop(SESSION_KEY, None)
    tenant = getattr(request, "tenant", None)
    if tenant is not None and tenant.pk == tenant_id and getattr(request.user, "is_superuser", False):
        audit.record(actor=actor_of(request), action="tenant.left", target=tenant.pk)


def other_businesses(request: HttpRequest) -> list[Tenant]:
    """The person's further businesses."""
    current = getattr(request, "tenant", None)
    with all_tenants(reason="which tenants a person belongs to is theirs to know"):
        memberships = Membership.objects.filter(user_id=request.user.pk).select_related("tenant")
        return [row.tenant for row in memberships if current is None or row.tenant_id != current.pk]
