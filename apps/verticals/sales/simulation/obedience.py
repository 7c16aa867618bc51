"""Orders of supervisors for simulated calls: taken on a loop of their own, done by the floor at its next step."""

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Final

from apps.conversations import orders
from apps.conversations.orders import Answer, Order

_SILENT: Final = Answer(False, "simulated", "A simulated call has no sound.")
_SCRIPTED: Final = Answer(False, "simulated", "A simulated agent follows a script and hears no whispers.")
REFUSED: Final = {"listen": _SILENT, "barge": _SILENT, "whisper": _SCRIPTED}


class Desk:
    """Takes orders for the calls that `has` knows; `take` gives those that are to be done."""

    def __init__(self, has: Callable[[str], bool]) -> None:
        self._has = has
        self._orders: SimpleQueue[Order] = SimpleQueue()

    def open(self) -> None:
        """Begins to take orders, until this process ends."""
        threading.Thread(target=lambda: asyncio.run(orders.follow(self.perform)), daemon=True).start()

    def perform(self, order: Order) -> Answer | None:
        """What `orders.follow` asks for."""
        if not self._has(order.call):
            return None
        if (refusal := REFUSED.get(order.kind)) is not None:
            return refusal
        self._orders.put(order)
        return Answer(True)

    def take(self) -> list[Order]:
        """What has come since the last time."""
        return [self._orders.get() for _ in range(self._orders.qsize())]
