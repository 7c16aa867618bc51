"""The doctor finds all well behind each proxy, with an idle of 90 s: all at once, so that it costs 90 s once."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.edge.conftest import Front
from tests.edge.examination import examine
from tests.edge.proxies import KINDS

pytestmark = pytest.mark.once

IDLE = 90.0
CHECKS = {
    *(f"{version} {check}" for version in ("HTTP/1.1", "HTTP/2") for check in ("headers", "first token", "abort")),
    *("HTTP/1.1 idle stream", "HTTP/2 idle stream", "WebSocket", "idle WebSocket"),
}


@pytest.mark.timeout(240)
def test_every_proxy_passes_the_doctor_with_an_idle_of_90_seconds(front: Front) -> None:
    edges = {name: front(name) for name in KINDS}
    with ThreadPoolExecutor(len(edges)) as pool:
        running = {name: pool.submit(examine, edge.url, idle=IDLE) for name, edge in edges.items()}
        seen = {name: run.result() for name, run in running.items()}
    for name, examination in seen.items():
        assert examination.checks == dict.fromkeys(CHECKS, True), f"{name}\n{examination.text}"
        assert examination.status == 0
        assert "lived through 90 s" in examination.text
    assert "nginx, HTTP/1.1 and HTTP/2" in seen["nginx"].text
    assert "Caddy, HTTP/1.1 and HTTP/2" in seen["caddy"].text
    assert "No proxy that shows itself, HTTP/1.1 and HTTP/2" in seen["haproxy"].text
