"""The management command, as a child process."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx2 as httpx

ROOT = Path(__file__).parents[2]
DEVELOPMENT = {**os.environ, "DEBUG": "1"}
COMMAND = [sys.executable, "manage.py", "sandbox", "--port=0", "--pace=0"]


def eventually(check: Callable[[], bool]) -> bool:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        if check():
            return True
        time.sleep(0.02)
    return False


def answers(address: str) -> bool:
    try:
        return httpx.get(f"http://{address}/v1/models", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def test_serves_on_a_free_port_that_it_writes_down(tmp_path: Path) -> None:
    address = tmp_path / "address"
    child = subprocess.Popen([*COMMAND, f"--port-file={address}"], cwd=ROOT, env=DEVELOPMENT, stdout=subprocess.DEVNULL)
    try:
        assert eventually(address.exists)
        assert eventually(lambda: answers(address.read_text()))
    finally:
        child.send_signal(signal.SIGTERM)
        assert child.wait(timeout=10) in (0, -signal.SIGTERM)


def test_leaves_when_its_parent_is_gone(tmp_path: Path) -> None:
    address = tmp_path / "address"
    command = [*COMMAND, f"--port-file={address}", "--with-parent"]
    script = f"import subprocess, time; print(subprocess.Popen({command!r}).pid, flush=True); time.sleep(60)"
    parent = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, env=DEVELOPMENT, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    try:
        assert eventually(address.exists)
        assert eventually(lambda: answers(address.read_text()))
        parent.kill()
        parent.wait()
        assert eventually(lambda: not answers(address.read_text()))
    finally:
        parent.kill()
        parent.stdout.close()
        if Path(f"/proc/{child}").exists():
            os.kill(child, signal.SIGKILL)


def test_a_taken_port_is_said_plainly() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "manage.py", "sandbox", f"--port={port}"],
            cwd=ROOT,
            env=DEVELOPMENT,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{port}" in done.stderr
