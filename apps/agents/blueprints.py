"""What a vertical declares: its agents as blueprints, from which a tenant's own agents are made."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field

from apps.agents.tools.definition import Tool


@dataclass(frozen=True)
class Agent:
    """A blueprint.

    Attributes:
        slug: unique within the vertical, snake_case.
        name: what visitors call it, such as "Aria".
        role: one line on what it is for; the other agents read it to decide on a handoff.
        instructions: the system prompt's part that is the owner's to change.
        tools: what it may do, and nothing else.
        hands_over_to: slugs of the agents it may transfer to.
        greeting: its first words.
        voice: name of the provider's voice.
    """

    slug: str
    name: str
    role: str
    instructions: str
    tools: tuple[Tool, ...]
    greeting: str
    hands_over_to: tuple[str, ...] = ()
    voice: str = "marin"


@dataclass(frozen=True)
class DemoTenant:
    """The tenant that `manage.py demo` makes for a vertical.

    Attributes:
        load: fills it, given now in the tenant's time zone; runs in its scope. Running it again adds nothing.
        beside: a management command that keeps it busy while `make run` serves, with a `Heartbeat`; "" = none.
    """

    slug: str
    name: str
    tagline: str
    time_zone: str
    region: str
    phone: str
    email: str
    address: str
    accent: str
    widget_key: str
    logins: tuple[tuple[str, str, str], ...]
    """(e-mail, name, role) of each."""
    load: Callable[[dt.datetime], None]
    beside: str = ""


@dataclass(frozen=True)
class NewBusiness:
    """A business that has just signed up, as its vertical's starter pack needs to know it."""

    now: dt.datetime
    """In the business's time zone."""
    owner: str
    """The owner's name, who is its first member of staff."""
    email: str
    phone: str
    """E.164; "" = not told."""


@dataclass(frozen=True)
class Vertical:
    """An industry pack. `agents[0]` is the front agent, which meets every visitor.

    `start` gives a business that signs up what its agents need to answer sensibly: hours, services, the owner as the
    first person who can be booked. It runs in the business's scope, once, before anything else is there.
    `place` orders the industries where people choose one, the lowest first.
    """

    slug: str
    name: str
    tagline: str
    agents: tuple[Agent, ...]
    demo: DemoTenant | None = field(default=None, compare=False)
    start: Callable[[NewBusiness], None] | None = field(default=None, compare=False)
    place: int = 100

    def tool(self, name: str) -> Tool | None:
        """The tool of that name among all agents of the vertical."""
        return next((tool for agent in self.agents for tool in agent.tools if tool.name == name), None)
