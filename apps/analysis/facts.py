"""What a conversation is judged by, read from its record: its dialogue, and each version's part in it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Sum

from apps.agents.models import Agent
from apps.analysis.core.dialogue import Dialogue, Line, Used
from apps.analysis.models import Contribution
from apps.business.models import Booking
from apps.conversations.models import Conversation, ToolCall, Turn
from apps.plans.models import UsageEntry, UsageKind

MOST_TURNS = 80
LONGEST = 1_200
"""Characters of a line."""
MOST_CHARACTERS = 24_000
"""Of all lines: what is older is left out."""
_WHO = {Turn.Role.VISITOR: "visitor", Turn.Role.AGENT: "agent", Turn.Role.SUPERVISOR: "person"}
HANDOFF = "handoff"
"""`ended` of an agent's run that a person cut short."""
REQUEST = "request_human"
"""The tool by which an agent asks for a person."""


@dataclass(frozen=True, slots=True)
class Facts:
    """`parts` are the versions that spoke, in the order of their last words, without a verdict yet."""

    conversation: Conversation
    dialogue: Dialogue
    parts: list[Contribution]
    ended_in_error: bool

    @property
    def is_empty(self) -> bool:
        """Nobody said anything: there is nothing to judge."""
        return not self.dialogue.lines


def of(conversation_id: str) -> Facts:
    """In the tenant's scope; six queries, however long it was."""
    conversation = Conversation.objects.get(pk=conversation_id)
    turns = list(
        Turn.objects.filter(conversation=conversation).exclude(ended=Turn.REPLACED).order_by("-number")[:MOST_TURNS]
    )[::-1]
    calls = list(ToolCall.objects.filter(conversation=conversation).order_by("started_at", "id"))
    bookings = list(Booking.objects.filter(conversation_id=conversation.pk).order_by("created_at"))
    costs = _costs(conversation)
    spoken = [turn for turn in turns if turn.role == Turn.Role.AGENT]
    with_person = any(_is_by_person(turn) for turn in turns) or any(_asks_for_person(call) for call in calls)
    last = next((turn for turn in reversed(spoken) if turn.text), None)
    name = Agent.objects.filter(slug=last.agent).values_list("name", flat=True).first() if last else None
    dialogue = Dialogue(
        lines=_lines(turns),
        tools=tuple(Used(call.name, call.status) for call in calls),
        agent=name or "",
        channel=conversation.channel,
        is_known=conversation.contact_id is not None,
        booked=len(bookings),
        with_person=with_person,
    )
    parts = _parts(conversation, turns, costs)
    _credit_bookings(parts, calls, bookings)
    return Facts(conversation, dialogue, parts, bool(spoken) and spoken[-1].ended == "error")


def _lines(turns: Iterable[Turn]) -> tuple[Line, ...]:
    """The latest that fit."""
    kept: list[Line] = []
    room = MOST_CHARACTERS
    for turn in reversed(list(turns)):
        text = turn.text.strip()[:LONGEST]
        if not text:
            continue
        room -= len(text)
        if room < 0:
            break
        kept.append(Line(_WHO[Turn.Role(turn.role)], text))
    return tuple(reversed(kept))


def _is_by_person(turn: Turn) -> bool:
    return (turn.role == Turn.Role.SUPERVISOR and bool(turn.text)) or turn.ended == HANDOFF


def _asks_for_person(call: ToolCall) -> bool:
    return call.name == REQUEST and call.status == ToolCall.Status.DONE


def _costs(conversation: Conversation) -> dict[str, int]:
    """By agent, in millionths of a dollar."""
    entries = UsageEntry.objects.filter(conversation_id=conversation.pk, kind=UsageKind.COST)
    return dict(entries.values_list("agent").annotate(total=Sum("quantity")).order_by())


def _parts(conversation: Conversation, turns: Iterable[Turn], costs: dict[str, int]) -> list[Contribution]:
    parts: dict[tuple[str, int], Contribution] = {}
    last: Contribution | None = None
    for turn in turns:
        if turn.role == Turn.Role.AGENT and turn.agent:
            key = (turn.agent, turn.agent_version or 0)
            last = parts.pop(key, None) or Contribution(agent=key[0], version=key[1], at=conversation.last_at)
            parts[key] = last
            last.answers += bool(turn.text)
            if turn.first_word_ms is not None:
                last.first_words += 1
                last.first_words_ms += turn.first_word_ms
        if _is_by_person(turn) and last is not None:
            last.handed_over = True
    for part in reversed(parts.values()):  # the ledger knows agents only: to the version that spoke last
        part.cost = costs.pop(part.agent, 0)
    return list(parts.values())


def _credit_bookings(parts: list[Contribution], calls: list[ToolCall], bookings: list[Booking]) -> None:
    """To whose tool ran when the booking was made; handing over to a person, to who asked for one."""
    by_version = {(part.agent, part.version): part for part in parts}

    def credited(call: ToolCall | None) -> Contribution | None:
        return by_version.get((call.agent, call.agent_version or 0)) if call is not None else None

    for booking in bookings:
        before = [call for call in calls if call.started_at <= booking.created_at]
        if (part := credited(before[-1] if before else None)) is not None:
            part.booked += 1
    for call in calls:
        if _asks_for_person(call) and (part := credited(call)) is not None:
            part.handed_over = True
