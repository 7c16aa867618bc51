"""The ASGI servers that the product and the floor can run on."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from processes import Missing

GRANIAN = "granian==2.8.7"
Command = tuple[list[str], dict[str, str]]
"""Command line, and variables to add to its environment; the paths in them are put before those that are there."""


def uvicorn(application: str, port: int, folder: Path) -> Command:
    command = [sys.executable, "-m", "uvicorn", application, "--port", str(port)]
    return [*command, "--no-access-log", "--log-level", "warning"], {}


def granian(application: str, port: int, folder: Path) -> Command:
    """It is none of our packages: pip brings it into `folder`.

    Raises:
        Missing: the package registry is out of reach.
    """
    packages = folder / "packages"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    try:
        done = subprocess.run(
            [*install, "--target", str(packages), GRANIAN], capture_output=True, text=True, timeout=60
        )
    except subprocess.TimeoutExpired:
        raise Missing(f"pip did not bring {GRANIAN} within 60 s") from None
    if done.returncode:
        raise Missing(f"pip could not install {GRANIAN}")
    command = [sys.executable, "-m", "granian", "--interface", "asgi", "--port", str(port), "--workers", "1"]
    return [*command, "--log-level", "warning", application], {"PYTHONPATH": str(packages)}


def daphne(application: str, port: int, folder: Path) -> Command:
    return [sys.executable, "-m", "daphne", "--port", str(port), "--verbosity", "0", application], {}


SERVERS: dict[str, Callable[[str, int, Path], Command]] = {"uvicorn": uvicorn, "granian": granian, "daphne": daphne}
