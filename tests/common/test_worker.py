"""The worker: a real process that performs duties, survives those that fail, and leaves when it is told to."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import httpx2 as httpx
import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from apps.common import duties
from apps.common.ports import free_port

HERE = Path(settings.BASE_DIR)


@pytest.fixture
def worker() -> Callable[..., duties.Worker]:
    return lambda *given: duties.Worker(list(given))


def test_a_duty_that_fails_is_tried_again_and_delays_no_other(
    worker: Callable[..., duties.Worker], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duties, "close_old_connections", lambda: None)  # threads of their own; the test has none open
    failed, done = threading.Semaphore(0), threading.Semaphore(0)

    def fails(now: datetime) -> int:
        failed.release()
        raise ZeroDivisionError

    def works(now: datetime) -> int:
        assert now.tzinfo is not None
        done.release()
        return 1

    working = worker(duties.Duty("fails", 0.01, fails), duties.Duty("works", 0.01, works))
    working.start()
    for seen in (failed, failed, done, done):
        assert seen.acquire(timeout=10)
    assert working.stop(within=10)
    assert "A duty failed" in caplog.messages


def test_it_does_not_wait_for_ever(worker: Callable[..., duties.Worker], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duties, "close_old_connections", lambda: None)
    begun, let_go = threading.Event(), threading.Event()

    def slow(now: datetime) -> int:
        begun.set()
        let_go.wait(30)
        return 0

    working = worker(duties.Duty("slow", 0.01, slow))
    working.start()
    assert begun.wait(10)
    assert not working.stop(within=0.05)
    let_go.set()
    assert working.stop(within=10)


def test_connections_are_closed_where_they_were_opened(
    worker: Callable[..., duties.Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    closed_on: list[asyncio.AbstractEventLoop] = []

    async def close() -> None:
        closed_on.append(asyncio.get_running_loop())

    monkeypatch.setattr(duties, "_closes", [])
    duties.at_the_end(close)
    assert duties.complete(asyncio.sleep(0, "awaited"), within=10) == "awaited"
    assert worker().stop(within=10)
    assert closed_on == [duties.loop()]


def test_a_name_belongs_to_one_duty() -> None:
    known = duties.registered()[0]
    duties.register(known.name, known.every, known.perform)
    with pytest.raises(ImproperlyConfigured, match=known.name):
        duties.register(known.name, known.every, lambda now: 0)


@pytest.fixture
def short_var() -> Iterator[Path]:
    """A var/ of its own, with a path short enough for unix sockets."""
    with tempfile.TemporaryDirectory(prefix="cs-") as folder:
        yield Path(folder)


@pytest.mark.once
def test_the_process_lives_says_so_and_leaves(short_var: Path) -> None:
    metrics = f"127.0.0.1:{free_port()}"
    environment = {**os.environ, "DEBUG": "1", "CALLSPHERE_VAR": str(short_var), "WORKER_METRICS": metrics}
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "DJANGO_SETTINGS_MODULE"):
        environment.pop(name, None)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(HERE / "manage.py"), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)

    listed = run("worker", "--list")
    assert "plans.trials" in listed.stdout
    assert run("worker", "--alive").returncode == 1
    process = subprocess.Popen(
        [sys.executable, str(HERE / "manage.py"), "worker"], env=environment, stderr=subprocess.DEVNULL
    )
    try:
        alive = short_var / "worker" / "alive"
        deadline = time.monotonic() + 60
        while not alive.exists():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert run("worker", "--alive").returncode == 0
        told = httpx.get(f"http://{metrics}/metrics").text
        assert 'callsphere_duty_failures_total{duty="api.webhooks"}' in told
        assert "callsphere_database_calls_waiting" in told
        assert httpx.get(f"http://{metrics}/").status_code == 404
        assert httpx.get(f"http://{metrics}/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 403
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        assert not alive.exists()
    finally:
        process.kill()
        process.wait()
