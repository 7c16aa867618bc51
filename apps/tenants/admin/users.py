"""Logins: for platform administrators only. Owners manage their team by memberships."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from apps.tenants.admin.base import hide_from_strangers
from apps.tenants.models import User

admin.site.unregister(Group)  # what a person may do comes from their memberships


class NewUserForm(UserCreationForm):
    class Meta:
        model = User
        fields = ("email", "name")
        field_classes: ClassVar[dict[str, Any]] = {"email": forms.EmailField}


class UserForm(UserChangeForm):
    class Meta:
        model = User
        fields = "__all__"
        field_classes: ClassVar[dict[str, Any]] = {"email": forms.EmailField}


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):
    icon = "person"
    add_form = NewUserForm
    form = UserForm
    change_password_form = AdminPasswordChangeForm
    actions = None
    list_display = ("email", "name", "is_active", "is_superuser", "last_login")
    list_filter = ("is_active", "is_superuser")
    search_fields = ("email", "name")
    ordering = ("email",)
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("email", "name", "password")}),
        ("May", {"fields": ("is_active", "is_staff", "is_superuser")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "name", "usable_password", "password1", "password2")}),)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        hide_from_strangers(request)
        return super().get_object(request, object_id, from_field)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return _is_administrator(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_administrator(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_administrator(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_administrator(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a login is switched off: the trail keeps its name


def _is_administrator(request: HttpRequest) -> bool:
    return bool(request.user.is_active and getattr(request.user, "is_superuser", False))
