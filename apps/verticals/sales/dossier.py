"""What is known of the leads that are about to be called: read at once, decided one by one."""

import datetime as dt
from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

from apps.verticals.sales import numbers, permission
from apps.verticals.sales.core.gate import DAY, Facts, Rules
from apps.verticals.sales.core.hours import LAWFUL, Window
from apps.verticals.sales.models import Campaign, DialedCall, DialingRules, Lead
from apps.verticals.sales.models.leads import CLOSED_STATUSES

CALLBACK_ATTEMPTS = 3
"""Tries to reach somebody who was promised a call."""


class Dossier:
    """Facts of some leads: four queries, however many they are."""

    def __init__(self, leads: Iterable[Lead], *, now: dt.datetime) -> None:
        phones = {lead.phone for lead in leads}
        self._forbidden = permission.forbidden(phones)
        self._permits = permission.permits(phones, now=now)
        self._recent: dict[str, list[dt.datetime]] = {}
        calls = DialedCall.objects.filter(phone__in=phones, claimed_at__gt=now - DAY)
        for phone, claimed_at in calls.exclude(ending=DialedCall.Ending.NOT_DIALED).values_list("phone", "claimed_at"):
            self._recent.setdefault(phone, []).append(claimed_at)

    def facts(self, lead: Lead, *, attempts: int) -> Facts:
        """Of one of the leads, after `attempts` calls of the campaign."""
        return Facts(
            number=lead.phone,
            zones=numbers.zones_of(lead.phone),
            is_forbidden=lead.phone in self._forbidden,
            permits=self._permits.get(lead.phone, ()),
            is_closed=lead.status in CLOSED_STATUSES,
            attempts=attempts,
            recent=self._recent.get(lead.phone, ()),
        )


def rules_of(campaign: Campaign, rules: DialingRules, zone: ZoneInfo) -> Rules:
    """What holds for a campaign; its days are those of the business's time zone."""
    return Rules(
        window=Window(campaign.opens, campaign.closes),
        max_attempts=campaign.max_attempts,
        max_per_day=rules.max_per_day,
        needs_written=campaign.needs_written_consent,
        begins_at=_midnight(campaign.start_date, zone),
        ends_at=_midnight(campaign.end_date + dt.timedelta(days=1), zone) if campaign.end_date else None,
    )


def callback_rules(rules: DialingRules) -> Rules:
    """What holds for a call that was promised: whoever asks for one consents to it by saying so."""
    return Rules(window=LAWFUL, max_attempts=CALLBACK_ATTEMPTS, max_per_day=rules.max_per_day, needs_written=False)


def _midnight(day: dt.date | None, zone: ZoneInfo) -> dt.datetime | None:
    return dt.datetime.combine(day, dt.time(), zone) if day else None


def their_time(phone: str, now: dt.datetime) -> str:
    """What clocks show where the number is, such as "2026-11-23 10:05 America/Denver"; of several zones the first
    and the last.
    """
    local = sorted((now.astimezone(zone) for zone in numbers.zones_of(phone)), key=lambda one: one.replace(tzinfo=None))
    ends: Sequence[dt.datetime] = [local[0], local[-1]] if len(local) > 1 else local
    return "; ".join(f"{moment:%Y-%m-%d %H:%M} {moment.tzinfo}" for moment in ends)[:80]
