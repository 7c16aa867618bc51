"""Affiliates and whom they referred: an application is approved, rejected or later suspended on its page."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from unfold.decorators import display

from apps.affiliates import affiliates
from apps.affiliates.admin.base import PlatformAdmin, check_administrator
from apps.affiliates.models import Affiliate, Line, Referral, TrailEntry
from apps.affiliates.templatetags.affiliate_money import dollars
from apps.common.errors import AppError
from apps.tenants.admin.base import actor_of
from apps.tenants.models import Tenant
from apps.tenants.scope import all_tenants

_LABELS = {"Waiting for approval": "warning", "Approved": "success", "Rejected": "danger", "Suspended": "danger"}
_DECISIONS = {
    Affiliate.Status.APPROVED: "Approved: the link works now.",
    Affiliate.Status.REJECTED: "Rejected: the affiliate reads your reason on their dashboard.",
    Affiliate.Status.SUSPENDED: "Suspended: the link works no more, and the referrals earn nothing from now on.",
}


@admin.register(Affiliate)
class AffiliateAdmin(PlatformAdmin):
    icon = "handshake"
    list_display = ("name", "code", "status_label", "sign_ups", "earned", "applied_at")
    list_filter = ("status",)
    list_select_related = ("user",)
    search_fields = ("name", "code", "user__email")
    ordering = ("-applied_at",)
    fields = (
        ("name", "code"), ("email", "website"), "audience", ("status", "decision_note"), ("applied_at", "decided_at"),
        ("payout_method", "payout_email", "payout_account"),
    )  # fmt: skip
    change_form_before_template = "admin/affiliates/decide.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Affiliate]:
        signed = Count("referrals", filter=Q(referrals__status=Referral.Status.EARNING), distinct=True)
        sums = Line.objects.filter(affiliate=OuterRef("pk")).order_by().values("affiliate")
        cents = Subquery(sums.annotate(sum=Sum("amount_cents")).values("sum"))
        return super().get_queryset(request).annotate(signed=signed, cents=cents)

    def get_urls(self) -> list[URLPattern]:
        decide = path(
            "<path:object_id>/decide/",
            self.admin_site.admin_view(self.decide_view),
            name="affiliates_affiliate_decide",
        )
        return [decide, *super().get_urls()]

    @display(description="Status", ordering="status", label=_LABELS)
    def status_label(self, affiliate: Affiliate) -> str:
        return affiliate.get_status_display()

    @display(description="E-mail")
    def email(self, affiliate: Affiliate) -> str:
        return affiliate.user.email

    @display(description="Sign-ups", ordering="signed")
    def sign_ups(self, affiliate: Any) -> int:
        return int(affiliate.signed)

    @display(description="Earned", ordering="cents")
    def earned(self, affiliate: Any) -> str:
        return dollars(affiliate.cents or 0)

    def decide_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        check_administrator(request)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        affiliate = self.get_object(request, object_id)
        status, note = request.POST.get("status", ""), request.POST.get("note", "")[:300]
        if status not in _DECISIONS:
            messages.error(request, "Choose approve, reject or suspend.")
        else:
            try:
                affiliates.decide(
                    affiliate_id=affiliate.pk, status=status, note=note, actor=actor_of(request), now=timezone.now()
                )
                messages.success(request, _DECISIONS[Affiliate.Status(status)])
            except AppError as refusal:
                messages.error(request, refusal.message)
        return HttpResponseRedirect(reverse("admin:affiliates_affiliate_change", args=[affiliate.pk]))


@admin.register(Referral)
class ReferralAdmin(PlatformAdmin):
    icon = "share"
    list_display = ("affiliate", "business_name", "status_label", "reason", "earned", "signed_up_at", "ends_at")
    list_filter = ("status", "reason")
    list_select_related = ("affiliate",)
    search_fields = ("affiliate__name", "affiliate__code", "business")
    ordering = ("-signed_up_at",)
    labels: ClassVar[dict[str, str]] = {"Earning": "success", "Refused": "danger"}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Referral]:
        return super().get_queryset(request).annotate(cents=Sum("invoices__lines__amount_cents"))

    @display(description="Status", ordering="status", label=labels)
    def status_label(self, referral: Referral) -> str:
        return referral.get_status_display()

    @display(description="Business")
    def business_name(self, referral: Referral) -> str:
        with all_tenants(reason="the platform's administrator reads who was referred"):
            tenant = Tenant.objects.filter(pk=referral.business).first()
        return tenant.name if tenant else referral.business

    @display(description="Earned", ordering="cents")
    def earned(self, referral: Any) -> str:
        return dollars(referral.cents or 0)


@admin.register(TrailEntry)
class TrailAdmin(PlatformAdmin):
    icon = "history"
    list_display = ("at", "actor", "action", "target", "details")
    list_filter = ("action", "at")
    search_fields = ("target", "actor")
    ordering = ("-at", "-id")
