"""The product in a process of its own, as `manage.py serve` starts it, and somebody honest who uses it meanwhile."""

import asyncio
import resource
import time
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import httpx2 as httpx
from django.core import signing

from apps.edge.core.probe import Probe
from tests.attacks.bench import processes, servers

WIDGET = "wk_service"
ASKS = 15
"""Requests of each kind in one look at the service's latency."""
TIMES, GRACE = 10, 2.0
"""What an attack may do to others: so many times what they waited before, and seconds on top, for a busy machine."""


@dataclass(frozen=True, slots=True)
class Service:
    port: int
    pid: int
    secret: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def rss(self) -> int:
        """Resident kB of the server alone: neither Redis nor the stand-in."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * processes.PAGE_KB

    def descriptors(self) -> int:
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    def most_descriptors(self) -> int:
        return resource.prlimit(self.pid, resource.RLIMIT_NOFILE)[0]

    def waited(self) -> dict[str, float]:
        """Median seconds of somebody honest, by kind: the loop alone, Redis and a token, a page with its thread."""
        found: dict[str, list[float]] = {"healthz": [], "session": [], "frame": []}
        with httpx.Client(base_url=self.url, timeout=60) as http:
            for _ in range(ASKS):
                for kind, times in found.items():
                    began = time.perf_counter()
                    answer = (
                        http.get("/healthz")
                        if kind == "healthz"
                        else http.post("/api/chat/sessions", json={"widget": WIDGET})
                        if kind == "session"
                        else http.get(f"/widget/frame/{WIDGET}")
                    )
                    assert answer.status_code == 200, (kind, answer.status_code, answer.text[:200])
                    times.append(time.perf_counter() - began)
        return {kind: median(times) for kind, times in found.items()}

    @contextmanager
    def unharmed(self, *, memory: int = 150_000) -> Iterator[None]:
        """Within it the attack begins; at its end, while the attack goes on, others are served as before.

        Args:
            memory: kB by which the server may have grown.
        """
        before, size = self.waited(), self.rss()
        yield
        judge(before, self.waited())
        assert self.rss() - size < memory, (size, self.rss())

    async def unharmed_by(self, work: Awaitable[Any], *, memory: int = 150_000) -> None:
        """The same for an attack that this event loop goes on with."""
        before, size = await asyncio.to_thread(self.waited), self.rss()
        attack = asyncio.ensure_future(work)
        during = await asyncio.to_thread(self.waited)
        await attack
        judge(before, during)
        assert self.rss() - size < memory, (size, self.rss())

    def probe(self, *, events: int, interval: float) -> str:
        """The operator's ticket: who holds the deployment's key may have a stream or a socket."""
        probe = Probe("attack", events, interval)
        return signing.dumps([probe.id, probe.events, probe.interval], key=self.secret, salt="callsphere.edge")


def judge(before: dict[str, float], during: dict[str, float]) -> None:
    for kind, seconds in during.items():
        assert seconds < TIMES * before[kind] + GRACE, (kind, before[kind], seconds)


@contextmanager
def started(folder: Path) -> Iterator[Service]:
    """A service on the state in `folder`, where a database is that has the widget WIDGET."""
    port = processes.free_port()
    env = servers.product_environment(1, folder) | {"CALLSPHERE_SANDBOX": "1", "SANDBOX_PACE": "0"}
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY"):
        env.pop(name)
    command = [servers.sys.executable, "manage.py", "serve", "--port", str(port)]
    log = folder / "server.log"
    with processes.running(command, port=port, log=log, cwd=servers.ROOT, env=env) as pid:
        yield Service(port, pid, env["SECRET_KEY"])


def most_descriptors() -> int:
    """Raises this process's limit of open files to the hard one; how many that is. `serve` does the same."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = 65_536 if hard == resource.RLIM_INFINITY else hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return most
