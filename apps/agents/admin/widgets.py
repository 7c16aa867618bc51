"""Widget keys: what puts an agent on the business's own pages."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from unfold.decorators import display
from unfold.widgets import UnfoldAdminColorInputWidget, UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from apps.agents.models import Agent
from apps.tenants.access import OWNERS_ONLY, Rights
from apps.tenants.admin import TenantAdmin, TenantForm
from apps.tenants.admin.forms import DomainsField
from apps.tenants.models import WidgetKey

_LIMITS = ("visitor_messages", "address_messages", "widget_messages", "widget_tokens")


class WidgetKeyForm(TenantForm):
    agent = forms.ChoiceField(
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text="Who answers. Usually the agent who meets every visitor.",
    )
    allowed_domains = DomainsField(
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4, "placeholder": "shop.example\n*.shop.example"}),
        help_text="Where the chat may be shown, one on each line. Empty = on every page, also other people's.",
    )

    class Meta:
        model = WidgetKey
        fields = ("name", "agent", "allowed_domains", "in_apps", *_LIMITS, "title", "accent", "is_active")
        widgets: ClassVar[dict[str, Any]] = {"accent": UnfoldAdminColorInputWidget(attrs={"type": "color"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "agent" not in self.fields:
            return
        agents = list(Agent.objects.filter(is_active=True).values_list("slug", "name"))
        chosen = self.instance.agent
        if chosen and chosen not in dict(agents):
            agents.append((chosen, f"{chosen} (not active)"))
        self.fields["agent"].choices = [("", "The agent who meets every visitor"), *agents]  # type: ignore[attr-defined]


@admin.register(WidgetKey)
class WidgetKeyAdmin(TenantAdmin):
    icon = "widgets"
    rights: ClassVar[Rights] = OWNERS_ONLY
    form = WidgetKeyForm
    list_display = ("name", "key", "agent_label", "domains", "is_active")
    list_filter = ("is_active",)
    ordering = ("created_at",)
    search_fields = ("name", "key")
    fieldsets = (
        (None, {"fields": (("name", "agent"), "allowed_domains", "in_apps", ("title", "accent"), "is_active")}),
        (
            "Limits",
            {
                "fields": (_LIMITS[:2], _LIMITS[2:]),
                "description": "So that no robot spends your plan. What they are now, and whom they refused, is "
                "under “Usage”.",
            },
        ),
    )
    change_form_outer_before_template = "admin/agents/widgetkey/embed.html"

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if not (self.has_change_permission(request, obj) or self.has_add_permission(request)):
            kwargs["form"] = TenantForm
        return super().get_form(request, obj, change=change, **kwargs)

    @display(description="Agent", ordering="agent")
    def agent_label(self, widget: WidgetKey) -> str:
        return widget.agent or "Who meets every visitor"

    @display(description="Shown on")
    def domains(self, widget: WidgetKey) -> str:
        return ", ".join(widget.allowed_domains) or "Every page"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponseBase:
        widget: WidgetKey = self.get_object(request, object_id)
        context = {"embed": embed(request, widget), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)


def embed(request: HttpRequest, widget: WidgetKey) -> dict[str, str]:
    """The tag for the owner's page, and where to try the widget."""
    source = request.build_absolute_uri(reverse("widget-loader"))
    return {
        "snippet": f'<script async src="{source}" data-key="{widget.key}"></script>',
        "preview": reverse("widget-frame", args=[widget.key]),
    }
