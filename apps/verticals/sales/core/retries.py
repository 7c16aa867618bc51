"""What comes after a call, by how it ended. Pure."""

import datetime as dt
from dataclasses import dataclass
from typing import Final, Literal

Ending = Literal["answered", "machine", "busy", "no_answer", "failed", "canceled", "abandoned"]

_FAILED: Final = dt.timedelta(hours=2)
_ABANDONED: Final = dt.timedelta(hours=24)
"""Whom we have made run to the phone for nothing is left in peace for a day."""


@dataclass(frozen=True, slots=True)
class Pauses:
    """How long to wait before the next try, by what became of the last."""

    busy: dt.timedelta
    no_answer: dt.timedelta
    machine: dt.timedelta


def next_try(ending: Ending, pauses: Pauses, *, ended_at: dt.datetime) -> dt.datetime | None:
    """When the number may be tried again; None: whoever was reached is not called again by the campaign."""
    pause = {
        "answered": None,
        "busy": pauses.busy,
        "no_answer": pauses.no_answer,
        "machine": pauses.machine,
        "failed": _FAILED,
        "canceled": _FAILED,
        "abandoned": _ABANDONED,
    }[ending]
    return None if pause is None else ended_at + pause
