"""What the live floor consists of, and the typed events that change it. Every value is absolute and JSON.

Times are unix seconds as floats, ids are strings; "" and 0.0 mean none where a value is no `| None`.
"""

from typing import ClassVar

import msgspec


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Base of what the floor consists of: compared by value."""

    __match_args__: ClassVar[tuple[str, ...]] = ()


class Team(Part, frozen=True):
    tenant: str
    time_zone: str
    day: str
    """Today at the tenant, such as 2026-11-29."""
    lines: int
    stopped: bool
    simulated: bool


class Agent(Part, frozen=True):
    """One agent of the team; the counts are today's."""

    id: str
    name: str
    kind: str
    state: str
    """free, dialing, ringing, talking or paused."""
    since: float
    paused: bool
    call: str
    version: int
    dials: int = 0
    connects: int = 0
    conversations: int = 0
    appointments: int = 0
    talk_s: int = 0


class CalledLead(Part, frozen=True):
    id: str
    name: str
    company: str
    score: int
    temperature: str
    version: int


class Supervision(Part, frozen=True):
    mode: str = ""
    """"", listen, whisper, barge or takeover."""
    by: str = ""
    """Names of who does."""


class Turn(Part, frozen=True):
    number: int
    role: str
    """visitor, agent or supervisor."""
    text: str
    unheard: str
    agent: str
    at: float


class Call(Part, frozen=True):
    """One call of today: without what is said in it."""

    id: str
    direction: str
    state: str
    """dialing, ringing, talking or ended."""
    agent: str
    kind: str
    lead: CalledLead | None
    phone: str
    campaign: str
    conversation: str
    call: str
    """Id of the `conversations.Call` once there is one."""
    began: float
    answered: float
    ended: float
    seconds: int
    ending: str
    outcome: str
    sentiment: float | None
    version: int
    supervision: Supervision = Supervision()


class CallWithTurns(Call, frozen=True):
    """As it stands in the state."""

    turns: tuple[Turn, ...] = ()


class Campaign(Part, frozen=True):
    id: str
    name: str
    status: str
    agent: str
    waiting: int
    calling: int
    done: int
    skipped: int


class Leads(Part, frozen=True):
    total: int = 0
    hot: int = 0
    warm: int = 0
    cold: int = 0
    by_status: dict[str, int] = msgspec.field(default_factory=dict)


class Quarter(Part, frozen=True):
    """A quarter of an hour of today."""

    at: float
    dials: int
    connects: int
    appointments: int


class Kpis(Part, frozen=True):
    """Of today."""

    dials: int = 0
    connects: int = 0
    conversations: int = 0
    appointments: int = 0
    conversion: float = 0.0
    talk_s: int = 0
    abandon_rate: float = 0.0
    received: int = 0
    series: tuple[Quarter, ...] = ()


class State(Part, frozen=True):
    """All of a floor."""

    team: Team
    agents: dict[str, Agent] = msgspec.field(default_factory=dict)
    calls: dict[str, CallWithTurns] = msgspec.field(default_factory=dict)
    campaigns: dict[str, Campaign] = msgspec.field(default_factory=dict)
    leads: Leads = Leads()
    kpis: Kpis = Kpis()


class ViewEvent(msgspec.Struct, frozen=True, tag_field="type", kw_only=True):
    """Base of the events; `type` is the class's name."""

    __match_args__: ClassVar[tuple[str, ...]] = ()


class TeamChanged(ViewEvent, frozen=True, tag=True):
    team: Team


class AgentChanged(ViewEvent, frozen=True, tag=True):
    agent: Agent


class AgentRemoved(ViewEvent, frozen=True, tag=True):
    id: str


class CallChanged(ViewEvent, frozen=True, tag=True):
    """A call that was not known has no turns yet; a known one keeps its own."""

    call: Call


class CallRemoved(ViewEvent, frozen=True, tag=True):
    id: str


class TurnAdded(ViewEvent, frozen=True, tag=True):
    call: str
    turn: Turn


class TurnChanged(ViewEvent, frozen=True, tag=True):
    """The turn of this number is another now."""

    call: str
    turn: Turn


class TurnsTrimmed(ViewEvent, frozen=True, tag=True):
    """Turns with a number below `first` are not shown any more."""

    call: str
    first: int


class TurnRemoved(ViewEvent, frozen=True, tag=True):
    """Void: the answer was asked for anew."""

    call: str
    number: int


class CampaignChanged(ViewEvent, frozen=True, tag=True):
    campaign: Campaign


class CampaignRemoved(ViewEvent, frozen=True, tag=True):
    id: str


class LeadsChanged(ViewEvent, frozen=True, tag=True):
    leads: Leads


class KpisChanged(ViewEvent, frozen=True, tag=True):
    kpis: Kpis


Event = (
    TeamChanged
    | AgentChanged
    | AgentRemoved
    | CallChanged
    | CallRemoved
    | TurnAdded
    | TurnChanged
    | TurnRemoved
    | TurnsTrimmed
    | CampaignChanged
    | CampaignRemoved
    | LeadsChanged
    | KpisChanged
)
"""Every event; `core.state.reduce` is total over them."""
