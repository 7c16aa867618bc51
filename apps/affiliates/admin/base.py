"""Pages for platform administrators only; for everybody else they are not there."""

from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest
from unfold.admin import ModelAdmin

from apps.affiliates import trail
from apps.tenants.admin.base import actor_of, hide_from_strangers


def is_administrator(request: HttpRequest) -> bool:
    return bool(request.user.is_active and getattr(request.user, "is_superuser", False))


def check_administrator(request: HttpRequest) -> None:
    """Raises Http404 for who belongs to no business, PermissionDenied for other people."""
    hide_from_strangers(request)
    if not is_administrator(request):
        raise PermissionDenied


class PlatformAdmin(ModelAdmin):
    """Looked at, and changed only by the services that keep the trail."""

    icon: ClassVar[str] = "folder"
    list_per_page = 50
    actions: Any = None
    editable: ClassVar[bool] = False

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        check_administrator(request)
        obj = super().get_object(request, object_id, from_field)
        if obj is None:
            raise Http404
        return obj

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_administrator(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_administrator(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.editable and is_administrator(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> None:
        """Into the affiliates' own trail; Django's log is not kept."""
        fields = [name for change in message for name in change.get("changed", {}).get("fields", [])]
        trail.record(
            actor=actor_of(request),
            action=f"{obj._meta.model_name}.changed",
            target=str(obj.pk),
            details={"fields": fields},
        )
