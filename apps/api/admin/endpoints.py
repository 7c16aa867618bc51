"""Webhooks: where events are sent, with a secret that is shown once."""

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.decorators import display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from apps.api.models import WebhookDelivery, WebhookEndpoint
from apps.api.webhooks import catalogue, endpoints
from apps.common.errors import AppError
from apps.tenants.access import OWNERS_ONLY, Rights
from apps.tenants.admin import TenantAdmin, TenantForm, actor_of
from apps.tenants.admin.issued import shown_once
from apps.tenants.models import Tenant
from apps.tenants.scope import EVERY_TENANT, current_scope

_LATEST = 15
_ADVICE = (
    "Copy it now: it is not shown again. Your program checks with it that a message comes from us; how is in the "
    "documentation of the API, under “Receiving webhooks”."
)


class WebhookForm(TenantForm):
    url = forms.CharField(
        label="Address",
        max_length=endpoints.MAX_URL,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": "https://example.com/callsphere"}),
        help_text="We send a POST there for each event.",
    )
    events = forms.MultipleChoiceField(label="Events", widget=UnfoldAdminCheckboxSelectMultipleWidget)

    class Meta:
        model = WebhookEndpoint
        fields = ("url", "description", "events", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "events" not in self.fields:
            return  # shown, not edited
        names = [kind.name for kind in catalogue.kinds(vertical=_vertical(self.instance))]
        names += [name for name in self.instance.events if name not in names]
        self.fields["events"].choices = [(name, name) for name in names]  # type: ignore[attr-defined]


def _vertical(endpoint: WebhookEndpoint) -> str:
    if current_scope() == EVERY_TENANT:
        return str(endpoint.tenant.vertical) if endpoint.tenant_id else ""
    return str(Tenant.objects.get(pk=current_scope()).vertical)


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(TenantAdmin):
    icon = "webhook"
    rights: ClassVar[Rights] = OWNERS_ONLY
    actions = None
    form = WebhookForm
    list_display = ("address", "description", "event_count", "state", "created_at")
    search_fields = ("url", "description")
    ordering = ("-created_at",)
    change_form_outer_after_template = "admin/api/webhookendpoint/tools.html"

    def get_fields(self, request: HttpRequest, obj: WebhookEndpoint | None = None) -> Any:
        return ("url", "description", "events") if obj is None else ("url", "description", "events", "is_active")

    @display(description="Address", ordering="url")
    def address(self, endpoint: WebhookEndpoint) -> str:
        return format_html('<span class="cs-address">{}</span>', endpoint.url)

    @display(description="Events")
    def event_count(self, endpoint: WebhookEndpoint) -> int:
        return len(endpoint.events)

    @display(description="State", label={"On": "success", "Failing": "warning", "Off": "danger"})
    def state(self, endpoint: WebhookEndpoint) -> str:
        if not endpoint.is_active:
            return "Off"
        return "Failing" if endpoint.failing_since else "On"

    def save_model(self, request: HttpRequest, obj: WebhookEndpoint, form: Any, change: bool) -> None:
        values = {name: form.cleaned_data[name] for name in form.cleaned_data if name in WebhookForm.Meta.fields}
        if not change:
            made, secret = endpoints.create(**values, actor=actor_of(request))
            obj.__dict__.update(made.__dict__)
            request.issued_secret = secret  # type: ignore[attr-defined]
            return
        stored = WebhookEndpoint.objects.select_for_update().get(pk=obj.pk)
        changed = endpoints.change(endpoint=stored, changes=values, actor=actor_of(request))
        obj.__dict__.update(changed.__dict__)

    def _record(self, request: HttpRequest, obj: Any, verb: str, fields: list[str]) -> None:
        if verb == "deleted":  # of the rest the services keep the trail
            super()._record(request, obj, verb, fields)

    def response_add(self, request: HttpRequest, obj: WebhookEndpoint, post_url_continue: Any = None) -> HttpResponse:
        return self._secret_shown(request, obj, request.issued_secret)  # type: ignore[attr-defined]

    def _secret_shown(self, request: HttpRequest, endpoint: WebhookEndpoint, secret: str) -> HttpResponse:
        return shown_once(
            request,
            site=self.admin_site,
            title="The secret of this webhook",
            secret=secret,
            advice=_ADVICE,
            back=_page_of(endpoint),
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponseBase:
        endpoint: WebhookEndpoint = self.get_object(request, object_id)
        context = {
            "endpoint": endpoint,
            "failed": endpoint.deliveries.filter(status=WebhookDelivery.Status.FAILED).count(),
            "latest": endpoint.deliveries.order_by("-id")[:_LATEST],
        }
        return super().change_view(request, object_id, form_url, {**context, **(extra_context or {})})

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        verbs: dict[str, Callable[..., HttpResponse]] = {
            "rotate": self.rotate_view,
            "test": self.test_view,
            "replay": self.replay_view,
        }
        own = [
            path(f"<path:object_id>/{verb}/", wrap(view), name=f"api_webhookendpoint_{verb}")
            for verb, view in verbs.items()
        ]
        return [*own, *super().get_urls()]

    def rotate_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        endpoint = self._changeable(request, object_id)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        secret = endpoints.rotate(endpoint=endpoint, now=timezone.now(), actor=actor_of(request))
        return self._secret_shown(request, endpoint, secret)

    def test_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        endpoint = self._changeable(request, object_id)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            endpoints.try_out(endpoint=endpoint, now=timezone.now(), actor=actor_of(request))
        except AppError as refusal:
            messages.warning(request, refusal.message)
        else:
            messages.success(request, "A test event is on its way. What comes of it is in the log below.")
        return HttpResponseRedirect(_page_of(endpoint))

    def replay_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        endpoint = self._changeable(request, object_id)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            count = endpoints.replay_failed(endpoint=endpoint, now=timezone.now(), actor=actor_of(request))
        except AppError as refusal:
            messages.warning(request, refusal.message)
        else:
            messages.success(request, f"{count} event{'' if count == 1 else 's'} on the way again.")
        return HttpResponseRedirect(_page_of(endpoint))

    def _changeable(self, request: HttpRequest, object_id: str) -> WebhookEndpoint:
        endpoint: WebhookEndpoint = self.get_object(request, object_id)
        if not self.has_change_permission(request, endpoint):
            raise PermissionDenied
        return endpoint


def _page_of(endpoint: WebhookEndpoint) -> str:
    return reverse("admin:api_webhookendpoint_change", args=[endpoint.pk])
