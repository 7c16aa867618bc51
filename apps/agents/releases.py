"""Making agents from blueprints, and taking a draft to publication."""

from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from apps.agents.blueprints import Vertical
from apps.agents.content import values_of
from apps.agents.models import Agent, AgentVersion, Examination, KnowledgeSource
from apps.agents.questions import rounds
from apps.agents.registry import given_to_all, tools_of, verticals
from apps.common.errors import AppError, NotFound
from apps.tenants import audit

Status = AgentVersion.Status


class NotADraft(AppError):
    code = "not_a_draft"
    status = 409


class NotPublishable(AppError):
    code = "not_publishable"
    status = 422


class NotTested(AppError):
    """Saved questions failed, or were not put to exactly this content; publishing anyway is possible."""

    code = "not_tested"
    status = 409


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
            tools=[tool.name for tool in blueprint.tools] + given_to_all(vertical),
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
        **values_of(source),
    )


@transaction.atomic
def publish(*, version: AgentVersion, actor: str, anyway: bool = False) -> AgentVersion:
    """Makes the draft what visitors meet; the version before it is retired in the same transaction.

    Args:
        anyway: also when the saved questions have not all been answered well; the audit trail says so.

    Raises:
        NotADraft: it was published or retired already.
        NotPublishable: it names tools or agents that do not exist.
        NotTested: saved questions failed, or were not put to exactly this content.
    """
    agent = _locked(version.agent_id)
    if version.status != Status.DRAFT:
        raise NotADraft(f"Version {version.number} is {version.status}; start a new draft.")
    check(version=version)
    details: dict[str, Any] = {}
    standing = rounds.standing(version)
    if not standing.may_be_published:
        if not anyway:
            raise NotTested(_untested(standing))
        details = {"anyway": True, "questions": standing.questions}
        if standing.examination is not None:
            details["failed"] = standing.examination.failed
    version.number = max(version.number, _next_number(agent, without=version))
    _put_live(version)
    details = {"version": version.number, **details}
    audit.record(actor=actor, action="agent.published", target=version.agent_id, details=details)
    return version


def _untested(standing: rounds.Standing) -> str:
    match standing.state, standing.examination:
        case "failed", Examination() as examination:
            return (
                f"{examination.failed} of {standing.questions} saved questions were not answered as they must be. "
                "Change the draft and run them again, or publish anyway."
            )
        case "running", _:
            return "The saved questions are still being asked. Wait for them, or publish anyway."
        case _:
            return (
                "The saved questions have not been put to exactly this draft. Save it and run them, or publish anyway."
            )


@transaction.atomic
def roll_back(*, agent: Agent, to: int, actor: str) -> AgentVersion:
    """Makes and publishes a new version equal to the one numbered `to`. A draft stays as it is.

    Raises:
        NotFound: the agent has no version of that number.
        NotPublishable: it is the draft or what is published already, or names what does not exist any more.
    """
    agent = _locked(agent.pk)
    source = agent.versions.filter(number=to).first()
    if source is None:
        raise NotFound(f"There is no version {to}.")
    if source.status != Status.RETIRED:
        raise NotPublishable(f"Version {to} is {source.get_status_display().lower()}; nothing to go back to.")
    author_id = actor.removeprefix("user:") if actor.startswith("user:") else None
    version = AgentVersion(agent=agent, number=_next_number(agent), author_id=author_id, **values_of(source))
    check(version=version)
    _put_live(version)
    details = {"version": version.number, "to": to}
    audit.record(actor=actor, action="agent.rolled_back", target=agent.pk, details=details)
    return version


def _locked(agent_id: str) -> Agent:
    """Who publishes at the same moment waits; so one version is published, and each number is given once."""
    agent: Agent = Agent.objects.select_for_update().get(pk=agent_id)
    return agent


def _next_number(agent: Agent, *, without: AgentVersion | None = None) -> int:
    """Numbers grow with publication: a draft that a roll-back has overtaken gets the next one."""
    rows = agent.versions.exclude(pk=without.pk) if without is not None else agent.versions
    return (rows.aggregate(last=Max("number"))["last"] or 0) + 1


def _put_live(version: AgentVersion) -> None:
    AgentVersion.objects.filter(agent=version.agent, status=Status.PUBLISHED).update(status=Status.RETIRED)
    version.status = Status.PUBLISHED
    version.published_at = timezone.now()
    version.save()


def check(*, version: AgentVersion) -> None:
    """Raises NotPublishable when the version names tools, documents or agents that do not exist."""
    vertical = verticals().get(version.agent.vertical)
    known_tools = tools_of(vertical) if vertical is not None else {}
    unknown = [name for name in version.tools if name not in known_tools]
    if unknown:
        raise NotPublishable(f"There is no tool named {unknown[0]}.", field="tools")
    known = set(Agent.objects.filter(is_active=True).values_list("slug", flat=True)) - {version.agent.slug}
    strangers = [slug for slug in version.hands_over_to if slug not in known]
    if strangers:
        raise NotPublishable(f"There is no agent {strangers[0]} to hand over to.", field="hands_over_to")
    if version.sources and KnowledgeSource.objects.filter(pk__in=version.sources).count() < len(version.sources):
        raise NotPublishable("A document it answers from is gone.", field="sources")
    if not version.instructions.strip():
        raise NotPublishable("The instructions are empty.", field="instructions")
