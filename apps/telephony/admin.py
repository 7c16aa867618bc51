"""The phone's pages: numbers with their setup, and what went on: voicemails, texts, calls that were made."""

from typing import Any, ClassVar

from asgiref.sync import async_to_sync
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.decorators import display

from apps.telephony import checkup, voicemails
from apps.telephony.calls import CarrierError
from apps.telephony.links import NoPublicAddress
from apps.telephony.models import OptOut, PhoneNumber, PlacedCall, TextMessage, Voicemail
from apps.tenants.access import EDIT, RECORD, VIEW, Rights
from apps.tenants.admin import TenantAdmin
from apps.tenants.models import Role


class _Record(TenantAdmin):
    rights: ClassVar[Rights] = RECORD
    actions = None


@admin.register(PhoneNumber)
class PhoneNumberAdmin(TenantAdmin):
    """Only the platform gives out numbers: else a business could take the one that another has just bought."""

    icon = "call"
    rights: ClassVar[Rights] = {Role.OWNER: EDIT, Role.MANAGER: EDIT, Role.STAFF: VIEW}
    actions = None
    list_display = ("number", "label", "answers", "state")
    fields = ("number", "label", "agent", "is_active")
    change_form_outer_before_template = "admin/telephony/phonenumber/setup.html"

    def get_readonly_fields(self, request: HttpRequest, obj: PhoneNumber | None = None) -> Any:
        return ("number",) if obj is not None else ()

    @display(description="Who answers", ordering="agent")
    def answers(self, number: PhoneNumber) -> str:
        return number.agent or "Who meets every caller"

    @display(description="State", label={"On": "success", "Off": "warning"})
    def state(self, number: PhoneNumber) -> str:
        return "On" if number.is_active else "Off"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.check_view)
        return [path("<path:object_id>/check/", view, name="telephony_phonenumber_check"), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponseBase:
        number: PhoneNumber = self.get_object(request, object_id)
        return super().change_view(request, object_id, form_url, {"setup": _setup(number), **(extra_context or {})})

    def check_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Tries the way from the carrier to us."""
        number: PhoneNumber = self.get_object(request, object_id)
        if not self.has_change_permission(request, number):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        context = {
            **self.admin_site.each_context(request),
            "title": f"Check of {number.number}",
            "findings": async_to_sync(checkup.check)(number.number),
            "back": reverse("admin:telephony_phonenumber_change", args=[number.pk]),
        }
        return TemplateResponse(request, "admin/telephony/phonenumber/check.html", context)


def _setup(number: PhoneNumber) -> list[tuple[str, str]]:
    """(what the carrier's console calls it, our address); nothing where the platform has no public address."""
    try:
        return checkup.setup(number.carrier)
    except NoPublicAddress:
        return []


@admin.register(Voicemail)
class VoicemailAdmin(_Record):
    icon = "voicemail"
    list_display = ("created_at", "caller", "number", "length", "state")
    fields = ("created_at", "caller", "number", "length", "player")
    readonly_fields = fields
    ordering = ("-created_at",)

    @display(description="Length")
    def length(self, voicemail: Voicemail) -> str:
        return f"{voicemail.seconds // 60}:{voicemail.seconds % 60:02}"

    @display(description="State", label={"New": "info", "Heard": "success", "Being stored": "warning"})
    def state(self, voicemail: Voicemail) -> str:
        return "Heard" if voicemail.heard_at else "New" if voicemail.is_ready else "Being stored"

    @display(description="Message")
    def player(self, voicemail: Voicemail) -> str:
        source = reverse("admin:telephony_voicemail_sound", args=[voicemail.pk])
        return format_html('<audio controls preload="none" src="{}"></audio>', source)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.sound_view)
        return [path("<path:object_id>/sound/", view, name="telephony_voicemail_sound"), *super().get_urls()]

    def sound_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The message, from the carrier; it counts as heard."""
        voicemail: Voicemail = self.get_object(request, object_id)
        if not self.has_view_permission(request, voicemail):
            raise PermissionDenied
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        try:
            sound = async_to_sync(voicemails.sound)(voicemail.recording)
        except CarrierError:
            raise Http404("The carrier does not have it.") from None
        Voicemail.objects.filter(pk=voicemail.pk, heard_at=None).update(heard_at=timezone.now())
        headers = {"Cache-Control": "private, no-store", "Content-Disposition": "inline"}
        return HttpResponse(sound, content_type="audio/wav", headers=headers)


@admin.register(TextMessage)
class TextMessageAdmin(_Record):
    icon = "sms"
    list_display = ("created_at", "direction_label", "other", "beginning", "state")
    list_filter = ("direction", "created_at")
    search_fields = ("other", "body")
    fields = ("created_at", "direction", "number", "other", "body", "reply", "status", "error")
    readonly_fields = fields
    ordering = ("-created_at",)

    @display(description="Direction", ordering="direction", label=True)
    def direction_label(self, text: TextMessage) -> str:
        return text.get_direction_display()

    @display(description="Text")
    def beginning(self, text: TextMessage) -> str:
        return text.body if len(text.body) <= 80 else f"{text.body[:79]}…"

    @display(description="State", ordering="status")
    def state(self, text: TextMessage) -> str:
        return text.status.capitalize()


@admin.register(PlacedCall)
class PlacedCallAdmin(_Record):
    icon = "phone_forwarded"
    list_display = ("created_at", "to", "what", "came_of_it", "seconds")
    list_filter = ("status", "created_at")
    search_fields = ("to", "about")
    fields = ("created_at", "number", "to", "what", "question", "message", "came_of_it", "digits", "seconds", "error")
    readonly_fields = fields
    ordering = ("-created_at",)

    @display(description="Who talked")
    def what(self, call: PlacedCall) -> str:
        return "A question" if call.question else call.agent or "Who meets every caller"

    @display(description="Outcome", ordering="status", label={"Answered": "success", "Failed": "danger"})
    def came_of_it(self, call: PlacedCall) -> str:
        outcome = call.outcome or call.status
        return "Message left" if outcome == "machine" and call.message_left else outcome.replace("_", " ").capitalize()


@admin.register(OptOut)
class OptOutAdmin(_Record):
    """Nobody takes it back but they themselves."""

    icon = "sms_failed"
    list_display = ("number", "created_at")
    search_fields = ("number",)
    fields = ("number", "created_at")
    readonly_fields = fields
    ordering = ("-created_at",)
