"""Starts the stand-in as a child process when no model provider is configured."""

import socket
import sys
from functools import cache
from pathlib import Path

from django.conf import settings

from apps.common.child_process import ChildProcess


def _address_file() -> Path:
    return Path(settings.VAR_DIR) / "sandbox" / "address"


def _ready() -> bool:
    try:
        host, _, port = _address_file().read_text().strip().rpartition(":")
        with socket.create_connection((host, int(port)), timeout=1):
            return True
    except (OSError, ValueError):
        return False


def _command() -> list[str]:
    return [
        sys.executable,
        str(settings.BASE_DIR / "manage.py"),
        "sandbox",
        "--port=0",
        f"--pace={settings.SANDBOX_PACE}",
        f"--port-file={_address_file()}",
    ]


@cache
def _process() -> ChildProcess:
    return ChildProcess(name="sandbox", directory=Path(settings.VAR_DIR) / "sandbox", command=_command, ready=_ready)


def ensure_running() -> str:
    """The stand-in's base URL, as the openai package takes it; starts it unless it runs."""
    _process().ensure()
    return f"http://{_address_file().read_text().strip()}/v1"
