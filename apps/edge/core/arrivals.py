"""What of a probe's stream arrived, and when: a reader of our own events that can be fed any cut of the bytes. Pure."""

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event, or a keep-alive comment (`number` is None). Seconds: `at` by our clock, `made` by the server's."""

    at: float
    number: int | None = None
    made: float = 0.0


class Reader:
    """Collects arrivals. What is not a probe's event (a proxy's error page, compressed bytes) yields none."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self._rest = b""

    def feed(self, chunk: bytes, at: float) -> None:
        *blocks, self._rest = (self._rest + chunk).split(b"\n\n")
        for block in blocks:
            if block.startswith(b":"):
                self.arrivals.append(Arrival(at))
            elif event := _event(block):
                self.arrivals.append(Arrival(at, *event))


def _event(block: bytes) -> tuple[int, float] | None:
    for line in block.split(b"\n"):
        if line.startswith(b"data: "):
            try:
                data = json.loads(line.removeprefix(b"data: "))
                return int(data["n"]), float(data["made"])
            except (ValueError, TypeError, KeyError):
                return None
    return None
