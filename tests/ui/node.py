"""The real npm packages, fetched once into pytest's cache, and Node to run a scenario with them."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

PACKAGES = {
    "ai": "7.0.173",
    "@ai-sdk/react": "4.0.177",
    "@ai-sdk/provider-utils": "5.0.81",
    "react": "19.3.1",
    "react-dom": "19.3.1",
    "happy-dom": "21.0.4",
    "zod": "4.6.7",
}
OLDEST = 20
"""Major version of Node."""


def missing(reason: str) -> None:
    """Leaves the test out with a reason; fails where CI=true."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def installed(cache: Path, packages: Mapping[str, str] = PACKAGES) -> Path:
    """A node_modules with the packages; fetched once for these versions."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            missing(f"no {program} on PATH")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.removeprefix("v").partition(".")[0]) < OLDEST:
        missing(f"node is {version}; these packages need {OLDEST} or later")
    folder = cache / "-".join(packages.values())
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=cache, ignore_cleanup_errors=True) as made:
            _fetch(Path(made), packages)
            with suppress(OSError):  # another worker of the suite was first
                Path(made).rename(folder)
    return folder / "node_modules"


def _fetch(folder: Path, packages: Mapping[str, str]) -> None:
    wanted = [f"{name}@{version}" for name, version in packages.items()]
    (folder / "package.json").write_text('{"private": true}')
    npm = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", *wanted]
    result = subprocess.run(npm, cwd=folder, capture_output=True, text=True, timeout=300)
    if result.returncode:
        missing(f"npm cannot install {', '.join(packages)}: {result.stderr.strip()[-500:]}")


def workshop(folder: Path, modules: Path) -> Path:
    """The scenarios in a folder of their own: ES modules look for packages beside themselves."""
    for script in Path(__file__).parent.glob("*.mjs"):
        shutil.copy(script, folder)
    (folder / "node_modules").symlink_to(modules, target_is_directory=True)
    return folder


def play(folder: Path, scenario: str, *arguments: str) -> dict[str, Any]:
    """Runs a scenario of `scenarios.mjs`; what it found out. Its own assertions fail the test with their words."""
    result = subprocess.run(
        ["node", "scenarios.mjs", scenario, *arguments], cwd=folder, capture_output=True, text=True, timeout=90
    )
    assert result.returncode == 0, f"{scenario}:\n{result.stderr[-4000:]}"
    facts: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return facts
