"""Conversations: the list, and each as a transcript to be read. Nobody edits what was said."""

import json
from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.text import Truncator
from unfold.decorators import display

from apps.business.core.names import fold
from apps.conversations.models import Channel, Conversation, Purpose, ToolCall, Turn
from apps.conversations.panels import panels
from apps.tenants.access import RECORD, Rights
from apps.tenants.admin import TenantAdmin

_MOST_TURNS = 1_000
"""A transcript shows the last ones: a page of more is of no use, and a hostile visitor could make it endless."""


_LIST = "conversations_conversation_changelist"


@admin.register(Conversation)
class ConversationAdmin(TenantAdmin):
    icon = "forum"
    rights: ClassVar[Rights] = RECORD
    list_display = ("last_at", "who", "channel_label", "agent_name", "last_message", "turn_count")
    list_display_links = ("last_at", "who")
    list_filter = ("channel", "agent", "last_at")
    list_select_related = ("contact",)
    ordering = ("-last_at",)
    search_fields = ("id",)  # makes the box; get_search_results says what is looked through
    search_help_text = "Search in what was said, or by the contact's name."

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Conversation]:
        last = Turn.objects.filter(conversation=OuterRef("pk")).exclude(text="").order_by("-number")
        turns = Turn.objects.filter(conversation=OuterRef("pk")).order_by().values("conversation")
        rows: QuerySet[Conversation] = super().get_queryset(request)
        if request.resolver_match is not None and request.resolver_match.url_name == _LIST:
            rows = rows.filter(purpose=Purpose.LIVE)  # a test is read from where it was made
        return rows.annotate(
            last_text=Subquery(last.values("text")[:1]),
            last_role=Subquery(last.values("role")[:1]),
            turns_made=Subquery(turns.annotate(count=Count("pk")).values("count")),
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        said = Turn.objects.filter(conversation=OuterRef("pk"), text__icontains=term)
        named = Q()
        for word in fold(term).split():
            named &= Q(contact__given_key__contains=word) | Q(contact__family_key__contains=word)
        return queryset.filter(Q(Exists(said)) | Q(pk=term) | named), False

    @display(description="Who")
    def who(self, conversation: Conversation) -> str:
        return conversation.contact.name if conversation.contact else "Visitor"

    @display(description="Channel", ordering="channel", label=True)
    def channel_label(self, conversation: Conversation) -> str:
        return conversation.get_channel_display()

    @display(description="Agent", ordering="agent")
    def agent_name(self, conversation: Conversation) -> str:
        return agent_name(conversation.agent)

    @display(description="Last message")
    def last_message(self, conversation: Any) -> str:
        text = Truncator(conversation.last_text or "–").chars(90)
        return f"“{text}”" if conversation.last_role == Turn.Role.VISITOR else text

    @display(description="Turns", ordering="turns_made")
    def turn_count(self, conversation: Any) -> int:
        return conversation.turns_made or 0

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponseBase:
        """The transcript."""
        conversation: Conversation = self.get_object(request, object_id)
        if not self.has_view_permission(request, conversation):
            raise PermissionDenied
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied  # a record
        turns = turns_of(conversation)
        context = {
            **self.admin_site.each_context(request),
            "title": f"{self.who(conversation)}, {conversation.get_channel_display().lower()}",
            "conversation": conversation,
            "agent": agent_name(conversation.agent),
            "turns": turns,
            "first_number": turns[0]["turn"].number if turns else 1,
            "calls": sum(len(turn["calls"]) for turn in turns),
            "panels": panels(request, conversation),
        }
        return TemplateResponse(request, "admin/conversations/transcript.html", context)


def agent_name(slug: str) -> str:
    """How an agent is called in lists."""
    # The agents' own names belong to the layer beside this one; a slug is its name in small letters.
    return slug.replace("_", " ").title()


def turns_of(conversation: Conversation) -> list[dict[str, Any]]:
    """The last turns, oldest first, with their tool calls; two queries, and one more for a call by voice."""
    calls = Prefetch("tool_calls", queryset=ToolCall.objects.order_by(F("started_at"), "id"))
    rows = Turn.objects.filter(conversation=conversation).prefetch_related(calls).order_by("-number")[:_MOST_TURNS]
    shown = [
        {
            "turn": turn,
            "agent": agent_name(turn.agent),
            "is_visitor": turn.role == Turn.Role.VISITOR,
            "is_supervisor": turn.role == Turn.Role.SUPERVISOR,
            "calls": [_call(call) for call in turn.tool_calls.all()],
        }
        for turn in reversed(rows)
    ]
    if conversation.channel != Channel.CHAT:
        _place(shown, ToolCall.objects.filter(conversation=conversation, turn=None).order_by("started_at", "id"))
    return shown


def _place(shown: list[dict[str, Any]], calls: Iterable[ToolCall]) -> None:
    """In a call by voice a tool runs between turns: it is shown with the agent's next words."""
    answers = [item for item in shown if item["turn"].role == Turn.Role.AGENT]
    for call in calls:
        after = (item for item in answers if item["turn"].created_at >= call.started_at)
        if (item := next(after, answers[-1] if answers else None)) is not None:
            item["calls"].append(_call(call))


def _call(call: ToolCall) -> dict[str, Any]:
    return {
        "name": call.name,
        "status": call.get_status_display(),
        "is_done": call.status == ToolCall.Status.DONE,
        "duration_ms": call.duration_ms,
        "arguments": _pretty(call.arguments),
        "result": json.dumps(call.result, indent=2, ensure_ascii=False) if call.result else "",
        "say": call.result.get("say", "") if isinstance(call.result, dict) else "",
    }


def _pretty(arguments: str) -> str:
    """Indented, if the model wrote JSON; else just what it wrote."""
    try:
        return json.dumps(json.loads(arguments), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return arguments
