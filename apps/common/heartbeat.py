"""Processes of this var/ that work beside a server on one machine: whether one is alive, and keeping one alive."""

import atexit
import logging
import sys
import threading
import time
from pathlib import Path

from django.conf import settings

from apps.common.child_process import ChildProcess
from apps.common.errors import Unavailable

logger = logging.getLogger(__name__)

EVERY = 1.0
"""Seconds between two beats."""
STALE = 15.0
"""Seconds after which one that does not beat counts as dead; a machine under load may well pause for some."""


class Heartbeat:
    """Of a management command, such as `worker`, that runs once for each var/."""

    def __init__(self, command: str) -> None:
        self._command = command
        self._process: ChildProcess | None = None

    @property
    def _file(self) -> Path:
        return Path(settings.VAR_DIR) / self._command / "alive"

    def beat(self) -> None:
        """It says that it is alive."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.touch()

    def cease(self) -> None:
        """It ends. Where another is alive, that one's next beat says so."""
        self._file.unlink(missing_ok=True)

    def fresh(self) -> bool:
        """True when one said so within the last `STALE` seconds."""
        try:
            return time.time() - self._file.stat().st_mtime < STALE
        except FileNotFoundError:
            return False

    def keep_one_alive(self) -> None:
        """Starts one beside this process unless one is there, and again when it dies, until this process ends."""
        argv = [sys.executable, str(settings.BASE_DIR / "manage.py"), self._command]
        self._process = ChildProcess(
            name=self._command, directory=self._file.parent, command=lambda: argv, ready=self.fresh
        )
        self._process.ensure()
        ended = threading.Event()
        atexit.register(ended.set)
        threading.Thread(target=self._watch, args=(ended,), name=f"{self._command} watch", daemon=True).start()

    def _watch(self, ended: threading.Event) -> None:
        while self._process is not None and not ended.wait(STALE):
            try:
                self._process.ensure()
            except Unavailable:
                logger.exception("A process beside the server does not come back", extra={"command": self._command})


worker = Heartbeat("worker")
