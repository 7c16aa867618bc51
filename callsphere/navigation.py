"""The admin's sidebar in the owner's words; only what the person may see."""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from apps.agents.registry import verticals
from apps.dashboard.pages import has_floor
from apps.inbox.pages import waiting_count

Item = dict[str, Any]
Pages = tuple[tuple[str, str], ...]
"""(model label, title) of each."""

_DAILY: Pages = (
    ("conversations.Conversation", "Conversations"),
    ("conversations.Call", "Calls"),
    ("business.Booking", "Bookings"),
    ("business.Contact", "Contacts"),
)
_AGENTS: Pages = (
    ("agents.Agent", "Agents"),
    ("agents.SavedQuestion", "Saved questions"),
    ("agents.KnowledgeSource", "Knowledge"),
    ("tenants.WidgetKey", "Website chat"),
)
_PHONE: Pages = (
    ("telephony.PhoneNumber", "Phone numbers"),
    ("telephony.Voicemail", "Voicemail"),
    ("telephony.TextMessage", "Texts"),
    ("telephony.PlacedCall", "Outgoing calls"),
    ("telephony.OptOut", "No texts to"),
)
_BUSINESS: Pages = (
    ("tenants.Tenant", "Profile"),
    ("business.WeeklyHours", "Opening hours"),
    ("business.Closure", "Closed days"),
    ("business.Staff", "Staff"),
    ("business.Service", "Services"),
    ("voice.CallPolicy", "Recording of calls"),
    ("plans.Subscription", "Plan & usage"),
)
_TEAM: Pages = (
    ("tenants.Membership", "Team"),
    ("accounts.Invitation", "Invitations"),
    ("tenants.ApiKey", "API keys"),
    ("api.WebhookEndpoint", "Webhooks"),
    ("api.WebhookDelivery", "Webhook log"),
    ("tenants.AuditEntry", "Audit trail"),
    ("business.DataRequest", "Exports & erasures"),
    ("business.Retention", "Retention"),
)


_AFFILIATES: Pages = (
    ("affiliates.Affiliate", "Affiliates"),
    ("affiliates.Referral", "Referrals"),
    ("affiliates.Payout", "Payouts"),
    ("affiliates.TrailEntry", "Trail of affiliates"),
)


def header(request: HttpRequest) -> str:
    """The business; the product's name where there is none."""
    tenant = getattr(request, "tenant", None)
    return tenant.name if tenant is not None else "CallSphere"


def subheader(request: HttpRequest) -> str | None:
    if getattr(request, "tenant", None) is not None:
        return "CallSphere"
    return "Platform administration" if getattr(request.user, "is_superuser", False) else None


def environment(request: HttpRequest) -> list[str] | None:
    """Transcripts may hold the simulated model's words, so every page says that it is one."""
    return ["Simulated model", "warning"] if settings.SANDBOX_ANSWERS else None


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Groups of items as unfold draws them; the page's own item is active."""
    platform = getattr(request.user, "is_superuser", False) and getattr(request, "tenant", None) is None
    today = {"title": "Today", "icon": "today", "link": reverse("admin:index")}
    first = [today, *_items(request, _DAILY)]
    if not platform:
        first[3:3] = _calendar(request)
        first[1:1] = [*_inbox(request), *_floor(request)]
        first += _analysis(request)
    groups = [
        _group("", first),
        *_industries(request),
        _group("Agents", _items(request, _AGENTS)),
        _group("Phone", _items(request, _PHONE)),
        _group(
            "Your business", [*_items(request, _BUSINESS[1:] if platform else _BUSINESS), *_usage(request, platform)]
        ),
        _group("Team & keys", _items(request, _TEAM)),
        _group("Platform", _platform(request, platform)),
    ]
    shown = [group for group in groups if group["items"]]
    _mark_active(request.path, [item for group in shown for item in group["items"]])
    return shown


def _group(title: str, items: list[Item]) -> dict[str, Any]:
    return {"title": title, "items": items, "separator": False}


def _items(request: HttpRequest, pages: Pages) -> list[Item]:
    items = []
    for label, title in pages:
        page = admin.site._registry.get(apps.get_model(label))
        if page is not None and page.has_view_permission(request):
            link = reverse(f"admin:{page.opts.app_label}_{page.opts.model_name}_changelist")
            items.append({"title": title, "icon": getattr(page, "icon", "folder"), "link": link})
    return items


def _calendar(request: HttpRequest) -> list[Item]:
    page = admin.site._registry[apps.get_model("business.Booking")]
    if not page.has_view_permission(request):
        return []
    return [{"title": "Calendar", "icon": "calendar_view_day", "link": reverse("admin:business_booking_day")}]


def _floor(request: HttpRequest) -> list[Item]:
    """The live floor of a business that has one."""
    if getattr(request, "tenant", None) is None or not has_floor():
        return []
    return [{"title": "Live floor", "icon": "support_agent", "link": reverse("dashboard")}]


def _analysis(request: HttpRequest) -> list[Item]:
    page = admin.site._registry[apps.get_model("analysis.Analysis")]
    if not page.has_view_permission(request):
        return []
    return [{"title": "Analysis", "icon": "insights", "link": reverse("admin:analysis_analysis_report")}]


def _inbox(request: HttpRequest) -> list[Item]:
    """Where people of the business answer, with how many wait for one."""
    if getattr(request, "tenant", None) is None:
        return []
    waiting = waiting_count()
    badge = {"badge": str(waiting), "badge_variant": "danger"} if waiting else {}
    return [{"title": "Inbox", "icon": "inbox", "link": reverse("inbox"), **badge}]


def _usage(request: HttpRequest, platform: bool) -> list[Item]:
    page = admin.site._registry[apps.get_model("plans.Subscription")]
    if platform or not page.has_view_permission(request):
        return []
    return [{"title": "Usage", "icon": "bar_chart", "link": reverse("admin:plans_subscription_usage")}]


def _industries(request: HttpRequest) -> list[dict[str, Any]]:
    """The pages of the tenant's industry, under its name; all of them for the platform's administrators."""
    tenant = getattr(request, "tenant", None)
    groups = []
    for slug, vertical in verticals().items():
        if tenant is not None and tenant.vertical != slug:
            continue
        app = apps.get_app_config(slug)
        pages = tuple(
            (model._meta.label, str(model._meta.verbose_name_plural).capitalize())
            for model in app.get_models()
            if model in admin.site._registry
        )
        groups.append(_group(vertical.name, _items(request, pages)))
    return groups


def _platform(request: HttpRequest, platform: bool) -> list[Item]:
    tenants: Pages = (("tenants.Tenant", "Tenants"),) if platform else ()
    pages = _items(request, (*tenants, ("tenants.User", "Logins"), *_AFFILIATES))
    use = {"title": "Tenants’ use", "icon": "monitoring", "link": reverse("tenants-use")}
    return [pages[0], use, *pages[1:]] if platform else pages


def _mark_active(path: str, items: list[Item]) -> None:
    """The longest address that the path begins with: the day view lies under the bookings."""
    index = reverse("admin:index")
    matching = [
        item["link"]
        for item in items
        if path == item["link"] or (item["link"] != index and path.startswith(item["link"]))
    ]
    active = max(matching, key=len, default=None)
    for item in items:
        item["active"] = item["link"] == active
