"""Leads, where they came from, what is known of them, and the meetings with them."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminFileFieldWidget

from apps.business.admin.moments import moment
from apps.business.admin.search import folded
from apps.tenants.access import EDIT, EVERYTHING, RECORD, SET_UP, VIEW, Rights, may
from apps.tenants.admin import TenantAdmin, TenantForm, TenantInline, actor_of
from apps.tenants.models import Role, Tenant
from apps.verticals.sales import campaigns, imports, numbers
from apps.verticals.sales.admin.own import OwnRows
from apps.verticals.sales.core.gate import WORDS
from apps.verticals.sales.core.scoring import HOT, WARM
from apps.verticals.sales.models import Campaign, Lead, LeadImport, Meeting, Qualification

_TEMPERATURES = {"Hot": "danger", "Warm": "warning", "Cold": "info"}
_STATUSES = {"Won": "success", "Meeting booked": "success", "Lost": "danger", "Closed": "danger"}


class TemperatureFilter(admin.SimpleListFilter):
    title = "temperature"
    parameter_name = "temperature"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("hot", f"Hot (from {HOT})"), ("warm", f"Warm (from {WARM})"), ("cold", "Cold")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "hot":
                return queryset.filter(score__gte=HOT)
            case "warm":
                return queryset.filter(score__gte=WARM, score__lt=HOT)
            case "cold":
                return queryset.filter(score__lt=WARM)
        return queryset


class QualificationInline(TenantInline):
    """What the talks have found out; nobody edits it."""

    model = Qualification
    rights: ClassVar[Rights] = RECORD
    fields = readonly_fields = (
        "at",
        "need",
        "intent",
        "fit",
        "authority",
        "urgency",
        "budget",
        "sentiment",
        "disqualifier",
        "score",
    )
    verbose_name_plural = "Qualification"


class LeadForm(TenantForm):
    def clean_phone(self) -> str:
        number = numbers.e164(self.cleaned_data["phone"], numbers.region())
        if number is None:
            raise forms.ValidationError("That is not a complete phone number.")
        return number


@admin.register(Lead)
class LeadAdmin(OwnRows):
    """With a staff login, a sales rep sees their own leads."""

    icon = "person_search"
    own = "rep__user"
    rights: ClassVar[Rights] = {Role.OWNER: EVERYTHING, Role.MANAGER: EVERYTHING, Role.STAFF: EDIT}
    form = LeadForm
    list_display = ("name", "company", "phone", "temperature", "score", "status_label", "rep", "last_call_at")
    list_filter = (TemperatureFilter, "status", "rep", "source", "interest")
    list_select_related = ("contact", "rep__staff")
    search_fields = ("contact__given_key", "contact__family_key", "company_key", "phone", "contact__email")
    search_help_text = "Search by name, company, phone number or e-mail."
    autocomplete_fields = ("contact", "rep", "interest")
    fields = (
        ("contact", "phone"),
        ("company", "job_title"),
        ("source", "interest"),
        ("status", "rep"),
        ("local_time", "may_be_called"),
        "notes",
    )
    readonly_fields = ("local_time", "may_be_called")
    inlines = (QualificationInline,)
    actions = ("enroll",)
    ordering = ("-score", "id")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return super().get_search_results(request, queryset, folded(search_term))

    @action(description="Put the selected leads into the newest draft of a campaign", permissions=["enroll"])
    def enroll(self, request: HttpRequest, queryset: QuerySet[Lead]) -> None:
        campaign = Campaign.objects.filter(status=Campaign.Status.DRAFT).first()
        if campaign is None:
            messages.warning(request, "There is no draft of a campaign. Make one first.")
            return
        count = campaigns.enroll(campaign=campaign, leads=queryset, now=timezone.now(), actor=actor_of(request))
        messages.success(request, f"{count} leads are new in “{campaign.name}”.")

    def has_enroll_permission(self, request: HttpRequest) -> bool:
        """What may change campaigns: managers and owners."""
        return may(request, "change", SET_UP)

    @display(description="Name", ordering="contact__family_key")
    def name(self, lead: Lead) -> str:
        return lead.contact.name

    @display(description="Temperature", ordering="score", label=_TEMPERATURES)
    def temperature(self, lead: Lead) -> str:
        return lead.temperature.capitalize()

    @display(description="Status", ordering="status", label=_STATUSES)
    def status_label(self, lead: Lead) -> str:
        return lead.get_status_display()

    @display(description="Their time")
    def local_time(self, lead: Lead) -> str:
        now = timezone.now()
        told = [f"{now.astimezone(zone):%-I:%M %p} ({zone})" for zone in numbers.zones_of(lead.phone)[:3]]
        return ", ".join(told) or WORDS["unknown_zone"]

    @display(description="May be called")
    def may_be_called(self, lead: Lead) -> str:
        return campaigns.standing(lead, now=timezone.now())


class ImportForm(TenantForm):
    """Reads the file when the form is saved."""

    file = forms.FileField(
        label="CSV file",
        widget=UnfoldAdminFileFieldWidget,
        help_text="One line per lead: first name, last name, phone, and if you have them e-mail, company, job title, "
        "notes, consent (written or spoken), consent date and consent source.",
    )


@admin.register(LeadImport)
class LeadImportAdmin(TenantAdmin):
    """Files of leads, each with every line that could not be taken over and why."""

    icon = "upload_file"
    rights: ClassVar[Rights] = {
        Role.OWNER: VIEW | {"add"},
        Role.MANAGER: VIEW | {"add"},
        Role.STAFF: VIEW,
    }
    form = ImportForm
    list_display = ("name", "source", "lines", "created", "known", "problem_count", "imported_at")
    search_fields = ("name", "source")
    ordering = ("-imported_at",)
    change_form_template = "admin/sales/leadimport/change_form.html"

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return ("file", "source")
        return (("name", "source"), ("lines", "created"), ("known", "consents"), "imported_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj is None else ("name", "source", "lines", "created", "known", "consents", "imported_at")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is None:
            kwargs["fields"] = ("source",)
        else:
            kwargs["form"] = TenantForm
        return super().get_form(request, obj, change=change, **kwargs)

    def save_model(self, request: HttpRequest, obj: LeadImport, form: Any, change: bool) -> None:
        file = form.cleaned_data["file"]
        if file.size > imports.MOST_BYTES:
            raise imports.FileTooLarge(f"A file may have {imports.MOST_BYTES // 1_000_000} MB.", field="file")
        zone = Tenant.objects.get(pk=obj.tenant_id).zone
        taken = imports.take_in(
            data=file.read(),
            name=file.name,
            source=form.cleaned_data["source"],
            now=timezone.now().astimezone(zone),
            actor=actor_of(request),
        )
        obj.__dict__.update(taken.__dict__)

    def response_add(self, request: HttpRequest, obj: LeadImport, post_url_continue: str | None = None) -> HttpResponse:
        """The report, at once."""
        messages.success(request, f"{obj.created} new leads of {obj.lines} lines.")
        return redirect("admin:sales_leadimport_change", obj.pk)

    @display(description="Problems")
    def problem_count(self, taken: LeadImport) -> int:
        return len(taken.problems)


@admin.register(Meeting)
class MeetingAdmin(OwnRows):
    """Time, rep and status are changed on the booking."""

    icon = "event"
    own = "booking__staff__sales_rep__user"
    rights: ClassVar[Rights] = RECORD
    list_display = ("when", "lead_name", "company", "rep", "topic", "status", "reference")
    list_filter = ("booking__status", "booking__starts_at", ("booking__staff", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("booking__staff", "lead__contact")
    search_fields = ("lead__contact__given_key", "lead__contact__family_key", "booking__reference")
    fields = (("when", "status"), ("lead", "company"), ("rep", "booking"), "topic")
    readonly_fields = ("when", "status", "company", "rep")
    ordering = ("-booking__starts_at",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return super().get_search_results(request, queryset, folded(search_term))

    @display(description="When", ordering="booking__starts_at")
    def when(self, meeting: Meeting) -> str:
        return moment(meeting.booking.starts_at)

    @display(description="Lead", ordering="lead__contact__family_key")
    def lead_name(self, meeting: Meeting) -> str:
        return meeting.lead.contact.name

    @display(description="Company", ordering="lead__company_key")
    def company(self, meeting: Meeting) -> str:
        return meeting.lead.company

    @display(description="Sales rep", ordering="booking__staff__name")
    def rep(self, meeting: Meeting) -> str:
        return meeting.booking.staff.name

    @display(description="Status", ordering="booking__status")
    def status(self, meeting: Meeting) -> str:
        return meeting.booking.get_status_display()

    @display(description="Reference", ordering="booking__reference")
    def reference(self, meeting: Meeting) -> str:
        return meeting.booking.reference
