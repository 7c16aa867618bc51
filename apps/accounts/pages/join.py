"""Where an invitation leads."""

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from apps.accounts import invitations
from apps.accounts.forms import JoinForm
from apps.accounts.invitations import InvitationOver, WrongAccount
from apps.accounts.models import Invitation
from apps.tenants.middleware import SESSION_KEY
from apps.tenants.models import User


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, secret: str) -> HttpResponse:
    """Accepts an invitation: with the account that is logged in, after a login, or with a new account."""
    response = _answer(request, secret)
    # The address is the secret: no page that is opened from here may read it.
    response["Referrer-Policy"] = "same-origin"
    response["X-Robots-Tag"] = "noindex"
    return response


def _answer(request: HttpRequest, secret: str) -> HttpResponse:
    now = timezone.now()
    try:
        invitation = invitations.find(secret, now=now)
        if isinstance(request.user, User):
            return _as_member(request, secret, invitation, request.user)
        if User.objects.filter(email=invitation.email).exists():
            return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)
        return _as_new(request, secret, invitation)
    except InvitationOver:
        return render(request, "accounts/join_over.html", status=404)
    except WrongAccount as refusal:
        return render(request, "accounts/join_wrong.html", {"refusal": refusal}, status=403)


def _as_member(request: HttpRequest, secret: str, invitation: Invitation, user: User) -> HttpResponse:
    if not invitations.is_for(invitation, user):
        raise WrongAccount("This invitation is for another e-mail address.")
    if request.method != "POST":
        return render(request, "accounts/join.html", {"invitation": invitation})
    invitations.accept(secret, user=user, now=timezone.now())
    request.session[SESSION_KEY] = invitation.tenant_id
    return redirect("admin:index")


def _as_new(request: HttpRequest, secret: str, invitation: Invitation) -> HttpResponse:
    form = JoinForm(request.POST if request.method == "POST" else None, email=invitation.email)
    if not form.is_valid():
        context = {"invitation": invitation, "form": form}
        return render(request, "accounts/join.html", context, status=422 if form.is_bound else 200)
    user, _ = invitations.accept_as_new(
        secret, name=form.cleaned_data["name"], password=form.cleaned_data["password"], now=timezone.now()
    )
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    request.session[SESSION_KEY] = invitation.tenant_id
    return redirect("admin:index")
