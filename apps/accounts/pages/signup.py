"""From the form over the code to the checklist."""

from typing import Any

from allauth.core.ratelimit import consume
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.crypto import get_random_string, salted_hmac
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from apps.accounts import pending as pendings
from apps.accounts.forms import BusinessForm, CodeForm, SignUpForm
from apps.accounts.pending import CodeRefused, TooManySignUps
from apps.accounts.signup import AddressTaken, Business, Person, found
from apps.common.errors import AppError
from apps.plans.core.trial import TRIAL_DAYS
from apps.tenants.middleware import SESSION_KEY
from apps.tenants.models import Tenant, User


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def signup(request: HttpRequest) -> HttpResponse:
    """The form: for somebody new the business and themselves, for who is logged in the business alone."""
    user = request.user if isinstance(request.user, User) else None
    kind = SignUpForm if user is None else BusinessForm
    if request.method != "POST":
        begun = {"attempt": get_random_string(24), "vertical": request.GET.get("vertical", "")}
        return _form_page(request, kind(initial=begun))
    form = kind(request.POST)
    if not consume(request, action="signup"):
        form.add_error(None, "Too many sign-ups came from your internet connection. Please try again in an hour.")
        return _form_page(request, form, status=429)
    if form.is_filled_by_a_program:
        return redirect("signup-code")  # it learns nothing from the answer
    if not form.is_valid():
        return _form_page(request, form, status=422)
    try:
        return _found_one_more(request, form, user) if user is not None else _begin(request, form)
    except AppError as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
        return _form_page(request, form, status=refusal.status)


def _form_page(request: HttpRequest, form: BusinessForm, *, status: int = 200) -> HttpResponse:
    context = {"form": form, "trial_days": TRIAL_DAYS}
    return render(request, "accounts/signup.html", context, status=status)


def _business(data: dict[str, Any]) -> Business:
    return Business(data["business"], data["vertical"], data["region"], data["time_zone"], data["phone"])


def _begin(request: HttpRequest, form: BusinessForm) -> HttpResponse:
    data = form.cleaned_data
    person = Person(data["name"], data["email"], make_password(data["password"]))
    pendings.begin(request, business=_business(data), person=person, attempt=data["attempt"], now=timezone.now())
    return redirect("signup-code")


def _found_one_more(request: HttpRequest, form: BusinessForm, user: User) -> HttpResponse:
    """For who has an account already; their address was proven when they got it."""
    if not consume(request, action="found", key=str(user.pk)):
        raise TooManySignUps("You have founded several businesses today. Please go on tomorrow.")
    data = form.cleaned_data
    attempt = data["attempt"] or get_random_string(24)
    signup_id = salted_hmac("apps.accounts.found", f"{user.pk}:{attempt}").hexdigest()[:40]
    tenant, _ = found(_business(data), owner=user, signup=signup_id, now=timezone.now(), request=request)
    return _enter(request, tenant)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """Where the code from the mail is entered; then the business is there."""
    if isinstance(request.user, User):
        return redirect("admin:index")
    pending = pendings.load(request)
    if pending is None:
        return redirect("signup")
    now = timezone.now()
    if request.method != "POST":
        return _code_page(request, pending, CodeForm())
    if "again" in request.POST:
        form = CodeForm()
        try:
            pendings.send_again(request, pending, now=now)
        except AppError as refusal:
            return _code_page(request, pending, form, status=refusal.status, problem=refusal.message)
        messages.success(request, "A new code is on its way. The one before does not work any more.")
        return redirect("signup-code")
    form = CodeForm(request.POST)
    if not form.is_valid():
        return _code_page(request, pending, form, status=422)
    try:
        pendings.enter(request, pending, code=form.cleaned_data["code"], now=now)
    except CodeRefused as refusal:
        form.add_error("code", refusal.message)
        return _code_page(request, pending, form, status=refusal.status)
    return _open(request, pending)


def _open(request: HttpRequest, pending: pendings.Pending) -> HttpResponse:
    try:
        tenant, user = found(
            pending.business, owner=pending.person, signup=pending.id, now=timezone.now(), request=request
        )
    except AddressTaken as refusal:
        pendings.forget(request)
        messages.error(request, refusal.message)
        return redirect("account_login")
    pendings.forget(request)
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return _enter(request, tenant)


def _enter(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    request.session[SESSION_KEY] = tenant.pk
    return redirect("admin:index")


def _code_page(
    request: HttpRequest, pending: pendings.Pending, form: CodeForm, *, status: int = 200, problem: str = ""
) -> HttpResponse:
    context = {"form": form, "email": pending.person.email, "shown": pending.shown, "problem": problem}
    return render(request, "accounts/code.html", context, status=status)
