"""Payouts: prepared for all who are owed enough, exported for the bank, marked as paid one by one or together."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from unfold.decorators import action, display

from apps.affiliates import payouts, trail
from apps.affiliates.admin.base import PlatformAdmin, check_administrator
from apps.affiliates.models import Payout
from apps.affiliates.templatetags.affiliate_money import dollars
from apps.common.errors import AppError
from apps.tenants.admin.base import actor_of

_LABELS = {"Prepared": "warning", "Paid": "success", "Canceled": "danger"}


@admin.register(Payout)
class PayoutAdmin(PlatformAdmin):
    icon = "payments"
    list_display = ("affiliate", "amount", "method", "target", "status_label", "reference", "prepared_at", "paid_at")
    list_filter = ("status", "method", "prepared_at")
    list_select_related = ("affiliate",)
    search_fields = ("affiliate__name", "affiliate__code", "reference")
    ordering = ("-prepared_at",)
    actions = ("export", "mark_paid", "cancel")
    list_before_template = "admin/affiliates/prepare.html"
    change_form_before_template = "admin/affiliates/pay.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("prepare/", view(self.prepare_view), name="affiliates_payout_prepare"),
            path("<path:object_id>/pay/", view(self.pay_view), name="affiliates_payout_pay"),
            *super().get_urls(),
        ]

    @display(description="Amount", ordering="amount_cents")
    def amount(self, payout: Payout) -> str:
        return dollars(payout.amount_cents)

    @display(description="Status", ordering="status", label=_LABELS)
    def status_label(self, payout: Payout) -> str:
        return payout.get_status_display()

    def prepare_view(self, request: HttpRequest) -> HttpResponse:
        check_administrator(request)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        made = payouts.prepare_all(actor=actor_of(request), now=timezone.now())
        if made:
            total = dollars(sum(payout.amount_cents for payout in made))
            messages.success(request, f"{len(made)} payouts of {total} together are prepared.")
        else:
            messages.info(request, "Nobody is owed enough yet, or has said where to pay.")
        return HttpResponseRedirect(reverse("admin:affiliates_payout_changelist"))

    def pay_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Marks one as paid with the transfer's number, or gives it up."""
        check_administrator(request)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        payout = self.get_object(request, object_id)
        try:
            if request.POST.get("do") == "cancel":
                payouts.cancel(payout_id=payout.pk, actor=actor_of(request))
                messages.success(request, "Canceled: its lines are due again.")
            else:
                reference = request.POST.get("reference", "").strip()[:80]
                payouts.mark_paid(payout_id=payout.pk, reference=reference, actor=actor_of(request), now=timezone.now())
                messages.success(request, "Marked as paid.")
        except AppError as refusal:
            messages.error(request, refusal.message)
        return HttpResponseRedirect(reverse("admin:affiliates_payout_change", args=[payout.pk]))

    @action(description="Export as CSV for the bank")
    def export(self, request: HttpRequest, queryset: QuerySet[Payout]) -> HttpResponse:
        rows = list(queryset.select_related("affiliate").order_by("prepared_at", "pk"))
        for payout in rows:
            trail.record(actor=actor_of(request), action="payout.exported", target=payout.pk)
        response = HttpResponse(payouts.as_csv(rows), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="payouts-{timezone.now():%Y-%m-%d}.csv"'
        return response

    @action(description="Mark as paid")
    def mark_paid(self, request: HttpRequest, queryset: QuerySet[Payout]) -> None:
        self._each(request, queryset, "paid")

    @action(description="Cancel: the lines are due again")
    def cancel(self, request: HttpRequest, queryset: QuerySet[Payout]) -> None:
        self._each(request, queryset, "canceled")

    def _each(self, request: HttpRequest, queryset: QuerySet[Any], what: str) -> None:
        done = 0
        for payout in queryset:
            try:
                if what == "paid":
                    payouts.mark_paid(
                        payout_id=payout.pk,
                        reference=payout.reference,
                        actor=actor_of(request),
                        now=timezone.now(),
                    )
                else:
                    payouts.cancel(payout_id=payout.pk, actor=actor_of(request))
                done += 1
            except AppError as refusal:
                messages.warning(request, f"{payout}: {refusal.message}")
        if done:
            messages.success(request, f"{done} {what}.")
