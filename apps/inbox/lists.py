"""The inbox's list: newest activity first, by views and filters, page by page."""

import base64
import binascii
import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Substr

from apps.business.core.names import fold
from apps.common.errors import InvalidInput
from apps.common.ids import is_id
from apps.conversations.attention import State
from apps.conversations.models import Channel, Conversation, Purpose, Turn
from apps.inbox.models import Seat, Seen
from apps.tenants.sessions import Person

PAGE = 40
MOST_IDS = 50
_SNIPPET = 160
VIEWS = ("open", "waiting", "mine", "closed", "all")


@dataclass(frozen=True, slots=True)
class Filters:
    """What is asked for; "" = whatever. Dates are days of the business, both included."""

    view: str = "open"
    q: str = ""
    channel: str = ""
    agent: str = ""
    since: dt.date | None = None
    until: dt.date | None = None


def page(
    *, person: Person, filters: Filters, before: str = "", ids: list[str] | None = None, now: dt.datetime
) -> dict[str, Any]:
    """`{"conversations", "next", "counts"}`; two queries, however many there are.

    Args:
        before: the `next` of the page before this one.
        ids: only these, if they fit the filters.
    """
    rows = _filtered(person, filters)
    if ids is not None:
        rows = rows.filter(pk__in=[each for each in ids[:MOST_IDS] if is_id(each)])
    if before:
        at, last = _read_cursor(before)
        rows = rows.filter(Q(last_at__lt=at) | Q(last_at=at, pk__lt=last))
    found = list(_with_words(rows, person).order_by("-last_at", "-pk")[: PAGE + 1])
    shown = found[:PAGE]
    return {
        "conversations": [summary(row, user=str(person.user.pk)) for row in shown],
        "next": _cursor(shown[-1]) if len(found) > PAGE else None,
        "counts": counts(user=str(person.user.pk)),
    }


def counts(*, user: str) -> dict[str, int]:
    """How many wait, and how many the user has."""
    wanted = Conversation.objects.exclude(attention="")
    return wanted.aggregate(
        waiting=Count("pk", filter=Q(attention=State.WAITING)),
        mine=Count("pk", filter=Q(attention=State.PERSON, wanted__user=user)),
    )


def one(*, person: Person, conversation_id: str) -> Any:
    """The conversation with what `summary` needs; None when the tenant has none of that id."""
    if not is_id(conversation_id):
        return None
    return _with_words(Conversation.objects.filter(pk=conversation_id), person).first()


def summary(row: Any, *, user: str) -> dict[str, Any]:
    """A line of the list."""
    wanted, call = getattr(row, "wanted", None), getattr(row, "call", None)
    who = row.contact.name if row.contact else (wanted.name if wanted else "")
    return {
        "id": row.pk,
        "who": who or (call.caller if call else "") or "Visitor",
        "channel": row.channel,
        "status": row.status,
        "agent": row.agent,
        "last_at": row.last_at.isoformat(),
        "started_at": row.started_at.isoformat(),
        "last": {"role": row.last_role or "", "text": row.last_text or ""},
        "unread": row.is_new,
        "talking": call is not None and call.ended_at is None,
        "attention": row.attention or "agent",
        "reason": wanted.get_reason_display() if wanted and row.attention else "",
        "person": wanted.person if wanted else "",
        "is_mine": bool(wanted and wanted.user == user and row.attention == State.PERSON),
        "waiting_at": wanted.waiting_at.isoformat() if wanted and wanted.waiting_at and row.attention else None,
        "call_back": bool(wanted and (wanted.phone or wanted.email) and row.attention == State.WAITING),
    }


def _filtered(person: Person, filters: Filters) -> QuerySet[Conversation]:
    rows = Conversation.objects.filter(purpose=Purpose.LIVE)
    match filters.view:
        case "open":
            rows = rows.filter(Q(status=Conversation.Status.OPEN) | ~Q(attention=""))
        case "waiting":
            rows = rows.filter(attention=State.WAITING)
        case "mine":
            rows = rows.filter(attention=State.PERSON, wanted__user=str(person.user.pk))
        case "closed":
            rows = rows.filter(status=Conversation.Status.CLOSED, attention="")
    if filters.channel:
        rows = rows.filter(channel=filters.channel)
    if filters.agent:
        rows = rows.filter(agent=filters.agent)
    zone = person.tenant.zone
    if filters.since:
        rows = rows.filter(last_at__gte=dt.datetime.combine(filters.since, dt.time(), zone))
    if filters.until:
        rows = rows.filter(last_at__lt=dt.datetime.combine(filters.until + dt.timedelta(days=1), dt.time(), zone))
    return rows.filter(_matching(filters.q)) if filters.q.strip() else rows


def _matching(text: str) -> Q:
    """Words of the turns, the contact's name, a phone number however it is written."""
    term = text.strip()
    found = Q(Exists(Turn.objects.filter(conversation=OuterRef("pk"), text__icontains=term))) | Q(pk=term)
    found |= Q(wanted__name__icontains=term)
    named = Q(contact__isnull=False)
    for word in fold(term).split():
        named &= Q(contact__given_key__contains=word) | Q(contact__family_key__contains=word)
    found |= named
    digits = "".join(letter for letter in term if letter.isdigit())
    if len(digits) >= 4 and not any(letter.isalpha() for letter in term):
        national = digits.lstrip("0")
        for field in ("contact__phone", "call__caller", "wanted__phone"):
            found |= Q(**{f"{field}__contains": national})
    return found


def _with_words(rows: QuerySet[Conversation], person: Person) -> QuerySet[Any]:
    """With the last words, and whether they are new to the person."""
    last = Turn.objects.filter(conversation=OuterRef("pk")).exclude(text="").order_by("-number")
    seat = Seat.objects.filter(membership=person.membership_id).values("since")[:1]
    seen = Seen.objects.filter(membership=person.membership_id, conversation=OuterRef("pk")).values("at")[:1]
    return (
        rows.select_related("contact", "wanted", "call")
        .annotate(
            last_text=Subquery(last.annotate(start=Substr("text", 1, _SNIPPET)).values("start")[:1]),
            last_role=Subquery(last.values("role")[:1], output_field=CharField()),
            seen_at=Subquery(seen),
            since=Subquery(seat),
        )
        .annotate(
            is_new=Case(
                When(seen_at__gte=F("last_at"), then=Value(False)),
                When(since__lt=F("last_at"), then=Value(True)),
                default=Value(False),
            )
        )
    )


def _cursor(row: Conversation) -> str:
    return base64.urlsafe_b64encode(f"{row.last_at.isoformat()} {row.pk}".encode()).decode()


def _read_cursor(text: str) -> tuple[dt.datetime, str]:
    try:
        at, _, last = base64.urlsafe_b64decode(text.encode()).decode().partition(" ")
        moment = dt.datetime.fromisoformat(at)
    except (binascii.Error, ValueError):
        raise InvalidInput("Expected “next” of the page before.", field="before") from None
    if moment.tzinfo is None or not is_id(last):
        raise InvalidInput("Expected “next” of the page before.", field="before")
    return moment, last


def read_filters(given: dict[str, str]) -> Filters:
    """Filters from a query string.

    Raises:
        InvalidInput: names the field.
    """
    view = given.get("view") or "open"
    if view not in VIEWS:
        raise InvalidInput(f"Expected one of {', '.join(VIEWS)}.", field="view")
    channel = given.get("channel", "")
    if channel and channel not in Channel.values:
        raise InvalidInput(f"Expected one of {', '.join(Channel.values)}.", field="channel")
    return Filters(
        view=view,
        q=given.get("q", "")[:100].replace("\0", ""),
        channel=channel,
        agent=given.get("agent", "")[:50].replace("\0", ""),
        since=_day(given, "since"),
        until=_day(given, "until"),
    )


def _day(given: dict[str, str], field: str) -> dt.date | None:
    if not (text := given.get(field, "")):
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise InvalidInput("Expected a day such as 2026-11-30.", field=field) from None
