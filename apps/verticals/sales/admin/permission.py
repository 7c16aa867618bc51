"""Who may be called and who must not: consents, and the do-not-call list."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.decorators import action, display

from apps.tenants.access import EVERYTHING, VIEW, Rights
from apps.tenants.admin import TenantAdmin, TenantForm, actor_of
from apps.tenants.models import Role
from apps.verticals.sales import numbers, permission
from apps.verticals.sales.models import Consent, DoNotCall

_ADDED_BY_ALL: Rights = {
    Role.OWNER: EVERYTHING,
    Role.MANAGER: EVERYTHING,
    Role.STAFF: VIEW | {"add"},
}
_KEPT: Rights = {role: rights - {"delete", "change"} for role, rights in _ADDED_BY_ALL.items()}
"""Nobody edits the evidence."""
_COLORS = {"Valid": "success", "Withdrawn": "danger", "Expired": "warning"}


class PhoneForm(TenantForm):
    """Takes a number as people write it."""

    def clean_phone(self) -> str:
        number = numbers.e164(self.cleaned_data["phone"], numbers.region())
        if number is None:
            raise forms.ValidationError("That is not a complete phone number.")
        return number


class ConsentForm(PhoneForm):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        given, until = cleaned.get("obtained_at"), cleaned.get("expires_at")
        if given and given > timezone.now():
            self.add_error("obtained_at", "A consent cannot have been given in the future.")
        if given and until and until <= given:
            self.add_error("expires_at", "It must be later than the day on which it was given.")
        return cleaned


@admin.register(Consent)
class ConsentAdmin(TenantAdmin):
    """Each with where and when it was given. A consent is withdrawn, not edited."""

    icon = "verified_user"
    form = ConsentForm
    rights: ClassVar[Rights] = _KEPT
    list_display = ("phone", "kind", "source", "obtained_at", "state")
    list_filter = ("kind", "obtained_at", ("withdrawn_at", admin.EmptyFieldListFilter))
    search_fields = ("phone", "source")
    search_help_text = "Search by number or source."
    fields = (("phone", "kind"), ("source", "obtained_at"), "wording", "expires_at")
    actions = ("withdraw",)

    def save_model(self, request: HttpRequest, obj: Consent, form: Any, change: bool) -> None:
        obj.recorded_by = actor_of(request)
        super().save_model(request, obj, form, change)

    def has_withdraw_permission(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request)

    @display(description="State", label=_COLORS)
    def state(self, consent: Consent) -> str:
        if consent.withdrawn_at is not None:
            return "Withdrawn"
        return "Expired" if consent.expires_at and consent.expires_at <= timezone.now() else "Valid"

    @action(description="Withdraw all consents of these numbers", permissions=["withdraw"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Consent]) -> None:
        phones = sorted(set(queryset.values_list("phone", flat=True)))
        count = sum(permission.withdraw(phone=phone, now=timezone.now(), actor=actor_of(request)) for phone in phones)
        messages.success(request, f"Withdrawn: {count}.")


@admin.register(DoNotCall)
class DoNotCallAdmin(TenantAdmin):
    """Numbers that are never called. Only an owner takes one off the list."""

    icon = "phone_disabled"
    form = PhoneForm
    rights: ClassVar[Rights] = {
        Role.OWNER: VIEW | {"add", "delete"},
        Role.MANAGER: VIEW | {"add"},
        Role.STAFF: VIEW | {"add"},
    }
    list_display = ("phone", "source", "reason", "added_at")
    list_filter = ("source", "added_at")
    search_fields = ("phone", "reason")
    fields = (("phone", "source"), "reason")

    def save_model(self, request: HttpRequest, obj: DoNotCall, form: Any, change: bool) -> None:
        obj.added_by = actor_of(request)
        super().save_model(request, obj, form, change)
        permission.close_number(phone=obj.phone, now=timezone.now(), actor=actor_of(request))
