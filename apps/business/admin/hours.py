"""When the business is open, and when it is closed."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.business.models import Closure, WeeklyHours
from apps.tenants.access import SET_UP, Rights
from apps.tenants.admin import TenantAdmin, TenantForm


class HoursForm(TenantForm):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        opens, closes = cleaned.get("opens"), cleaned.get("closes")
        if opens and closes and closes <= opens:
            self.add_error(
                "closes", "This must be after the opening. For a night shift, add a second line on the next day."
            )
        return cleaned


class ClosureForm(TenantForm):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        start, end = cleaned.get("start_date"), cleaned.get("end_date")
        if start and end and end < start:
            self.add_error("end_date", "The last day comes before the first.")
        return cleaned


@admin.register(WeeklyHours)
class BusinessHoursAdmin(TenantAdmin):
    """The business's own hours; those of its staff are on the staff's pages."""

    icon = "schedule"
    rights: ClassVar[Rights] = SET_UP
    form = HoursForm
    list_display = ("weekday", "opens", "closes")
    list_editable = ("opens", "closes")
    list_display_links = ("weekday",)
    ordering = ("weekday", "opens")
    fields = ("weekday", ("opens", "closes"))
    list_before_template = "admin/business/weeklyhours/note.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[WeeklyHours]:
        return super().get_queryset(request).filter(staff=None)

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> Any:
        return super().get_changelist_form(request, **{"form": HoursForm, **kwargs})


@admin.register(Closure)
class ClosureAdmin(TenantAdmin):
    icon = "event_busy"
    rights: ClassVar[Rights] = SET_UP
    form = ClosureForm
    list_display = ("start_date", "end_date", "reason")
    list_filter = ("start_date",)
    search_fields = ("reason",)
    fields = (("start_date", "end_date"), "reason")
