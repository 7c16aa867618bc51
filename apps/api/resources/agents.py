"""/api/agents and their versions: read, draft, publish."""

from typing import Any, ClassVar

from django.db.models import OuterRef, Subquery
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.agents import releases
from apps.agents.models import OWNERS_FIELDS, Agent, AgentVersion, check_names
from apps.common.errors import AppError, NotFound
from apps.tenants import audit
from apps.tenants.access import SET_UP
from apps.tenants.rest.fields import Filters, Strict
from apps.tenants.rest.resources import Listed, Resource, Shown

Status = AgentVersion.Status


class DraftExists(AppError):
    """An agent has one draft at most; `details["version"]` is its number."""

    code = "draft_exists"
    status = 409


class AgentShown(serializers.ModelSerializer):
    """`published` is the number of the version that visitors meet; `draft` of what they may meet next."""

    published = serializers.IntegerField(allow_null=True, read_only=True)
    draft = serializers.IntegerField(allow_null=True, read_only=True)

    class Meta:
        model = Agent
        fields = (
            "id", "slug", "name", "role", "vertical", "is_front", "is_active", "published", "draft", "created_at",
        )  # fmt: skip


class AgentFilters(Filters):
    is_active = serializers.BooleanField(required=False)
    slug = serializers.SlugField(required=False)


class AgentResource(Listed, Shown, Resource):
    resource = "agents"
    rights = SET_UP
    serializer_class = AgentShown
    filters = AgentFilters
    events: ClassVar = {"agent.published": "agent.published"}

    def rows(self) -> Any:
        versions = AgentVersion.objects.filter(agent=OuterRef("pk"))
        numbers = {
            name: Subquery(versions.filter(status=status).values("number")[:1])
            for name, status in (("published", Status.PUBLISHED), ("draft", Status.DRAFT))
        }
        return Agent.objects.annotate(**numbers)


def _names(meaning: str) -> serializers.ListField:
    child = serializers.CharField(max_length=80)
    return serializers.ListField(
        child=child, max_length=100, required=False, validators=[check_names], help_text=meaning
    )


class VersionShown(serializers.ModelSerializer):
    tools = serializers.ListField(child=serializers.CharField())
    hands_over_to = serializers.ListField(child=serializers.CharField(), help_text="Slugs of agents.")

    class Meta:
        model = AgentVersion
        fields = ("id", "number", "status", *OWNERS_FIELDS, "created_at", "published_at")


class DraftBody(Strict, serializers.ModelSerializer):
    """What is not named stays as it is."""

    tools = _names("Names of the tools it may call.")
    hands_over_to = _names("Slugs of agents.")

    class Meta:
        model = AgentVersion
        fields = OWNERS_FIELDS


class PublishBody(Strict, serializers.Serializer):
    anyway = serializers.BooleanField(
        required=False, default=False, help_text="Also when its saved questions were not all answered well."
    )


class VersionFilters(Filters):
    status = serializers.ChoiceField(Status.choices, required=False)


class VersionResource(Listed, Shown, Resource):
    """Published and retired versions never change: transcripts name them."""

    resource = "versions"
    scoped = "agents"
    rights = SET_UP
    serializer_class = VersionShown
    filters = VersionFilters
    order = "-number"

    def rows(self) -> Any:
        return AgentVersion.objects.filter(agent=self.kwargs.get("parent")).select_related("agent")

    def address(self) -> dict[str, Any]:
        return {"number": self.kwargs["number"]}

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """An agent's versions, the newest first."""
        self._agent()
        return super().list(request, *args, **kwargs)

    @extend_schema(request=DraftBody, responses={201: VersionShown})
    def create(self, request: Request, parent: str) -> Response:
        """Begin a draft from the published version."""
        agent = self._agent()
        if (standing := agent.versions.filter(status=Status.DRAFT).first()) is not None:
            raise DraftExists(
                f"Version {standing.number} is a draft already: change or discard that.", version=standing.number
            )
        draft = releases.draft_of(agent=agent, author_id=self.caller.user_id)
        self._write(draft)
        self._record(draft, "agent.draft_begun")
        response = self.told_of(draft, status=201)
        response["Location"] = f"/api/agents/{agent.pk}/versions/{draft.number}"
        return response

    @extend_schema(request=DraftBody, responses=VersionShown)
    def partial_update(self, request: Request, parent: str, number: int) -> Response:
        """Change a draft; what is not named stays as it is."""
        draft = self._draft()
        self._write(draft)
        self._record(draft, "agent.draft_changed")
        return self.told_of(draft)

    def destroy(self, request: Request, parent: str, number: int) -> Response:
        """Discard a draft; what is published stays."""
        draft = self._draft()
        self._record(draft, "agent.draft_discarded")
        draft.delete()
        return Response(status=204)

    @extend_schema(request=PublishBody, responses=VersionShown)
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, parent: str, number: int) -> Response:
        """Make a draft what visitors meet, from their next message on.

        One whose saved questions were not all answered well is refused with `not_tested`.
        """
        anyway = self.read(PublishBody).get("anyway", False)
        return self.told_of(releases.publish(version=self.row(locked=True), actor=self.caller.actor, anyway=anyway))

    def _agent(self) -> Agent:
        agent: Agent | None = Agent.objects.filter(pk=self.kwargs["parent"]).first()
        if agent is None:
            raise NotFound("There is no such agent.")
        return agent

    def _draft(self) -> AgentVersion:
        draft: AgentVersion = self.row(locked=True)
        if draft.status != Status.DRAFT:
            raise releases.NotADraft(f"Version {draft.number} is {draft.status}; start a new draft.")
        return draft

    def _write(self, draft: AgentVersion) -> None:
        values = self.read(DraftBody, partial=True)
        for name, value in values.items():
            setattr(draft, name, value)
        draft.save()

    def _record(self, draft: AgentVersion, action: str) -> None:
        details = {"version": draft.number}
        audit.record(actor=self.caller.actor, action=action, target=draft.agent_id, details=details)
