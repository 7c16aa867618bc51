"""Which rows an event of the tenant's log makes doubtful: events are hints, and what they tell is read again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Doubts:
    """What is to be read again."""

    everything: bool = False
    team: bool = False
    agents: bool = False
    calls: set[str] = field(default_factory=set)
    """Ids of calls of the dialer and of received ones."""
    leads: set[str] = field(default_factory=set)
    turns: dict[str, str] = field(default_factory=dict)
    """Conversation by the id of a turn of it."""
    conversations: set[str] = field(default_factory=set)
    """Of which there may be a call now, or another supervisor in it."""
    counts: bool = False
    """Of leads and of campaigns: dear to read, so not as often as the rest."""

    def __bool__(self) -> bool:
        return bool(
            self.everything
            or self.team
            or self.agents
            or self.calls
            or self.leads
            or self.turns
            or self.conversations
            or self.counts
        )

    def note(self, hint: Mapping[str, Any]) -> None:
        """Takes in one event, as it stands on the log. One that is not understood makes all doubtful."""
        try:
            self._note(hint)
        except KeyError:  # of another release
            self.everything = True

    def _note(self, hint: Mapping[str, Any]) -> None:
        kind = hint["type"]
        if kind in _OF_A_CALL:
            self.calls.add(hint["call"])
            self.counts |= kind in _COUNTED
            self.agents |= kind == "DialBegun"  # a command that asked for it gives the agent another version
        elif kind == "TurnAdded":
            self.turns[hint["turn"]] = hint["conversation"]
        elif kind in _OF_A_CONVERSATION:
            self.conversations.add(hint["conversation"])
        elif kind == "AgentChanged":
            self.agents = True
        elif kind == "DialingStopped":
            self.team = True
        elif kind in _COUNTED:
            self.counts = True
        elif kind not in _ELSEWHERE:
            self.everything = True
        if (lead := hint.get("lead")) and kind not in _ELSEWHERE:
            self.leads.add(lead)


_OF_A_CALL = frozenset(("DialBegun", "DialChanged", "DialEnded", "OutcomeRecorded", "ReceivedCallChanged"))
_COUNTED = frozenset(
    (
        *("DialBegun", "DialEnded", "OutcomeRecorded", "LeadCreated", "LeadsImported", "LeadScored"),
        *("LeadAssigned", "MeetingChanged", "NumberForbidden", "CampaignChanged"),
    )
)
_OF_A_CONVERSATION = frozenset(("CallStarted", "CallEnded", "HandedOver", "CallSupervised"))
_ELSEWHERE = frozenset(("ConversationStarted", "ToolCallFinished", "VisitorIdentified", "CallbackChanged"))
"""They change nothing that is on the floor."""
