"""A cluster as other programs have it: its supervisor is a process, told by signals, read through its status file."""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from signal import SIGHUP, SIGINT, SIGKILL, SIGQUIT, SIGTERM, Signals

from apps.operations.cluster.places import ClusterError, Places, Process, Status, send
from apps.operations.cluster.product import ROOT, manage

TICK = 0.1
STOPS_WITHIN = 150.0


class Cluster:
    """One cluster in a folder. The package's docstring shows its use.

    Args:
        folder: None = a new one of its own, which stays; a short path.
        env: what the product's processes are told beside the environment of this one; DATABASE_URL and REDIS_URL name
            servers to use instead of own ones.
        demo: load the demo tenants (needs debug); `live`: things happen at them by themselves, as with `make cluster`.
        edge: nginx, caddy or haproxy; "" = the first found.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        env: Mapping[str, str] | None = None,
        web: int = 2,
        voice: int = 2,
        workers: int = 1,
        host: str = "127.0.0.1",
        port: int = 0,
        demo: bool = False,
        live: bool = False,
        debug: bool = True,
        edge: str = "",
    ) -> None:
        self.places = Places(folder or Path(tempfile.mkdtemp(prefix="cs-c-", dir="/tmp"))).made()
        self._env = dict(env or {}) | {"DEBUG": "1" if debug else "0"}
        counts = [f"--web={web}", f"--voice={voice}", f"--workers={workers}"]
        left_out = [] if live else ["--no-live"] if demo else ["--no-demo"]
        self._words = [*counts, f"--host={host}", f"--port={port}", f"--edge={edge}", *left_out]
        self._supervisor: subprocess.Popen[bytes] | None = None

    @classmethod
    def attached(cls, folder: Path) -> "Cluster":
        """A handle on one that runs already. Raises ClusterError."""
        cluster = cls(folder)
        if cluster.status.state in ("stopped", "failed") or not cluster.places.is_locked():
            raise ClusterError(f"No cluster runs in {folder}.")
        return cluster

    def __enter__(self) -> "Cluster":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def folder(self) -> Path:
        return self.places.folder

    @property
    def status(self) -> Status:
        """Raises ClusterError when there has never been one."""
        if (status := self.places.read()) is None:
            raise ClusterError(f"There is no cluster in {self.folder}.")
        return status

    @property
    def url(self) -> str:
        return self.status.url

    @property
    def processes(self) -> dict[str, Process]:
        return self.status.processes

    @property
    def environment(self) -> dict[str, str]:
        """What the product's processes are told, without the rest of their environment."""
        return self.places.kept_environment()

    def start(self, *, within: float = 600.0) -> None:
        """Returns when everything answers. Raises ClusterError, with the end of the supervisor's log."""
        product = {"DJANGO_SETTINGS_MODULE": "callsphere.settings"}
        env = {**os.environ, **product, **self._env, "CALLSPHERE_VAR": str(self.folder)}
        env.setdefault("SECRET_KEY", self.places.secrets()["secret_key"])
        if env["DEBUG"] == "0":
            env.setdefault("ALLOWED_HOSTS", "*")
            env.setdefault("CALLSPHERE_SANDBOX", "1")
        self.places.status.unlink(missing_ok=True)
        with self.places.log.open("ab") as output:
            self._supervisor = subprocess.Popen(  # noqa: S603
                manage("cluster", f"--folder={self.folder}", *self._words),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=ROOT,
                env=env,
                start_new_session=True,
            )
        try:
            self._wait(lambda: self._is_up(), within, "the cluster is not up")
        except BaseException:
            self.stop()
            raise

    def stop(self, *, within: float = STOPS_WITHIN) -> None:
        """Ends it: calls may finish. One that does not end in time is killed, and its processes by their next start."""
        pid = self._supervisor.pid if self._supervisor else self.status.supervisor
        if not self._runs() or not send(pid, SIGTERM):
            return
        try:
            self._wait(lambda: not self._runs(), within, "the supervisor does not end")
        except ClusterError:
            send(pid, SIGKILL)
            raise

    def signal(self, name: str, number: Signals) -> int:
        """Sends a signal to a process; its pid."""
        pid = self._process(name).pid
        if not pid or not send(pid, number):
            raise ClusterError(f"{name} does not run.")
        return pid

    def kill(self, name: str) -> int:
        """SIGKILL. The supervisor starts it again; `wait_ready` waits for that. The pid that was."""
        return self.signal(name, SIGKILL)

    def restart(self, name: str, *, within: float = 200.0, number: Signals = SIGTERM) -> None:
        """Has it leave in order, and returns when its successor answers."""
        old = self.signal(name, number)
        self._wait(lambda: self._is_new(name, old), within, f"{name} does not come back")

    def restart_postgres(self, *, immediate: bool = False, within: float = 120.0) -> None:
        """A fast shutdown: every connection is cut. `immediate` = as in a crash, with recovery from the log."""
        self.restart("postgres", within=within, number=SIGQUIT if immediate else SIGINT)

    def restart_redis(self, *, within: float = 120.0) -> None:
        self.restart("redis", within=within)

    def roll(self, *, within: float = 900.0) -> None:
        """A rolling restart; returns when the last predecessor has left. Raises ClusterError with what stopped it."""
        before = self.status.rolls
        send(self.status.supervisor, SIGHUP)
        self._wait(lambda: self.status.rolls > before, within, "the rolling restart does not end")
        if self.status.problem:
            raise ClusterError(self.status.problem)

    def wait_ready(self, *names: str, within: float = 180.0) -> None:
        """Until these, or all, answer."""
        self._wait(
            lambda: all(one.is_ready for one in self.processes.values() if not names or one.name in names),
            within,
            f"not ready: {', '.join(names) or 'the cluster'}",
        )

    def _process(self, name: str) -> Process:
        try:
            return self.processes[name]
        except KeyError:
            raise ClusterError(f"There is no {name}, only {', '.join(self.processes)}.") from None

    def _is_new(self, name: str, old: int) -> bool:
        process = self._process(name)
        return process.is_ready and process.pid not in (0, old)

    def _is_up(self) -> bool:
        status = self.places.read()
        if status is not None and status.state == "failed":
            raise ClusterError(f"The cluster did not start: {status.problem}")
        return status is not None and status.state == "ready"

    def _runs(self) -> bool:
        if self._supervisor is not None:
            return self._supervisor.poll() is None
        return self.places.is_locked()

    def _wait(self, come: Callable[[], bool], within: float, problem: str) -> None:
        deadline = time.monotonic() + within
        while not come():
            if self._supervisor is not None and self._supervisor.poll() not in (None, 0):
                raise ClusterError(f"The supervisor ended:\n{self.places.log.read_text(errors='replace')[-2000:]}")
            if time.monotonic() > deadline:
                raise ClusterError(f"After {within:.0f} s {problem}; see {self.folder / 'log'}.")
            time.sleep(TICK)
