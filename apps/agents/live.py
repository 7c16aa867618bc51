"""The published agents, as conversations meet them."""

from dataclasses import dataclass

from django.conf import settings

from apps.agents.models import Agent, AgentVersion
from apps.agents.registry import verticals
from apps.agents.tools.definition import Tool
from apps.common.errors import AppError
from apps.tenants.memory import Memory
from apps.tenants.scope import current_tenant_id


class NoAgent(AppError):
    """The tenant has no published agent of that name."""

    code = "no_agent"
    status = 404


@dataclass(frozen=True, eq=False)
class LiveAgent:
    """One published version, complete: nothing of another version can mix in while it speaks."""

    slug: str
    name: str
    version: int
    instructions: str
    greeting: str
    model: str
    voice: str
    tools: dict[str, Tool]
    colleagues: dict[str, tuple[str, str]]
    """Whom it may hand over to: slug → (name, role)."""


_agents: Memory[LiveAgent] = Memory(Agent, AgentVersion)


def live_agent(*, slug: str = "") -> LiveAgent:
    """The published version of the agent, or of the front agent when `slug` is empty.

    Raises:
        NoAgent: the tenant in scope has none.
    """
    return _agents.recall((current_tenant_id(), slug), lambda: _read(slug))


def _read(slug: str) -> LiveAgent:
    which = {"agent__slug": slug} if slug else {"agent__is_front": True}
    version = (
        AgentVersion.objects.filter(status=AgentVersion.Status.PUBLISHED, agent__is_active=True, **which)
        .select_related("agent")
        .first()
    )
    if version is None:
        raise NoAgent("Nobody is here to answer at the moment.")
    vertical = verticals()[version.agent.vertical]
    tools = {name: tool for name in version.tools if (tool := vertical.tool(name)) is not None}
    colleagues = Agent.objects.filter(slug__in=version.hands_over_to, is_active=True) if version.hands_over_to else []
    return LiveAgent(
        slug=version.agent.slug,
        name=version.agent.name,
        version=version.number,
        instructions=version.instructions,
        greeting=version.greeting,
        model=version.model or settings.CHAT_MODEL,
        voice=version.voice,
        tools=tools,
        colleagues={agent.slug: (agent.name, agent.role) for agent in colleagues},
    )
