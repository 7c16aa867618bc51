"""Bookings: the list, the day, and making, moving and cancelling them as the services allow."""

from datetime import date, timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from unfold.decorators import action, display

from apps.business import bookings
from apps.business.admin.booking_forms import NewBookingForm, WhenForm
from apps.business.admin.day import bounds, lay_out
from apps.business.admin.search import FoldedSearch
from apps.business.calendar import at
from apps.business.models import FREEING_STATUSES, OPEN_STATUSES, Booking, BookingStatus, Staff
from apps.business.timetable import read_timetable
from apps.common.errors import AppError
from apps.tenants.admin import TenantForm, actor_of
from apps.tenants.admin.base import hide_from_strangers
from apps.tenants.models import Tenant

_COLORS = {
    "Scheduled": "info",
    "Confirmed": "success",
    "Rescheduled": "info",
    "Cancelled": "danger",
    "No-show": "warning",
}


@admin.register(Booking)
class BookingAdmin(FoldedSearch):
    icon = "event"
    actions = None
    list_display = ("starts_at", "contact", "staff", "service", "status_label", "reference")
    list_filter = (
        "status",
        ("staff", admin.RelatedOnlyFieldListFilter),
        ("service", admin.RelatedOnlyFieldListFilter),
        "starts_at",
    )
    list_select_related = ("contact", "staff", "service")
    date_hierarchy = "starts_at"
    ordering = ("-starts_at", "id")
    search_fields = ("reference", "contact__given_key", "contact__family_key", "contact__phone")
    search_help_text = "Search by name, phone number or reference."
    autocomplete_fields = ("contact",)
    actions_list = ("day",)
    change_form_outer_before_template = "admin/business/booking/tools.html"

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a booking is cancelled, so that it can be told what became of it

    @display(description="Status", ordering="status", label=_COLORS)
    def status_label(self, booking: Booking) -> str:
        return booking.get_status_display()

    @display(description="Reference")
    def code(self, booking: Booking) -> str:
        return booking.reference

    @display(description="Conversation")
    def conversation(self, booking: Booking) -> str:
        return "Booked by an agent in a conversation" if booking.conversation_id else "–"

    def is_editable(self, request: HttpRequest, booking: Booking | None) -> bool:
        """Whether the page is a form: a new booking, or one that can still be moved."""
        if booking is None:
            return True
        may_change = self.has_change_permission(request, booking)
        return may_change and booking.status in OPEN_STATUSES and booking.ends_at > timezone.now()

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        kwargs["form"] = NewBookingForm if obj is None else WhenForm
        if not self.is_editable(request, obj):
            kwargs["form"] = TenantForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            who = ("contact", ("service", "staff"))
            return (
                (None, {"fields": who}),
                ("When", {"fields": (("date", "time"), "minutes")}),
                (None, {"fields": ("notes",)}),
            )
        about = (("contact", "service"), ("code", "status"), ("created_at", "conversation"))
        if self.is_editable(request, obj):
            return (
                (None, {"fields": about}),
                ("When and with whom", {"fields": ("staff", ("date", "time"))}),
                (None, {"fields": ("notes",)}),
            )
        ending = ("cancelled_at", "cancel_reason") if obj.status == BookingStatus.CANCELLED else ()
        return ((None, {"fields": (*about, "staff", ("starts_at", "ends_at"), "notes", *ending)}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ()
        fixed = ("contact", "service", "code", "status", "created_at", "conversation")
        if self.is_editable(request, obj):
            return fixed
        return (*fixed, "staff", "starts_at", "ends_at", "notes", "cancelled_at", "cancel_reason")

    def save_model(self, request: HttpRequest, obj: Booking, form: Any, change: bool) -> None:
        values, now, actor = form.cleaned_data, timezone.now(), actor_of(request)
        if not change:
            minutes = values["minutes"]
            booked = bookings.book(
                contact=values["contact"],
                staff=values["staff"],
                service=values["service"],
                starts_at=at(day=values["date"], local=values["time"]),
                duration=timedelta(minutes=minutes) if minutes else None,
                notes=values["notes"],
                now=now,
                actor=actor,
            )
            obj.__dict__.update(booked.__dict__)
            return
        if not isinstance(form, WhenForm):
            return  # it closed while the page was open: nothing on it can be changed any more
        if form.is_moved:
            starts_at = at(day=values["date"], local=values["time"])
            moved = bookings.reschedule(booking=obj, starts_at=starts_at, staff=values["staff"], now=now, actor=actor)
            obj.__dict__.update({**moved.__dict__, "notes": obj.notes})
        if "notes" in form.changed_data:
            obj.save(update_fields=["notes"])

    def _record(self, request: HttpRequest, obj: Any, verb: str, fields: list[str]) -> None:
        # The services keep the trail of what they do.
        if "Notes" in fields:
            super()._record(request, obj, verb, ["Notes"])

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponseBase:
        context = {"cancellable": OPEN_STATUSES, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def get_urls(self) -> list[URLPattern]:
        cancel = path(
            "<path:object_id>/cancel/",
            self.admin_site.admin_view(self.cancel_view),
            name="business_booking_cancel",
        )
        return [cancel, *super().get_urls()]

    def cancel_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        booking: Booking = self.get_object(request, object_id)
        if not self.has_change_permission(request, booking):
            raise PermissionDenied
        change_url = reverse("admin:business_booking_change", args=[booking.pk])
        refusal = ""
        if request.method == "POST":
            try:
                bookings.cancel(
                    booking=booking,
                    reason=request.POST.get("reason", ""),
                    now=timezone.now(),
                    actor=actor_of(request),
                )
            except AppError as error:
                refusal = error.message
            else:
                messages.success(request, f"{booking.reference} is cancelled, its time is free again.")
                return HttpResponseRedirect(change_url)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Cancel {booking.reference}",
            "booking": booking,
            "original": booking,
            "refusal": refusal,
            "back": change_url,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/business/booking/cancel.html", context)

    @action(description="Day view", url_path="day", icon="calendar_view_day")
    def day(self, request: HttpRequest) -> HttpResponse:
        """One day: a column for each member of staff, the hours down."""
        hide_from_strangers(request)
        if not self.has_view_permission(request):
            raise PermissionDenied
        tenant: Tenant | None = getattr(request, "tenant", None)
        if tenant is None:
            messages.info(request, "Open a tenant to see its day.")
            return HttpResponseRedirect(reverse("admin:tenants_tenant_changelist"))
        now = timezone.now()
        today = now.astimezone(tenant.zone).date()
        day = _day_of(request.GET.get("date", ""), today)
        context = {
            **self.admin_site.each_context(request),
            **_plan(day, tenant, now),
            "title": "Day view",
            "today": today,
            "previous": day - timedelta(days=1),
            "next": day + timedelta(days=1),
            "can_add": self.has_add_permission(request),
        }
        return TemplateResponse(request, "admin/business/booking/day.html", context)


def _day_of(text: str, today: date) -> date:
    """The day asked for; today when it is none, or so far off that it has no day before or after."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return today
    return day if 2 <= day.year < 9999 else today


def _plan(day: date, tenant: Tenant, now: Any) -> dict[str, Any]:
    whole = bounds(day, tenant.zone)
    rows = list(
        Booking.objects.filter(starts_at__lt=whole.ends_at, ends_at__gt=whole.starts_at)
        .select_related("contact", "staff", "service")
        .order_by("starts_at")
    )
    standing = [row for row in rows if row.status not in FREEING_STATUSES]
    booked = {row.staff_id for row in standing}
    staff = [member for member in Staff.objects.all() if member.is_active or member.pk in booked]
    timetable = read_timetable(staff=staff, first=day, last=day, zone=tenant.zone)
    plan = lay_out(
        day=day,
        zone=tenant.zone,
        staff=staff,
        open_spans={member.pk: timetable.opened_on(day, member.pk) for member in staff},
        away=timetable.away,
        bookings=standing,
        now=now,
    )
    return {
        "plan": plan,
        "freed": [row for row in rows if row.status in FREEING_STATUSES],
        "is_closed": not timetable.opened_on(day, None),
    }
