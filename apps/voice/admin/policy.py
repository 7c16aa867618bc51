"""What is kept of the business's calls: one row, straight to it."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from apps.tenants.access import EDIT, NOTHING, VIEW, Rights
from apps.tenants.admin import TenantAdmin
from apps.tenants.admin.base import hide_from_strangers
from apps.tenants.models import Role
from apps.voice.models import CallPolicy


@admin.register(CallPolicy)
class CallPolicyAdmin(TenantAdmin):
    icon = "mic"
    rights: ClassVar[Rights] = {Role.OWNER: EDIT | {"add"}, Role.MANAGER: VIEW, Role.STAFF: NOTHING}
    list_display = ("records", "consent", "black_box", "keep_days")
    actions = None
    fields = ("records", "consent", "black_box", "keep_days")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Once."""
        tenant = getattr(request, "tenant", None)
        return tenant is not None and super().has_add_permission(request) and not CallPolicy.objects.exists()

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        """A business has one, or none yet."""
        hide_from_strangers(request)
        if getattr(request, "tenant", None) is not None and self.has_view_permission(request):
            own = CallPolicy.objects.first()
            if own is not None:
                return HttpResponseRedirect(reverse("admin:voice_callpolicy_change", args=[own.pk]))
            if self.has_add_permission(request):
                return HttpResponseRedirect(reverse("admin:voice_callpolicy_add"))
        return super().changelist_view(request, extra_context)
