"""The subscription: where the trial or plan stands, what was used, and what visitors read when it pauses."""

from datetime import timedelta
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from unfold.decorators import display

from apps.plans import usage
from apps.plans.models import Status, Subscription, UsageEntry, UsageKind
from apps.plans.usage_page import usage_context
from apps.tenants.access import EDIT, NOTHING, VIEW, Rights
from apps.tenants.admin import TenantAdmin
from apps.tenants.admin.base import hide_from_strangers
from apps.tenants.models import Role, Tenant
from apps.tenants.scope import tenant_scope

_DAY = timedelta(days=1)


@admin.register(Subscription)
class SubscriptionAdmin(TenantAdmin):
    icon = "credit_card"
    rights: ClassVar[Rights] = {Role.OWNER: EDIT, Role.MANAGER: VIEW, Role.STAFF: NOTHING}
    list_display = ("plan_name", "state", "trial_ends_at")
    list_filter = ("status",)
    actions = None
    fields = ("closing_message", "overage")
    change_form_outer_before_template = "admin/plans/subscription/state.html"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        usage_url = path("usage/", self.admin_site.admin_view(self.usage_view), name="plans_subscription_usage")
        return [usage_url, *super().get_urls()]

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
        """A business has one: straight to it."""
        hide_from_strangers(request)
        if getattr(request, "tenant", None) is not None and self.has_view_permission(request):
            own = Subscription.objects.first()
            if own is not None:
                return HttpResponseRedirect(reverse("admin:plans_subscription_change", args=[own.pk]))
        return super().changelist_view(request, extra_context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponseBase:
        subscription: Subscription = self.get_object(request, object_id)
        context = {"standing": standing(subscription), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)


def standing(subscription: Subscription) -> dict[str, Any]:
    """The subscription as of now, for people: state, days left of a trial, use of the current month."""
    now = timezone.now()
    state = subscription.trial_state(now=now)
    period = subscription.period(now=now)
    # Its own scope: a platform administrator looks from that of every tenant.
    with tenant_scope(subscription.tenant_id):
        used = usage.used(since=period.started_at)
        kinds = (UsageKind.INPUT_TOKENS, UsageKind.OUTPUT_TOKENS)
        entries = UsageEntry.objects.filter(at__gte=period.started_at, kind__in=kinds)
        tokens = entries.aggregate(total=Sum("quantity"))["total"] or 0
    return {
        "status": state.status,
        "label": Status(state.status).label,
        "plan": subscription.terms,
        "ends_at": state.ends_at,
        # Rounded up: on its last day a trial has one day left, not none.
        "days_left": max(0, -((now - state.ends_at) // _DAY)) if state.status == "trial" else 0,
        "period": period,
        "used": used,
        "percent": min(100, used * 100 // subscription.terms.interactions),
        "tokens": tokens,
    }
