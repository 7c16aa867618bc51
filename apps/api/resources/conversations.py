"""/api/conversations with their turns, and /api/calls: a record, so it is only read."""

from typing import Any, ClassVar

from django.db.models import F
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.business.models import Contact
from apps.common.errors import NotFound
from apps.conversations.models import Call, Channel, Conversation, Purpose, ToolCall, Turn
from apps.conversations.turns import each_with_calls
from apps.tenants.access import RECORD
from apps.tenants.rest.fields import Filters, Instant, RowField
from apps.tenants.rest.resources import Listed, Resource, Shown


class ConversationShown(serializers.ModelSerializer):
    """`agent` is the slug of who speaks now; `call` the id of the call, for those by voice."""

    call = serializers.CharField(source="call_id", allow_null=True, read_only=True)

    class Meta:
        model = Conversation
        fields = ("id", "channel", "status", "agent", "contact", "call", "handover", "started_at", "last_at")


class ConversationFilters(Filters):
    lookups: ClassVar = {
        "started_after": "started_at__gt",
        "started_before": "started_at__lt",
        "updated_after": "last_at__gt",
    }
    status = serializers.ChoiceField(Conversation.Status.choices, required=False)
    channel = serializers.ChoiceField(Channel.choices, required=False)
    agent = serializers.SlugField(required=False)
    contact = RowField(Contact, required=False)
    started_after = Instant(required=False)
    started_before = Instant(required=False)
    updated_after = Instant(required=False)


class ConversationResource(Listed, Shown, Resource):
    resource = "conversations"
    rights = RECORD
    serializer_class = ConversationShown
    filters = ConversationFilters
    events: ClassVar = {"conversation.closed": "conversation.ended"}

    def rows(self) -> Any:
        return Conversation.objects.filter(purpose=Purpose.LIVE).annotate(call_id=F("call__id"))


class ToolCallShown(serializers.ModelSerializer):
    class Meta:
        model = ToolCall
        fields = ("id", "name", "arguments", "result", "status", "duration_ms", "started_at")


class TurnShown(serializers.ModelSerializer):
    """`unheard` is what a caller did not hear of it: cut off, or whispered to the agent."""

    tool_calls = ToolCallShown(source="calls", many=True, read_only=True)

    class Meta:
        model = Turn
        fields = (
            "id", "number", "role", "text", "unheard", "agent", "agent_version", "ended", "tool_calls", "created_at",
        )  # fmt: skip


class TurnResource(Listed, Resource):
    resource = "turns"
    scoped = "conversations"
    rights = RECORD
    serializer_class = TurnShown
    order = "number"

    def rows(self) -> Any:
        said = Turn.objects.filter(conversation=self.kwargs.get("parent")).exclude(ended=Turn.REPLACED)
        return each_with_calls(said)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What was said in a conversation and which tools were called, oldest first."""
        if not Conversation.objects.filter(pk=self.kwargs["parent"]).exists():
            raise NotFound("There is no such conversation.")
        return super().list(request, *args, **kwargs)


class CallShown(serializers.ModelSerializer):
    seconds = serializers.IntegerField(allow_null=True, read_only=True)
    contact = serializers.CharField(source="conversation.contact_id", allow_null=True, read_only=True)
    agent = serializers.CharField(source="conversation.agent", read_only=True)

    class Meta:
        model = Call
        fields = (
            "id", "conversation", "contact", "agent", "direction", "status", "carrier", "caller", "number", "ended",
            "seconds", "started_at", "ended_at",
        )  # fmt: skip


class CallFilters(Filters):
    lookups: ClassVar = {"started_after": "started_at__gt", "started_before": "started_at__lt"}
    status = serializers.ChoiceField(Call.Status.choices, required=False)
    direction = serializers.ChoiceField(Call.Direction.choices, required=False)
    started_after = Instant(required=False)
    started_before = Instant(required=False)


class CallResource(Listed, Shown, Resource):
    resource = "calls"
    rights = RECORD
    serializer_class = CallShown
    filters = CallFilters

    def rows(self) -> Any:
        return Call.objects.select_related("conversation")
