"""Renters, leases, and the money that comes in."""

import datetime as dt
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from unfold.decorators import display

from apps.business.admin.money import CentsField
from apps.business.admin.search import FoldedSearch
from apps.business.core.wording import spoken_money
from apps.tenants.admin import TenantForm, TenantInline
from apps.verticals.real_estate.models import Lease, RentCharge, Renter, RentPayment
from apps.verticals.real_estate.renters import statement


class RenterForm(TenantForm):
    def clean_date_of_birth(self) -> dt.date:
        born: dt.date = self.cleaned_data["date_of_birth"]
        if born > timezone.localdate():
            raise forms.ValidationError("A date of birth lies in the past.")
        return born


class LeaseForm(TenantForm):
    rent_cents = CentsField(label="Rent", required=True, min_value=1)
    bond_cents = CentsField(label="Bond", required=True)


class AmountForm(TenantForm):
    amount_cents = CentsField(label="Amount", required=True, min_value=1)


class LeaseInline(TenantInline):
    model = Lease
    form = LeaseForm
    fields = ("property", "rent_cents", "frequency", "start_date", "end_date", "moved_out_date", "bond_cents")
    autocomplete_fields = ("property",)
    verbose_name_plural = "Leases"


@admin.register(Renter)
class RenterAdmin(FoldedSearch):
    icon = "key"
    form = RenterForm
    list_display = ("name", "phone", "email", "date_of_birth")
    list_select_related = ("contact",)
    search_fields = ("contact__given_key", "contact__family_key", "contact__phone", "contact__email")
    search_help_text = "Search by name, phone number or e-mail."
    autocomplete_fields = ("contact",)
    fields = (("contact", "date_of_birth"),)
    inlines = (LeaseInline,)

    @display(description="Name", ordering="contact__family_key")
    def name(self, renter: Renter) -> str:
        return renter.contact.name

    @display(description="Phone")
    def phone(self, renter: Renter) -> str:
        return renter.contact.phone

    @display(description="E-mail")
    def email(self, renter: Renter) -> str:
        return renter.contact.email


class ChargeInline(TenantInline):
    model = RentCharge
    form = AmountForm
    fields = ("charged_date", "reason", "amount_cents")
    verbose_name_plural = "Charges besides rent"


@admin.register(Lease)
class LeaseAdmin(FoldedSearch):
    icon = "contract"
    form = LeaseForm
    list_display = ("home", "renter_name", "rent", "start_date", "end_date", "moved_out_date")
    list_filter = ("frequency", "end_date", "property__suburb")
    list_select_related = ("property__suburb", "renter__contact")
    search_fields = ("renter__contact__given_key", "renter__contact__family_key", "property__street_address")
    search_help_text = "Search by renter or street."
    autocomplete_fields = ("property", "renter")
    fields = (
        ("property", "renter"),
        ("rent_cents", "frequency", "bond_cents"),
        ("start_date", "end_date"),
        ("notice_days", "moved_out_date"),
        "account",
    )
    readonly_fields = ("account",)
    inlines = (ChargeInline,)

    @display(description="Home", ordering="property__street_address")
    def home(self, lease: Lease) -> str:
        return lease.property.address

    @display(description="Renter", ordering="renter__contact__family_key")
    def renter_name(self, lease: Lease) -> str:
        return lease.renter.contact.name

    @display(description="Rent", ordering="rent_cents")
    def rent(self, lease: Lease) -> str:
        return f"{spoken_money(lease.rent_cents)} {lease.frequency}"

    @display(description="Account today")
    def account(self, lease: Lease) -> str:
        if lease._state.adding:
            return "Once it is saved."
        state = statement(lease, today=timezone.localdate())
        balance = state.account.balance
        text = f"owes {spoken_money(balance)}" if balance > 0 else f"{spoken_money(-balance)} ahead"
        if state.account.overdue_days:
            text += f", {state.account.overdue_days} days late"
        return f"{text}; reported but not received: {spoken_money(state.pending)}"


@admin.register(RentPayment)
class RentPaymentAdmin(FoldedSearch):
    """What renters reported waits here for somebody to say that it has come in."""

    icon = "payments"
    form = AmountForm
    list_display = ("paid_date", "renter", "home", "amount", "method", "state")
    list_filter = ("status", "method", "paid_date")
    list_select_related = ("lease__property__suburb", "lease__renter__contact")
    search_fields = ("lease__renter__contact__given_key", "lease__renter__contact__family_key", "reference")
    search_help_text = "Search by renter or reference."
    autocomplete_fields = ("lease",)
    fields = ("lease", ("amount_cents", "paid_date"), ("method", "reference"), "status")
    actions = ("mark_received",)

    @admin.action(description="Mark as received", permissions=["change"])
    def mark_received(self, request: HttpRequest, payments: Any) -> None:
        """One by one, so that each is in the audit trail."""
        for payment in payments.filter(status=RentPayment.Status.PENDING):
            payment.status = RentPayment.Status.RECEIVED
            payment.save(update_fields=["status"])
            self._record(request, payment, "changed", ["status"])

    @display(description="Renter", ordering="lease__renter__contact__family_key")
    def renter(self, payment: RentPayment) -> str:
        return payment.lease.renter.contact.name

    @display(description="Home")
    def home(self, payment: RentPayment) -> str:
        return payment.lease.property.address

    @display(description="Amount", ordering="amount_cents")
    def amount(self, payment: RentPayment) -> str:
        return spoken_money(payment.amount_cents)

    @display(
        description="Status",
        ordering="status",
        label={"pending": "warning", "received": "success", "rejected": "danger"},
    )
    def state(self, payment: RentPayment) -> tuple[str, str]:
        return payment.status, payment.get_status_display()
