"""What came of conversations: the report on agents and versions, and the list of analyses."""

import datetime as dt
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from apps.analysis import export
from apps.analysis.chart import chart
from apps.analysis.models import Analysis
from apps.analysis.report import MOST_DAYS, Range, report
from apps.conversations.admin import agent_name
from apps.tenants.access import NOTHING, VIEW, Rights
from apps.tenants.admin import TenantAdmin
from apps.tenants.admin.base import hide_from_strangers
from apps.tenants.models import Role, Tenant

_USUAL = dt.timedelta(days=29)
_PRESETS = ((7, "7 days"), (30, "30 days"), (90, "90 days"))


class RangeForm(forms.Form):
    """The first and the last day; without them the last 30."""

    first = forms.DateField(label="From", required=False)
    last = forms.DateField(label="To", required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and first > last:
            self.add_error("first", "The first day is after the last one.")
        elif first and last and (last - first).days >= MOST_DAYS:
            self.add_error("first", "Choose at most a year.")
        return cleaned

    def range(self, today: dt.date) -> Range:
        """The days that were chosen; the usual ones where the form is wrong."""
        if not self.is_valid():
            return Range(today - _USUAL, today)
        first, last = self.cleaned_data["first"], self.cleaned_data["last"]
        last = last or (max(today, first) if first else today)
        return Range(max(first or last - _USUAL, last - dt.timedelta(days=MOST_DAYS - 1)), last)


@admin.register(Analysis)
class AnalysisAdmin(TenantAdmin):
    icon = "insights"
    rights: ClassVar[Rights] = {Role.OWNER: VIEW, Role.MANAGER: VIEW, Role.STAFF: NOTHING}
    actions = None
    list_display = ("covers_at", "what", "mood", "lead_score", "satisfaction", "who_spoke", "needs_look", "judged_by")
    list_display_links = None  # `what` leads to the conversation, where an analysis is read
    list_filter = ("sentiment_label", "escalation", "resolved", "channel", "covers_at")
    search_fields = ("intent", "summary")
    ordering = ("-covers_at",)
    change_list_template = "admin/analysis/list.html"

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(status=Analysis.Status.DONE)

    @display(description="Intent")
    def what(self, analysis: Analysis) -> SafeString:
        address = reverse("admin:conversations_conversation_change", args=[analysis.conversation_id])
        return format_html('<a href="{}">{}</a>', address, analysis.intent)

    @display(description="Mood", label={"Positive": "success", "Negative": "danger"})
    def mood(self, analysis: Analysis) -> str:
        return analysis.get_sentiment_label_display()

    @display(description="Agent")
    def who_spoke(self, analysis: Analysis) -> str:
        if not analysis.agent:
            return "–"
        return f"{agent_name(analysis.agent)}, version {analysis.agent_version}"

    @display(description="Needs a look")
    def needs_look(self, analysis: Analysis) -> str:
        return analysis.escalation_reason or "–"

    @display(description="Judged by", label={"Simulated": "warning"})
    def judged_by(self, analysis: Analysis) -> str:
        return "Simulated" if analysis.is_simulated else analysis.model

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("report/", wrap(self.report_view), name="analysis_analysis_report"),
            path("report.csv", wrap(self.export_view), name="analysis_analysis_export"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponseBase:
        """An analysis is read with its conversation; nobody writes one."""
        analysis: Analysis = self.get_object(request, object_id)
        if not self.has_view_permission(request, analysis) or request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        address = reverse("admin:conversations_conversation_change", args=[analysis.conversation_id])
        return HttpResponseRedirect(address)

    def report_view(self, request: HttpRequest) -> HttpResponse:
        """Charts and figures of the days that are chosen."""
        if (tenant := self._tenant(request)) is None:
            return HttpResponseRedirect(reverse("admin:tenants_tenant_changelist"))
        today = timezone.now().astimezone(tenant.zone).date()
        form = RangeForm(request.GET)
        over = form.range(today)
        found = report(over=over, zone=tenant.zone)
        context = {
            **self.admin_site.each_context(request),
            "title": "Analysis",
            "opts": self.opts,
            "form": form,
            "range": over,
            "presets": [(today - dt.timedelta(days=days - 1), today, name) for days, name in _PRESETS],
            "report": found,
            "chart": chart(found.days),
            "zone": tenant.time_zone,
        }
        return TemplateResponse(request, "admin/analysis/report.html", context)

    def export_view(self, request: HttpRequest) -> HttpResponse:
        """The same days as CSV: conversations, or with `?of=versions` the table of versions."""
        if (tenant := self._tenant(request)) is None:
            return HttpResponseRedirect(reverse("admin:tenants_tenant_changelist"))
        over = RangeForm(request.GET).range(timezone.now().astimezone(tenant.zone).date())
        of = "versions" if request.GET.get("of") == "versions" else "conversations"
        if of == "versions":
            text = export.versions(report(over=over, zone=tenant.zone).rows)
        else:
            text = export.conversations(over=over, zone=tenant.zone)
        response = HttpResponse(text, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{of}-{over.first}-{over.last}.csv"'
        return response

    def _tenant(self, request: HttpRequest) -> Tenant | None:
        """Whose figures; None for a platform administrator who has opened no tenant."""
        hide_from_strangers(request)
        if not self.has_view_permission(request):
            raise PermissionDenied
        tenant: Tenant | None = getattr(request, "tenant", None)
        if tenant is None:
            messages.info(request, "Open a tenant to see what came of its conversations.")
        return tenant
