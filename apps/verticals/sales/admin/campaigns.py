"""Campaigns, whom they call, the calls that were made and promised, and the rules of the dialer."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from unfold.decorators import action, display

from apps.common.errors import AppError
from apps.tenants.access import RECORD, SET_UP, Rights
from apps.tenants.admin import TenantAdmin, actor_of
from apps.verticals.sales import campaigns
from apps.verticals.sales.admin.own import OwnRows
from apps.verticals.sales.core.gate import WORDS
from apps.verticals.sales.models import Callback, Campaign, CampaignLead, DialedCall, DialingRules

_SHOWN = 500
"""Skipped leads that the preflight lists by name; the counts are of all."""
_STATUSES = {"Draft": "info", "Running": "success", "Paused": "warning", "Finished": "info"}
_ENDINGS = {"Answered": "success", "Failed": "danger", "Answered, nobody to talk": "danger"}


@admin.register(Campaign)
class CampaignAdmin(TenantAdmin):
    """A campaign is looked over in its preflight, and started there."""

    icon = "campaign"
    rights: ClassVar[Rights] = SET_UP
    list_display = ("name", "status_label", "agent", "total", "waiting", "reached", "skipped", "start_date", "end_date")
    list_filter = ("status", "agent")
    ordering = ("-created_at", "id")
    search_fields = ("name", "purpose")
    actions = ("pause",)
    actions_detail = ("preflight",)
    fieldsets = (
        (None, {"fields": ("name", "purpose", "agent")}),
        ("When", {"fields": (("opens", "closes"), ("start_date", "end_date"))}),
        (
            "How often",
            {"fields": ("max_attempts", ("retry_busy_minutes", "retry_no_answer_minutes", "retry_machine_minutes"))},
        ),
        ("Permission and machines", {"fields": ("needs_written_consent", "voicemail")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        states = {state.value: Count("entries", filter=Q(entries__state=state)) for state in CampaignLead.State}
        counted = {f"in_{name}": count for name, count in states.items()}
        return super().get_queryset(request).annotate(in_all=Count("entries"), **counted)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A campaign that has called somebody stays: its calls must be explained."""
        has_called = obj is not None and obj.calls.exists()
        return not has_called and super().has_delete_permission(request, obj)

    @display(description="Status", ordering="status", label=_STATUSES)
    def status_label(self, campaign: Campaign) -> str:
        return campaign.get_status_display()

    @display(description="Leads", ordering="in_all")
    def total(self, campaign: Any) -> int:
        return int(campaign.in_all)

    @display(description="Waiting", ordering="in_waiting")
    def waiting(self, campaign: Any) -> int:
        return int(campaign.in_waiting + campaign.in_calling)

    @display(description="Reached", ordering="in_done")
    def reached(self, campaign: Any) -> int:
        return int(campaign.in_done)

    @display(description="Skipped", ordering="in_skipped")
    def skipped(self, campaign: Any) -> int:
        return int(campaign.in_skipped)

    @action(description="Preflight: whom it calls", url_path="preflight", icon="fact_check")
    def preflight(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Whom the campaign would call as things are, and whom it skips and why; posting starts or pauses it."""
        campaign: Campaign = self.get_object(request, object_id)
        if not self.has_view_permission(request, campaign):
            raise PermissionDenied
        if request.method == "POST":
            if not self.has_change_permission(request, campaign):
                raise PermissionDenied
            self._switch(request, campaign)
            return HttpResponseRedirect(reverse("admin:sales_campaign_preflight", args=[campaign.pk]))
        result = campaigns.preflight(campaign, now=timezone.now())
        context = {
            **self.admin_site.each_context(request),
            "title": f"Preflight: {campaign.name}",
            "opts": self.opts,
            "original": campaign,
            "result": result,
            "skipped": [(lead, WORDS[reason]) for lead, reason in result.skipped[:_SHOWN]],
            "more": max(0, len(result.skipped) - _SHOWN),
            "is_running": campaign.status == Campaign.Status.RUNNING,
            "may_change": self.has_change_permission(request, campaign),
        }
        return TemplateResponse(request, "admin/sales/campaign/preflight.html", context)

    def _switch(self, request: HttpRequest, campaign: Campaign) -> None:
        now, actor = timezone.now(), actor_of(request)
        try:
            if request.POST.get("do") == "pause":
                campaigns.pause(campaign=campaign, now=now, actor=actor)
                messages.success(request, "Paused. Calls under way go on, no other begins.")
            else:
                result = campaigns.start(campaign=campaign, now=now, actor=actor)
                messages.success(request, f"Started: {result.callable} to call, {len(result.skipped)} skipped.")
        except AppError as refusal:
            messages.warning(request, refusal.message)

    @action(description="Pause the selected campaigns", permissions=["change"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> None:
        for campaign in queryset:
            try:
                campaigns.pause(campaign=campaign, now=timezone.now(), actor=actor_of(request))
            except AppError as refusal:
                messages.warning(request, f"{campaign.name}: {refusal.message}")
            else:
                messages.success(request, f"{campaign.name} is paused.")


@admin.register(CampaignLead)
class CampaignLeadAdmin(TenantAdmin):
    """Who is in which campaign, and how far."""

    icon = "checklist"
    rights: ClassVar[Rights] = RECORD
    list_display = ("lead_name", "campaign", "state_label", "attempts", "next_at", "ending_label", "why")
    list_filter = ("campaign", "state", "reason")
    list_select_related = ("lead__contact", "campaign")
    search_fields = ("lead__contact__given_key", "lead__contact__family_key", "lead__phone")
    fields = (("campaign", "lead"), ("state", "next_at"), ("attempts", "ending"), "reason")

    @display(description="Lead", ordering="lead__contact__family_key")
    def lead_name(self, entry: CampaignLead) -> str:
        return entry.lead.contact.name

    @display(description="State", ordering="state", label={"Skipped": "warning", "Reached": "success"})
    def state_label(self, entry: CampaignLead) -> str:
        return entry.get_state_display()

    @display(description="Last call", ordering="ending")
    def ending_label(self, entry: CampaignLead) -> str:
        return DialedCall.Ending(entry.ending).label if entry.ending else "–"

    @display(description="Why", ordering="reason")
    def why(self, entry: CampaignLead) -> str:
        return entry.get_reason_display()


@admin.register(DialedCall)
class DialedCallAdmin(OwnRows):
    """The calls of the dialer; with a staff login, those of one's own leads."""

    icon = "call"
    own = "lead__rep__user"
    rights: ClassVar[Rights] = RECORD
    list_display = ("claimed_at", "lead_name", "campaign", "agent", "came_of_it", "outcome", "length", "recipient_time")
    list_filter = ("ending", "disposition", "campaign", "claimed_at")
    list_select_related = ("lead__contact", "campaign", "agent")
    search_fields = ("lead__contact__given_key", "lead__contact__family_key", "phone")
    fields = (
        ("lead", "phone"),
        ("campaign", "callback"),
        ("agent", "state"),
        ("ending", "disposition"),
        "note",
        ("claimed_at", "answered_at", "ended_at"),
        ("seconds", "recipient_time"),
    )
    ordering = ("-claimed_at",)

    @display(description="Lead", ordering="lead__contact__family_key")
    def lead_name(self, call: DialedCall) -> str:
        return call.lead.contact.name

    @display(description="Call", ordering="ending", label=_ENDINGS)
    def came_of_it(self, call: DialedCall) -> str:
        return call.get_ending_display() or call.get_state_display()

    @display(description="Outcome", ordering="disposition")
    def outcome(self, call: DialedCall) -> str:
        return call.get_disposition_display() or "–"

    @display(description="Length", ordering="seconds")
    def length(self, call: DialedCall) -> str:
        return f"{call.seconds // 60}:{call.seconds % 60:02}" if call.seconds else "–"


@admin.register(Callback)
class CallbackAdmin(OwnRows):
    """Calls that were promised; the dialer makes them."""

    icon = "phone_callback"
    own = "lead__rep__user"
    rights: ClassVar[Rights] = RECORD
    list_display = ("at", "lead_name", "note", "state_label", "attempts")
    list_filter = ("state", "at")
    list_select_related = ("lead__contact",)
    search_fields = ("lead__contact__given_key", "lead__contact__family_key")
    fields = (("lead", "at"), "note", ("state", "attempts"))
    ordering = ("at",)

    @display(description="Lead", ordering="lead__contact__family_key")
    def lead_name(self, callback: Callback) -> str:
        return callback.lead.contact.name

    @display(description="State", ordering="state", label={"Promised": "info", "Not reached": "warning"})
    def state_label(self, callback: Callback) -> str:
        return callback.get_state_display()


@admin.register(DialingRules)
class DialingRulesAdmin(TenantAdmin):
    icon = "rule"
    rights: ClassVar[Rights] = SET_UP
    list_display = ("name", "lines", "max_per_day", "abandon_percent", "is_stopped")
    fields = (("lines", "max_per_day", "abandon_percent"), "is_stopped")

    @display(description="Dialing rules")
    def name(self, rules: DialingRules) -> str:
        return str(rules)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_add_permission(request, obj) and not DialingRules.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # without rules nothing is dialed

    def save_model(self, request: HttpRequest, obj: DialingRules, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if "is_stopped" in form.changed_data:
            campaigns.stop_all(is_stopped=obj.is_stopped, now=timezone.now(), actor=actor_of(request))
