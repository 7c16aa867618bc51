"""What happens in selling, as typed events on the tenant's log, published after commit: what the live floor shows.

A view that misses one reads the database again; so a lost Redis loses no call and no lead.
"""

import msgspec

from apps.live import after_commit
from apps.tenants import keys
from apps.tenants.scope import current_tenant_id


class SalesEvent(msgspec.Struct, frozen=True, tag_field="type", kw_only=True):
    """Base of the events; `type` is the class's name. Ids only: who may see names reads them."""

    at: float
    """Unix time in seconds."""


class DialBegun(SalesEvent, frozen=True, tag=True):
    """A line and an agent are taken for a call."""

    call: str
    lead: str
    agent: str
    campaign: str


class DialChanged(SalesEvent, frozen=True, tag=True):
    call: str
    state: str


class DialEnded(SalesEvent, frozen=True, tag=True):
    call: str
    lead: str
    agent: str
    campaign: str
    ending: str
    seconds: int


class OutcomeRecorded(SalesEvent, frozen=True, tag=True):
    lead: str
    call: str
    outcome: str


class LeadCreated(SalesEvent, frozen=True, tag=True):
    lead: str


class LeadsImported(SalesEvent, frozen=True, tag=True):
    leads: int


class LeadScored(SalesEvent, frozen=True, tag=True):
    lead: str
    score: int
    temperature: str


class LeadAssigned(SalesEvent, frozen=True, tag=True):
    lead: str
    rep: str


class MeetingChanged(SalesEvent, frozen=True, tag=True):
    """`change` is booked, moved or cancelled."""

    meeting: str
    lead: str
    rep: str
    change: str


class CallbackChanged(SalesEvent, frozen=True, tag=True):
    """`state` as of the model."""

    callback: str
    lead: str
    state: str


class NumberForbidden(SalesEvent, frozen=True, tag=True):
    """Somebody is not called any more."""

    leads: int


class CampaignChanged(SalesEvent, frozen=True, tag=True):
    campaign: str
    status: str


class ReceivedCallChanged(SalesEvent, frozen=True, tag=True):
    """Somebody rings us, talks to another kind of agent now, or is gone; `state` as of the model."""

    call: str
    agent: str
    lead: str
    kind: str
    state: str


class AgentChanged(SalesEvent, frozen=True, tag=True):
    """Somebody has paused an agent of the floor, or let it go on."""

    agent: str
    is_paused: bool


class DialingStopped(SalesEvent, frozen=True, tag=True):
    """All calls of the account were stopped, or may go on."""

    is_stopped: bool


_encode = msgspec.json.Encoder().encode


def publish(*happened: SalesEvent) -> None:
    """Puts events on the tenant's log, in this order, once the transaction is committed."""
    if happened:
        after_commit.publish(key=keys.floor_log(current_tenant_id()), events=[_encode(event) for event in happened])
