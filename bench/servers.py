"""The servers under load. Each is a context: started on a free port, pointed at the provider stub, ended."""

import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from load import Target
from processes import DidNotStart, free_port, running

BENCH = Path(__file__).resolve().parent
PEERS = BENCH / "peers"
OPENAI_NPM = "openai@7.57.0"
WIDGET_KEY = "wk_bench"

Started = tuple[Target, int]


class Missing(Exception):
    """What a peer needs is not on this machine."""


def _environment(provider_port: int, **more: str) -> dict[str, str]:
    """Only what a server needs, so that a DATABASE_URL or a real key of the caller never takes part."""
    own = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    provider = {"OPENAI_BASE_URL": f"http://127.0.0.1:{provider_port}/v1", "OPENAI_API_KEY": "bench"}
    return own | provider | more


def _words(tokens: int) -> str:
    """The visitor's message; the provider stub reads the number."""
    return f"When can a doctor see my knee? tokens={tokens}"


@contextmanager
def provider(rate: float, folder: Path) -> Iterator[Started]:
    """The stub, which is also the first thing measured: without a server between."""
    port = free_port()

    def body(tokens: int) -> dict[str, Any]:
        return {"model": "gpt-5.4-mini", "stream": True, "messages": [{"role": "user", "content": _words(tokens)}]}

    command = [sys.executable, str(BENCH / "provider.py"), "--port", str(port), "--rate", str(rate)]
    with running(command, port=port, log=folder / "provider.log", cwd=BENCH) as pid:
        yield Target("provider alone", port, "/v1/chat/completions", body, terminal=b"[DONE]"), pid


@contextmanager
def ours(provider_port: int, folder: Path) -> Iterator[Started]:
    """CallSphere as it is served: with its checks, its log in Redis and its transcript in the database."""
    port = free_port()
    env = _environment(
        provider_port,
        DEBUG="0",
        SECRET_KEY=uuid.uuid4().hex,
        ALLOWED_HOSTS="127.0.0.1",
        LOG_LEVEL="WARNING",
        CALLSPHERE_VAR=str(folder),
        DJANGO_SETTINGS_MODULE="callsphere.settings",
        PYTHONPATH=str(BENCH.parent),
    )
    prepare = [sys.executable, str(BENCH / "tenant.py"), WIDGET_KEY]
    prepared = subprocess.run(prepare, env=env, cwd=BENCH.parent, capture_output=True, text=True)
    if prepared.returncode:
        raise DidNotStart(f"its tenant could not be made:\n{prepared.stderr[-2000:]}")

    def body(tokens: int) -> dict[str, Any]:
        return {"message": _words(tokens), "message_id": str(uuid.uuid4())}

    command = [sys.executable, "manage.py", "serve", "--port", str(port)]
    with running(command, port=port, log=folder / "server.log", cwd=BENCH.parent, env=env) as pid:
        headers = {"X-Widget-Key": WIDGET_KEY}
        yield Target("CallSphere", port, "/api/chat/stream", body, b'event: done\ndata: {"reason":"stop"', headers), pid


def _message(tokens: int) -> dict[str, Any]:
    return {"message": _words(tokens)}


@contextmanager
def starlette(provider_port: int, folder: Path) -> Iterator[Started]:
    """peers/starlette_route.py on uvicorn with the same loop and parser as ours."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "starlette_route:app", "--port", str(port)]
    command += ["--no-access-log", "--log-level", "warning"]
    env = _environment(provider_port)
    with running(command, port=port, log=folder / "server.log", cwd=PEERS, env=env) as pid:
        yield Target("Starlette + openai, typed stream", port, "/chat", _message, terminal=b"[DONE]"), pid


@contextmanager
def node(provider_port: int, folder: Path) -> Iterator[Started]:
    """peers/node_route.mjs, with the package from npm.

    Raises:
        Missing: no node, no npm, or npm's registry is out of reach.
    """
    if not (shutil.which("node") and shutil.which("npm")):
        raise Missing("node and npm are not installed")
    install = ["npm", "install", "--no-audit", "--no-fund", "--silent", OPENAI_NPM]
    try:
        done = subprocess.run(install, cwd=folder, capture_output=True, text=True, timeout=60)
    except subprocess.TimeoutExpired:
        raise Missing(f"npm did not bring {OPENAI_NPM} within 60 s") from None
    if done.returncode:
        raise Missing(f"npm could not install {OPENAI_NPM}")
    route = shutil.copy(PEERS / "node_route.mjs", folder)  # node looks for packages beside the file
    port = free_port()
    env = _environment(provider_port, PORT=str(port))
    with running(["node", str(route)], port=port, log=folder / "server.log", cwd=folder, env=env) as pid:
        yield Target("Node http + openai", port, "/chat", _message, terminal=b"[DONE]"), pid
