"""Your business: the tenant's own row, and for platform administrators the list of tenants."""

import zoneinfo
from typing import Any, ClassVar

import phonenumbers
from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelect2Widget, UnfoldAdminTextInputWidget

from apps.business.contacts import normalize_phone
from apps.common.errors import InvalidInput
from apps.tenants.access import EDIT, VIEW, Rights
from apps.tenants.admin import TenantAdmin
from apps.tenants.admin.base import hide_from_strangers
from apps.tenants.admin.opening import leave_tenant, open_tenant
from apps.tenants.models import Role, Tenant


class ProfileForm(forms.ModelForm):
    time_zone = forms.ChoiceField(widget=UnfoldAdminSelect2Widget, help_text="Hours and bookings are in it.")
    region = forms.ChoiceField(
        label="Country",
        widget=UnfoldAdminSelect2Widget,
        help_text="Phone numbers without a country code are read in it.",
    )
    phone = forms.CharField(max_length=40, required=False, widget=UnfoldAdminTextInputWidget)

    class Meta:
        model = Tenant
        fields = (
            "name",
            "tagline",
            "phone",
            "email",
            "address",
            "time_zone",
            "region",
            "locale",
            "requires_second_factor",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = {"time_zone": zoneinfo.available_timezones(), "region": phonenumbers.SUPPORTED_REGIONS}
        for name, values in choices.items():
            if name in self.fields:
                self.fields[name].choices = [(value, value.replace("_", " ")) for value in sorted(values)]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        phone, region = cleaned.get("phone", "").strip(), cleaned.get("region")
        if phone and region:
            try:
                cleaned["phone"] = normalize_phone(phone, region)
            except InvalidInput as error:
                self.add_error("phone", error.message)
        return cleaned


@admin.register(Tenant)
class ProfileAdmin(TenantAdmin):
    icon = "storefront"
    rights: ClassVar[Rights] = {Role.OWNER: EDIT, Role.MANAGER: VIEW, Role.STAFF: VIEW}
    form = ProfileForm  # type: ignore[assignment]  # a tenant is no tenant's row
    list_display = ("name", "slug", "vertical", "time_zone", "created_at", "open_button")
    list_filter = ("vertical",)
    search_fields = ("name", "slug", "email")
    actions = None
    fieldsets = (
        (None, {"fields": (("name", "tagline"), ("phone", "email"), "address")}),
        ("Where you are", {"fields": (("time_zone", "region"), "locale")}),
        ("Logins", {"fields": ("requires_second_factor",)}),
        ("On the platform", {"fields": (("short_name", "industry", "created_at"),)}),
    )
    readonly_fields = ("short_name", "industry", "created_at")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_list_display(self, request: HttpRequest) -> Any:
        return self.list_display

    def get_list_select_related(self, request: HttpRequest) -> Any:
        return False

    def save_form(self, request: HttpRequest, form: "forms.ModelForm[Any]", change: bool) -> Any:
        return ModelAdmin.save_form(self, request, form, change)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        hide_from_strangers(request)
        own = getattr(request, "tenant", None)
        if own is not None:
            return HttpResponseRedirect(reverse("admin:tenants_tenant_change", args=[own.pk]))
        return super().changelist_view(request, extra_context)

    @display(description="")
    def open_button(self, tenant: Tenant) -> str:
        # The list is one form with its CSRF token; the button sends it elsewhere.
        return format_html(
            '<button type="submit" class="cs-button" formaction="{}">Open as this tenant</button>',
            reverse("admin:tenants_tenant_open", args=[tenant.pk]),
        )

    @display(description="Name in addresses")
    def short_name(self, tenant: Tenant) -> str:
        return tenant.slug

    @display(description="Industry")
    def industry(self, tenant: Tenant) -> str:
        return tenant.vertical.replace("_", " ").capitalize()

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("leave/", wrap(self.leave_view), name="tenants_tenant_leave"),
            path("<str:object_id>/open/", wrap(self.open_view), name="tenants_tenant_open"),
            *super().get_urls(),
        ]

    def open_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        open_tenant(request, tenant_id=object_id)
        return HttpResponseRedirect(reverse("admin:index"))

    def leave_view(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        hide_from_strangers(request)
        leave_tenant(request)
        return HttpResponseRedirect(reverse("admin:index"))
