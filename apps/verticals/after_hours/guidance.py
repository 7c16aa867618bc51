"""What callers are told to do until somebody comes."""

import datetime as dt

from apps.verticals.after_hours.core.matching import Entry, best_entry
from apps.verticals.after_hours.models import Building, Guidance, Incident


def steps_for(description: str, *, trade: str) -> str:
    """The words of the situation that fits best; of a trade that is known, its own; "" when none fits."""
    active = Guidance.objects.filter(is_active=True)
    entries = [Entry(one.text, f"{one.situation}, {one.words}", one.trade) for one in active]
    return best_entry(description, entries, trade=trade)


def home_of(conversation_id: str) -> Building | None:
    """The building that was reported in this conversation last."""
    made = Incident.objects.filter(conversation_id=conversation_id, building__isnull=False)
    incident = made.select_related("building").first()
    return incident.building if incident else None


def is_quiet(building: Building, local: dt.time) -> bool:
    """Whether the quiet hours hold at a local time; they may pass midnight."""
    first, end = building.quiet_from, building.quiet_until
    if first is None or end is None:
        return False
    return first <= local < end if first < end else local >= first or local < end
