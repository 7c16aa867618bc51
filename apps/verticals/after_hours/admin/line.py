"""The line itself: its rules, the buildings it answers for, and what callers are told."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from unfold.decorators import display

from apps.business.admin.search import FoldedSearch
from apps.tenants.access import SET_UP, Rights
from apps.tenants.admin import TenantAdmin, TenantForm
from apps.verticals.after_hours.models import Building, Guidance, LineRules


@admin.register(LineRules)
class LineRulesAdmin(TenantAdmin):
    icon = "rule"
    rights: ClassVar[Rights] = SET_UP
    list_display = ("name", "threshold", "rung_seconds", "alert", "escalates_voicemail")
    list_select_related = ("alert__staff",)
    fields = (("threshold", "rung_seconds"), ("alert", "alert_email"), "escalates_voicemail")
    autocomplete_fields = ("alert",)

    @display(description="Rules")
    def name(self, rules: LineRules) -> str:
        return str(rules)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_add_permission(request, obj) and not LineRules.objects.exists()


class BuildingForm(TenantForm):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if (cleaned.get("quiet_from") is None) != (cleaned.get("quiet_until") is None):
            self.add_error("quiet_until", "Quiet hours have a beginning and an end, or neither.")
        return cleaned


@admin.register(Building)
class BuildingAdmin(FoldedSearch):
    icon = "apartment"
    form = BuildingForm
    rights: ClassVar[Rights] = SET_UP
    list_display = ("street_address", "name", "city", "homes", "water_shutoff", "is_managed")
    list_filter = ("city", "is_managed")
    search_fields = ("address_key", "name_key")
    search_help_text = "Search by street or name."
    fields = (
        ("name", "street_address", "city"),
        ("homes", "is_managed"),
        ("water_shutoff", "breaker_panel"),
        ("quiet_from", "quiet_until"),
        "access",
    )


@admin.register(Guidance)
class GuidanceAdmin(TenantAdmin):
    icon = "health_and_safety"
    rights: ClassVar[Rights] = SET_UP
    list_display = ("situation", "trade", "text", "is_active")
    list_filter = ("trade", "is_active")
    search_fields = ("situation", "words", "text")
    ordering = ("trade", "situation", "id")
    fields = (("situation", "trade"), "words", "text", "is_active")
