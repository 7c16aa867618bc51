"""The salon in the admin, in its own words: customers, stylists, menu, appointments, waitlist, house rules."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action, display

from apps.business.admin.moments import moment
from apps.business.admin.money import CentsField
from apps.business.admin.search import FoldedSearch
from apps.business.core.wording import spoken_money
from apps.tenants.access import SET_UP, Rights
from apps.tenants.admin import TenantAdmin, TenantForm, TenantInline, actor_of
from apps.tenants.admin.base import hide_from_strangers
from apps.tenants.models import Tenant
from apps.verticals.salon.house_rules import house_rules
from apps.verticals.salon.models import (
    Appointment,
    AppointmentLine,
    Customer,
    MenuEntry,
    SalonSettings,
    Stylist,
    WaitlistEntry,
    WaitlistWish,
)
from apps.verticals.salon.waitlist import fill_all

_WAITING = {"Waiting": "warning", "Booked": "success", "Withdrawn": "danger"}


@admin.register(Customer)
class CustomerAdmin(FoldedSearch):
    icon = "face"
    list_display = ("name", "phone", "preferred_stylist")
    list_filter = ("preferred_stylist",)
    list_select_related = ("contact", "preferred_stylist__staff")
    search_fields = ("contact__given_key", "contact__family_key", "contact__phone", "contact__email")
    search_help_text = "Search by name, phone number or e-mail."
    autocomplete_fields = ("contact", "preferred_stylist")
    fields = (("contact", "preferred_stylist"), "formula")

    @display(description="Name", ordering="contact__family_key")
    def name(self, customer: Customer) -> str:
        return customer.contact.name

    @display(description="Phone")
    def phone(self, customer: Customer) -> str:
        return customer.contact.phone


@admin.register(Stylist)
class StylistAdmin(TenantAdmin):
    """Hours and skills, each with their own price and length, are on the staff's page."""

    icon = "content_cut"
    rights: ClassVar[Rights] = SET_UP
    list_display = ("name", "title", "known_for", "languages")
    list_select_related = ("staff",)
    search_fields = ("staff__name", "known_for")
    autocomplete_fields = ("staff",)
    fields = ("staff", ("known_for", "languages"), "bio")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A stylist with appointments leaves by no longer taking bookings: somebody must have done the work."""
        has_visits = obj is not None and Appointment.objects.filter(booking__staff=obj.staff_id).exists()
        return not has_visits and super().has_delete_permission(request, obj)

    @display(description="Name", ordering="staff__name")
    def name(self, stylist: Stylist) -> str:
        return stylist.staff.name

    @display(description="Title", ordering="staff__title")
    def title(self, stylist: Stylist) -> str:
        return stylist.staff.title


@admin.register(MenuEntry)
class MenuAdmin(TenantAdmin):
    icon = "menu_book"
    rights: ClassVar[Rights] = SET_UP
    list_display = ("name", "category", "price", "minutes", "also_called", "add_on")
    list_filter = ("service__category",)
    list_select_related = ("service", "add_on")
    search_fields = ("service__name", "also_called")
    autocomplete_fields = ("service", "add_on")
    fields = ("service", "also_called", ("add_on", "add_on_reason"))

    @display(description="Service", ordering="service__name")
    def name(self, entry: MenuEntry) -> str:
        return entry.service.name

    @display(description="Category", ordering="service__category")
    def category(self, entry: MenuEntry) -> str:
        return entry.service.category

    @display(description="Price", ordering="service__price_cents")
    def price(self, entry: MenuEntry) -> str:
        cents = entry.service.price_cents
        return "On request" if cents is None else spoken_money(cents)

    @display(description="Duration", ordering="service__duration_minutes")
    def minutes(self, entry: MenuEntry) -> str:
        return f"{entry.service.duration_minutes} min"


class LineForm(TenantForm):
    price_cents = CentsField(label="Price", help_text="As agreed. Empty = on request.")


class LineInline(TenantInline):
    model = AppointmentLine
    form = LineForm
    fields = ("service", "duration_minutes", "price_cents")
    autocomplete_fields = ("service",)
    verbose_name = "service"
    verbose_name_plural = "Services of this visit"


class VisitForm(TenantForm):
    late_fee_cents = CentsField(label="Late cancellation fee", help_text="Empty = none.")


@admin.register(Appointment)
class AppointmentAdmin(FoldedSearch):
    """The services and prices; time, stylist and status are changed on the booking."""

    icon = "spa"
    form = VisitForm
    list_display = ("when", "customer", "stylist", "services", "total", "status", "reference")
    list_filter = ("booking__status", "booking__starts_at", ("booking__staff", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("booking__contact", "booking__staff")
    search_fields = ("booking__contact__given_key", "booking__contact__family_key", "booking__reference")
    search_help_text = "Search by customer or reference."
    autocomplete_fields = ("booking",)
    inlines = (LineInline,)
    ordering = ("-booking__starts_at",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        booked = () if obj is None else (("when", "status"), ("customer", "stylist"), "total")
        return ("booking", *booked, "late_fee_cents")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("lines__service")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj is None else ("booking", "when", "status", "customer", "stylist", "total")

    @display(description="When", ordering="booking__starts_at")
    def when(self, appointment: Appointment) -> str:
        return moment(appointment.booking.starts_at)

    @display(description="Customer", ordering="booking__contact__family_key")
    def customer(self, appointment: Appointment) -> str:
        return appointment.booking.contact.name

    @display(description="Stylist", ordering="booking__staff__name")
    def stylist(self, appointment: Appointment) -> str:
        return appointment.booking.staff.name

    @display(description="Services")
    def services(self, appointment: Appointment) -> str:
        return ", ".join(line.service.name for line in appointment.lines.all())

    @display(description="Price")
    def total(self, appointment: Appointment) -> str:
        cents = appointment.price_cents
        return "On request" if cents is None else spoken_money(cents)

    @display(description="Status", ordering="booking__status")
    def status(self, appointment: Appointment) -> str:
        return appointment.booking.get_status_display()

    @display(description="Reference", ordering="booking__reference")
    def reference(self, appointment: Appointment) -> str:
        return appointment.booking.reference


class WishInline(TenantInline):
    model = WaitlistWish
    fields = ("service",)
    autocomplete_fields = ("service",)
    verbose_name = "service"
    verbose_name_plural = "Wished services"


@admin.register(WaitlistEntry)
class WaitlistAdmin(FoldedSearch):
    """Who waits for a time; a time that comes free is booked for whoever has waited longest."""

    icon = "hourglass_top"
    list_display = ("who", "services", "first_date", "last_date", "stylist", "part_of_day", "state", "created_at")
    list_filter = ("status", "first_date", "stylist")
    list_select_related = ("customer__contact", "stylist__staff")
    search_fields = ("customer__contact__given_key", "customer__contact__family_key")
    search_help_text = "Search by customer."
    autocomplete_fields = ("customer", "stylist")
    fields = ("customer", ("first_date", "last_date"), ("stylist", "part_of_day"), "status")
    inlines = (WishInline,)
    actions_list = ("fill",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("wishes__service")

    @display(description="Customer", ordering="customer__contact__family_key")
    def who(self, entry: WaitlistEntry) -> str:
        return entry.customer.contact.name

    @display(description="Services")
    def services(self, entry: WaitlistEntry) -> str:
        return ", ".join(wish.service.name for wish in entry.wishes.all())

    @display(description="Status", ordering="status", label=_WAITING)
    def state(self, entry: WaitlistEntry) -> str:
        return entry.get_status_display()

    @action(description="Book free times now", url_path="fill", icon="event_available")
    def fill(self, request: HttpRequest) -> HttpResponse:
        """Books every time that came free otherwise than by an agent, such as by a cancellation in the book."""
        hide_from_strangers(request)
        if not self.has_change_permission(request):
            raise PermissionDenied
        tenant: Tenant | None = getattr(request, "tenant", None)
        if tenant is None:
            messages.info(request, "Open a tenant to fill its book.")
        else:
            now = timezone.now().astimezone(tenant.zone)
            filled = fill_all(rules=house_rules(), now=now, actor=actor_of(request))
            who = ", ".join(entry.customer.contact.name for entry in filled)
            messages.success(request, f"Booked: {who}." if filled else "Nobody's wish fits a free time.")
        return HttpResponseRedirect(reverse("admin:salon_waitlistentry_changelist"))


@admin.register(SalonSettings)
class HouseRulesAdmin(TenantAdmin):
    icon = "rule"
    rights: ClassVar[Rights] = SET_UP
    list_display = ("name", "booking_notice_hours", "cancellation_hours", "late_fee_percent")
    fields = (("booking_notice_hours", "cancellation_hours", "late_fee_percent"), "policy")

    @display(description="House rules")
    def name(self, rules: SalonSettings) -> str:
        return str(rules)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_add_permission(request, obj) and not SalonSettings.objects.exists()
