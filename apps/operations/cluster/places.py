"""What lies where in a cluster's folder. Read by whoever wants to know; written by its supervisor alone."""

import fcntl
import json
import os
import secrets
import signal
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, Literal

MARK = "CALLSPHERE_CLUSTER"
"""Environment variable by which each process of a cluster says to which folder it belongs."""
LONGEST = 70
"""Bytes of a folder's path: unix sockets lie in it, whose paths have 107 at most."""

TOLD = (
    *("DEBUG", "SECRET_KEY", "ALLOWED_HOSTS", "CALLSPHERE_VAR", "TRUSTED_PROXIES", "CALLSPHERE_SANDBOX"),
    *("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"),
)

State = Literal["starting", "ready", "rolling", "stopping", "stopped", "failed"]


class ClusterError(Exception):
    """The cluster cannot do that; the words are for whoever asked."""


@dataclass(frozen=True, slots=True)
class Process:
    """One of the cluster. `port` is None for who listens on a unix socket or not; `pid` is 0 while there is none."""

    name: str
    role: str
    pid: int
    port: int | None
    is_ready: bool
    restarts: int
    """How often it was started again because it had died; a rolling restart does not count."""
    leaving: list[int] = field(default_factory=list)
    """Predecessors that finish what they have begun."""


@dataclass(frozen=True, slots=True)
class Status:
    state: State
    supervisor: int
    url: str
    rolls: int
    """How many rolling restarts have ended well."""
    problem: str
    """Why the last thing that was asked failed; "" = it did not."""
    processes: dict[str, Process]


class Places:
    """A cluster's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        if len(str(self.folder).encode()) > LONGEST:
            raise ClusterError(
                f"The path {self.folder} is too long for unix sockets: set CALLSPHERE_VAR to a shorter one."
            )

    def made(self) -> "Places":
        for folder in (self.folder, self.log.parent):
            folder.mkdir(parents=True, exist_ok=True)
        return self

    @property
    def status(self) -> Path:
        return self.folder / "status.json"

    @property
    def log(self) -> Path:
        return self.log_of("supervisor")

    def log_of(self, name: str) -> Path:
        return self.folder / "log" / f"{name}.log"

    def pid_of(self, name: str) -> Path:
        return self.folder / f"{name}.pid"

    def lock(self) -> IO[str]:
        """Held by the one supervisor. Raises ClusterError while there is another."""
        file = (self.folder / "lock").open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise ClusterError(f"A cluster runs already in {self.folder}.") from None
        return file

    def is_locked(self) -> bool:
        try:
            self.lock().close()
        except (ClusterError, FileNotFoundError):
            return (self.folder / "lock").exists()
        return False

    def secrets(self) -> dict[str, str]:
        """SECRET_KEY and the passwords of PostgreSQL's three logins; made once, readable by nobody else."""
        return _kept(self.folder / "secrets.json", ("secret_key", "superuser", "owner", "runtime"))

    def keep(self, env: Mapping[str, str]) -> None:
        """Keeps what the product's processes are told, for whoever works on the same data."""
        path = self.folder / "environment.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps({name: env[name] for name in TOLD if name in env}, indent=1))

    def kept_environment(self) -> dict[str, str]:
        told: dict[str, str] = json.loads((self.folder / "environment.json").read_text())
        return told

    def write(self, status: Status) -> None:
        _write(self.status, json.dumps(asdict(status), indent=1))
        for process in status.processes.values():
            if process.pid:
                _write(self.pid_of(process.name), f"{process.pid}\n")
            else:
                self.pid_of(process.name).unlink(missing_ok=True)

    def read(self) -> Status | None:
        """None before the first start."""
        try:
            told: dict[str, Any] = json.loads(self.status.read_text())
        except FileNotFoundError:
            return None
        return Status(**told | {"processes": {name: Process(**one) for name, one in told["processes"].items()}})

    def leftovers(self) -> Iterator[int]:
        """Processes of this cluster that a supervisor left behind, other than this one."""
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                told = (folder / "environ").read_bytes().split(b"\0") + (folder / "cmdline").read_bytes().split(b"\0")
                marks = {f"{MARK}={self.folder}".encode(), str(self.folder / "pg").encode()}
                if int(folder.name) != os.getpid() and not marks.isdisjoint(told):
                    yield int(folder.name)
        # A server that writes a title over its environment is known by its pid file and its command line.
        for file in self.folder.glob("*.pid"):
            with suppress(OSError, ValueError):
                pid = int(file.read_text())
                if str(self.folder).encode() in Path(f"/proc/{pid}/cmdline").read_bytes() and pid != os.getpid():
                    yield pid


def _write(path: Path, text: str) -> None:
    part = path.with_name(f"{path.name}.part")
    part.write_text(text)
    part.replace(path)


def _kept(path: Path, names: tuple[str, ...]) -> dict[str, str]:
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(json.dumps({name: secrets.token_urlsafe(40) for name in names}))
    kept: dict[str, str] = json.loads(path.read_text())
    return kept


def send(pid: int, number: signal.Signals) -> bool:
    """False when there is no such process any more."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True
