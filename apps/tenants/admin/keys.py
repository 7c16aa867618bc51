"""API keys: issued once, revoked, never read again."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from apps.tenants import audit, key_scopes
from apps.tenants.access import OWNERS_ONLY, Rights
from apps.tenants.admin.base import TenantAdmin, actor_of
from apps.tenants.admin.forms import TenantForm
from apps.tenants.admin.issued import shown_once
from apps.tenants.models import ApiKey, Tenant

_EVERYTHING = format_html("<strong>Everything</strong> {}", "Also what is added to the API later.")


class ApiKeyForm(TenantForm):
    """A box for each scope that a business of the industry can give."""

    scopes = forms.MultipleChoiceField(
        label="What it may do",
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="Give a program no more than it needs: a key that gets lost can do that much and nothing else.",
        error_messages={"required": "Choose one at least, or the key could do nothing."},
    )

    class Meta:
        model = ApiKey
        fields = ("name", "scopes")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "scopes" not in self.fields:
            return  # shown, not edited
        tenant = Tenant.objects.filter(pk=self.instance.tenant_id).first() if self.instance.tenant_id else None
        known = key_scopes.scopes(vertical=tenant.vertical if tenant is not None else _own_vertical())
        # What the key has already stays visible, whatever became of it.
        known |= {name: "Not used any more." for name in self.instance.scopes if name not in known}
        known.pop(key_scopes.EVERYTHING, None)
        self.fields["scopes"].choices = [  # type: ignore[attr-defined]
            (key_scopes.EVERYTHING, _EVERYTHING),
            *((name, format_html("<strong>{}</strong> {}", name, words)) for name, words in known.items()),
        ]

    def clean_scopes(self) -> list[str]:
        chosen: list[str] = self.cleaned_data["scopes"]
        return [key_scopes.EVERYTHING] if key_scopes.EVERYTHING in chosen else chosen


def _own_vertical() -> str | None:
    own = list(Tenant.objects.values_list("vertical", flat=True)[:2])
    return own[0] if len(own) == 1 else None


@admin.register(ApiKey)
class ApiKeyAdmin(TenantAdmin):
    icon = "vpn_key"
    rights: ClassVar[Rights] = OWNERS_ONLY
    actions = None
    form = ApiKeyForm
    list_display = ("name", "begins_with", "may", "state", "created_at", "last_used_at")
    search_fields = ("name", "prefix")
    ordering = ("-created_at",)
    change_form_outer_after_template = "admin/tenants/apikey/revoke.html"

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        return (
            ("name", "scopes")
            if obj is None
            else ("name", "scopes", "begins_with", "state", "created_at", "last_used_at")
        )

    def get_readonly_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> Any:
        return () if obj is None else ("begins_with", "state", "created_at", "last_used_at")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a revoked key stays, so that the trail names something

    @display(description="Begins with")
    def begins_with(self, key: ApiKey) -> str:
        return f"{key.prefix}…"

    @display(description="May")
    def may(self, key: ApiKey) -> str:
        if key_scopes.EVERYTHING in key.scopes:
            return "Everything"
        return ", ".join(key.scopes[:3]) + (f" and {len(key.scopes) - 3} more" if len(key.scopes) > 3 else "")

    @display(description="State", label={"Active": "success", "Revoked": "danger"})
    def state(self, key: ApiKey) -> str:
        return "Revoked" if key.revoked_at else "Active"

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        key, secret = ApiKey.issue(name=obj.name, scopes=obj.scopes)
        obj.__dict__.update(key.__dict__)
        request.issued_secret = secret  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: ApiKey, post_url_continue: Any = None) -> HttpResponse:
        return shown_once(
            request,
            site=self.admin_site,
            title=f"The key “{obj.name}” is ready",
            secret=request.issued_secret,  # type: ignore[attr-defined]
            advice="Copy it now and keep it safe: for your security we store only a fingerprint, so nobody can "
            "show it again. If it gets lost, revoke it and make a new one.",
            back=reverse("admin:tenants_apikey_changelist"),
        )

    def get_urls(self) -> list[URLPattern]:
        revoke = path(
            "<path:object_id>/revoke/",
            self.admin_site.admin_view(self.revoke_view),
            name="tenants_apikey_revoke",
        )
        return [revoke, *super().get_urls()]

    def revoke_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        key: ApiKey = self.get_object(request, object_id)
        if not self.has_change_permission(request, key):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        # Conditional, so that two clicks leave one entry in the trail.
        if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now()):
            audit.record(actor=actor_of(request), action="apikey.revoked", target=key.pk)
            messages.success(request, f"“{key.name}” is revoked. Programs that use it are shut out from now on.")
        return HttpResponseRedirect(reverse("admin:tenants_apikey_changelist"))
