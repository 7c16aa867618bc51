"""Contacts: who the business deals with."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from unfold.decorators import display

from apps.business.admin.data_rights import RightsOfContacts
from apps.business.admin.search import FoldedSearch
from apps.business.contacts import normalize_phone
from apps.business.core.names import clean
from apps.business.models import Contact
from apps.common.errors import InvalidInput
from apps.tenants.admin import TenantForm
from apps.tenants.models import Tenant
from apps.tenants.scope import current_tenant_id

_RECENT = 10


class PhoneMixin(TenantForm):
    """`phone` as people write it, stored as E.164."""

    def clean_phone(self) -> str:
        text: str = self.cleaned_data.get("phone", "").strip()
        if not text:
            return ""
        region = Tenant.objects.get(pk=current_tenant_id()).region
        try:
            return normalize_phone(text, region)
        except InvalidInput:
            raise forms.ValidationError(
                "That does not look like a complete phone number. Write it with its area code, such as "
                "(212) 555-0100, or with the country code, such as +44 20 7946 0018."
            ) from None


class ContactForm(PhoneMixin):
    # The field's own limit of 20 characters is for the stored form.
    phone = forms.CharField(max_length=40, required=False, widget=forms.TextInput)

    def clean_given_name(self) -> str:
        return _name(self.cleaned_data["given_name"])

    def clean_family_name(self) -> str:
        text: str = self.cleaned_data.get("family_name", "")
        return _name(text) if text else ""


def _name(text: str) -> str:
    name = clean(text, limit=80)
    if not any(letter.isalpha() for letter in name):
        raise forms.ValidationError("A name needs at least one letter.")
    return name


@admin.register(Contact)
class ContactAdmin(RightsOfContacts, FoldedSearch):
    icon = "contacts"
    form = ContactForm
    list_display = ("full_name", "phone", "email", "created_at")
    list_filter = ("created_at",)
    search_fields = ("given_key", "family_key", "phone", "email")
    search_help_text = "Search by name, phone number or e-mail."
    fields = (("given_name", "family_name"), ("phone", "email"), "notes")
    change_form_outer_after_template = "admin/business/contact/recent.html"

    @display(description="Name", ordering="family_key")
    def full_name(self, contact: Contact) -> str:
        return contact.name

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "phone" and field is not None:
            field.help_text = "As you write it; we keep it in international form."
        return field

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponseBase:
        contact: Contact = self.get_object(request, object_id)
        recent = {
            "bookings": contact.bookings.select_related("staff", "service").order_by("-starts_at")[:_RECENT],
            "contact": contact,
        }
        return super().change_view(request, object_id, form_url, {"recent": recent, **(extra_context or {})})
