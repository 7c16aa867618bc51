"""A contact's rights: a file of all that is held of them, their erasure, and how long things are kept."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from unfold.decorators import action, display

from apps.business.data_rights import erasures, exports, requests, retention, subjects
from apps.business.models import Contact, DataRequest, Retention
from apps.common.errors import AppError, NotFound
from apps.common.ranges import file_response
from apps.tenants.access import EVERYTHING, NOTHING, OWNERS_ONLY, VIEW, Rights, may
from apps.tenants.admin import TenantAdmin, TenantForm, actor_of
from apps.tenants.models import Role

EXPORT: Rights = {Role.OWNER: EVERYTHING, Role.MANAGER: EVERYTHING, Role.STAFF: NOTHING}
ERASE: Rights = {Role.OWNER: EVERYTHING, Role.MANAGER: NOTHING, Role.STAFF: NOTHING}
_LABELS = {"Waiting": "info", "Under way": "info", "Done": "success", "Failed": "danger"}


class RightsOfContacts(TenantAdmin):
    """Buttons on a contact's page."""

    actions_detail: Any = ("export_data", "erase_contact")

    def has_export_data_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return may(request, "change", EXPORT)

    def has_erase_contact_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return may(request, "change", ERASE)

    @action(description="Export all data", url_path="export-data", icon="download", permissions=["export_data"])
    def export_data(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks for the file; the page that follows shows how far it is."""
        contact: Contact = self.get_object(request, object_id)
        if not self.has_export_data_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            made = requests.ask_export(contact=contact, actor=actor_of(request), now=timezone.now())
            return HttpResponseRedirect(reverse("admin:business_datarequest_change", args=[made.pk]))
        return self._asked(request, contact, "export", refusal="")

    @action(description="Erase", url_path="erase", icon="delete_forever", permissions=["erase_contact"])
    def erase_contact(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Shows what goes and what stays, and asks for the name."""
        contact: Contact = self.get_object(request, object_id)
        if not self.has_erase_contact_permission(request):
            raise PermissionDenied
        refusal = ""
        if request.method == "POST":
            typed = request.POST.get("name", "")[:200]
            try:
                made = requests.ask_erasure(
                    contact=contact, typed_name=typed, actor=actor_of(request), now=timezone.now()
                )
                return HttpResponseRedirect(reverse("admin:business_datarequest_change", args=[made.pk]))
            except AppError as error:
                refusal = error.message
        return self._asked(request, contact, "erase", refusal=refusal)

    def _asked(self, request: HttpRequest, contact: Contact, what: str, *, refusal: str) -> HttpResponse:
        found = erasures.preview(contact)
        context = {
            **self.admin_site.each_context(request),
            "title": f"{'Export' if what == 'export' else 'Erase'}: {contact.name}",
            "opts": self.opts,
            "original": contact,
            "found": [each for each in found if each["rule"] != "last"],
            "shared": subjects.shared(contact),
            "refusal": refusal,
            "back": reverse("admin:business_contact_change", args=[contact.pk]),
        }
        return TemplateResponse(request, f"admin/business/contact/{what}.html", context, status=422 if refusal else 200)


@admin.register(DataRequest)
class DataRequestAdmin(TenantAdmin):
    """What was asked for, how far it is, and the file while there is one."""

    icon = "privacy_tip"
    rights: ClassVar[Rights] = {Role.OWNER: VIEW, Role.MANAGER: VIEW, Role.STAFF: NOTHING}
    list_display = ("kind", "status_label", "asked_at", "actor", "finished_at")
    list_filter = ("kind", "status", "asked_at")
    ordering = ("-asked_at",)
    actions = None

    def get_urls(self) -> list[URLPattern]:
        download = path(
            "<path:object_id>/file/",
            self.admin_site.admin_view(self.file_view),
            name="business_datarequest_file",
        )
        return [download, *super().get_urls()]

    @display(description="Status", ordering="status", label=_LABELS)
    def status_label(self, asked: DataRequest) -> str:
        return asked.get_status_display()

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponseBase:
        asked = self._readable(request, object_id)
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied  # a record
        is_open = asked.status in requests.OPEN
        context = {
            **self.admin_site.each_context(request),
            "title": str(asked),
            "opts": self.opts,
            "asked": asked,
            "contact": Contact.objects.filter(pk=asked.contact_id).first(),
            "is_open": is_open,
            "is_fetchable": bool(asked.file and asked.expires_at and asked.expires_at > timezone.now()),
        }
        response = TemplateResponse(request, "admin/business/datarequest/page.html", context)
        if is_open:
            response["Refresh"] = "3"
        return response

    def file_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """The file, to those who may export, for a day."""
        asked = self._readable(request, object_id)
        if not may(request, "change", EXPORT) or request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        try:
            name = exports.ready_file(asked, now=timezone.now())
            response = file_response(request, name=name, size=asked.size, content_type="application/zip")
        except (NotFound, FileNotFoundError):
            raise Http404 from None
        response["Content-Disposition"] = f'attachment; filename="contact-{asked.asked_at:%Y-%m-%d}.zip"'
        return response

    def _readable(self, request: HttpRequest, object_id: str) -> DataRequest:
        asked: DataRequest = self.get_object(request, object_id)
        if not self.has_view_permission(request, asked):
            raise PermissionDenied
        return asked


class RetentionForm(TenantForm):
    transcript_days = forms.IntegerField(
        min_value=1, max_value=2_192, help_text="From 1 day to 6 years (2,192 days). Usual are 90."
    )
    audit_months = forms.IntegerField(
        min_value=12, max_value=120, help_text="From 12 months to 10 years. Health records ask for 6 years: 72."
    )

    def clean_audit_months(self) -> int:
        months: int = self.cleaned_data["audit_months"]
        least = retention.least_audit_months()
        if months < least:
            raise ValidationError(f"In your industry the trail is kept for at least {least} months.")
        return months


@admin.register(Retention)
class RetentionAdmin(TenantAdmin):
    """One row a business; its page opens at once."""

    icon = "auto_delete"
    rights: ClassVar[Rights] = OWNERS_ONLY
    form = RetentionForm
    actions = None
    list_display = ("transcript_days", "audit_months")
    fields = ("transcript_days", "audit_months")
    list_before_template = "admin/business/retention/note.html"

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        usual = retention.in_force()
        return {"transcript_days": usual.transcript_days, "audit_months": usual.audit_months}

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_add_permission(request, obj)
        return allowed and not Retention.objects.exists()

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        terms = retention.in_force() if getattr(request, "tenant", None) is not None else None
        return super().changelist_view(request, {"terms": terms, **(extra_context or {})})
