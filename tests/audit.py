"""`python -m tests.audit`: asks whether a vulnerability is known in a package that is pinned; a part of `make check`.

pip-audit asks the service that it knows of. Where none answers (no network, a mirror without such a service) that is
said, and nothing fails: what nobody was asked, nobody knows. An answer is good for a day, as long as the pins are the
same. The first pin is asked about alone, so that a service that is not there is not asked a hundred times.
"""

import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LOCKS = ("requirements.lock", "requirements-dev.lock")
GOOD_FOR = 24 * 3600
PATIENCE = 120
"""Seconds for the service to answer about all of them."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`asked` packages were looked up; `found` are lines such as `name 1.0: ID-1 (mended in 1.1)`."""

    asked: int
    unknown: list[str]
    found: list[str]


def main(arguments: Sequence[str] = ()) -> int:
    """The exit status: 1 when a vulnerability is known."""
    pins = sorted({pin for lock in arguments or LOCKS for pin in pins_of((ROOT / lock).read_text())})
    mark = ROOT / "var" / "audited"
    digest = hashlib.sha256("\n".join(pins).encode()).hexdigest()
    if mark.exists() and mark.read_text() == digest and time.time() - mark.stat().st_mtime < GOOD_FOR:
        print(f"Audit: {len(pins)} packages, none with a known vulnerability (asked within the last day).")
        return 0
    probe = ask(pins[:1])
    answer = ask(pins) if probe is not None and not probe.unknown else None
    if answer is None:
        why = "No vulnerability service answered" if find_spec("pip_audit") else "pip-audit is not installed"
        print(f"Audit: NOT DONE. {why}, so nothing is known of the packages.")
        return 0
    for line in answer.found:
        print(f"Audit: {line}")
    if answer.unknown:
        print(f"Audit: nothing is known of {', '.join(answer.unknown)}.")
    if answer.found:
        return 1
    mark.parent.mkdir(exist_ok=True)
    mark.write_text(digest)
    print(f"Audit: {answer.asked} packages, none with a known vulnerability.")
    return 0


def pins_of(lock: str) -> list[str]:
    """The `name==version` of a lock file, without markers and hashes."""
    lines = (line.split(";")[0].rstrip("\\ ").strip() for line in lock.splitlines())
    return [line for line in lines if "==" in line and not line.startswith(("#", "--"))]


def ask(pins: Sequence[str]) -> Answer | None:
    """What the service says of the pins; None when it does not answer."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(pins) + "\n")
        file.flush()
        command = [sys.executable, "-m", "pip_audit", "-r", file.name, "--no-deps", "--disable-pip"]
        command += ["--format", "json", "--progress-spinner", "off", "--timeout", "10"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
            return read(json.loads(done.stdout))
        except (subprocess.TimeoutExpired, ValueError, KeyError):
            return None


def read(report: dict[str, Any]) -> Answer:
    """pip-audit's report. What was skipped was not asked about, whatever the last line says.

    Raises:
        KeyError: it is none.
    """
    unknown = [entry["name"] for entry in report["dependencies"] if "skip_reason" in entry]
    asked = [entry for entry in report["dependencies"] if "skip_reason" not in entry]
    found = [
        f"{entry['name']} {entry['version']}: {one['id']} (mended in {', '.join(one['fix_versions']) or 'no version'})"
        for entry in asked
        for one in entry["vulns"]
    ]
    return Answer(len(asked), unknown, found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
