"""The admin's first page: what a business needs to know today, and what to do next."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Count, Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from apps.accounts.checklist import checklist
from apps.agents.admin.widgets import embed
from apps.agents.registry import verticals
from apps.business.admin.day import bounds
from apps.business.models import FREEING_STATUSES, Booking
from apps.conversations.models import Conversation, Purpose
from apps.dashboard.pages import has_floor
from apps.inbox.pages import waiting_count
from apps.plans.models import Subscription
from apps.plans.plan_page import standing
from apps.tenants.admin.opening import other_businesses
from apps.tenants.models import Tenant, WidgetKey

_LISTED = 8


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What `templates/admin/index.html` shows; nothing of a tenant outside its scope."""
    context["title"] = "Today"
    tenant: Tenant | None = getattr(request, "tenant", None)
    if tenant is not None:
        context["today"] = _today(request, tenant)
        context["businesses"] = other_businesses(request) if getattr(request, "membership", None) else []
    elif getattr(request.user, "is_superuser", False):
        context["title"] = "Platform"
        context["tenants"] = Tenant.objects.all()[:50]
    return context


def _today(request: HttpRequest, tenant: Tenant) -> dict[str, Any]:
    now = timezone.now()
    day = bounds(now.astimezone(tenant.zone).date(), tenant.zone)
    bookings = (
        Booking.objects.filter(starts_at__gte=day.starts_at, starts_at__lt=day.ends_at)
        .exclude(status__in=FREEING_STATUSES)
        .select_related("contact", "staff", "service")
    )
    recent = Conversation.objects.filter(last_at__gte=now - timedelta(hours=24), purpose=Purpose.LIVE)
    subscription = Subscription.objects.select_related("tenant").first()
    widget = WidgetKey.objects.filter(is_active=True).order_by("created_at").first()
    return {
        "now": now,
        "booking_count": bookings.count(),
        "still_to_come": [row for row in bookings if row.ends_at > now][:_LISTED],
        "conversation_count": recent.count(),
        "conversations": recent.select_related("contact").annotate(messages=Count("turns", filter=~Q(turns__text="")))[
            :_LISTED
        ],
        "booked_by_agents": Booking.objects.filter(created_at__gte=now - timedelta(hours=24))
        .exclude(conversation_id="")
        .count(),
        "standing": standing(subscription) if subscription is not None else None,
        "may_see_plan": _may_see(request, Subscription),
        "embed": embed(request, widget) if widget is not None else None,
        "try_url": _try_url(tenant, widget),
        "has_floor": has_floor(),
        "checklist": checklist(request),
        "waiting": waiting_count(),
    }


def _may_see(request: HttpRequest, model: type[Subscription]) -> bool:
    return admin.site._registry[model].has_view_permission(request)


def _try_url(tenant: Tenant, widget: WidgetKey | None) -> str:
    """The demo site of a demo tenant, else the chat itself."""
    if any(vertical.demo and vertical.demo.slug == tenant.slug for vertical in verticals().values()):
        return reverse("demo", args=[tenant.slug])
    return reverse("widget-frame", args=[widget.key]) if widget is not None else ""
