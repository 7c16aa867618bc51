"""The affiliates' pages: what is offered, applying, and one's own dashboard. Their addresses name nobody."""

import logging
from smtplib import SMTPException
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from apps.affiliates import affiliates, applications, charts, links, statements
from apps.affiliates.applications import Application
from apps.affiliates.core import commission
from apps.affiliates.core.visits import landing
from apps.affiliates.forms import JoinForm, PasswordForm, PayoutForm, StrangersJoinForm
from apps.common.addresses import client_address
from apps.common.errors import AppError
from apps.plans.core.catalogue import catalogue
from apps.tenants.models import User

logger = logging.getLogger(__name__)

_TERMS: dict[str, Any] = {
    "rate": commission.RATE_PERCENT,
    "months": commission.WINDOW_MONTHS,
    "cookie_days": links.KEPT.days,
    "pending_days": commission.PENDING.days,
    "threshold": commission.THRESHOLD_CENTS // 100,
}


def _absolute(request: HttpRequest, path: str) -> str:
    """Of the address that the operator has named, so that no `Host` header decides what an e-mail links to."""
    return f"{settings.PUBLIC_URL}{path}" if settings.PUBLIC_URL else request.build_absolute_uri(path)


@require_safe
def offer(request: HttpRequest) -> HttpResponse:
    """What affiliates get, and on which terms."""
    examples = [
        {
            "name": plan.name,
            "price": plan.monthly_price,
            "monthly": plan.monthly_cents * commission.RATE_PERCENT / 10_000,
            "yearly": plan.monthly_cents * commission.RATE_PERCENT * commission.WINDOW_MONTHS / 10_000,
        }
        for plan in catalogue()
    ]
    own = affiliates.of(request.user)
    return render(request, "affiliates/offer.html", {"terms": _TERMS, "examples": examples, "own": own})


@require_safe
@never_cache
def link(request: HttpRequest, code: str) -> HttpResponse:
    """A referral link: counts the click, remembers who was first, and leads to a page of ours."""
    response = HttpResponseRedirect(landing(request.GET.get("to", "")))
    affiliate = links.approved(code)
    if affiliate is None or not links.is_click(request):
        return response
    now = timezone.now()
    first = links.touch(request)
    if first is None or links.approved(first.code) is None:
        links.remember(response, affiliate=affiliate, now=now)
    links.count(request, affiliate=affiliate, now=now)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def join(request: HttpRequest) -> HttpResponse:
    """Applying: at once with a login, else by a link in an e-mail."""
    if affiliates.of(request.user) is not None:
        return redirect("affiliate-dashboard")
    user = request.user if isinstance(request.user, User) else None
    kind = StrangersJoinForm if user is None else JoinForm
    form = kind(request.POST or None, initial={"name": user.name} if user else None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            if user is not None:
                affiliates.apply(
                    user=user, name=given["name"], website=given["website"], audience=given["audience"],
                    now=timezone.now(),
                )  # fmt: skip
                return redirect("affiliate-dashboard")
            wanted = Application(given["email"].lower(), given["name"], given["website"], given["audience"])
            link = _absolute(request, reverse("affiliate-confirm", args=["SECRET"])).replace("SECRET", "{secret}")
            applications.begin(application=wanted, address=client_address(request), link=link)
            return redirect("affiliate-join-sent")
        except AppError as refusal:
            form.add_error(None, refusal.message)
        except (SMTPException, OSError) as error:
            logger.error("confirmation not sent", extra={"error": type(error).__name__})
            form.add_error(None, "We could not send you the e-mail. Please try again in a few minutes.")
    context = {"form": form, "terms": _TERMS, "is_known": user is not None}
    return render(request, "affiliates/join.html", context, status=422 if form.errors else 200)


@require_safe
def join_sent(request: HttpRequest) -> HttpResponse:
    """The same for everybody, whoever they said they were."""
    return render(request, "affiliates/sent.html")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def confirm(request: HttpRequest, secret: str) -> HttpResponse:
    """The link of the e-mail: sets the password of a new login, or asks for the login that there is."""
    wanted = applications.find(secret)
    if wanted is None:
        return render(request, "affiliates/expired.html", status=410)
    if applications.has_login(wanted.email):
        return _confirm_known(request, wanted, secret)
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = applications.new_login(email=wanted.email, name=wanted.name, password=form.cleaned_data["password"])
        if user is None:
            return redirect(request.path)  # two tabs: the other one was faster
        login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
        return _apply(wanted, user, secret)
    context = {"form": form, "email": wanted.email}
    return render(request, "affiliates/password.html", context, status=422 if form.errors else 200)


def _confirm_known(request: HttpRequest, wanted: Application, secret: str) -> HttpResponse:
    user = request.user
    if isinstance(user, User) and user.email == wanted.email:
        return _apply(wanted, user, secret)
    login_url = f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': request.path})}"
    return render(request, "affiliates/log_in.html", {"email": wanted.email, "login_url": login_url})


def _apply(wanted: Application, user: User, secret: str) -> HttpResponse:
    applications.end(secret)
    if affiliates.of(user) is None:
        affiliates.apply(
            user=user, name=wanted.name, website=wanted.website, audience=wanted.audience, now=timezone.now()
        )
    return redirect("affiliate-dashboard")


@require_safe
@never_cache
@login_required
def dashboard(request: HttpRequest) -> HttpResponse:
    """One's own clicks, sign-ups, earnings and payouts."""
    own = affiliates.of(request.user)
    if own is None:
        return redirect("affiliate-join")
    statement = statements.statement(own, now=timezone.now())
    clicks = [(f"{day.date:%b} {day.date.day}", float(day.clicks), f"{day.clicks}") for day in statement.days]
    earned = [(f"{month.date:%b %Y}", month.cents / 100, f"${month.cents / 100:,.2f}") for month in statement.months]
    context = {
        "own": own,
        "statement": statement,
        "terms": _TERMS,
        "link": _absolute(request, reverse("affiliate-link", args=[own.code])),
        "charts": [
            charts.bars(f"Clicks of the last {statements.DAYS} days", clicks),
            charts.bars(f"Earned in the last {statements.MONTHS} months", earned),
        ],
        "places": [("/", "First page"), ("/pricing/", "Prices"), ("/affiliates/", "This program")],
    }
    return render(request, "affiliates/dashboard.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def payout_details(request: HttpRequest) -> HttpResponse:
    """Where one's own money goes."""
    own = affiliates.of(request.user)
    if own is None:
        return redirect("affiliate-join")
    known = {"method": own.payout_method, "email": own.payout_email, "account": own.payout_account}
    form = PayoutForm(request.POST or None, initial=known)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        affiliates.set_payout(affiliate=own, method=given["method"], email=given["email"], account=given["account"])
        messages.success(request, "Saved. The next payout goes there.")
        return redirect("affiliate-dashboard")
    return render(request, "affiliates/payout.html", {"form": form}, status=422 if form.errors else 200)
