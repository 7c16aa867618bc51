"""The log of webhooks: what was sent, and what came of it."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from unfold.decorators import display

from apps.api.models import WebhookDelivery
from apps.api.webhooks import endpoints
from apps.common.errors import AppError
from apps.tenants.access import OWNERS_ONLY, Rights, may
from apps.tenants.admin import TenantAdmin, actor_of


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(TenantAdmin):
    icon = "outbox"
    rights: ClassVar[Rights] = OWNERS_ONLY
    actions = None
    list_display = ("happened_at", "event", "address", "state", "answered", "attempts", "duration_ms")
    list_filter = ("status", "event", ("endpoint", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("endpoint",)
    ordering = ("-id",)
    search_fields = ("event_id", "object_id")
    search_help_text = "Search by the id of an event, or of what it is about."
    fields = (
        ("event", "event_id"),
        ("object_id", "happened_at"),
        "endpoint",
        ("state", "attempts"),
        ("tried_at", "next"),
        ("answered", "duration_ms"),
        "error",
        "response_head",
    )
    readonly_fields = (
        "event", "event_id", "object_id", "happened_at", "endpoint", "state", "attempts", "tried_at", "next",
        "answered", "duration_ms", "error", "response_head",
    )  # fmt: skip
    change_form_outer_after_template = "admin/api/webhookdelivery/replay.html"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a record; sending again is a button

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description="Address", ordering="endpoint__url")
    def address(self, delivery: WebhookDelivery) -> str:
        return str(delivery.endpoint)

    @display(
        description="State",
        ordering="status",
        label={"Delivered": "success", "To be delivered": "info", "Given up": "danger"},
    )
    def state(self, delivery: WebhookDelivery) -> str:
        return delivery.get_status_display()

    @display(description="Next attempt")
    def next(self, delivery: WebhookDelivery) -> str:
        if delivery.status != WebhookDelivery.Status.PENDING:
            return "–"
        return date_format(timezone.localtime(delivery.next_at), "DATETIME_FORMAT")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.replay_view)
        return [path("<path:object_id>/replay/", view, name="api_webhookdelivery_replay"), *super().get_urls()]

    def replay_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        delivery: WebhookDelivery = self.get_object(request, object_id)
        if not may(request, "change", self.rights):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            endpoints.replay(delivery=delivery, now=timezone.now(), actor=actor_of(request))
        except AppError as refusal:
            messages.warning(request, refusal.message)
        else:
            messages.success(request, "It is on its way again.")
        return HttpResponseRedirect(reverse("admin:api_webhookdelivery_change", args=[delivery.pk]))
