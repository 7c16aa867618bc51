"""The pages of the plan in the admin: what it is, what a change would cost, and what the owner does about it."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from apps.common.errors import AppError
from apps.plans import subscriptions
from apps.plans.core.mirror import Interval
from apps.plans.models import OverageChoice, Subscription
from apps.plans.payments import changes, sync
from apps.plans.plan_page import money, plan_context, standing
from apps.tenants.admin import TenantAdmin
from apps.tenants.admin.base import actor_of, hide_from_strangers
from apps.tenants.models import Tenant

PLAN = "admin:plans_subscription_plan"


class PlanViews(TenantAdmin):
    """Who may see the subscription sees its plan; who may change it, the owner, sees invoices and the buttons."""

    def plan_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("plan/", view(self.plan_view), name="plans_subscription_plan"),
            path("plan/choose/", view(self.choose_view), name="plans_subscription_choose"),
            path("plan/change/", view(self.change_plan_view), name="plans_subscription_change_plan"),
            path("plan/act/", view(self.act_view), name="plans_subscription_act"),
            path("plan/paid/", view(self.paid_view), name="plans_subscription_paid"),
        ]

    def plan_view(self, request: HttpRequest) -> HttpResponse:
        """The plan, the month so far, and invoices."""
        tenant = self._tenant(request, owner=False)
        if tenant is None:
            messages.info(request, "Open a tenant to see its plan.")
            return HttpResponseRedirect(reverse("admin:tenants_tenant_changelist"))
        subscription = Subscription.objects.select_related("tenant").first()
        if subscription is None:
            raise Http404
        now = timezone.now()
        context = {
            **self.admin_site.each_context(request),
            **plan_context(subscription, interval=_interval(request, subscription), now=now),
            "standing": standing(subscription),
            "may_change": self.has_change_permission(request),
            "title": "Plan & usage",
        }
        return TemplateResponse(request, "admin/plans/plan.html", context)

    def choose_view(self, request: HttpRequest) -> HttpResponse:
        """A plan was chosen: to Checkout if none runs, else to what the change would cost."""
        tenant = self._tenant(request, owner=True)
        if request.method != "POST":  # a reload after logging in again: nothing was chosen
            return HttpResponseRedirect(reverse(PLAN))
        plan, interval = request.POST.get("plan", ""), request.POST.get("interval", "month")
        try:
            if subscriptions.own().provider_status in ("active", "paused"):
                query = urlencode({"plan": plan, "interval": interval})
                return HttpResponseRedirect(f"{reverse('admin:plans_subscription_change_plan')}?{query}")
            url = changes.begin(
                tenant=_wanted(tenant),
                email=str(getattr(request.user, "email", "")),
                plan=plan,
                interval=interval,
                success_url=request.build_absolute_uri(reverse("admin:plans_subscription_paid")),
                cancel_url=request.build_absolute_uri(reverse(PLAN)),
                actor=actor_of(request),
            )
        except AppError as error:
            return _explained(request, error)
        return HttpResponseRedirect(url)

    def paid_view(self, request: HttpRequest) -> HttpResponse:
        """Back from Checkout. The webhook may be on its way yet, so we look."""
        tenant = _wanted(self._tenant(request, owner=True))
        try:
            sync.look(tenant_id=tenant.pk, now=timezone.now())
        except AppError as error:
            return _explained(request, error)
        subscription = subscriptions.own()
        if subscription.provider_status == "active":
            messages.success(request, f"Thank you. The {subscription.terms.name} plan is on, your agents answer.")
        else:
            messages.info(request, "The payment has not arrived yet. This page shows it as soon as it has.")
        return HttpResponseRedirect(reverse(PLAN))

    def change_plan_view(self, request: HttpRequest) -> HttpResponse:
        """What a change costs, before it is confirmed; then the change."""
        self._tenant(request, owner=True)
        now = timezone.now()
        try:
            if request.method == "POST":
                plan, at = request.POST.get("plan", ""), request.POST.get("at", "")
                changes.change(
                    plan=plan,
                    interval=request.POST.get("interval", ""),
                    at=int(at) if at.isascii() and at.isdigit() else 0,
                    now=now,
                    actor=actor_of(request),
                )
                messages.success(request, _changed(subscriptions.own(), plan))
                return HttpResponseRedirect(reverse(PLAN))
            offer = changes.offer(
                plan=request.GET.get("plan", ""), interval=request.GET.get("interval", "month"), now=now
            )
        except AppError as error:
            return _explained(request, error)
        context = {
            **self.admin_site.each_context(request),
            "offer": offer,
            "price": money(offer.cents),
            "due": money(offer.due_cents),
            "lines": [(words, money(cents)) for words, cents in offer.lines],
            "subscription": subscriptions.own(),
            "title": f"Change to {offer.plan.name}",
        }
        return TemplateResponse(request, "admin/plans/change_plan.html", context)

    def act_view(self, request: HttpRequest) -> HttpResponse:
        """The other buttons: end, go on, the card, and what happens at the limit."""
        self._tenant(request, owner=True)
        if request.method != "POST":  # a reload after logging in again: nothing was chosen
            return HttpResponseRedirect(reverse(PLAN))
        now, actor = timezone.now(), actor_of(request)
        try:
            match request.POST.get("act"):
                case "end":
                    changes.end(now=now, actor=actor)
                    messages.success(request, "The plan ends when what you have paid for is used up.")
                case "go_on":
                    changes.go_on(now=now, actor=actor)
                    messages.success(request, "Everything stays as it is: the plan goes on.")
                case "card":
                    return HttpResponseRedirect(changes.portal(return_url=request.build_absolute_uri(reverse(PLAN))))
                case "overage":
                    bills = request.POST.get("overage") == OverageChoice.BILL
                    choice = OverageChoice.BILL if bills else OverageChoice.STOP
                    subscriptions.choose_overage(choice=choice, now=now, actor=actor)
                    messages.success(request, "Saved. It holds from now on.")
                case _:
                    raise changes.NothingToChange("There is no such button. Nothing was changed.")
        except AppError as error:
            return _explained(request, error)
        return HttpResponseRedirect(reverse(PLAN))

    def _tenant(self, request: HttpRequest, *, owner: bool) -> Tenant | None:
        """The business in scope; None for a platform administrator who has opened none."""
        hide_from_strangers(request)
        allowed = self.has_change_permission(request) if owner else self.has_view_permission(request)
        if not allowed:
            raise PermissionDenied
        tenant: Tenant | None = getattr(request, "tenant", None)
        return tenant


def _wanted(tenant: Tenant | None) -> Tenant:
    if tenant is None:
        raise PermissionDenied
    return tenant


def _interval(request: HttpRequest, subscription: Subscription) -> Interval:
    asked: Any = request.GET.get("interval") or subscription.interval
    return "year" if asked == "year" else "month"


def _explained(request: HttpRequest, error: AppError) -> HttpResponse:
    messages.error(request, error.message)
    return HttpResponseRedirect(reverse(PLAN))


def _changed(subscription: Subscription, plan: str) -> str:
    if subscription.next_plan == plan and subscription.renews_at is not None:
        return f"From {timezone.localtime(subscription.renews_at):%B %-d} on it is the smaller plan."
    return f"The {subscription.terms.name} plan holds from now on."
