"""Services: what the business does, and for how much."""

from typing import ClassVar

from django.contrib import admin
from unfold.decorators import display

from apps.business.admin.money import CentsField
from apps.business.models import Service, StaffService
from apps.tenants.access import SET_UP, Rights
from apps.tenants.admin import TenantAdmin, TenantForm, TenantInline


class ServiceForm(TenantForm):
    price_cents = CentsField(label="Price", help_text="Such as 120 or 89.50. Empty = on request.")


class SkillForm(TenantForm):
    price_cents = CentsField(label="Own price", help_text="Empty = the service's.")


class PerformerInline(TenantInline):
    """Who does a service."""

    model = StaffService
    form = SkillForm
    rights: ClassVar[Rights] = SET_UP
    fields = ("staff", "duration_minutes", "price_cents")
    autocomplete_fields = ("staff",)
    verbose_name = "person"
    verbose_name_plural = "Who does it"


@admin.register(Service)
class ServiceAdmin(TenantAdmin):
    icon = "sell"
    rights: ClassVar[Rights] = SET_UP
    form = ServiceForm
    list_display = ("name", "category", "code", "minutes", "price", "is_active", "bookable")
    list_filter = ("category", "is_active", "bookable")
    search_fields = ("name", "code", "category")
    fields = (
        ("name", "category"),
        "description",
        ("duration_minutes", "price_cents", "currency"),
        ("code",),
        ("is_active", "bookable"),
    )
    inlines = (PerformerInline,)

    @display(description="Duration", ordering="duration_minutes")
    def minutes(self, service: Service) -> str:
        return f"{service.duration_minutes} min"

    @display(description="Price", ordering="price_cents")
    def price(self, service: Service) -> str:
        return price_of(service)


def price_of(service: Service) -> str:
    """Such as `120.00 USD`."""
    if service.price_cents is None:
        return "On request"
    return f"{service.price_cents / 100:,.2f} {service.currency}"
