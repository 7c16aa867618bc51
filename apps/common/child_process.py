"""A helper process shared by all processes of one var/ directory: the first user starts it, the last one ends it.

Users are counted by shared locks on a file, which the kernel drops with the process however it dies; so there is no
count to go stale. A user that leaves and can take the lock exclusively is the last.
"""

import atexit
import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

from apps.common.errors import Unavailable


class ChildProcess:
    """One named helper process.

    Args:
        name: file stem of its lock, pid and log under `directory`.
        command: gives the argument vector when it must be started.
        ready: True when it answers.
    """

    def __init__(
        self, *, name: str, directory: Path, command: Callable[[], list[str]], ready: Callable[[], bool]
    ) -> None:
        self.name = name
        self.directory = directory
        self.command = command
        self.ready = ready
        self._users: IO[str] | None = None

    def ensure(self, *, timeout: float = 60.0) -> None:
        """Returns once the process answers; starts it if none does.

        Raises:
            Unavailable: it ended or did not answer within `timeout` seconds; names its log.
        """
        if self._users is not None and self.ready():
            return
        self.directory.mkdir(parents=True, exist_ok=True)
        with (self.directory / f"{self.name}.lock").open("w") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            if self._users is None:
                self._users = (self.directory / f"{self.name}.users").open("w")
                fcntl.flock(self._users, fcntl.LOCK_SH)
                atexit.register(self.release)
            if not self.ready():
                self._start(timeout)

    def _start(self, timeout: float) -> None:
        log = self.directory / f"{self.name}.log"
        with log.open("ab") as output:
            # A session of its own: Ctrl-C reaches us first, and we end it when we are done with it.
            process = subprocess.Popen(  # noqa: S603
                self.command(), stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )
        (self.directory / f"{self.name}.pid").write_text(str(process.pid))
        deadline = time.monotonic() + timeout
        while not self.ready():
            if process.poll() is not None:
                raise Unavailable(f"{self.name} ended with status {process.returncode}; see {log}")
            if time.monotonic() > deadline:
                process.terminate()
                raise Unavailable(f"{self.name} did not answer within {timeout:.0f} s; see {log}")
            time.sleep(0.02)

    def release(self) -> None:
        """Gives up our use; ends the process when nobody else uses it. Runs at exit by itself."""
        if self._users is None:
            return
        with (self.directory / f"{self.name}.lock").open("w") as starting:
            fcntl.flock(starting, fcntl.LOCK_EX)
            users, self._users = self._users, None
            users.close()
            with (self.directory / f"{self.name}.users").open("w") as probe:
                try:
                    fcntl.flock(probe, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return
                self._stop()

    def _stop(self) -> None:
        pid_file = self.directory / f"{self.name}.pid"
        try:
            pid = int(pid_file.read_text())
            os.kill(pid, signal.SIGTERM)
        except (FileNotFoundError, ValueError, ProcessLookupError):
            return
        deadline = time.monotonic() + 10
        while self.ready() and time.monotonic() < deadline:
            time.sleep(0.02)
        pid_file.unlink(missing_ok=True)
