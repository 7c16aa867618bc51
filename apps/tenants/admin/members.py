"""Who belongs to the business, and as what."""

from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from unfold.decorators import display

from apps.common.errors import AppError
from apps.tenants import audit
from apps.tenants.access import OWNERS_ONLY, Rights, may
from apps.tenants.admin.base import TenantAdmin, actor_of
from apps.tenants.models import Membership, Role, Tenant
from apps.tenants.scope import current_tenant_id


class LastOwner(AppError):
    """A business always has an owner."""

    code = "last_owner"
    status = 409


def is_last_owner(membership: Membership) -> bool:
    """Whether nobody else who can log in owns the business."""
    others = Membership.objects.filter(role=Role.OWNER, user__is_active=True).exclude(pk=membership.pk)
    return membership.role == Role.OWNER and not others.exists()


def _check_not_last_owner(membership_id: str) -> None:
    # Locked, so that two owners who step down at once do not both go.
    Tenant.objects.select_for_update().get(pk=current_tenant_id())
    if is_last_owner(Membership.objects.get(pk=membership_id)):
        raise LastOwner("A business needs an owner. Make somebody else an owner first.", field="role")


@admin.register(Membership)
class MembershipAdmin(TenantAdmin):
    icon = "group"
    rights: ClassVar[Rights] = OWNERS_ONLY
    actions = None
    list_display = ("person", "email", "role_label", "created_at")
    list_filter = ("role",)
    list_select_related = ("user",)
    ordering = ("user__email",)
    search_fields = ("user__email", "user__name")
    list_before_template = "admin/tenants/membership/invite.html"
    change_form_before_template = "admin/tenants/membership/roles.html"

    def get_fields(self, request: HttpRequest, obj: Membership | None = None) -> Any:
        return ("person", "email", "role", "created_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Membership | None = None) -> Any:
        return ("person", "email", "created_at")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        context = {"may_invite": may(request, "add", self.rights), **(extra_context or {})}
        return super().changelist_view(request, context)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # people join by invitation: nobody is put on a team whom they have not heard of

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_delete_permission(request, obj)
        return allowed and not (isinstance(obj, Membership) and is_last_owner(obj))

    @display(description="Person", ordering="user__name")
    def person(self, membership: Membership) -> str:
        return str(membership.user)

    @display(description="E-mail", ordering="user__email")
    def email(self, membership: Membership) -> str:
        return membership.user.email

    @display(description="Role", ordering="role", label={"Owner": "primary", "Manager": "info"})
    def role_label(self, membership: Membership) -> str:
        return membership.get_role_display()

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        if obj.role != Role.OWNER:
            _check_not_last_owner(obj.pk)
        super().save_model(request, obj, form, change)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        details = {"person": obj.user.email, "role": obj.role}
        audit.record(actor=actor_of(request), action="membership.changed", target=obj.pk, details=details)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        for obj in queryset:
            details = {"person": obj.user.email, "role": obj.role}
            audit.record(actor=actor_of(request), action="membership.deleted", target=obj.pk, details=details)

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        try:
            _check_not_last_owner(obj.pk)
        except LastOwner:
            raise PermissionDenied from None
        super().delete_model(request, obj)
