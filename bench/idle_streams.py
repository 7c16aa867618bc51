"""Open widgets: what does a page cost that is only open, and how soon does it hear a bell?

`python bench/idle_streams.py [--streams 2000] [--seconds 60] [--bells 10]`. Every page of a visitor with a conversation
holds one `/api/chat/conversations/{id}/stream`, in which nothing happens but a keep-alive each 15 s. They are opened on
one process of ours, watched for a while, and then a person writes to a few of them. See bench/README.md.
"""

import argparse
import asyncio
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import servers
from processes import free_port, usage
from report import markdown, percentile
from servers import WIDGET_KEY

OPENING = 40
"""Streams that are being opened at once."""
SETTLING = 3.0
PATIENCE = 60.0
"""Seconds for a stream to begin, and for a bell to be heard by all."""


class Refused(Exception):
    """A stream was not opened, or was cut."""


async def _open(port: int, conversation: str, token: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A stream whose first `state` has come."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 16)
    path = f"/api/chat/conversations/{conversation}/stream"
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
    status = await asyncio.wait_for(reader.readline(), PATIENCE)
    if b" 200 " not in status:
        writer.close()
        raise Refused(status.decode().strip())
    await asyncio.wait_for(reader.readuntil(b"event: state"), PATIENCE)
    return reader, writer


class Page:
    """An open page: counts keep-alives and notes when a person's words came."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.keep_alives = 0
        self.heard = 0.0
        self._writer = writer
        self._task = asyncio.create_task(self._read(reader))

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            if line.startswith(b": keep-alive"):
                self.keep_alives += 1
            elif line.startswith(b"event: turn"):
                self.heard = time.time()

    @property
    def is_open(self) -> bool:
        return not self._task.done()

    def close(self) -> None:
        self._task.cancel()
        self._writer.close()


async def _measure(
    port: int, pid: int, talks: Sequence[tuple[str, str]], seconds: float, bells: int, env: dict[str, str]
) -> list[list[str]]:
    pages: list[Page] = []
    slots = asyncio.Semaphore(OPENING)

    async def page(conversation: str, token: str) -> None:
        async with slots:
            pages.append(Page(*await _open(port, conversation, token)))

    warm = talks[: len(talks) // 10]
    await asyncio.gather(*(page(*talk) for talk in warm))
    await asyncio.sleep(SETTLING)
    before, began = usage(pid), time.monotonic()
    await asyncio.gather(*(page(*talk) for talk in talks[len(warm) :]))
    opened, took = usage(pid), time.monotonic() - began
    new = len(talks) - len(warm)
    await asyncio.sleep(SETTLING)
    idle, began = usage(pid), time.monotonic()
    await asyncio.sleep(seconds)
    after, watched = usage(pid), time.monotonic() - began
    if not all(each.is_open for each in pages):
        raise Refused("a stream was cut")
    waits = await _ring(talks[:bells], pages, env)
    cpu = (after.cpu - idle.cpu) / watched
    for each in pages:
        each.close()
    return [
        [
            f"{len(talks):,}",
            f"{(after.rss - before.rss) / new:.1f}",
            f"{(opened.cpu - before.cpu) / new * 1e3:.2f}",
            f"{new / took:.0f}",
            f"{cpu / len(talks) * 1e6:.1f}",
            f"{cpu * 100 / len(talks) * 1000:.2f} %",
            f"{sum(each.keep_alives for each in pages):,}",
            f"{percentile(waits, 50) * 1e3:.0f} / {max(waits) * 1e3:.0f}" if waits else "–",
            " ".join(f"{load:.1f}" for load in os.getloadavg()),
        ]
    ]


async def _ring(talks: Sequence[tuple[str, str]], pages: Sequence[Page], env: dict[str, str]) -> list[float]:
    """A person writes to these conversations, from another process; seconds from the commit until the page heard it."""
    ids = [conversation for conversation, _ in talks]
    for each in pages:
        each.heard = 0.0  # what was told at the opening
    rung = json.loads(await asyncio.to_thread(servers.run_script, "history.py", "words", *ids, env=env))
    deadline = time.monotonic() + PATIENCE
    while sum(each.heard > 0 for each in pages) < len(ids):
        if time.monotonic() > deadline:
            raise Refused(f"{sum(each.heard > 0 for each in pages)} of {len(ids)} heard the bell")
        await asyncio.sleep(0.05)
    heard = sorted(each.heard for each in pages if each.heard)
    return [at - when for at, when in zip(heard, sorted(rung), strict=True)]


COLUMNS = (
    "idle streams",
    "kB each",
    "CPU ms to open one",
    "opened a second",
    "CPU µs a second each",
    "of a core for 1,000",
    "keep-alives",
    "a person's words heard after p50 / slowest ms",
    "load of the machine",
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=2_000)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--bells", type=int, default=10)
    options = parser.parse_args()
    files = options.streams + 200
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, files)), hard))
    with tempfile.TemporaryDirectory(prefix="cs-bench-") as name:
        folder = Path(name)
        with servers.ours(free_port(), folder) as (target, pid):
            env = servers.product_environment(0, folder)
            made = servers.run_script("history.py", "conversations", WIDGET_KEY, str(options.streams), "2", env=env)
            try:
                rows = asyncio.run(_measure(target.port, pid, json.loads(made), options.seconds, options.bells, env))
            except Refused as error:
                print(error, file=sys.stderr)
                return 1
    print(markdown(COLUMNS, rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
