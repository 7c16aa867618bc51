"""What each command of the live floor does, as far as the database decides it; the rest of it is an `Errand`."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from apps.common.errors import AppError, InvalidInput, NotFound
from apps.conversations import supervision
from apps.conversations.models import Call
from apps.conversations.orders import Order, order_for
from apps.conversations.supervision import NotTalking
from apps.dashboard.viewers import STEERING, Viewer
from apps.tenants import audit
from apps.tenants.models import Membership, Role, User
from apps.tenants.versions import Outdated
from apps.verticals.sales import dialed, dialer, team
from apps.verticals.sales.models import DialedCall, Lead, ReceivedCall, TeamAgent
from apps.verticals.sales.models.dialing import Disposition

MOST_WORDS = 1_000
"""Characters of a whisper, of a summary, of what a supervisor writes."""
MOST_NOTE = 400


class Forbidden(AppError):
    """Their role does not allow it."""

    code = "forbidden"
    status = 403


@dataclass
class Asked:
    """A command under decision. `version` is the target's own, once it is known."""

    viewer: Viewer
    key: str
    name: str
    target: str
    args: dict[str, Any]
    expected: int | None
    now: dt.datetime
    role: str = ""
    version: int | None = None

    @property
    def actor(self) -> str:
        return f"user:{self.viewer.user_id}"

    def text(self, name: str, *, most: int = MOST_WORDS, needed: bool = False) -> str:
        """An argument that is words."""
        value = self.args.get(name, "")
        if not isinstance(value, str) or len(value) > most or (needed and not value.strip()):
            raise InvalidInput(f"{name} must be words, at most {most} characters.", field=name)
        return value.strip()


@dataclass(frozen=True)
class Errand:
    """What is left to do when the database has decided: said to the call, dialed, or nothing."""

    version: int
    orders: tuple[Order, ...] = ()
    sound: str = ""
    """The mode in which they hear the call from now on: listen, barge or takeover."""
    call: str = ""
    """A `conversations.Call`; `entered`: they are in it now, and are out again when it cannot be reached."""
    entered: bool = False
    dial: str = ""
    """A claimed DialedCall."""
    said: dict[str, Any] = field(default_factory=dict)
    """More for the answer."""


def role_of(viewer: Viewer) -> str:
    """Their role at this moment, whatever it was when their connection began; platform administrators act as owners."""
    role = Membership.objects.filter(user=viewer.user_id).values_list("role", flat=True).first()
    if role is None and User.objects.filter(pk=viewer.user_id, is_superuser=True, is_active=True).exists():
        return Role.OWNER.value
    return role or ""


def decide(asked: Asked) -> Errand:
    """Does the command's part in the database. In a transaction, in the tenant's scope.

    Raises:
        AppError: why not; nothing is changed then.
    """
    handler = HANDLERS.get(asked.name)
    if handler is None:
        raise InvalidInput("There is no such command.", field="name")
    if asked.role not in STEERING and (asked.role != Role.STAFF or asked.name != "lead.set_outcome"):
        raise Forbidden("Your role does not allow this.")
    return handler(asked)


# Agents


def _agent(asked: Asked) -> TeamAgent:
    agent = TeamAgent.objects.filter(pk=asked.target).first()
    if agent is None:
        raise NotFound("There is no such agent.")
    asked.version = agent.version
    return agent


def _pause(asked: Asked) -> Errand:
    is_paused = asked.name == "agent.pause"
    agent = team.set_paused(
        agent=_agent(asked), is_paused=is_paused, now=asked.now, actor=asked.actor, version=asked.expected
    )
    return Errand(agent.version)


def _assign_lead(asked: Asked) -> Errand:
    agent = _agent(asked)
    lead_id = asked.text("lead", most=64, needed=True)
    lead = Lead.objects.filter(pk=lead_id).first()
    if lead is None:
        raise NotFound("There is no such lead.", field="lead")
    call = dialer.assign(agent=agent, lead=lead, now=asked.now, actor=asked.actor, version=asked.expected)
    return Errand(agent.version, dial=call.pk, said={"call": call.pk})


# Calls


def _call(asked: Asked) -> Call:
    """The call by voice that a call on the floor is."""
    found: Call | None = None
    if (placed := DialedCall.objects.filter(pk=asked.target).first()) is not None:
        found = Call.objects.filter(conversation=placed.conversation_id).first() if placed.conversation_id else None
    elif (received := ReceivedCall.objects.filter(pk=asked.target).first()) is not None:
        found = Call.objects.filter(pk=received.call_id).first()
    else:
        raise NotFound("There is no such call.")
    if found is not None:
        asked.version = found.version
    if found is None or found.status != Call.Status.ACTIVE:
        raise NotTalking("Nobody is talking in this call.")
    return found


def _expect(asked: Asked, call: Call) -> None:
    if asked.expected is not None and asked.expected != call.version:
        raise Outdated("Somebody else has changed this call meanwhile.", version=call.version)


def _order(asked: Asked, call: Call, kind: str, text: str = "") -> Order:
    viewer = asked.viewer
    # One command may be two orders, and the answer to each has a key of its own.
    return order_for(
        call=call, kind=kind, id=f"{viewer.user_id}:{asked.key}:{kind}", user=viewer.user_id, by=viewer.name, text=text
    )


def _listen(asked: Asked) -> Errand:
    call = _call(asked)
    _expect(asked, call)
    audit.record(actor=asked.actor, action="call.listened", target=call.pk)
    return Errand(call.version, orders=(_order(asked, call, "listen"),), sound="listen", call=call.pk)


def _whisper(asked: Asked) -> Errand:
    text = asked.text("text", needed=True)
    call = _call(asked)
    _expect(asked, call)
    audit.record(actor=asked.actor, action="call.whispered", target=call.pk)
    return Errand(call.version, orders=(_order(asked, call, "whisper", text),), call=call.pk)


def _enter(asked: Asked) -> Errand:
    """Barging in, and taking over. With `text`, that is written to the caller as well."""
    mode = asked.name.removeprefix("call.")
    text = asked.text("text")
    call = supervision.enter(
        call=_call(asked),
        mode=mode,
        user=asked.viewer.user_id,
        name=asked.viewer.name,
        now=asked.now,
        actor=asked.actor,
        version=asked.expected,
    )
    orders = [_order(asked, call, mode)]
    if text:
        orders.append(_order(asked, call, "type", text))
    return Errand(call.version, orders=tuple(orders), sound=mode, call=call.pk, entered=True)


def _return(asked: Asked) -> Errand:
    summary = asked.text("summary")
    call = supervision.leave(
        call=_call(asked), user=asked.viewer.user_id, now=asked.now, actor=asked.actor, version=asked.expected
    )
    return Errand(call.version, orders=(_order(asked, call, "return", summary),), call=call.pk)


def _end(asked: Asked) -> Errand:
    call = supervision.steer(
        call=_call(asked),
        user=asked.viewer.user_id,
        now=asked.now,
        actor=asked.actor,
        action="call.ended",
        version=asked.expected,
    )
    return Errand(call.version, orders=(_order(asked, call, "end"),), call=call.pk)


# Leads


def _set_outcome(asked: Asked) -> Errand:
    outcome = asked.args.get("outcome")
    if outcome not in Disposition.values:
        raise InvalidInput(f"outcome must be one of: {', '.join(Disposition.values)}.", field="outcome")
    note = asked.text("note", most=MOST_NOTE)
    leads = Lead.objects.select_related("rep")
    lead = leads.filter(pk=asked.target).first()
    if lead is None:
        raise NotFound("There is no such lead.")
    asked.version = lead.version
    if asked.role == Role.STAFF and (lead.rep is None or str(lead.rep.user_id) != asked.viewer.user_id):
        raise Forbidden("This lead is not yours.")
    lead = dialed.set_outcome(
        lead=lead, outcome=outcome, note=note, now=asked.now, actor=asked.actor, version=asked.expected
    )
    return Errand(lead.version)


HANDLERS: dict[str, Callable[[Asked], Errand]] = {
    "agent.pause": _pause,
    "agent.resume": _pause,
    "agent.assign_lead": _assign_lead,
    "call.listen": _listen,
    "call.whisper": _whisper,
    "call.barge": _enter,
    "call.takeover": _enter,
    "call.return": _return,
    "call.end": _end,
    "lead.set_outcome": _set_outcome,
}
