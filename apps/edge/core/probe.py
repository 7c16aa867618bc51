"""A probe: what the doctor asks the server to send, and when. Pure."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

HEARTBEAT = 15.0
"""Seconds without an event after which a keep-alive comment is sent, as on every stream of the product."""
MAX_EVENTS = 200
MAX_LIFETIME = 3600.0


@dataclass(frozen=True, slots=True)
class Probe:
    """`events` numbered events, `interval` seconds apart; as a WebSocket, so many echoes within that time.

    Raises:
        ValueError: more events, or a longer life, than a diagnosis may cost.
    """

    id: str
    events: int
    interval: float

    def __post_init__(self) -> None:
        if not 1 <= self.events <= MAX_EVENTS:
            raise ValueError(f"A probe has 1 to {MAX_EVENTS} events.")
        if not 0 <= self.lifetime <= MAX_LIFETIME:
            raise ValueError(f"A probe lasts at most {MAX_LIFETIME:g} seconds.")

    @property
    def lifetime(self) -> float:
        """Seconds from the first event to the last."""
        return (self.events - 1) * self.interval


def beats(probe: Probe) -> Iterator[tuple[float, int | None]]:
    """(seconds to wait, number of the event to send then); None stands for a keep-alive."""
    yield 0.0, 1
    silences = max(0, math.ceil(probe.interval / HEARTBEAT) - 1)
    for number in range(2, probe.events + 1):
        yield from ((HEARTBEAT, None) for _ in range(silences))
        yield probe.interval - silences * HEARTBEAT, number
