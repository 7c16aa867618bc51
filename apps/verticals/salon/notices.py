"""Texts that a salon sends by itself: the day before a visit, and when the waitlist has found a time. Worker's duties.

The key of a text names the visit and its time: so each goes out once, and again when the visit is moved.
"""

import datetime as dt
import logging
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from django.db.models import QuerySet

from apps.business.core.wording import listed, spoken_moment
from apps.business.models import BookingStatus
from apps.common.duties import complete
from apps.common.errors import AppError
from apps.telephony.listeners import Listener
from apps.telephony.models import OptOut, PhoneNumber, TextMessage
from apps.telephony.texting import send_text
from apps.tenants.models import Tenant
from apps.tenants.scope import all_tenants, tenant_scope
from apps.verticals.salon.house_rules import house_rules
from apps.verticals.salon.models import Appointment, WaitlistEntry
from apps.verticals.salon.waitlist import fill_all

logger = logging.getLogger(__name__)

TOPIC = "salon"
BEFORE = dt.timedelta(hours=24)
LATEST = dt.timedelta(hours=2)
"""Nobody is reminded of a visit that is this near: they are on their way."""
NEWS = dt.timedelta(days=1)
"""For so long a time that the waitlist found is told, should nobody have been there to tell it."""
HOURS = range(8, 21)
"""Of the salon's day, in which people may be texted."""
_COMING = (BookingStatus.SCHEDULED, BookingStatus.CONFIRMED)
_YES = frozenset({"y", "yes", "ok", "okay", "confirm", "confirmed", "1"})


class Notice(NamedTuple):
    to: str
    body: str
    about: str
    key: str


def fill(now: dt.datetime) -> int:
    """Books for those on waitlists whatever has come free, however it came free. How many."""
    with all_tenants(reason="list the salons where somebody waits"):
        tenants = _salons(WaitlistEntry.objects.filter(status=WaitlistEntry.Status.WAITING))
    return sum(_fill(tenant, now.astimezone(tenant.zone)) for tenant in tenants)


def _fill(tenant: Tenant, now: dt.datetime) -> int:
    with tenant_scope(tenant.pk):
        return len(fill_all(rules=house_rules(), now=now, actor="system"))


def send(now: dt.datetime) -> int:
    """Sends what is due at every salon that has a phone number. How many texts."""
    with all_tenants(reason="list the salons that can text"):
        tenants = _salons(PhoneNumber.objects.filter(is_active=True))
    sent = 0
    for tenant in tenants:
        here = now.astimezone(tenant.zone)
        if here.hour in HOURS:
            with tenant_scope(tenant.pk):
                due = [*_reminders(tenant, here), *_found(tenant, here)]
            sent += sum(_sent(tenant, notice) for notice in due)
    return sent


def _salons(rows: QuerySet[Any]) -> list[Tenant]:
    return list(Tenant.objects.filter(vertical="salon", pk__in=rows.values("tenant_id")).order_by("slug"))


def _reminders(tenant: Tenant, now: dt.datetime) -> Iterator[Notice]:
    """Of visits within a day that were booked before that day."""
    soon = {"booking__starts_at__gt": now + LATEST, "booking__starts_at__lte": now + BEFORE}
    for visit in _unsaid(Appointment.objects.filter(**soon), "reminder"):
        if visit.booking.starts_at - visit.booking.created_at > BEFORE:
            yield _notice(visit, "reminder", tenant, f"we look forward to seeing you {_when(visit, now)}")


def _found(tenant: Tenant, now: dt.datetime) -> Iterator[Notice]:
    """Times that the waitlist has found."""
    news = {"waited_for__isnull": False, "booking__created_at__gt": now - NEWS, "booking__starts_at__gt": now}
    for visit in _unsaid(Appointment.objects.filter(**news), "found"):
        yield _notice(visit, "found", tenant, f"good news, a time came free and is yours: {_when(visit, now)}")


def _unsaid(visits: QuerySet[Appointment], kind: str) -> Sequence[Appointment]:
    coming = visits.filter(booking__status__in=_COMING).exclude(booking__contact__phone="")
    rows = coming.exclude(booking__contact__phone__in=OptOut.objects.values("number"))
    found = list(rows.select_related("booking__contact", "booking__staff").prefetch_related("lines__service"))
    keys = [_key(visit, kind) for visit in found]
    said = set(TextMessage.objects.filter(key__in=keys).values_list("key", flat=True))
    return [visit for visit in found if _key(visit, kind) not in said]


def _key(visit: Appointment, kind: str) -> str:
    return f"{kind}:{visit.pk}:{visit.booking.starts_at:%Y%m%d%H%M}"


def _notice(visit: Appointment, kind: str, tenant: Tenant, news: str) -> Notice:
    call = f", or call {tenant.phone} to change it" if tenant.phone else ""
    body = f"{tenant.name}: {news}. Reply YES to confirm{call}."
    return Notice(to=visit.booking.contact.phone, body=body, about=visit.pk, key=_key(visit, kind))


def _when(visit: Appointment, now: dt.datetime) -> str:
    """Such as "on Tuesday, November 24 at 9:30 AM with Maya Torres (Balayage)"."""
    services = listed([line.service.name for line in visit.lines.all()])
    moment = spoken_moment(visit.booking.starts_at.astimezone(now.tzinfo), today=now.date())
    return f"on {moment} with {visit.booking.staff.name}{f' ({services})' if services else ''}"


def _sent(tenant: Tenant, notice: Notice) -> bool:
    try:
        complete(send_text(tenant_id=tenant.pk, topic=TOPIC, **notice._asdict()))
    except AppError as refusal:  # its code only: a number is personal
        logger.warning("notice not sent", extra={"tenant": tenant.pk, "error": refusal.code})
        return False
    return True


class Replies(Listener):
    """What customers answer to a notice."""

    def text_received(self, text: TextMessage) -> str | None:
        """YES confirms the visit. Everything else is for the salon to read."""
        if text.body.strip(" .!\n").casefold() not in _YES:
            return None
        visit = Appointment.objects.select_related("booking").filter(pk=text.about).first()
        if visit is None or visit.booking.contact.phone != text.other or visit.booking.status not in _COMING:
            return None
        visit.booking.status = BookingStatus.CONFIRMED
        visit.booking.save(update_fields=["status"])
        return "Thank you, your visit is confirmed. See you soon!"
