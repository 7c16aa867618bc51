"""The numbers of the day. Each call adds its tally; a call that changes gives its old one back first."""

from collections import Counter

import msgspec

from apps.dashboard.core.events import Kpis, Quarter
from apps.dashboard.core.rows import CallRow

QUARTER = 900
"""Seconds."""
MEETING = "meeting_booked"
_PERSON = ("answered", "abandoned")


class Tally(msgspec.Struct, frozen=True):
    """What one call of today adds."""

    dials: int = 0
    connects: int = 0
    conversations: int = 0
    appointments: int = 0
    talk_s: int = 0
    abandoned: int = 0
    received: int = 0


NOTHING = Tally()
_FIELDS = Tally.__struct_fields__


def tally(call: CallRow, *, day_began: float) -> Tally:
    """What the call counts for. One that was begun before today, or never placed, counts for nothing."""
    if call.began < day_began or not call.is_shown:
        return NOTHING
    is_inbound = call.direction == "inbound"
    is_talking = call.state == "talking"
    talked = is_inbound or call.ending == "answered" or (is_talking and bool(call.conversation))
    return Tally(
        dials=not is_inbound,
        connects=not is_inbound and (call.ending in _PERSON or is_talking),
        conversations=talked,
        appointments=call.outcome == MEETING,
        talk_s=call.seconds if talked and call.state == "ended" else 0,
        abandoned=call.ending == "abandoned",
        received=is_inbound,
    )


class Totals:
    """The sum of all tallies, and of each quarter of an hour."""

    def __init__(self) -> None:
        self._sum: Counter[str] = Counter()
        self._quarters: dict[float, list[int]] = {}
        """[dials, connects, appointments] by when it began; only those in which something happened."""

    def add(self, one: Tally, *, at: float, times: int = 1) -> None:
        """Adds the tally of a call that began at `at`; takes it back with times=-1."""
        if one == NOTHING:
            return
        for name in _FIELDS:
            self._sum[name] += times * getattr(one, name)
        began = at - at % QUARTER
        quarter = self._quarters.setdefault(began, [0, 0, 0])
        for index, count in enumerate((one.dials, one.connects, one.appointments)):
            quarter[index] += times * count
        if not any(quarter):
            del self._quarters[began]

    def kpis(self) -> Kpis:
        total = self._sum
        return Kpis(
            dials=total["dials"],
            connects=total["connects"],
            conversations=total["conversations"],
            appointments=total["appointments"],
            conversion=_share(total["appointments"], total["conversations"]),
            talk_s=total["talk_s"],
            abandon_rate=_share(total["abandoned"], total["connects"]),
            received=total["received"],
            series=tuple(
                Quarter(at=at, dials=dials, connects=connects, appointments=appointments)
                for at, (dials, connects, appointments) in sorted(self._quarters.items())
            ),
        )


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
