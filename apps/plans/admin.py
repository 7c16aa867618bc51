"""The subscription: where the trial or plan stands, what was used, and what visitors read when it pauses."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from unfold.decorators import display

from apps.plans.models import Status, Subscription
from apps.plans.plan_views import PLAN, PlanViews
from apps.plans.usage_page import usage_context
from apps.tenants.access import EDIT, NOTHING, VIEW, Rights
from apps.tenants.admin.base import hide_from_strangers
from apps.tenants.models import Role, Tenant


@admin.register(Subscription)
class SubscriptionAdmin(PlanViews):
    icon = "credit_card"
    rights: ClassVar[Rights] = {Role.OWNER: EDIT, Role.MANAGER: VIEW, Role.STAFF: NOTHING}
    list_display = ("plan_name", "state", "trial_ends_at")
    list_filter = ("status",)
    actions = None
    fields = ("closing_message",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Subscription, form: Any, change: bool) -> None:
        """Only what was changed: the rest is others' to write, at any moment."""
        obj.save(update_fields=form.changed_data)

    def get_urls(self) -> list[URLPattern]:
        usage_url = path("usage/", self.admin_site.admin_view(self.usage_view), name="plans_subscription_usage")
        return [usage_url, *self.plan_urls(), *super().get_urls()]

    def usage_view(self, request: HttpRequest) -> HttpResponse:
        """Who used what."""
        hide_from_strangers(request)
        if not self.has_view_permission(request):
            raise PermissionDenied
        tenant: Tenant | None = getattr(request, "tenant", None)
        if tenant is None:
            messages.info(request, "Open a tenant to see what it used.")
            return HttpResponseRedirect(reverse("admin:tenants_tenant_changelist"))
        context = {**self.admin_site.each_context(request), **usage_context(tenant), "title": "Usage"}
        return TemplateResponse(request, "admin/plans/usage.html", context)

    @display(description="Plan", ordering="plan")
    def plan_name(self, subscription: Subscription) -> str:
        return subscription.terms.name

    @display(description="State", label={"Trial": "info", "Active": "success", "Paused": "danger"})
    def state(self, subscription: Subscription) -> str:
        return str(Status(subscription.trial_state(now=timezone.now()).status).label)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        """A business has one: straight to its page."""
        hide_from_strangers(request)
        opened = getattr(request, "tenant", None) is not None and self.has_view_permission(request)
        if opened and Subscription.objects.exists():
            return HttpResponseRedirect(reverse(PLAN))
        return super().changelist_view(request, extra_context)
