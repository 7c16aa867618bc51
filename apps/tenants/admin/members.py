"""Who belongs to the business, and as what."""

import secrets
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from unfold.decorators import display
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminTextInputWidget

from apps.common.errors import AppError
from apps.tenants.access import OWNERS_ONLY, Rights
from apps.tenants.admin.base import TenantAdmin
from apps.tenants.admin.forms import TenantForm
from apps.tenants.admin.issued import shown_once
from apps.tenants.models import Membership, Role, Tenant, User
from apps.tenants.scope import current_tenant_id


class LastOwner(AppError):
    """A business always has an owner."""

    code = "last_owner"
    status = 409


class AlreadyMember(AppError):
    code = "already_member"
    status = 409


def is_last_owner(membership: Membership) -> bool:
    """Whether nobody else who can log in owns the business."""
    others = Membership.objects.filter(role=Role.OWNER, user__is_active=True).exclude(pk=membership.pk)
    return membership.role == Role.OWNER and not others.exists()


def _check_not_last_owner(membership_id: str) -> None:
    # Locked, so that two owners who step down at once do not both go.
    Tenant.objects.select_for_update().get(pk=current_tenant_id())
    if is_last_owner(Membership.objects.get(pk=membership_id)):
        raise LastOwner("A business needs an owner. Make somebody else an owner first.", field="role")


class NewMemberForm(TenantForm):
    email = forms.EmailField(label="E-mail address", widget=UnfoldAdminEmailInputWidget)
    name = forms.CharField(max_length=120, required=False, widget=UnfoldAdminTextInputWidget)

    class Meta:
        model = Membership
        fields = ("role",)


@admin.register(Membership)
class MembershipAdmin(TenantAdmin):
    icon = "group"
    rights: ClassVar[Rights] = OWNERS_ONLY
    actions = None
    list_display = ("person", "email", "role_label", "created_at")
    list_filter = ("role",)
    list_select_related = ("user",)
    ordering = ("user__email",)
    search_fields = ("user__email", "user__name")
    change_form_before_template = "admin/tenants/membership/roles.html"

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        kwargs["form"] = NewMemberForm if obj is None else TenantForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Membership | None = None) -> Any:
        return ("email", "name", "role") if obj is None else ("person", "email", "role", "created_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Membership | None = None) -> Any:
        return () if obj is None else ("person", "email", "created_at")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_delete_permission(request, obj)
        return allowed and not (isinstance(obj, Membership) and is_last_owner(obj))

    @display(description="Person", ordering="user__name")
    def person(self, membership: Membership) -> str:
        return str(membership.user)

    @display(description="E-mail", ordering="user__email")
    def email(self, membership: Membership) -> str:
        return membership.user.email

    @display(description="Role", ordering="role", label={"Owner": "primary", "Manager": "info"})
    def role_label(self, membership: Membership) -> str:
        return membership.get_role_display()

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        if change:
            if obj.role != Role.OWNER:
                _check_not_last_owner(obj.pk)
        else:
            obj.user, password = _person(form.cleaned_data["email"].lower(), form.cleaned_data["name"])
            request.issued_secret = password  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        try:
            _check_not_last_owner(obj.pk)
        except LastOwner:
            raise PermissionDenied from None
        super().delete_model(request, obj)

    def response_add(self, request: HttpRequest, obj: Membership, post_url_continue: Any = None) -> HttpResponse:
        password = request.issued_secret  # type: ignore[attr-defined]
        if password is None:
            return super().response_add(request, obj, post_url_continue)
        return shown_once(
            request,
            site=self.admin_site,
            title=f"{obj.user} can log in now",
            secret=password,
            advice=f"This is the first password of {obj.user.email}. Hand it over in person or by phone, and ask "
            "them to change it after they have logged in. It is not shown again.",
            back=reverse("admin:tenants_membership_changelist"),
        )


def _person(email: str, name: str) -> tuple[User, str | None]:
    """The person with that address; somebody new gets a password, which is returned."""
    user = User.objects.filter(email=email).first()
    if user is None:
        password = secrets.token_urlsafe(12)
        return User.objects.create_user(email, password, name=name, is_staff=True), password
    if Membership.objects.filter(user=user).exists():
        raise AlreadyMember("This person is on the team already.", field="email")
    if not user.is_staff:
        user.is_staff = True  # what Django asks of those who log in to the admin
        user.save(update_fields=["is_staff"])
    return user, None
