"""The product's own processes. Web and voice are the same program; the edge tells them apart by what it sends there."""

import asyncio
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from apps.operations.cluster.machine import Kind
from apps.operations.cluster.places import Places

ROOT = Path(__file__).resolve().parents[3]
LEAVES_WITHIN = 100.0
"""Seconds: a call's last minute and its goodbye (voice/under_way.py), a run's 10 s, the cut of what is still open."""
WORKER_LEAVES_WITHIN = 20.0
ALIVE_WITHIN = 15.0


def manage(*words: str) -> list[str]:
    return [sys.executable, str(ROOT / "manage.py"), *words]


def server(places: Places, name: str, role: str, *, port: int, env: Mapping[str, str]) -> Kind:
    return Kind(
        name=name,
        role=role,
        command=manage("serve", "--host", "127.0.0.1", "--port", str(port)),
        env=env,
        is_ready=lambda: answers("127.0.0.1", port, "/readyz"),
        cwd=ROOT,
        log=places.log_of(name),
        port=port,
        patience=LEAVES_WITHIN,
    )


def worker(places: Places, name: str, *, env: Mapping[str, str]) -> Kind:
    alive = Path(env["CALLSPHERE_VAR"]) / "worker" / "alive"

    async def beats() -> bool:
        return time.time() - alive.stat().st_mtime < ALIVE_WITHIN

    return Kind(
        name=name,
        role="worker",
        command=manage("worker"),
        env=env,
        is_ready=beats,
        cwd=ROOT,
        log=places.log_of(name),
        patience=WORKER_LEAVES_WITHIN,
    )


def beside(places: Places, name: str, command: str, *, env: Mapping[str, str]) -> Kind:
    """What makes the demo live, such as the simulated sales floor: it answers nobody."""

    async def lives() -> bool:
        return True

    return Kind(name, "demo", manage(command), env, lives, ROOT, places.log_of(name))


async def answers(host: str, port: int, path: str) -> bool:
    """Whether a GET there is answered with 200."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        return (await reader.readline()).split(b" ")[1:2] == [b"200"]
    finally:
        writer.close()
