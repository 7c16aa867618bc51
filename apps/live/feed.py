"""A log's tail in memory, shared by everyone here who follows it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apps.live.writing import Writer

TAIL = 64
"""Events of a log that stay in memory; who is further behind reads them from Redis."""


@dataclass(eq=False, slots=True)
class Feed:
    """The events of one log that are in memory: number `first` up to `last`."""

    key: str
    first: int = 1
    events: list[bytes] = field(default_factory=list)
    waiting: dict[asyncio.Future[None], float] = field(default_factory=dict)
    """Who waits for more, and until when (the loop's clock)."""
    followers: int = 0
    writer: "Writer | None" = None
    lane: int = 0
    """What has the same is read and written together."""
    aligned: bool = False
    """Whether `last` is known to be the end of an entry."""

    @property
    def last(self) -> int:
        return self.first + len(self.events) - 1

    def extend(self, events: Sequence[bytes]) -> None:
        self.events += events
        if (extra := len(self.events) - 2 * TAIL) > 0:
            del self.events[: extra + TAIL]
            self.first += extra + TAIL
        self.wake()

    def wake(self, *, due: float = inf) -> None:
        """Wakes everyone who does not want to wait beyond `due`."""
        for future in [each for each, until in self.waiting.items() if until <= due]:
            del self.waiting[future]
            if not future.done():
                future.set_result(None)

    async def wait(self, until: float = inf) -> None:
        """Returns at the next events, or (up to CLOCK late) at `until`."""
        future = asyncio.get_running_loop().create_future()
        self.waiting[future] = until
        try:
            await future
        finally:
            self.waiting.pop(future, None)
