"""The supervisor: starts every process in order, keeps each alive, restarts one after the other, ends them in order."""

import asyncio
import os
import signal
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from apps.common.ports import free_port
from apps.operations.cluster import edge, product, redis
from apps.operations.cluster.machine import Kind, Machine, Say
from apps.operations.cluster.places import MARK, ClusterError, Places, State, Status, send
from apps.operations.cluster.postgres import Postgres

STARTS_WITHIN = 300.0
"""Seconds for a process to answer after its start; on a machine that starts everything at once."""
LEFTOVERS_LEAVE_WITHIN = 10.0
PRODUCT = ("web", "voice", "worker", "demo")


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run. `port` 0 = any free one; `edge` "" = the first found; `live` = commands that make the demo live."""

    host: str = "127.0.0.1"
    port: int = 0
    web: int = 2
    voice: int = 2
    workers: int = 1
    edge: str = ""
    demo: bool = False
    live: tuple[str, ...] = ()


class Supervisor:
    """One cluster.

    Args:
        environ: of the product's processes; DATABASE_URL and REDIS_URL in it name servers that are used instead.
        say: prints a line for who watches.
    """

    def __init__(self, places: Places, plan: Plan, environ: Mapping[str, str], say: Say) -> None:
        self._places, self._plan, self._say = places.made(), plan, say
        self._machines: dict[str, Machine] = {}
        self._state: State = "starting"
        self._problem = ""
        self._rolls = 0
        self._stop, self._roll = asyncio.Event(), asyncio.Event()
        self._edge = edge.found(plan.edge)
        self.port = plan.port or free_port(plan.host)
        _assert_free(plan.host, self.port)
        secrets = places.secrets()
        self._postgres = None if _given(environ, "DATABASE_URL") else Postgres(places, secrets)
        self._has_redis = not _given(environ, "REDIS_URL")
        own = {MARK: str(places.folder), "CALLSPHERE_VAR": str(places.folder), "TRUSTED_PROXIES": "1"}
        if not _given(environ, "SECRET_KEY"):
            own["SECRET_KEY"] = secrets["secret_key"]
        if self._postgres:
            own |= {
                f"DATABASE{name}": self._postgres.url(role)
                for name, role in (("_OWNER_URL", "owner"), ("_URL", "runtime"))
            }
        if self._has_redis:
            own["REDIS_URL"] = redis.url(places)
        self.env = {**environ, **own}

    @property
    def url(self) -> str:
        host = "127.0.0.1" if self._plan.host == "0.0.0.0" else self._plan.host  # noqa: S104
        return f"http://{host}:{self.port}"

    async def run(self) -> bool:
        """Until SIGTERM or SIGINT. False when it could not start."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._told_to_stop)
        loop.add_signal_handler(signal.SIGHUP, self._roll.set)
        with self._places.lock():
            await self._end_leftovers()
            self._places.keep(self.env)
            try:
                await self._or_stopped(self._start())
                while not self._stop.is_set():
                    await self._or_stopped(self._roll.wait())
                    if self._roll.is_set() and not self._stop.is_set():
                        self._roll.clear()
                        await self._or_stopped(self._restart_one_by_one())
            except ClusterError as error:
                self._problem = str(error)
                self._say(f"!! {error}")
            finally:
                await self._end()
        return not self._problem

    def _told_to_stop(self) -> None:
        if self._stop.is_set():  # a second time: at once
            for machine in self._machines.values():
                machine.kill()
        self._stop.set()

    async def _or_stopped(self, work: object) -> None:
        """Does it, or gives it up when we are told to stop."""
        doing = asyncio.ensure_future(work)  # type: ignore[call-overload]
        stopping = asyncio.create_task(self._stop.wait())
        await asyncio.wait({doing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not doing.done():
            doing.cancel()
        with suppress(asyncio.CancelledError):
            await doing

    async def _start(self) -> None:
        self._write()
        if self._postgres:
            await asyncio.to_thread(self._postgres.prepare)
            await self._begin(self._postgres.kind())
        if self._has_redis:
            await self._begin(redis.kind(self._places))
        await self._until_ready()
        if self._postgres:
            await asyncio.to_thread(self._postgres.make_logins)
        await self.manage("migrate", "--verbosity", "0")
        if self.env.get("DEBUG") != "1":
            await self.manage("collectstatic", "--noinput", "--verbosity", "0")
        elif self._plan.demo:
            self._say(await self.manage("demo", "--base-url", self.url))
        ports = {role: [free_port() for _ in range(getattr(self._plan, role))] for role in ("web", "voice")}
        for kind in (*self._servers(ports), *self._workers()):
            await self._begin(kind)
        await self._until_ready()
        addresses = edge.Addresses(self._plan.host, self.port, ports["web"], ports["voice"])
        await self._begin(edge.kind(self._places, self._edge, addresses, {MARK: str(self._places.folder)}))
        for number, command in enumerate(self._plan.live, 1):
            await self._begin(product.beside(self._places, f"demo{number}", command, env=self.env))
        await self._until_ready()
        self._state = "ready"
        self._write()
        self._say(
            f"  The cluster serves on {self.url} ({self._edge}). Its state: manage.py cluster --status. Ctrl-C ends it."
        )

    def _servers(self, ports: dict[str, list[int]]) -> list[Kind]:
        return [
            product.server(self._places, f"{role}{number}", role, port=port, env=self.env)
            for role, own in ports.items()
            for number, port in enumerate(own, 1)
        ]

    def _workers(self) -> list[Kind]:
        numbers = range(1, self._plan.workers + 1)
        return [product.worker(self._places, f"worker{number}", env=self.env) for number in numbers]

    async def _begin(self, kind: Kind) -> None:
        machine = self._machines[kind.name] = Machine(kind, self._say, self._write)
        await machine.start()

    async def _until_ready(self) -> None:
        await asyncio.gather(*(machine.until_ready(within=STARTS_WITHIN) for machine in self._machines.values()))

    async def _restart_one_by_one(self) -> None:
        """The next one is touched only when the last one's successor answers: each role always has one that does."""
        self._state, self._problem = "rolling", ""
        self._say("Rolling restart …")
        self._write()
        touched = [machine for machine in self._machines.values() if machine.kind.role in PRODUCT]
        try:
            await self._until_ready()
            await self.manage("migrate", "--verbosity", "0")
            for machine in touched:
                await machine.replace(within=STARTS_WITHIN)
                self._say(f"{machine.kind.name} is new")
            await asyncio.gather(*(machine.gone() for machine in touched))
            self._say("Rolling restart done.")
        except ClusterError as error:
            self._problem = str(error)
            self._say(f"!! The rolling restart stopped: {error}")
        self._state, self._rolls = "ready", self._rolls + 1
        self._write()

    async def manage(self, *words: str) -> str:
        """What a management command prints. Raises ClusterError when it fails."""
        child = await asyncio.create_subprocess_exec(
            *product.manage(*words),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=product.ROOT,
            env=self.env,
            start_new_session=True,
        )
        try:
            out, err = await child.communicate()
        except asyncio.CancelledError:
            with suppress(ProcessLookupError):
                child.terminate()
            raise
        if child.returncode:
            raise ClusterError(f"{words[0]} failed: {err.decode(errors='replace').strip()[-1500:]}")
        return out.decode(errors="replace").rstrip()

    async def _end(self) -> None:
        self._state = "stopping"
        self._write()
        for roles in (PRODUCT, ("edge",), ("redis",), ("postgres",)):
            ending = [machine for machine in self._machines.values() if machine.kind.role in roles]
            await asyncio.gather(*(machine.stop() for machine in ending))
        await self._end_leftovers()
        self._state = "failed" if self._problem else "stopped"
        self._write()

    async def _end_leftovers(self) -> None:
        """What a supervisor left behind that was killed, and helpers such as the simulated model."""
        mine = {child for machine in self._machines.values() for child in machine.leaving} | {os.getpid()}
        left = set(self._places.leftovers()) - mine
        for number in (signal.SIGTERM, signal.SIGKILL):
            left = {pid for pid in left if send(pid, number)}
            deadline = asyncio.get_running_loop().time() + LEFTOVERS_LEAVE_WITHIN
            while left and asyncio.get_running_loop().time() < deadline:
                await asyncio.sleep(0.05)
                left &= set(self._places.leftovers())

    def _write(self) -> None:
        processes = {name: machine.process for name, machine in self._machines.items()}
        self._places.write(Status(self._state, os.getpid(), self.url, self._rolls, self._problem, processes))


def _given(environ: Mapping[str, str], name: str) -> bool:
    return bool(environ.get(name) or environ.get(f"{name}_FILE"))


def _assert_free(host: str, port: int) -> None:
    """Raises ClusterError when somebody listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ClusterError(f"Port {port} of {host}: {error.strerror}. Take another: PORT=8001.") from None
