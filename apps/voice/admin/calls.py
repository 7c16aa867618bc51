"""Calls: the list, and each with its transcript, its times and its recording. Nobody edits what happened."""

from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from phonenumbers import NumberParseException
from unfold.decorators import display

from apps.business.contacts import readable_phone
from apps.common.ranges import file_response
from apps.conversations.admin import agent_name, turns_of
from apps.conversations.models import Call
from apps.plans.core.prices import MICRO
from apps.plans.models import UsageEntry, UsageKind
from apps.tenants.access import RECORD, Rights
from apps.tenants.admin import TenantAdmin
from apps.voice.admin.waterfall import waterfall
from apps.voice.models import CallFile

OUTCOMES = {
    "caller_left": "The caller hung up",
    "carrier_lost": "The line broke",
    "goodbye": "The agent said goodbye",
    "limit": "Longest time reached",
    "silence": "Nobody spoke any more",
    "supervisor": "Ended by a supervisor",
    "drain": "Ended for maintenance",
    "transfer": "Put through to a person",
    "no_model": "The model was away",
    "never_started": "Never began",
    "process_lost": "Our process broke",
}


@admin.register(Call)
class CallAdmin(TenantAdmin):
    icon = "call"
    rights: ClassVar[Rights] = RECORD
    list_display = ("started_at", "who", "carrier", "agent", "duration", "outcome", "cost")
    list_display_links = ("started_at", "who")
    list_filter = ("direction", "carrier", "ended", "started_at")
    list_select_related = ("tenant", "conversation", "conversation__contact")
    ordering = ("-started_at",)
    search_fields = ("caller", "number", "carrier_call", "conversation__contact__family_name")
    search_help_text = "Search by number, the carrier's id, or the contact's family name."

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Call]:
        costs = UsageEntry.objects.filter(conversation_id=OuterRef("conversation_id"), kind=UsageKind.COST)
        return super().get_queryset(request).annotate(cost_micros=Subquery(costs.values("quantity")[:1]))

    def get_urls(self) -> list[URLPattern]:
        recording = path(
            "<path:object_id>/recording/",
            self.admin_site.admin_view(self.recording_view),
            name="conversations_call_recording",
        )
        return [recording, *super().get_urls()]

    @display(description="From")
    def who(self, call: Call) -> str:
        if call.conversation.contact is not None:
            return call.conversation.contact.name
        return _phone(call.caller, call) if call.caller else "Browser" if call.carrier == "browser" else "Unknown"

    @display(description="Agent", ordering="conversation__agent")
    def agent(self, call: Call) -> str:
        return agent_name(call.conversation.agent)

    @display(description="Duration")
    def duration(self, call: Call) -> str:
        return "–" if call.seconds is None else f"{call.seconds // 60}:{call.seconds % 60:02}"

    @display(description="Outcome", ordering="ended", label={"Under way": "info"})
    def outcome(self, call: Call) -> str:
        return OUTCOMES.get(call.ended, call.ended) if call.ended else call.get_status_display()

    @display(description="Cost")
    def cost(self, call: Any) -> str:
        return "–" if call.cost_micros is None else f"${call.cost_micros / MICRO:.3f}"

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponseBase:
        """The call."""
        call = self._readable(request, object_id)
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied  # a record
        turns = turns_of(call.conversation)
        context = {
            **self.admin_site.each_context(request),
            "title": f"{self.who(call)}, {call.get_direction_display().lower()} call",
            "call": call,
            "conversation": call.conversation,
            "from_number": _phone(call.caller, call),
            "to_number": _phone(call.number, call),
            "agent": self.agent(call),
            "duration": self.duration(call),
            "outcome": self.outcome(call),
            "cost": self.cost(call),
            "turns": turns,
            "first_number": 1,
            "bars": waterfall(call.timings, [each for turn in turns for each in turn["calls"]]),
            "usage": _usage(call),
            "recording": CallFile.objects.filter(call=call, kind=CallFile.Kind.RECORDING).first(),
        }
        return TemplateResponse(request, "admin/voice/call.html", context)

    def recording_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """What was said, as sound; to those who may read it, too."""
        call = self._readable(request, object_id)
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        file = CallFile.objects.filter(call=call, kind=CallFile.Kind.RECORDING).first()
        if file is None:
            raise Http404
        try:
            return file_response(request, name=file.name, size=file.size, content_type="audio/wav")
        except FileNotFoundError:
            raise Http404 from None

    def _readable(self, request: HttpRequest, object_id: str) -> Any:
        call = self.get_object(request, object_id)
        if not self.has_view_permission(request, call):
            raise PermissionDenied
        return call


def _phone(number: str, call: Call) -> str:
    """As people write it; a carrier also says such as `anonymous`."""
    try:
        return readable_phone(number, call.tenant.region)
    except NumberParseException:
        return number


_KINDS = {
    "input_tokens": "Read",
    "input_audio_tokens": "of it audio",
    "cached_tokens": "of it cached",
    "output_tokens": "Written",
    "output_audio_tokens": "of it audio",
}


def _usage(call: Call) -> list[tuple[str, int]]:
    """(what, tokens), in the order they are read."""
    return [(name, call.usage[kind]) for kind, name in _KINDS.items() if call.usage.get(kind)]
