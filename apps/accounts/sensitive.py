"""Steps before which a person proves once more that they are who logged in: the screen may be somebody else's now."""

from collections.abc import Callable
from typing import Any, ClassVar
from urllib.parse import urlencode, urlsplit

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

STEPS = frozenset(
    {
        "account_email",  # where a forgotten password is sent
        # Secrets that open the business to programs.
        *("admin:tenants_apikey_add", "admin:tenants_apikey_revoke"),
        *("admin:api_webhookendpoint_add", "admin:api_webhookendpoint_rotate"),
        # People who come in, and what they may do.
        *("admin:tenants_membership_change", "admin:accounts_invitation_add"),
        *("admin:tenants_user_add", "admin:tenants_user_change", "admin:auth_user_password_change"),
        # Data that leaves, or is gone.
        *("admin:business_contact_export_data", "admin:business_contact_erase_contact"),
        # Money.
        *("affiliate-payout", "admin:affiliates_payout_prepare", "admin:affiliates_payout_pay"),
    }
)
"""By the names of their addresses, for every method. Turning a second factor on or off asks by itself (allauth)."""


class SensitiveSteps:
    """Leads to the page that asks, and from there back to where the step is taken."""

    sync_capable: ClassVar[bool] = True
    async_capable: ClassVar[bool] = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        match = request.resolver_match
        if match is None or match.view_name not in STEPS or not settings.SENSITIVE_STEPS_ASK:
            return None
        if not request.user.is_authenticated or did_recently_reauthenticate(request):
            return None
        methods = get_adapter().get_reauthentication_methods(request.user)
        if not methods:
            raise PermissionDenied
        return HttpResponseRedirect(f"{methods[0]['url']}?{urlencode({'next': _where_from(request)})}")


def _where_from(request: HttpRequest) -> str:
    """What was sent is not kept: the person comes back to the page and sends it once more."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    referer = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(referer, allowed_hosts={request.get_host()}):
        return urlsplit(referer).path
    return reverse("admin:index")
