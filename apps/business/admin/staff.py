"""Staff: who can be booked, when, and for what."""

from typing import Any, ClassVar

from django.contrib import admin

from apps.business.admin.hours import HoursForm
from apps.business.admin.services import SkillForm
from apps.business.models import Staff, StaffService, TimeOff, WeeklyHours
from apps.tenants.access import SET_UP, Rights
from apps.tenants.admin import TenantAdmin, TenantForm, TenantInline


class TimeOffForm(TenantForm):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        starts_at, ends_at = cleaned.get("starts_at"), cleaned.get("ends_at")
        if starts_at and ends_at and ends_at <= starts_at:
            self.add_error("ends_at", "The end must be after the start.")
        return cleaned


class HoursInline(TenantInline):
    model = WeeklyHours
    form = HoursForm
    rights: ClassVar[Rights] = SET_UP
    fields = ("weekday", "opens", "closes")
    verbose_name = "span"
    verbose_name_plural = "Weekly hours (without any, they keep the hours of the business)"


class TimeOffInline(TenantInline):
    model = TimeOff
    form = TimeOffForm
    rights: ClassVar[Rights] = SET_UP
    fields = ("starts_at", "ends_at", "reason")
    per_page = 20


class SkillInline(TenantInline):
    model = StaffService
    form = SkillForm
    rights: ClassVar[Rights] = SET_UP
    fields = ("service", "duration_minutes", "price_cents")
    autocomplete_fields = ("service",)
    verbose_name = "service"
    verbose_name_plural = "Services"


@admin.register(Staff)
class StaffAdmin(TenantAdmin):
    icon = "badge"
    rights: ClassVar[Rights] = SET_UP
    list_display = ("name", "title", "is_active")
    list_filter = ("is_active",)
    search_fields = ("name", "title")
    fields = (("name", "title"), "is_active")
    inlines = (HoursInline, TimeOffInline, SkillInline)
