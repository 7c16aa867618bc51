"""Making agents from blueprints, and taking a draft to publication."""

from django.db import transaction
from django.utils import timezone

from apps.agents.blueprints import Vertical
from apps.agents.models import Agent, AgentVersion
from apps.agents.registry import verticals
from apps.common.errors import AppError
from apps.tenants import audit

Status = AgentVersion.Status


class NotADraft(AppError):
    code = "not_a_draft"
    status = 409


class NotPublishable(AppError):
    code = "not_publishable"
    status = 422


@transaction.atomic
def install(*, vertical: Vertical) -> list[Agent]:
    """Gives the tenant in scope the vertical's agents, published; agents it has already are left as they are."""
    existing = set(Agent.objects.values_list("slug", flat=True))
    has_front = Agent.objects.filter(is_front=True).exists()
    made = []
    for position, blueprint in enumerate(vertical.agents):
        if blueprint.slug in existing:
            continue
        agent = Agent.objects.create(
            slug=blueprint.slug,
            name=blueprint.name,
            role=blueprint.role,
            vertical=vertical.slug,
            is_front=position == 0 and not has_front,
        )
        AgentVersion.objects.create(
            agent=agent,
            number=1,
            status=Status.PUBLISHED,
            published_at=timezone.now(),
            instructions=blueprint.instructions,
            greeting=blueprint.greeting,
            tools=[tool.name for tool in blueprint.tools],
            hands_over_to=list(blueprint.hands_over_to),
            voice=blueprint.voice,
        )
        made.append(agent)
    return made


@transaction.atomic
def draft_of(*, agent: Agent, author_id: int | None = None) -> AgentVersion:
    """The agent's draft; begun from the published version when there is none."""
    draft = agent.versions.filter(status=Status.DRAFT).first()
    if draft is not None:
        return draft
    latest = agent.versions.order_by("-number").first()
    source = agent.versions.filter(status=Status.PUBLISHED).first() or latest
    if source is None or latest is None:
        raise NotPublishable("This agent has no version to start from.")
    return AgentVersion.objects.create(
        agent=agent,
        number=latest.number + 1,
        author_id=author_id,
        **{
            name: getattr(source, name)
            for name in ("instructions", "greeting", "tools", "hands_over_to", "model", "voice")
        },
    )


@transaction.atomic
def publish(*, version: AgentVersion, actor: str) -> AgentVersion:
    """Makes the draft what visitors meet; the version before it is retired in the same transaction.

    Raises:
        NotADraft: it was published or retired already.
        NotPublishable: it names tools or agents that do not exist.
    """
    if version.status != Status.DRAFT:
        raise NotADraft(f"Version {version.number} is {version.status}; start a new draft.")
    check(version=version)
    AgentVersion.objects.filter(agent=version.agent, status=Status.PUBLISHED).update(status=Status.RETIRED)
    version.status = Status.PUBLISHED
    version.published_at = timezone.now()
    version.save()
    audit.record(actor=actor, action="agent.published", target=version.agent_id, details={"version": version.number})
    return version


def check(*, version: AgentVersion) -> None:
    """Raises NotPublishable when the version names tools or agents that do not exist."""
    vertical = verticals().get(version.agent.vertical)
    unknown = [name for name in version.tools if vertical is None or vertical.tool(name) is None]
    if unknown:
        raise NotPublishable(f"There is no tool named {unknown[0]}.", field="tools")
    known = set(Agent.objects.filter(is_active=True).values_list("slug", flat=True)) - {version.agent.slug}
    strangers = [slug for slug in version.hands_over_to if slug not in known]
    if strangers:
        raise NotPublishable(f"There is no agent {strangers[0]} to hand over to.", field="hands_over_to")
    if not version.instructions.strip():
        raise NotPublishable("The instructions are empty.", field="instructions")
