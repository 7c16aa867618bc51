"""The helpdesk in the admin, in its own words: tickets, clients and their people, devices, guides, outages."""

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from django.utils import timezone
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextareaWidget

from apps.business.admin.moments import moment
from apps.business.admin.search import FoldedSearch
from apps.common.errors import AppError
from apps.tenants.access import RECORD, SET_UP, Rights
from apps.tenants.admin import TenantAdmin, TenantForm, TenantInline, actor_of
from apps.verticals.it_helpdesk import tickets
from apps.verticals.it_helpdesk.core.flow import Step, problems
from apps.verticals.it_helpdesk.models import (
    Article,
    Device,
    Employee,
    Guide,
    GuideStep,
    Organization,
    Outage,
    Technician,
    Ticket,
    TicketEntry,
    TicketStatus,
    Troubleshooting,
    Visit,
)

_STATUS_COLORS = {
    "Open": "info",
    "In progress": "info",
    "Escalated": "danger",
    "Waiting for the caller": "warning",
    "Closed": "success",
}
_PRIORITY_COLORS = {"Critical": "danger", "High": "warning", "Normal": "info", "Low": "info"}


class EmployeeInline(TenantInline):
    model = Employee
    fields = ("contact", "department", "is_it_contact", "is_active")
    autocomplete_fields = ("contact",)
    verbose_name = "caller"
    verbose_name_plural = "People"


@admin.register(Organization)
class OrganizationAdmin(FoldedSearch):
    icon = "apartment"
    rights: ClassVar[Rights] = SET_UP
    list_display = ("name", "plan", "people", "devices_in_use", "open_tickets", "is_active")
    list_filter = ("plan", "is_active")
    search_fields = ("name_key",)
    search_help_text = "Search by name."
    ordering = ("name", "id")  # the model's own does not hold where rows are counted
    fields = (("name", "code"), ("plan", "is_active"), "address", "notes")
    inlines = (EmployeeInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        open_tickets = Count("tickets", filter=~Q(tickets__status=TicketStatus.CLOSED), distinct=True)
        return (
            super()
            .get_queryset(request)
            .annotate(
                team=Count("employees", distinct=True), owned=Count("devices", distinct=True), waiting=open_tickets
            )
        )

    @display(description="People", ordering="team")
    def people(self, organization: Any) -> int:
        return int(organization.team)

    @display(description="Devices", ordering="owned")
    def devices_in_use(self, organization: Any) -> int:
        return int(organization.owned)

    @display(description="Open tickets", ordering="waiting")
    def open_tickets(self, organization: Any) -> int:
        return int(organization.waiting)


@admin.register(Employee)
class EmployeeAdmin(FoldedSearch):
    icon = "badge"
    list_display = ("name", "organization", "department", "phone", "is_it_contact", "is_active")
    list_filter = ("organization", "is_it_contact", "is_active")
    list_select_related = ("contact", "organization")
    search_fields = ("contact__given_key", "contact__family_key", "contact__phone", "organization__name_key")
    search_help_text = "Search by name, phone number or organization."
    autocomplete_fields = ("contact", "organization")
    fields = ("contact", ("organization", "department"), ("is_it_contact", "is_active"))

    @display(description="Name", ordering="contact__family_key")
    def name(self, employee: Employee) -> str:
        return employee.contact.name

    @display(description="Phone")
    def phone(self, employee: Employee) -> str:
        return employee.contact.phone


@admin.register(Technician)
class TechnicianAdmin(TenantAdmin):
    icon = "engineering"
    rights: ClassVar[Rights] = SET_UP
    list_display = ("name", "specialty", "level")
    list_filter = ("specialty", "level")
    list_select_related = ("staff",)
    search_fields = ("staff__name",)
    autocomplete_fields = ("staff",)
    fields = ("staff", ("specialty", "level"))

    @display(description="Name", ordering="staff__name")
    def name(self, technician: Technician) -> str:
        return technician.staff.name


class DeviceForm(TenantForm):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        employee, organization = cleaned.get("employee"), cleaned.get("organization")
        if employee and organization and employee.organization_id != organization.pk:
            self.add_error("employee", f"{employee} does not work at {organization}.")
        return cleaned


@admin.register(Device)
class DeviceAdmin(TenantAdmin):
    icon = "devices"
    form = DeviceForm
    list_display = ("asset_tag", "kind", "model_name", "organization", "employee", "status", "warranty_until_date")
    list_filter = ("kind", "status", "organization")
    list_select_related = ("organization", "employee__contact")
    search_fields = ("asset_tag", "serial_number", "model_name")
    search_help_text = "Search by asset tag, serial number or model."
    autocomplete_fields = ("organization", "employee")
    fields = (
        ("asset_tag", "kind"),
        ("model_name", "serial_number"),
        ("organization", "employee"),
        ("operating_system", "location"),
        ("status", "warranty_until_date"),
    )


class EntryInline(TenantInline):
    """The history: it grows by what is done to the ticket, and nobody edits it."""

    model = TicketEntry
    rights: ClassVar[Rights] = RECORD
    fields = readonly_fields = ("at", "kind", "text", "actor")
    ordering = ("at", "id")


class TicketForm(TenantForm):
    note = forms.CharField(
        label="Add a note",
        required=False,
        max_length=tickets.MAX_NOTE,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        employee, device = cleaned.get("employee"), cleaned.get("device")
        if employee and device and device.organization_id != employee.organization_id:
            self.add_error("device", f"{device} does not belong to {employee.organization}.")
        return cleaned


@admin.register(Ticket)
class TicketAdmin(FoldedSearch):
    icon = "confirmation_number"
    form = TicketForm
    list_display = (
        "code",
        "problem",
        "organization",
        "employee",
        "priority_label",
        "status_label",
        "technician",
        "due",
    )
    list_filter = ("status", "priority", "category", "technician", "organization")
    list_select_related = ("organization", "employee__contact", "technician__staff")
    search_fields = ("number", "problem", "employee__contact__family_key", "organization__name_key")
    search_help_text = "Search by number, problem, caller or organization."
    autocomplete_fields = ("employee", "device")
    actions = ("take_up", "escalate", "close")
    inlines = (EntryInline,)
    ordering = ("-number",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return super().get_search_results(request, queryset, search_term.upper().removeprefix("INC-"))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # a ticket is closed, so that it can be told what became of it

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        about = ("employee", "device", "problem", ("category", "priority"))
        if obj is None:
            return ((None, {"fields": about}),)
        handling = (("status_text", "technician"), ("opened_at", "due_at"), "escalation_reason")
        return ((None, {"fields": about}), ("Handling", {"fields": handling}), ("History", {"fields": ("note",)}))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj is None else ("employee", "problem", "status_text", "opened_at", "escalation_reason")

    def save_model(self, request: HttpRequest, obj: Ticket, form: Any, change: bool) -> None:
        values, now, actor = form.cleaned_data, timezone.now(), actor_of(request)
        if not change:
            opened = tickets.open_ticket(
                employee=values["employee"],
                problem=values["problem"],
                category=values["category"],
                urgency=values["priority"],
                device=values["device"],
                now=now,
                actor=actor,
            )
            obj.__dict__.update(opened.__dict__)
            return
        super().save_model(request, obj, form, change)
        if changed := [name for name in form.changed_data if name != "note"]:
            tickets.record_change(ticket=obj, fields=changed, now=now, actor=actor)
        if values.get("note"):
            tickets.add_note(ticket=obj, text=values["note"], now=now, actor=actor)

    @display(description="Ticket", ordering="number")
    def code(self, ticket: Ticket) -> str:
        return ticket.reference

    @display(description="Priority", ordering="priority", label=_PRIORITY_COLORS)
    def priority_label(self, ticket: Ticket) -> str:
        return ticket.get_priority_display()

    @display(description="Status", ordering="status", label=_STATUS_COLORS)
    def status_label(self, ticket: Ticket) -> str:
        return ticket.get_status_display()

    @display(description="Status")
    def status_text(self, ticket: Ticket) -> str:
        return ticket.get_status_display()

    @display(description="Answer due", ordering="due_at")
    def due(self, ticket: Ticket) -> Any:
        return ticket.due_at if ticket.is_open else None

    @action(description="Take up the selected tickets", permissions=["change"])
    def take_up(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> None:
        self._each(request, queryset, "taken up", tickets.take_up)

    @action(description="Escalate the selected tickets", permissions=["change"])
    def escalate(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> None:
        self._each(request, queryset, "escalated", tickets.escalate, reason="Escalated by the team.")

    @action(description="Close the selected tickets", permissions=["change"])
    def close(self, request: HttpRequest, queryset: QuerySet[Ticket]) -> None:
        self._each(request, queryset, "closed", tickets.close, reason="Closed by the team.")

    def _each(
        self, request: HttpRequest, queryset: QuerySet[Ticket], done: str, change: Callable[..., Ticket], **more: str
    ) -> None:
        """Does it to one after the other; what refuses is named and keeps none of the others back."""
        count = 0
        for ticket in queryset:
            try:
                change(ticket=ticket, now=timezone.now(), actor=actor_of(request), **more)
            except AppError as refusal:
                messages.warning(request, refusal.message)
            else:
                count += 1
        if count:
            messages.success(request, f"{count} {'ticket' if count == 1 else 'tickets'} {done}.")


@admin.register(Visit)
class VisitAdmin(FoldedSearch):
    """Time and technician are changed on the booking."""

    icon = "directions_car"
    rights: ClassVar[Rights] = RECORD
    list_display = ("when", "ticket", "caller", "technician", "status")
    list_filter = ("booking__status", "booking__starts_at", "booking__staff")
    list_select_related = ("booking__contact", "booking__staff", "ticket")
    search_fields = ("booking__contact__family_key", "booking__reference", "ticket__number")
    fields = (("when", "status"), ("caller", "technician"), ("booking", "ticket"))
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


class StepFormSet(BaseInlineFormSet):
    """The steps together must be a flow in which every caller gets to an end."""

    def clean(self) -> None:
        super().clean()
        rows = [form.cleaned_data for form in self.forms if form.is_valid() and form.cleaned_data.get("key")]
        kept = sorted((row for row in rows if not row.get("DELETE")), key=lambda row: row["position"])
        found = problems([Step(row["key"], row["text"], row["on_yes"], row["on_no"]) for row in kept])
        if found and not any(self.errors):
            raise forms.ValidationError(found)


class StepInline(TenantInline):
    model = GuideStep
    formset = StepFormSet
    fields = ("position", "key", "text", "on_yes", "on_no")
    rights: ClassVar[Rights] = SET_UP
    verbose_name = "step"
    verbose_name_plural = "Steps"


@admin.register(Guide)
class GuideAdmin(TenantAdmin):
    icon = "account_tree"
    rights: ClassVar[Rights] = SET_UP
    list_display = ("title", "category", "used", "solved_share", "is_active")
    list_filter = ("category", "is_active")
    search_fields = ("title", "symptoms")
    ordering = ("category", "title", "id")
    fields = (("title", "category"), "symptoms", "is_active")
    inlines = (StepInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        solved = Count("runs", filter=Q(runs__outcome=Troubleshooting.Outcome.SOLVED))
        return super().get_queryset(request).annotate(times=Count("runs"), solved=solved)

    @display(description="Used", ordering="times")
    def used(self, guide: Any) -> int:
        return int(guide.times)

    @display(description="Solved")
    def solved_share(self, guide: Any) -> str:
        return f"{100 * guide.solved // guide.times}%" if guide.times else "–"


@admin.register(Troubleshooting)
class TroubleshootingAdmin(TenantAdmin):
    icon = "checklist"
    rights: ClassVar[Rights] = RECORD
    list_display = ("guide", "employee", "outcome", "ticket", "started_at")
    list_filter = ("outcome", "guide__category")
    list_select_related = ("guide", "employee__contact", "ticket")
    search_fields = ("employee__contact__family_key", "guide__title")
    fields = (("guide", "outcome"), ("employee", "device"), "problem", "tried", "ticket", ("started_at", "ended_at"))
    readonly_fields = ("tried",)

    @display(description="Tried")
    def tried(self, run: Troubleshooting) -> str:
        return ", ".join(f"{key}: {'yes' if yes else 'no'}" for key, yes in run.answers) or "–"


@admin.register(Article)
class ArticleAdmin(TenantAdmin):
    icon = "menu_book"
    rights: ClassVar[Rights] = SET_UP
    list_display = ("title", "category", "source", "is_published")
    list_filter = ("category", "is_published")
    search_fields = ("title", "text", "source")
    fields = (("title", "category"), "text", ("source", "is_published"))


@admin.register(Outage)
class OutageAdmin(TenantAdmin):
    icon = "cloud_off"
    list_display = ("title", "category", "organization", "started_at", "expected_end_at", "ended_at")
    list_filter = ("category", ("ended_at", admin.EmptyFieldListFilter))
    list_select_related = ("organization",)
    search_fields = ("title",)
    autocomplete_fields = ("organization",)
    fields = (("title", "category"), "organization", "started_at", ("expected_end_at", "ended_at"))
