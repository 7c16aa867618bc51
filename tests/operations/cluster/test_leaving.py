"""`manage.py serve` at SIGTERM: its door is closed at once, and open connections are served once more."""

import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest

from apps.common.ports import free_port
from apps.operations.cluster.product import ROOT

pytestmark = pytest.mark.once
SOON = 90.0


def until(true: Callable[[], bool]) -> None:
    deadline = monotonic() + SOON
    while not true():
        assert monotonic() < deadline
        sleep(0.05)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    port = free_port()
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "callsphere.settings", "DATABASE_URL": f"sqlite:///{tmp_path}/db"}
    env |= {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}  # nobody asks it; without one a stand-in would be started first
    words = [sys.executable, "manage.py", "serve", "--port", str(port)]
    with subprocess.Popen(words, cwd=ROOT, env=env, stderr=subprocess.DEVNULL) as process:
        try:
            until(lambda: listens(port))
            yield process, port
        finally:
            process.kill()


def test_the_door_is_closed_and_each_connection_gets_one_more_answer(
    server: tuple[subprocess.Popen[bytes], int],
) -> None:
    process, port = server
    connections = [http.client.HTTPConnection("127.0.0.1", port, timeout=SOON) for _ in range(3)]
    for connection in connections:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        assert (answer.status, answer.getheader("connection"), answer.read()) == (200, None, b'{"status": "ok"}')
    process.send_signal(signal.SIGTERM)
    until(lambda: not listens(port))
    connections[0].request("GET", "/healthz")
    answer = connections[0].getresponse()
    assert (answer.status, answer.getheader("connection")) == (200, "close")
    connections[1].request("GET", "/readyz")
    answer = connections[1].getresponse()
    assert answer.status == 503
    assert b'"process": "draining"' in answer.read()
    # The third idles, as an edge's do: it is not cut, but nobody waits for it for ever.
    assert process.wait(SOON) == 0
