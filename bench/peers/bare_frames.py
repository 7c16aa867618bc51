"""What no floor in Python can be cheaper than: uvloop, one encoded frame a tick, a write for each viewer; nothing else.

`python bare_frames.py <port> <tick>`. It reads no database and no Redis, keeps no state, checks nobody, and makes the
events itself. A line `{"events": n, "every": s, "seconds": s}` on its input makes n events each `every` seconds, and is
answered as the others do, `{"written": n}`.
"""

import asyncio
import json
import sys
import time
from typing import Any, cast

import uvloop

from apps.common.frames import TEXT, frame

GREETING = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
EVENT = {
    "type": "TurnAdded",
    "call": "dlc_0000000000000000",
    "turn": {"number": 100, "role": "visitor", "text": "", "unheard": "", "agent": "", "at": 1_796_047_320.123},
}
viewers: "set[Viewer]" = set()


class Viewer(asyncio.Protocol):
    """A handshake is answered, the first message with a state; all else is not read."""

    def __init__(self) -> None:
        self.head = b""
        self.greeted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        viewers.discard(self)

    def data_received(self, data: bytes) -> None:
        if self in viewers:
            return
        if self.greeted:
            self.transport.write(frame(TEXT, b'{"type":"snapshot","epoch":"e","seq":%d,"state":{}}' % floor.seq))
            viewers.add(self)
            return
        self.head += data
        if b"\r\n\r\n" in self.head:
            self.greeted = True
            self.transport.write(GREETING)


class Floor:
    seq = 0

    def __init__(self) -> None:
        self.waiting: list[dict[str, Any]] = []

    def happen(self, count: int) -> None:
        text = f"@{time.time():.3f}@ What does it come to for a team of our size?"
        self.waiting += [EVENT | {"turn": EVENT["turn"] | {"text": text}} for _ in range(count)]  # type: ignore[operator]

    async def tick(self, every: float) -> None:
        while True:
            await asyncio.sleep(every)
            if events := self.waiting:
                self.waiting = []
                delta = {"type": "delta", "from": self.seq, "to": self.seq + 1, "events": events}
                self.seq += 1
                message = frame(TEXT, json.dumps(delta, separators=(",", ":")).encode())
                for viewer in viewers:
                    viewer.transport.write(message)

    async def obey(self, line: str) -> str:
        asked = json.loads(line)
        rounds, began = round(asked["seconds"] / asked["every"]), time.monotonic()
        for number in range(rounds):
            self.happen(asked["events"])
            await asyncio.sleep(max(0.0, began + (number + 1) * asked["every"] - time.monotonic()))
        return json.dumps({"written": rounds * asked["events"]})


floor = Floor()


async def main(port: int, tick: float) -> None:
    """Until its input ends."""
    loop = asyncio.get_running_loop()
    await loop.create_server(Viewer, "127.0.0.1", port, backlog=1024)
    print("{}", flush=True)
    ticking = asyncio.create_task(floor.tick(tick))
    while line := await asyncio.to_thread(sys.stdin.readline):
        print(await floor.obey(line), flush=True)
    ticking.cancel()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), float(sys.argv[2])))
