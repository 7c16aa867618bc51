"""Free times, picked for a visitor's wish and put into words."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apps.business.calendar import Slot, free_slots
from apps.business.core import openings as picking
from apps.verticals.healthcare.models import Provider

NOTICE = dt.timedelta(hours=1)
"""Nobody is at the clinic sooner."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A free time of a provider; `starts_at` is local, `minutes` its length."""

    provider: Provider
    starts_at: dt.datetime
    minutes: int

    def as_data(self) -> dict[str, Any]:
        """Under the names of the tools' arguments."""
        return {
            "provider_id": self.provider.pk,
            "provider_name": self.provider.staff.name,
            "specialization": self.provider.specialization,
            "date": self.starts_at.date().isoformat(),
            "time": f"{self.starts_at:%H:%M}",
            "duration": self.minutes,
        }


def openings(
    providers: Sequence[Provider],
    *,
    date_from: dt.date,
    date_to: dt.date,
    duration: dt.timedelta,
    now: dt.datetime,
) -> list[Opening]:
    """Every free time of `providers` on these local days, both included, the earliest first.

    `now` is aware, in the clinic's time zone.
    """
    by_staff = {provider.staff_id: provider for provider in providers}
    slots: list[Slot] = free_slots(
        staff=[provider.staff for provider in providers],
        date_from=date_from,
        date_to=date_to,
        duration=duration,
        now=now,
        notice=NOTICE,
    )
    minutes = int(duration.total_seconds() // 60)
    return [Opening(by_staff[slot.staff.pk], slot.starts_at.astimezone(now.tzinfo), minutes) for slot in slots]


def spoken_openings(offered: Sequence[Opening], *, today: dt.date) -> str:
    """Such as "Dr. Hart on Tuesday, November 24 at 9 AM or 9:30 AM"."""
    return picking.spoken_openings(offered, today=today, who=lambda one: one.provider.staff.name)
