"""The servers under load. Each is a context: started on a free port, pointed at the provider stub, ended."""

import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import asgi_servers
from load import Target
from processes import DidNotStart, Missing, free_port, running
from provider import Answer

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
PEERS = BENCH / "peers"
OPENAI_NPM = "openai@7.57.0"
WIDGET_KEY = "wk_bench"

Started = tuple[Target, int]
Ask = Callable[[Answer], tuple[Mapping[str, str], Any]]


def peer_environment(provider_port: int, **more: str) -> dict[str, str]:
    """Only what a server needs, so that a DATABASE_URL or a real key of the caller never takes part."""
    own = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    provider = {"OPENAI_BASE_URL": f"http://127.0.0.1:{provider_port}/v1", "OPENAI_API_KEY": "bench"}
    return own | provider | more


def product_environment(provider_port: int, folder: Path) -> dict[str, str]:
    """Of everything that runs the product's code on the state in `folder`."""
    return peer_environment(
        provider_port,
        DEBUG="0",
        SECRET_KEY="no secret, for nothing but the loopback reaches it",
        ALLOWED_HOSTS="127.0.0.1",
        TRUSTED_PROXIES="1",
        LOG_LEVEL="WARNING",
        CALLSPHERE_VAR=str(folder),
        DJANGO_SETTINGS_MODULE="callsphere.settings",
        PYTHONPATH=str(ROOT),
    )


def run_script(name: str, *arguments: str, env: Mapping[str, str]) -> str:
    """What a script of this folder prints; it works on the product's state.

    Raises:
        DidNotStart: it failed; with the end of what it wrote.
    """
    done = subprocess.run(
        [sys.executable, str(BENCH / name), *arguments], env=env, cwd=ROOT, capture_output=True, text=True
    )
    if done.returncode:
        raise DidNotStart(f"{name} {' '.join(arguments)} failed:\n{done.stderr[-2000:]}")
    return done.stdout


def words(answer: Answer) -> str:
    """The visitor's message; the provider stub reads what the answer shall be."""
    return f"When can a doctor see my knee? {answer}"


@contextmanager
def provider(rate: float, folder: Path) -> Iterator[Started]:
    """The stub, which is also the first thing measured: without a server between."""
    port = free_port()

    def ask(answer: Answer) -> tuple[dict[str, str], Any]:
        message = {"role": "user", "content": words(answer)}
        return {}, {"model": "gpt-5.4-mini", "stream": True, "messages": [message]}

    command = [sys.executable, str(BENCH / "provider.py"), "--port", str(port), "--rate", str(rate)]
    with running(command, port=port, log=folder / "provider.log", cwd=BENCH) as pid:
        yield Target("provider alone", port, "/v1/chat/completions", ask, terminal=b"[DONE]"), pid


def addresses() -> Iterator[str]:
    """An address of its own for each visitor, as a proxy in front would report it."""
    return (f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}" for n in count(1))


def new_visitors() -> Ask:
    """Each request is the first message of a new visitor."""
    address = addresses()

    def ask(answer: Answer) -> tuple[dict[str, str], Any]:
        headers = {"X-Widget-Key": WIDGET_KEY, "X-Forwarded-For": next(address)}
        return headers, {"message": words(answer), "message_id": str(uuid.uuid4())}

    return ask


@contextmanager
def ours(
    provider_port: int,
    folder: Path,
    *,
    asgi: str = "uvicorn",
    launcher: Sequence[str] = ("manage.py",),
    more: Mapping[str, str] | None = None,
) -> Iterator[Started]:
    """CallSphere as it is served: with its checks, its log in Redis and its transcript in the database.

    Args:
        asgi: uvicorn is what `manage.py serve` starts; others are given the application.
        launcher: what runs Django's command line.
        more: environment, such as another database.
    """
    port = free_port()
    env = product_environment(provider_port, folder) | dict(more or {})
    run_script("tenant.py", WIDGET_KEY, env=env)
    if asgi == "uvicorn":
        command = [sys.executable, *launcher, "serve", "--port", str(port)]
    else:
        command, more = asgi_servers.SERVERS[asgi]("callsphere.asgi:application", port, folder)
        env = _with_paths(env, more)
    with running(command, port=port, log=folder / "server.log", cwd=ROOT, env=env) as pid:
        terminal = b'data: {"reason":"stop"'
        yield Target(f"CallSphere, {asgi}", port, "/api/chat/stream", new_visitors(), terminal), pid


def _with_paths(env: dict[str, str], more: Mapping[str, str]) -> dict[str, str]:
    return env | {name: os.pathsep.join(filter(None, (path, env.get(name)))) for name, path in more.items()}


def _message(answer: Answer) -> tuple[dict[str, str], Any]:
    return {}, {"message": words(answer)}


@contextmanager
def floor(provider_port: int, folder: Path, *, asgi: str = "uvicorn") -> Iterator[Started]:
    """peers/asgi_floor.py on an ASGI server."""
    port = free_port()
    command, more = asgi_servers.SERVERS[asgi]("asgi_floor:app", port, folder)
    env = _with_paths(peer_environment(provider_port, PYTHONPATH=str(PEERS)), more)
    with running(command, port=port, log=folder / "server.log", cwd=PEERS, env=env) as pid:
        yield Target(f"Floor: bare ASGI + aiohttp + msgspec, {asgi}", port, "/chat", _message, terminal=b"[DONE]"), pid


@contextmanager
def starlette(provider_port: int, folder: Path) -> Iterator[Started]:
    """peers/starlette_route.py on uvicorn with the same loop and parser as ours."""
    port = free_port()
    command, _ = asgi_servers.uvicorn("starlette_route:app", port, folder)
    with running(command, port=port, log=folder / "server.log", cwd=PEERS, env=peer_environment(provider_port)) as pid:
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
    env = peer_environment(provider_port, PORT=str(port))
    with running(["node", str(route)], port=port, log=folder / "server.log", cwd=folder, env=env) as pid:
        yield Target("Node http + openai", port, "/chat", _message, terminal=b"[DONE]"), pid
