"""How long each kind of request has no answer after a fault: asked again and again from the outside, by newcomers."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from faults.callers import CALLER, NUMBER
from faults.client import Again, Visitor
from faults.cluster import WIDGET_KEY
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException
from websockets.typing import Origin

from apps.telephony.simulated.exchange import Exchange
from mixed_load.breaking import Fault
from mixed_load.office import Office

ANSWERS_WITHIN = 5.0
"""Seconds; what takes longer has failed."""
PAUSE = 0.25
IN_A_ROW = 3
"""Answers one after the other by which a kind of request is there again."""
BACK_WITHIN = 60.0
"""Seconds after the fault is over in which that must be."""

Ask = Callable[[], Awaitable[bool]]
"""One new request: whether it was answered at once. False, or an error, when it was not, or had to be asked again."""


@dataclass
class Probes:
    """`asks` by kind of request."""

    port: int
    exchange: Exchange
    office: Office
    ticket: Callable[[], Awaitable[str]]
    chance: random.Random
    asks: dict[str, Ask] = field(init=False)
    _number: int = 0

    def __post_init__(self) -> None:
        self.asks = {"chat": self._chat, "call": self._call, "floor": self._floor}
        self.asks |= {"API": self.office.look_in, "admin": self.office.open_page}

    async def watch(self, fault: Fault) -> list[str]:
        """From the beginning of the fault until every kind of request is answered; those that are not, in time."""
        back = await asyncio.gather(*(self._until_back(fault, name) for name in self.asks))
        return [name for name, is_back in zip(self.asks, back, strict=True) if not is_back]

    async def _until_back(self, fault: Fault, name: str) -> bool:
        clock = asyncio.get_running_loop().time
        good, waited, failed = 0, True, 0
        while good < IN_A_ROW or clock() < fault.done:
            if clock() > fault.done + BACK_WITHIN:
                return False
            if await self._answered(name):
                good += 1
                if waited:
                    fault.recovered[name] = clock() - fault.began
                waited = False
            else:
                good, waited, failed = 0, True, failed + 1
            await asyncio.sleep(PAUSE)
            fault.failed[name] = failed
        return True

    async def _answered(self, name: str) -> bool:
        with suppress(Again, OSError, TimeoutError, WebSocketException, json.JSONDecodeError):
            async with asyncio.timeout(ANSWERS_WITHIN):
                return await self.asks[name]()
        return False

    async def _chat(self) -> bool:
        """A new visitor's message and its whole answer; one that had to be asked for again was not there at once."""
        visitor = Visitor([self.port], WIDGET_KEY, random.Random(self.chance.random()))
        told = await visitor.say(f"brief probe/{self.chance.getrandbits(48):x}", patience=ANSWERS_WITHIN)
        requests = sum(words.startswith(("GET", "POST")) for _, words in told.notes)
        return told.over and not told.refused and told.events[-1].data.get("reason") == "stop" and requests == 2

    async def _call(self) -> bool:
        """A call comes in, and is to be joined with our socket."""
        url = f"http://127.0.0.1:{self.port}/voice/twilio/incoming"
        fields = {"CallSid": self.exchange.new_sid("CA"), "AccountSid": self.exchange.account.sid}
        fields |= {"From": CALLER, "To": NUMBER, "CallStatus": "ringing"}
        return "<Stream" in (await self.exchange.post(url, fields) or "")

    async def _floor(self) -> bool:
        """A page of the floor has its state."""
        address = f"ws://127.0.0.1:{self.port}/ws/dashboard/?ticket={await self.ticket()}"
        origin = Origin(f"http://127.0.0.1:{self.port}")
        async with connect(address, origin=origin, compression=None, max_size=None, ping_interval=None) as socket:
            await socket.send('{"type":"subscribe"}')
            while '"type":"snapshot"' not in str(await socket.recv()):
                pass
            return True
