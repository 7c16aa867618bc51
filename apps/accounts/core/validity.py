"""Whether an invitation can still be accepted."""

from datetime import datetime, timedelta
from typing import Final, Literal

LIFETIME: Final = timedelta(days=7)

State = Literal["open", "accepted", "withdrawn", "expired"]


def state_of(
    *, expires_at: datetime, accepted_at: datetime | None, withdrawn_at: datetime | None, now: datetime
) -> State:
    """What was done to it counts before what time did: an accepted invitation never expires."""
    if accepted_at is not None:
        return "accepted"
    if withdrawn_at is not None:
        return "withdrawn"
    return "open" if now < expires_at else "expired"
