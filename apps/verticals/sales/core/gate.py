"""Whether a lead may be called now: the one place that decides, and it says no unless everything says yes. Pure."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from apps.verticals.sales.core.hours import Window, may_ring, next_ring

Reason = Literal[
    "no_number",
    "do_not_call",
    "no_consent",
    "consent_expired",
    "consent_not_written",
    "unknown_zone",
    "no_common_hours",
    "attempts_used_up",
    "closed_lead",
    "outside_hours",
    "called_enough_today",
    "campaign_not_on",
    "campaign_over",
]

WORDS: Final[dict[Reason, str]] = {
    "no_number": "There is no phone number that can be called.",
    "do_not_call": "The number is on the do-not-call list.",
    "no_consent": "No consent to be called is on file.",
    "consent_expired": "The consent has expired.",
    "consent_not_written": "The campaign needs consent in writing, and only a spoken one is on file.",
    "unknown_zone": "It is not known what time it is where the number is.",
    "no_common_hours": "There is no hour at which it may be called everywhere the number may be.",
    "attempts_used_up": "It has been called as often as the campaign allows.",
    "closed_lead": "The lead is won, lost or closed.",
    "outside_hours": "It is outside of the hours where the number is.",
    "called_enough_today": "It has been called as often as is allowed within 24 hours.",
    "campaign_not_on": "The campaign has not begun yet.",
    "campaign_over": "The campaign is over by then.",
}
DAY: Final = dt.timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Permit:
    """A consent that is on file and was not withdrawn."""

    is_written: bool
    obtained_at: dt.datetime
    expires_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a lead.

    Attributes:
        zones: where the number may be, from the number; empty = not known.
        attempts: calls of this campaign so far.
        recent: when the number was called within the last 24 hours, by whatever campaign.
    """

    number: str
    zones: Sequence[dt.tzinfo]
    is_forbidden: bool
    permits: Sequence[Permit]
    is_closed: bool = False
    attempts: int = 0
    recent: Sequence[dt.datetime] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """What a campaign allows. `begins_at` and `ends_at` bound it, None = open."""

    window: Window
    max_attempts: int
    max_per_day: int
    needs_written: bool = True
    begins_at: dt.datetime | None = None
    ends_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Allowed:
    """Now."""


@dataclass(frozen=True, slots=True)
class Later:
    """Not before then."""

    at: dt.datetime
    reason: Reason


@dataclass(frozen=True, slots=True)
class Never:
    """Not in this campaign, unless what is known changes."""

    reason: Reason


Decision = Allowed | Later | Never


def decide(facts: Facts, rules: Rules, now: dt.datetime) -> Decision:
    """Whether the lead may be called at `now` (aware)."""
    if (refusal := _refusal(facts, rules, now)) is not None:
        return Never(refusal)
    earliest, reason = _earliest(facts, rules, now)
    moment = next_ring(earliest, facts.zones, rules.window)
    if moment is None:
        return Never("no_common_hours")
    if rules.ends_at is not None and moment >= rules.ends_at:
        return Never("campaign_over")
    if not _is_permitted(facts, rules, moment):
        return Never("consent_expired")
    if moment <= now and may_ring(now, facts.zones, rules.window):
        return Allowed()
    return Later(moment, reason or "outside_hours")


def _refusal(facts: Facts, rules: Rules, now: dt.datetime) -> Reason | None:
    """What no waiting mends; what weighs most comes first."""
    if not facts.number:
        return "no_number"
    if facts.is_forbidden:
        return "do_not_call"
    if facts.is_closed:
        return "closed_lead"
    if not facts.permits:
        return "no_consent"
    if rules.needs_written and not any(permit.is_written for permit in facts.permits):
        return "consent_not_written"
    if not _is_permitted(facts, rules, now):
        return "consent_expired"
    if facts.attempts >= rules.max_attempts:
        return "attempts_used_up"
    if not facts.zones:
        return "unknown_zone"
    return "no_common_hours" if rules.max_per_day < 1 else None


def _is_permitted(facts: Facts, rules: Rules, moment: dt.datetime) -> bool:
    """Whether a consent of the kind that is needed holds at that moment."""
    return any(
        permit.obtained_at <= moment and (permit.expires_at is None or moment < permit.expires_at)
        for permit in facts.permits
        if permit.is_written or not rules.needs_written
    )


def _earliest(facts: Facts, rules: Rules, now: dt.datetime) -> tuple[dt.datetime, Reason | None]:
    """From when on neither the campaign's beginning nor the day's cap is in the way."""
    earliest = now
    reason: Reason | None = None
    recent = sorted(moment for moment in facts.recent if moment > now - DAY)
    if len(recent) >= rules.max_per_day:
        earliest, reason = recent[len(recent) - rules.max_per_day] + DAY, "called_enough_today"
    if rules.begins_at is not None and rules.begins_at > earliest:
        earliest, reason = rules.begins_at, "campaign_not_on"
    return earliest, reason
