"""Bringing a person of the business into a conversation: because the visitor wants one, or because a rule says so.

The rules are in the version of the agent who speaks (`human_on`); what holds for all agents is in `TeamDesk`.
"""

import datetime as dt
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from apps.agents.live import LiveAgent, live_agent
from apps.agents.models import HumanTrigger
from apps.agents.tools.definition import ToolContext, ToolRefused, ToolResult
from apps.agents.tools.people import Wish, request_human
from apps.business import calendar
from apps.business.contacts import InvalidPhone, normalize_phone, readable_phone
from apps.common.errors import InvalidInput
from apps.conversations import attention
from apps.conversations.attention import State
from apps.conversations.models import Call, Channel, Conversation, TeamDesk, ToolCall
from apps.desk.core import rules
from apps.tenants.memory import Memory
from apps.tenants.models import Tenant
from apps.tenants.scope import current_tenant_id

COMING = "I have told our team, and a person joins us here as soon as somebody is free."
NOBODY = (
    "Nobody of our team is at the desk right now. Please leave your name and a phone number or an e-mail address, and "
    "somebody gets back to you."
)
LEAVE = "Nobody of our team is here right now. Leave how we can reach you, and somebody gets back to you."
NOTED = "Thank you. I have noted how to reach you, and somebody of our team gets back to you."
CLOSED = "We are closed at the moment. Please write to us again when we are open."
THROUGH = "I am putting you through to a person. One moment, please."
BY_PHONE = "I have told our team. Somebody calls you back as soon as they can."
UNREADABLE = "I cannot read that. Please give a complete phone number or an e-mail address."
_LOOKED_AT = 12
"""Of the last tool calls; two searches in a row may have others between them."""
_present: list[Callable[[str], bool]] = []


class Unreachable(InvalidInput):
    """Neither a phone number nor an e-mail address that can be read."""

    code = "unreachable"


@dataclass(frozen=True, slots=True)
class _Desk:
    phrases: tuple[str, ...]
    closed_words: str


_desks: Memory[_Desk] = Memory(TeamDesk)


def watch(present: Callable[[str], bool]) -> None:
    """From AppConfig.ready() of the inbox: says whether somebody of a tenant is looking at it."""
    _present[:] = [present]


def somebody_present() -> bool:
    """Whether anybody of the team in scope would see a conversation that waits."""
    return any(ask(current_tenant_id()) for ask in _present)


def bring(ctx: ToolContext, wish: Wish) -> ToolResult:
    """What the tool `request_human` does."""
    phone, email = _reachable(wish)
    if (wish.phone or wish.email) and not (phone or email):
        raise ToolRefused("unreachable", UNREADABLE, field="phone" if wish.phone else "email")
    call = None if ctx.channel == "chat" else Call.objects.filter(conversation=ctx.conversation_id).first()
    attention.ask(
        conversation_id=ctx.conversation_id,
        reason=attention.Reason.REQUEST,
        about=wish.about,
        name=wish.name,
        phone=phone or (call.caller if call else ""),
        email=email,
        now=ctx.now,
    )
    if call is not None and _can_transfer(call):
        return ToolResult(THROUGH, {"present": True, "transfer": True})
    present = somebody_present()
    if phone or email:
        say = NOTED
    elif call is not None:
        say = BY_PHONE if call.caller else NOBODY
    else:
        say = words(live_agent(slug=ctx.agent), present=present)
    return ToolResult(say, {"present": present})


def _can_transfer(call: Call) -> bool:
    """Whether the carrier would ring the business's own phone when we leave the call (its ladder of verbs)."""
    own = Tenant.objects.get(pk=current_tenant_id()).phone
    is_ours = call.conversation.channel == Channel.PHONE and call.direction == Call.Direction.INBOUND
    return is_ours and own not in ("", call.number, call.caller)


def words(agent: LiveAgent, *, present: bool) -> str:
    """What the visitor is told when a person is to come: the owner's words, if somebody is there to come."""
    if present:
        return agent.human_words or COMING
    tenant = Tenant.objects.get(pk=current_tenant_id())
    phone = readable_phone(tenant.phone, tenant.region)
    return f"{NOBODY} You can also call us at {phone}." if phone else NOBODY


def leave_details(
    *, conversation: Conversation, name: str, phone: str, email: str, about: str, now: dt.datetime
) -> None:
    """A visitor wants to be called back; the request stands in the inbox.

    Raises:
        Unreachable: neither a phone number nor an e-mail address that can be read.
    """
    number, address = _reachable(Wish(about, name, phone, email))
    if not number and not address:
        raise Unreachable(UNREADABLE, field="email" if email and not phone else "phone")
    attention.ask(
        conversation_id=conversation.pk,
        reason=attention.Reason.REQUEST,
        about=about,
        name=name,
        phone=number,
        email=address,
        now=now,
    )


def after_message(*, conversation: Conversation, agent: LiveAgent, text: str, now: dt.datetime) -> str | None:
    """Looks at what a visitor wrote. What is answered without asking the model; None = the model is asked.

    "" = nothing is, for a person has the conversation.
    """
    if conversation.attention == State.PERSON:
        return ""
    desk = _desk()
    if HumanTrigger.SENSITIVE in agent.human_on and rules.names_one(text, desk.phrases):
        _ask(conversation, HumanTrigger.SENSITIVE, text, now)
    if agent.answers_outside_hours and HumanTrigger.OUTSIDE_HOURS not in agent.human_on:
        return None
    if calendar.is_open(now=now):
        return None
    if HumanTrigger.OUTSIDE_HOURS in agent.human_on:
        _ask(conversation, HumanTrigger.OUTSIDE_HOURS, text, now)
    return None if agent.answers_outside_hours else agent.outside_words or desk.closed_words or CLOSED


def after_call(*, conversation: Conversation, agent: LiveAgent, name: str, status: str, now: dt.datetime) -> None:
    """Looks at what came of a tool call, and of those before it."""
    if name == request_human.name and status == "done" and agent.tools.get(name) is not request_human:
        # The industry's own way of getting a person: it is a wish for one here, too.
        _ask(conversation, HumanTrigger.REQUEST, "", now)
        return
    wanted = agent.human_on & {HumanTrigger.TOOL_FAILURES, HumanTrigger.LOW_CONFIDENCE}
    if not wanted or conversation.attention != State.NONE:
        return
    over = ToolCall.objects.filter(conversation=conversation).exclude(status=ToolCall.Status.STARTED)
    calls = list(over.order_by("-started_at", "-id").values_list("name", "status", "result")[:_LOOKED_AT])
    if (reason := rules.trigger(calls)) in wanted:
        _ask(conversation, reason, "", now)


def _ask(conversation: Conversation, reason: str, about: str, now: dt.datetime) -> None:
    if attention.ask(conversation_id=conversation.pk, reason=reason, about=about, now=now):
        conversation.attention = State.WAITING


def _desk() -> _Desk:
    def read() -> _Desk:
        row = TeamDesk.objects.first()
        return _Desk(rules.phrases(row.sensitive_words), row.closed_words) if row else _Desk((), "")

    return _desks.recall(current_tenant_id(), read)


def _reachable(wish: Wish) -> tuple[str, str]:
    """(phone in E.164, e-mail) as far as they can be read; else "" each."""
    phone, email = "", wish.email.strip()
    if wish.phone.strip():
        with suppress(InvalidPhone):
            phone = normalize_phone(wish.phone, Tenant.objects.get().region)
    try:
        validate_email(email)
    except ValidationError:
        email = ""
    return phone, email
