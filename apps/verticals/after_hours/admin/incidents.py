"""Incidents: what was reported, who was called when, who has it, and all that happened."""

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from apps.business.admin.moments import moment
from apps.business.admin.search import FoldedSearch
from apps.common.errors import AppError
from apps.tenants.access import RECORD, Rights
from apps.tenants.admin import TenantAdmin, TenantForm, TenantInline, actor_of
from apps.verticals.after_hours import escalation, incidents
from apps.verticals.after_hours.core.ladder import Verdict
from apps.verticals.after_hours.escalation import BY_HAND
from apps.verticals.after_hours.models import Channel, Incident, LogEntry, Outreach, Responder, Rung, Visit

_STATE_COLORS = {
    "For the office": "info",
    "Ringing": "danger",
    "Taken": "success",
    "No emergency": "info",
    "Missed": "danger",
    "Closed": "info",
}
_CORRECTED = ("callback_phone", "building", "address", "unit")


class RungInline(TenantInline):
    """Whom the ladder calls, and when."""

    model = Rung
    rights: ClassVar[Rights] = RECORD
    fields = readonly_fields = ("role", "responder", "due_at", "begun_at")
    ordering = ("position",)
    verbose_name_plural = "Ladder"

    @display(description="Rung")
    def role(self, rung: Rung) -> str:
        return rung.role


class OutreachInline(TenantInline):
    """What went out to whom."""

    model = Outreach
    rights: ClassVar[Rights] = RECORD
    fields = readonly_fields = ("created_at", "kind", "purpose", "to", "status", "error")
    ordering = ("created_at", "id")
    verbose_name_plural = "Calls and texts"


class LogInline(TenantInline):
    """It grows by what happens, and nobody edits it."""

    model = LogEntry
    rights: ClassVar[Rights] = RECORD
    fields = readonly_fields = ("at", "kind", "text", "state", "actor")
    ordering = ("at", "id")
    verbose_name_plural = "Log"


class IncidentForm(TenantForm):
    note = forms.CharField(
        label="Add a note",
        required=False,
        max_length=incidents.MAX_NOTE,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
    )
    taken_by: "forms.ModelChoiceField[Responder]" = forms.ModelChoiceField(
        None,
        label="Is taken by",
        required=False,
        empty_label="No change",
        help_text="Stops the ladder: nobody else rings.",
        widget=UnfoldAdminSelectWidget,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "taken_by" in self.fields:
            field: Any = self.fields["taken_by"]
            field.queryset = Responder.objects.filter(is_active=True).select_related("staff")


@admin.register(Incident)
class IncidentAdmin(FoldedSearch):
    icon = "emergency"
    form = IncidentForm
    list_display = ("code", "what", "where", "caller", "urgency", "state_label", "has_it", "reported_at")
    list_filter = ("state", "trade", "channel", "acknowledged_by__staff", "reported_at")
    list_select_related = ("building", "contact", "acknowledged_by__staff")
    search_fields = ("number", "description", "callback_phone", "contact__family_key", "building__address_key")
    search_help_text = "Search by number, words, caller, phone number or street."
    autocomplete_fields = ("contact", "building")
    actions = ("close_selected", "downgrade_selected")
    inlines = (RungInline, OutreachInline, LogInline)
    ordering = ("-number",)
    date_hierarchy = "reported_at"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return super().get_search_results(request, queryset, search_term.upper().removeprefix("AH-"))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # an incident is closed, so that it can be told what became of it

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return () if obj is None else super().get_inlines(request, obj)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ((None, {"fields": ("description", "trade", "contact", *_CORRECTED[:2], _CORRECTED[2:])}),)
        return (
            (None, {"fields": ("description", ("trade", "channel", "reported_at"), ("urgency", "why"))}),
            ("Where and who", {"fields": (("building", "unit"), "address", ("contact", "callback_phone"))}),
            ("Handling", {"fields": (("state_text", "due_at"), ("taken", "acknowledged_at"), "taken_by", "note")}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ()
        told = ("description", "trade", "channel", "reported_at", "urgency", "why", "contact")
        return (*told, "state_text", "due_at", "taken", "acknowledged_at")

    def save_model(self, request: HttpRequest, obj: Incident, form: Any, change: bool) -> None:
        values, now, actor = form.cleaned_data, timezone.now(), actor_of(request)
        if not change:
            opened, _ = incidents.open_incident(
                channel=Channel.STAFF,
                **{name: values[name] for name in ("description", "trade", "contact", *_CORRECTED)},
                now=now,
                actor=actor,
            )
            obj.__dict__.update(opened.__dict__)
            return
        corrected = {name: values[name] for name in _CORRECTED if name in form.changed_data}
        if corrected:
            incidents.correct(incident=obj, changes=corrected, now=now, actor=actor)
        if values.get("note"):
            incidents.add_note(incident=obj, text=values["note"], now=now, actor=actor)
        if values.get("taken_by"):
            self._take(request, obj, values["taken_by"])

    def _take(self, request: HttpRequest, incident: Incident, responder: Responder) -> None:
        verdict = escalation.acknowledge(
            incident=incident, responder=responder, via=BY_HAND, now=timezone.now(), actor=actor_of(request)
        )
        if verdict is not Verdict.TAKEN:
            messages.warning(request, f"{incident.reference} does not ring any more, so nothing has changed.")

    @display(description="Incident", ordering="number")
    def code(self, incident: Incident) -> str:
        return incident.reference

    @display(description="What happened")
    def what(self, incident: Incident) -> str:
        return incident.description[:60]

    @display(description="Where", ordering="building__address_key")
    def where(self, incident: Incident) -> str:
        return incident.place or "–"

    @display(description="Caller", ordering="contact__family_key")
    def caller(self, incident: Incident) -> str:
        return incident.contact.name if incident.contact else incident.callback_phone or "–"

    @display(description="Urgency", ordering="score")
    def urgency(self, incident: Incident) -> str:
        return f"{incident.score:.0%}{', lives at risk' if incident.is_danger else ''}"

    @display(description="Because of")
    def why(self, incident: Incident) -> str:
        return ", ".join(incident.signs) or "–"

    @display(description="State", ordering="state", label=_STATE_COLORS)
    def state_label(self, incident: Incident) -> str:
        return incident.get_state_display()

    @display(description="State")
    def state_text(self, incident: Incident) -> str:
        return incident.get_state_display()

    @display(description="Taken by")
    def has_it(self, incident: Incident) -> str:
        return str(incident.acknowledged_by or "–")

    @display(description="Taken by")
    def taken(self, incident: Incident) -> str:
        return str(incident.acknowledged_by or "–")

    @action(description="Close the selected incidents", permissions=["change"])
    def close_selected(self, request: HttpRequest, queryset: QuerySet[Incident]) -> None:
        self._each(request, queryset, "closed", _close)

    @action(description="Leave the selected incidents to the office", permissions=["change"])
    def downgrade_selected(self, request: HttpRequest, queryset: QuerySet[Incident]) -> None:
        self._each(request, queryset, "left to the office", _downgrade)

    def _each(
        self, request: HttpRequest, queryset: QuerySet[Incident], done: str, change: Callable[[Incident, str], None]
    ) -> None:
        """Does it to one after the other; what refuses is named and keeps none of the others back."""
        count = 0
        for incident in queryset:
            try:
                change(incident, actor_of(request))
            except AppError as refusal:
                messages.warning(request, refusal.message)
            else:
                count += 1
        if count:
            messages.success(request, f"{count} {'incident' if count == 1 else 'incidents'} {done}.")


def _close(incident: Incident, actor: str) -> None:
    incidents.close(incident=incident, reason="Closed by the team.", now=timezone.now(), actor=actor)


def _downgrade(incident: Incident, actor: str) -> None:
    escalation.leave_to_office(incident=incident, now=timezone.now(), actor=actor)


@admin.register(Visit)
class VisitAdmin(TenantAdmin):
    """Time and technician are changed on the booking."""

    icon = "directions_car"
    rights: ClassVar[Rights] = RECORD
    list_display = ("when", "incident", "caller", "technician", "status")
    list_filter = ("booking__status", "booking__starts_at", "booking__staff")
    list_select_related = ("booking__contact", "booking__staff", "incident")
    search_fields = ("booking__contact__family_key", "booking__reference", "incident__number")
    fields = (("when", "status"), ("caller", "technician"), ("booking", "incident"))
    readonly_fields = ("when", "status", "caller", "technician")
    ordering = ("-booking__starts_at",)

    @display(description="When", ordering="booking__starts_at")
    def when(self, visit: Visit) -> str:
        return moment(visit.booking.starts_at)

    @display(description="Caller", ordering="booking__contact__family_key")
    def caller(self, visit: Visit) -> str:
        return visit.booking.contact.name

    @display(description="Technician", ordering="booking__staff__name")
    def technician(self, visit: Visit) -> str:
        return visit.booking.staff.name

    @display(description="Status", ordering="booking__status")
    def status(self, visit: Visit) -> str:
        return visit.booking.get_status_display()
