"""Invitations to the team. Owners send them, again if need be, and take them back."""

from typing import Any, ClassVar

from allauth.account.models import EmailAddress
from allauth.core.ratelimit import consume
from allauth.mfa.models import Authenticator
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from unfold.decorators import display

from apps.accounts import invitations, links, mails
from apps.accounts.models import Invitation
from apps.common.errors import AppError
from apps.tenants.access import OWNERS_ONLY, Rights
from apps.tenants.admin.base import TenantAdmin, actor_of
from apps.tenants.models import User

# A person's own, at /account/: no list of them is anybody's business.
admin.site.unregister(EmailAddress)
admin.site.unregister(Authenticator)

_LABELS = {"open": "Sent", "accepted": "Accepted", "withdrawn": "Withdrawn", "expired": "Expired"}


class TooManyInvitations(AppError):
    code = "too_many_invitations"
    status = 429


@admin.register(Invitation)
class InvitationAdmin(TenantAdmin):
    icon = "forward_to_inbox"
    rights: ClassVar[Rights] = OWNERS_ONLY
    actions = None
    list_display = ("email", "role", "state", "sent_at", "expires_at")
    ordering = ("-sent_at",)
    search_fields = ("email",)
    change_form_before_template = "admin/tenants/membership/roles.html"
    change_form_outer_after_template = "admin/accounts/invitation/again.html"

    def get_fields(self, request: HttpRequest, obj: Invitation | None = None) -> Any:
        return ("email", "role") if obj is None else ("email", "role", "state", "invited_by", "sent_at", "expires_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Invitation | None = None) -> Any:
        return () if obj is None else ("email", "role", "state", "invited_by", "sent_at", "expires_at")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # the mail is out: it is sent again, or withdrawn

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # withdrawn ones stay, so that the trail names something

    @display(
        description="State",
        label={"Sent": "info", "Accepted": "success", "Withdrawn": "danger", "Expired": "warning"},
    )
    def state(self, invitation: Invitation) -> str:
        return _LABELS[invitation.state(now=timezone.now())]

    def save_model(self, request: HttpRequest, obj: Invitation, form: Any, change: bool) -> None:
        _consume(request)
        invitation, secret = invitations.invite(
            email=obj.email, role=obj.role, inviter=_inviter(request), now=timezone.now()
        )
        _send(request, invitation, secret)
        obj.__dict__.update(invitation.__dict__)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """The service has written it down."""

    def response_add(self, request: HttpRequest, obj: Invitation, post_url_continue: Any = None) -> HttpResponse:
        messages.success(request, f"The invitation is on its way to {obj.email}. It holds for seven days.")
        return HttpResponseRedirect(reverse("admin:accounts_invitation_changelist"))

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(
                f"<path:object_id>/{name}/",
                self.admin_site.admin_view(view),
                name=f"accounts_invitation_{name}",
            )
            for name, view in (("again", self.again_view), ("withdraw", self.withdraw_view))
        ]
        return [*own, *super().get_urls()]

    def again_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A new link by mail; the one before ends."""
        invitation = self._undecided(request, object_id)
        if invitation is None:
            return HttpResponseNotAllowed(["POST"])
        try:
            _consume(request)
            secret = invitations.renew(invitation=invitation, inviter=_inviter(request), now=timezone.now())
            _send(request, invitation, secret)
        except AppError as refusal:
            messages.error(request, refusal.message)
        else:
            messages.success(request, f"Sent again to {invitation.email}. The link before does not work any more.")
        return HttpResponseRedirect(reverse("admin:accounts_invitation_changelist"))

    def withdraw_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The link ends."""
        invitation = self._undecided(request, object_id)
        if invitation is None:
            return HttpResponseNotAllowed(["POST"])
        if invitations.withdraw(invitation=invitation, actor=actor_of(request), now=timezone.now()):
            messages.success(request, f"The invitation of {invitation.email} does not work any more.")
        return HttpResponseRedirect(reverse("admin:accounts_invitation_changelist"))

    def _undecided(self, request: HttpRequest, object_id: str) -> Invitation | None:
        """The invitation that a POST is about; None for another method."""
        invitation: Invitation = self.get_object(request, object_id)
        if not self.has_add_permission(request):
            raise PermissionDenied
        return invitation if request.method == "POST" else None


def _consume(request: HttpRequest) -> None:
    tenant: Any = request.tenant  # type: ignore[attr-defined]
    if not consume(request, action="invite", key=tenant.pk):
        raise TooManyInvitations("Many invitations were sent in the last hour. Please go on a little later.")


def _inviter(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user


def _send(request: HttpRequest, invitation: Invitation, secret: str) -> None:
    tenant: Any = request.tenant  # type: ignore[attr-defined]
    mails.send(
        "invitation",
        to=invitation.email,
        inviter=str(request.user),
        business=tenant.name,
        role=invitation.get_role_display().lower(),
        link=links.absolute(request, reverse("join", args=[secret])),
        until=f"{invitation.expires_at.astimezone(tenant.zone):%A, %B %-d}",
    )
