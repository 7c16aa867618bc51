"""Rows of the database as the board takes them: only what is shown or counted. Times are unix seconds; 0.0 is none."""

import msgspec

from apps.dashboard.core.events import CalledLead, Campaign, Leads, Supervision, Team, Turn

NOT_DIALED = "not_dialed"


class AgentRow(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    name: str
    kind: str
    paused: bool
    version: int
    changed: float


class CallRow(msgspec.Struct, frozen=True, kw_only=True):
    """A call of the dialer, or one that was received."""

    id: str
    direction: str
    state: str
    agent: str
    kind: str
    """Of a received call; "" = its agent's."""
    lead: str
    phone: str
    campaign: str
    conversation: str
    began: float
    answered: float
    ended: float
    seconds: int
    ending: str
    outcome: str

    @property
    def is_open(self) -> bool:
        return self.state != "ended"

    @property
    def is_shown(self) -> bool:
        return self.ending != NOT_DIALED


class Changes(msgspec.Struct, kw_only=True):
    """What was read: rows by id, None for one that is gone. In tables named by `whole`, ids left out are gone, too."""

    team: Team | None = None
    day_began: float | None = None
    agents: dict[str, AgentRow | None] = msgspec.field(default_factory=dict)
    calls: dict[str, CallRow | None] = msgspec.field(default_factory=dict)
    campaigns: dict[str, Campaign | None] = msgspec.field(default_factory=dict)
    leads: Leads | None = None
    whole: frozenset[str] = frozenset()
    """agents, calls, campaigns."""


class Details(msgspec.Struct, kw_only=True):
    """What is read of calls that are shown, by their id."""

    leads: dict[str, CalledLead] = msgspec.field(default_factory=dict)
    """By the lead's id."""
    voice: dict[str, str] = msgspec.field(default_factory=dict)
    """By conversation: the id of its `conversations.Call`."""
    supervision: dict[str, tuple[Supervision, int]] = msgspec.field(default_factory=dict)
    """By call: who does what in it, and the version a command must expect."""
    turns: dict[str, list[Turn]] = msgspec.field(default_factory=dict)
    """By conversation: those that were read. A turn without a role is gone."""
    whole_turns: frozenset[str] = frozenset()
    """Conversations of which all turns that are shown were read."""
