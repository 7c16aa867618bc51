"""The board: knows the rows that were read, and tells what of the floor is another since it was last asked."""

from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

import msgspec

from apps.dashboard.core.events import (
    Agent,
    AgentChanged,
    AgentRemoved,
    Call,
    CallChanged,
    CalledLead,
    CallRemoved,
    Campaign,
    CampaignChanged,
    CampaignRemoved,
    Event,
    Kpis,
    KpisChanged,
    Leads,
    LeadsChanged,
    State,
    Supervision,
    Team,
    TeamChanged,
    Turn,
)
from apps.dashboard.core.kpis import Totals, tally
from apps.dashboard.core.rows import AgentRow, CallRow, Changes, Details
from apps.dashboard.core.seats import agent_view
from apps.dashboard.core.state import with_turns
from apps.dashboard.core.transcript import Transcript, differences

ENDED_SHOWN = 40
"""Calls that are over, of today, which stay on the floor: the last ones."""
_EMPTY: Mapping[int, Turn] = {}
Row = TypeVar("Row")


class Wanted(msgspec.Struct, frozen=True):
    """Details of calls on the floor that were not read yet, by id."""

    leads: frozenset[str]
    conversations: frozenset[str]
    calls: frozenset[str]
    """Of which it is not known who supervises them."""


class Board:
    """`take` rows, read what it `wants`, `detail` that; then `changed` tells it as events, each part once."""

    def __init__(self) -> None:
        self.agents: dict[str, AgentRow] = {}
        self.calls: dict[str, CallRow] = {}
        self.team: Team | None = None
        self.day_began = 0.0
        self._totals = Totals()
        self._calls_of: dict[str, set[str]] = {}
        """By agent: ids of its calls."""
        self._open: set[str] = set()
        self._ended: list[tuple[float, str]] = []
        """(when, id), sorted, of calls that are shown."""
        self._leads: dict[str, CalledLead] = {}
        self._voice: dict[str, str] = {}
        self._supervision: dict[str, tuple[Supervision, int]] = {}
        self._transcripts: dict[str, Transcript] = {}
        self._there: dict[str, tuple[int, int]] = {}
        self._campaigns: dict[str, Campaign] = {}
        self._lead_counts = Leads()
        self._dirty_agents: set[str] = set()
        self._dirty_calls: set[str] = set()
        # What was told:
        self._told_team: Team | None = None
        self._told_agents: dict[str, Agent] = {}
        self._told_calls: dict[str, Call] = {}
        self._told_turns: dict[str, Mapping[int, Turn]] = {}
        self._told_campaigns: dict[str, Campaign] = {}
        self._told_leads = Leads()
        self._told_kpis = Kpis()

    # Taking in what was read

    def take(self, changes: Changes) -> None:
        """Rows that were read, in place of what was known of them."""
        if changes.team is not None:
            self.team = changes.team
        if changes.day_began is not None and changes.day_began != self.day_began:
            self._begin_day(changes.day_began)
        for agent_id, agent in _with_absent(changes.agents, self.agents, "agents" in changes.whole):
            self._put_agent(agent_id, agent)
        for call_id, call in _with_absent(changes.calls, self.calls, "calls" in changes.whole):
            self._put_call(call_id, call)
        for campaign_id, campaign in _with_absent(changes.campaigns, self._campaigns, "campaigns" in changes.whole):
            if campaign is None:
                self._campaigns.pop(campaign_id, None)
            else:
                self._campaigns[campaign_id] = campaign
        if changes.leads is not None:
            self._lead_counts = changes.leads

    def _begin_day(self, day_began: float) -> None:
        self.day_began = day_began
        self._totals = Totals()
        for call in self.calls.values():
            self._totals.add(tally(call, day_began=day_began), at=call.began)
        self._dirty_agents |= self.agents.keys()

    def _put_agent(self, agent_id: str, agent: AgentRow | None) -> None:
        if self.agents.get(agent_id) == agent:
            return
        if agent is None:
            del self.agents[agent_id]
        else:
            self.agents[agent_id] = agent
        self._dirty_agents.add(agent_id)
        self._dirty_calls |= self._calls_of.get(agent_id, set())  # their kind is the agent's

    def _put_call(self, call_id: str, call: CallRow | None) -> None:
        before = self.calls.get(call_id)
        if before == call:
            return
        if before is not None:
            self._forget(before)
        if call is not None:
            self._learn(call)
        self._dirty_calls.add(call_id)

    def _learn(self, call: CallRow) -> None:
        self.calls[call.id] = call
        self._totals.add(tally(call, day_began=self.day_began), at=call.began)
        self._calls_of.setdefault(call.agent, set()).add(call.id)
        self._dirty_agents.add(call.agent)
        if call.is_open:
            self._open.add(call.id)
        elif call.is_shown:
            insort(self._ended, (call.ended, call.id))

    def _forget(self, call: CallRow) -> None:
        del self.calls[call.id]
        self._totals.add(tally(call, day_began=self.day_began), at=call.began, times=-1)
        self._calls_of[call.agent].discard(call.id)
        self._dirty_agents.add(call.agent)
        if call.is_open:
            self._open.discard(call.id)
        elif call.is_shown:
            del self._ended[bisect_left(self._ended, (call.ended, call.id))]

    @property
    def open_calls(self) -> frozenset[str]:
        """Ids of those that are under way."""
        return frozenset(self._open)

    def shown(self) -> dict[str, CallRow]:
        """The calls on the floor: all that are under way, and the last that are over."""
        ids = [*self._open, *(call_id for _, call_id in self._ended[-ENDED_SHOWN:])]
        return {call_id: self.calls[call_id] for call_id in ids}

    def conversations(self) -> dict[str, str]:
        """Of the calls on the floor: the call by its conversation."""
        return {call.conversation: call.id for call in self.shown().values() if call.conversation}

    def calls_with_leads(self, lead_ids: set[str]) -> set[str]:
        """Of the calls on the floor: ids of those with one of these leads."""
        return {call.id for call in self.shown().values() if call.lead in lead_ids}

    def wants(self) -> Wanted:
        """What must be read before `changed` can tell the whole truth."""
        shown = self.shown()
        return Wanted(
            leads=frozenset({call.lead for call in shown.values() if call.lead} - self._leads.keys()),
            conversations=frozenset(
                {call.conversation for call in shown.values() if call.conversation} - self._transcripts.keys()
            ),
            calls=frozenset(shown.keys() - self._supervision.keys()),
        )

    def detail(self, details: Details) -> None:
        """What was read of calls on the floor, in place of what was known."""
        by_conversation = self.conversations()
        for lead_id, lead in details.leads.items():
            if self._leads.get(lead_id) != lead:
                self._leads[lead_id] = lead
                self._dirty_calls |= self.calls_with_leads({lead_id})
        for conversation, voice in details.voice.items():
            if conversation in by_conversation and self._voice.get(conversation) != voice:
                self._voice[conversation] = voice
                self._dirty_calls.add(by_conversation[conversation])
        for call_id, supervision in details.supervision.items():
            if call_id in self.calls and self._supervision.get(call_id) != supervision:
                self._supervision[call_id] = supervision
                self._dirty_calls.add(call_id)
        for conversation, turns in details.turns.items():
            is_whole = conversation in details.whole_turns
            # Of one that was never read, some turns are not enough: it is wanted whole.
            if conversation in by_conversation and (is_whole or conversation in self._transcripts):
                self._transcripts.setdefault(conversation, Transcript()).put(turns, whole=is_whole)
                self._dirty_calls.add(by_conversation[conversation])

    def compare_turns(self, there: Mapping[str, tuple[int, int]], *, at_once: bool) -> set[str]:
        """Conversations whose turns must be read again: their extent in the database is (how many, the last number).

        A turn that is not known may be one whose hint is on its way. So it is missed only when it still is not known
        at the next comparison; or at once, for whoever has no hints.
        """
        expected, self._there = there if at_once else self._there, dict(there)
        return {
            conversation
            for conversation, transcript in self._transcripts.items()
            if transcript.is_short_of(expected.get(conversation, (0, 0)))
        }

    # Telling

    def changed(self) -> list[Event]:
        """What is another since the last time, as events that make it so elsewhere."""
        events: list[Event] = []
        if self.team is not None and self.team != self._told_team:
            self._told_team = self.team
            events.append(TeamChanged(team=self.team))
        events += self._changed_agents()
        events += self._changed_calls()
        events += self._changed_campaigns()
        if self._lead_counts != self._told_leads:
            self._told_leads = self._lead_counts
            events.append(LeadsChanged(leads=self._lead_counts))
        if (kpis := self._totals.kpis()) != self._told_kpis:
            self._told_kpis = kpis
            events.append(KpisChanged(kpis=kpis))
        return events

    def _changed_agents(self) -> Iterator[Event]:
        for agent_id in sorted(self._dirty_agents):
            row = self.agents.get(agent_id)
            if row is None:
                if self._told_agents.pop(agent_id, None) is not None:
                    yield AgentRemoved(id=agent_id)
                continue
            calls = [self.calls[call_id] for call_id in self._calls_of.get(agent_id, ())]
            agent = agent_view(row, calls, day_began=self.day_began)
            if self._told_agents.get(agent_id) != agent:
                self._told_agents[agent_id] = agent
                yield AgentChanged(agent=agent)
        self._dirty_agents.clear()

    def _changed_calls(self) -> Iterator[Event]:
        shown = self.shown()
        for call_id in [call_id for call_id in self._told_calls if call_id not in shown]:
            del self._told_calls[call_id], self._told_turns[call_id]
            self._supervision.pop(call_id, None)
            yield CallRemoved(id=call_id)
        self._prune(shown)
        for call_id in sorted(
            call_id for call_id in shown if call_id in self._dirty_calls or call_id not in self._told_calls
        ):
            row = shown[call_id]
            transcript = self._transcripts.get(row.conversation)
            call = self._call_view(row, transcript)
            if self._told_calls.get(call_id) != call:
                self._told_calls[call_id] = call
                yield CallChanged(call=call)
            turns = transcript.turns if transcript is not None else _EMPTY
            yield from differences(call_id, self._told_turns.get(call_id, _EMPTY), turns)
            self._told_turns[call_id] = turns
        self._dirty_calls.clear()

    def _prune(self, shown: Mapping[str, CallRow]) -> None:
        """Drops details of calls that have left the floor."""
        leads = {call.lead for call in shown.values()}
        conversations = {call.conversation for call in shown.values()}
        details: tuple[tuple[dict[str, Any], set[str]], ...] = (
            (self._leads, leads),
            (self._voice, conversations),
            (self._transcripts, conversations),
        )
        for table, kept in details:
            for key in [key for key in table if key not in kept]:
                del table[key]

    def _call_view(self, row: CallRow, transcript: Transcript | None) -> Call:
        agent = self.agents.get(row.agent)
        supervision, version = self._supervision.get(row.id, (Supervision(), 0))
        return Call(
            id=row.id,
            direction=row.direction,
            state=row.state,
            agent=row.agent,
            kind=row.kind or (agent.kind if agent else ""),
            lead=self._leads.get(row.lead),
            phone=row.phone,
            campaign=row.campaign,
            conversation=row.conversation,
            call=self._voice.get(row.conversation, ""),
            began=row.began,
            answered=row.answered,
            ended=row.ended,
            seconds=row.seconds,
            ending=row.ending,
            outcome=row.outcome,
            sentiment=transcript.mood if transcript is not None else None,
            version=version,
            supervision=supervision,
        )

    def _changed_campaigns(self) -> Iterator[Event]:
        for campaign_id in [one for one in self._told_campaigns if one not in self._campaigns]:
            yield CampaignRemoved(id=campaign_id)
        for campaign_id, campaign in self._campaigns.items():
            if self._told_campaigns.get(campaign_id) != campaign:
                yield CampaignChanged(campaign=campaign)
        self._told_campaigns = dict(self._campaigns)

    def state(self) -> State:
        """All that was told so far."""
        if self._told_team is None:
            raise ValueError("A board without a team has told nothing yet.")
        return State(
            team=self._told_team,
            agents=dict(self._told_agents),
            calls={
                call_id: with_turns(call, tuple(self._told_turns[call_id].values()))
                for call_id, call in self._told_calls.items()
            },
            campaigns=dict(self._told_campaigns),
            leads=self._told_leads,
            kpis=self._told_kpis,
        )


def _with_absent(
    read: Mapping[str, Row | None], known: Mapping[str, Row], is_whole: bool
) -> list[tuple[str, Row | None]]:
    """What was read; and, when everything was, None for each that is known and was not found any more."""
    absent: list[tuple[str, Row | None]] = [(key, None) for key in known if key not in read] if is_whole else []
    return [*absent, *read.items()]
