"""The published agents, as conversations meet them."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings

from apps.agents.knowledge.sources import anything_to_search
from apps.agents.models import Agent, AgentVersion, HumanTrigger, KnowledgeSource, LineAudio, TurnEnd
from apps.agents.registry import tools_of, verticals
from apps.agents.tools.definition import Tool
from apps.agents.tools.knowledge import search_knowledge
from apps.agents.tools.people import request_human
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
    turn_end: str = TurnEnd.SILENCE
    silence_ms: int = 500
    line_audio: str = LineAudio.AUTOMATIC
    suggestions: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    """Ids of the documents it answers from; none = all that are in use."""
    title: str = ""
    accent: str = ""
    """How its chat looks; "" = as the website chat says."""
    human_on: frozenset[str] = frozenset()
    """When the visitor is offered a person (`HumanTrigger`)."""
    human_words: str = ""
    answers_outside_hours: bool = True
    outside_words: str = ""


_agents: Memory[LiveAgent] = Memory(Agent, AgentVersion, KnowledgeSource)


def live_agent(*, slug: str = "") -> LiveAgent:
    """The published version of the agent, or of the front agent when `slug` is empty.

    Raises:
        NoAgent: the tenant in scope has none.
    """
    which: dict[str, Any] = {"agent__slug": slug} if slug else {"agent__is_front": True}
    return _agents.recall(
        (current_tenant_id(), slug), lambda: _read(status=AgentVersion.Status.PUBLISHED, agent__is_active=True, **which)
    )


def agent_as_of(*, slug: str, number: int) -> LiveAgent:
    """The version of that number, whatever has been published since: for who began with it.

    Raises:
        NoAgent: there is none.
    """
    return _agents.recall(
        (current_tenant_id(), slug, number), lambda: _read(agent__slug=slug, number=number, agent__is_active=True)
    )


def agent_of_version(*, version_id: str) -> LiveAgent:
    """The version of that id, a draft above all; as it is at this moment, for its author has just saved it.

    Raises:
        NoAgent: there is none any more.
    """
    try:
        return _read(pk=version_id)
    except NoAgent:
        raise NoAgent("The draft that this chat tried is gone. Load the page again.") from None


def _read(**which: Any) -> LiveAgent:
    version = AgentVersion.objects.filter(**which).select_related("agent").first()
    if version is None:
        raise NoAgent("Nobody is here to answer at the moment.")
    vertical = verticals()[version.agent.vertical]
    known = tools_of(vertical)
    tools = {name: known[name] for name in version.tools if name in known}
    if tools.get(search_knowledge.name) is search_knowledge and not anything_to_search(version.sources):
        del tools[search_knowledge.name]  # or it would be asked, and never know
    if HumanTrigger.REQUEST in version.human_on:
        tools.setdefault(request_human.name, request_human)  # a vertical may have its own way
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
        turn_end=version.turn_end,
        silence_ms=version.silence_ms,
        line_audio=version.line_audio,
        suggestions=tuple(version.suggestions),
        sources=tuple(version.sources),
        title=version.title,
        accent=version.accent,
        human_on=frozenset(version.human_on),
        human_words=version.human_words,
        answers_outside_hours=version.answers_outside_hours,
        outside_words=version.outside_words,
    )
