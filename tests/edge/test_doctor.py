"""What an operator sees who runs `manage.py stream_doctor`: exit status, and clear words when it cannot begin."""

import os
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.edge.conftest import Front
from tests.edge.examination import examine
from tests.server import serving

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parents[2]


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """As a program of its own, with the suite's environment."""
    return subprocess.run(
        [sys.executable, "manage.py", "stream_doctor", *words],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "callsphere.settings", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def answering(status: int, **headers: str) -> Callable[..., Awaitable[None]]:
    """An ASGI application that answers everything alike."""

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        fields = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": fields})
        await send({"type": "http.response.body"})

    return app


def test_without_a_proxy_all_is_well(server: str) -> None:
    seen = examine(server, name=None)
    assert seen.status == 0
    assert set(seen.checks) == {
        *("HTTP/1.1 headers", "HTTP/1.1 first token", "HTTP/1.1 abort", "HTTP/1.1 idle stream"),
        *("WebSocket", "idle WebSocket"),
    }
    assert seen.failed == set()
    assert seen.text.endswith("All well.\n")


def test_long_waits_show_signs_of_life(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.edge.management.commands.stream_doctor.TICK", 0.4)
    assert "… 0.4 s\n… 0.8 s\n" in examine(server, name=None).text


def test_another_secret_key_is_named(server: str) -> None:
    result = run(server, SECRET_KEY="another key, of another deployment, and long enough for Django's check")
    assert result.returncode == 1
    assert "another SECRET_KEY" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_exit_status_of_a_program(server: str) -> None:
    result = run(server, "--idle", "1")
    assert (result.returncode, result.stderr) == (0, "")
    assert "All well." in result.stdout


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("chat.example.com", "is not a URL: write it like https://"),
        ("ftp://chat.example.com", "is not a URL"),
        ("https://", "is not a URL"),
        ("http://host:port", "is not a URL"),
        ("http://[::1", "is not a URL"),
        ("http://127.0.0.1/demo/clinic/", "leave /demo/clinic/ out"),
        ("http://nobody.invalid", "There is no host nobody.invalid"),
    ],
)
def test_what_is_no_address(url: str, words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("stream_doctor", url)


@pytest.mark.parametrize("idle", [0, 1e9, float("nan")])
def test_an_idle_without_sense(idle: float) -> None:
    with pytest.raises(CommandError, match="--idle"):
        call_command("stream_doctor", "http://127.0.0.1", idle=idle)


def test_nobody_listens() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(CommandError, match="cannot be reached"):
            call_command("stream_doctor", f"http://127.0.0.1:{closed.getsockname()[1]}")


@pytest.mark.parametrize(
    ("app", "words"),
    [
        (answering(404), "/healthz answers 404"),
        (answering(200), "no CallSphere"),
        (answering(301, location="https://chat.example.com/healthz"), "redirects to https://chat.example.com/healthz"),
    ],
)
def test_it_is_no_callsphere(app: Any, words: str) -> None:
    with serving(app, lifespan="off") as address, pytest.raises(CommandError, match=words):
        call_command("stream_doctor", address)


def test_tls_errors(front: Front, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    edge = front("nginx")
    with pytest.raises(CommandError, match=r"certificate is not valid for 127\.0\.0\.1"):
        call_command("stream_doctor", edge.url)
    with pytest.raises(CommandError, match="TLS does not come about"):
        call_command("stream_doctor", server.replace("http:", "https:"))
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(CommandError, match=r"certificate is not valid for chat\.example\.com"):
        call_command("stream_doctor", edge.url, host_header="chat.example.com")
    result = run(edge.url, "--insecure", "--idle", "1")
    assert result.returncode == 0, result.stdout + result.stderr
