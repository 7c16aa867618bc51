"""The bridges under load. Each is a context: started on a free port, pointed at the model's stand-in, ended."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from re import search

import aiohttp
import asgi_servers
from processes import Missing, free_port, running
from servers import BENCH, PEERS, ROOT, WIDGET_KEY, addresses, peer_environment, product_environment, run_script
from twilio.request_validator import RequestValidator

from calls.callers import Dial, Line

NUMBER, CALLER = "+12125550123", "+12125550199"
SECRET = "bench"
WS_NPM = "ws@8.18.3"
FASTAPI = ("fastapi==0.165.0", "annotated-doc==0.0.4")
INSTALL_WITHIN = 300
PIPECAT = ("pipecat-ai[websocket,openai]==1.14.0", "uvicorn", "uvloop", "httptools")


@dataclass(frozen=True, slots=True)
class Bridge:
    """A running one."""

    name: str
    dial: Dial
    pid: int


Context = Callable[[int, Path, Path], AbstractContextManager[Bridge]]
"""Of the model's port, a scratch folder, and one where packages are kept from run to run."""


def _signed(url: str, fields: Mapping[str, str]) -> dict[str, str]:
    return {"X-Twilio-Signature": RequestValidator(SECRET).compute_signature(url, fields)}


async def dial_us(client: aiohttp.ClientSession, call: str, *, port: int, address: Iterator[str]) -> Line:
    """Asks our webhook as Twilio does, and goes where it says. Each call comes from another `address` of Twilio's.

    Raises:
        ValueError: the call was not joined with a socket; with what was said instead.
    """
    url = f"http://127.0.0.1:{port}/voice/twilio/incoming"
    fields = {"CallSid": call, "From": CALLER, "To": NUMBER, "CallStatus": "ringing"}
    async with client.post(url, data=fields, headers=_signed(url, fields)) as answer:
        markup = await answer.text()
    stream, token = search(r'url="([^"]+)"', markup), search(r'name="token" value="([^"]+)"', markup)
    if stream is None or token is None:
        raise ValueError(f"{answer.status}: {markup[:300]}")
    headers = _signed(stream[1], {}) | {"X-Forwarded-For": next(address)}
    return Line(stream[1], headers, {"token": token[1]})


async def _dial_peer(client: aiohttp.ClientSession, call: str, *, port: int) -> Line:
    return Line(f"ws://127.0.0.1:{port}/media-stream")


@contextmanager
def ours(
    model_port: int, folder: Path, packages: Path, *, audio: str = "pcmu", launcher: Sequence[str] = ("manage.py",)
) -> Iterator[Bridge]:
    """CallSphere as it is served: signatures, tickets, record, transcript, tools, ledger.

    Args:
        audio: of the model's side; "pcmu" passes through.
        launcher: what runs Django's command line.
    """
    port = free_port()
    env = product_environment(model_port, folder) | {
        "TWILIO_ACCOUNT_SID": "AC1",
        "TWILIO_AUTH_TOKEN": SECRET,
        "TWILIO_API_BASE": "http://127.0.0.1:9",  # nobody listens: we hang up on nobody
    }
    run_script("tenant.py", WIDGET_KEY, NUMBER, env=env)
    if audio == "pcm16":
        launcher = (str(BENCH / "calls" / "transcoding.py"), *launcher)
    command = [sys.executable, *launcher, "serve", "--port", str(port)]
    with running(command, port=port, log=folder / "server.log", cwd=ROOT, env=env) as pid:
        yield Bridge(f"CallSphere, {audio}", partial(dial_us, port=port, address=addresses()), pid)


@contextmanager
def node(model_port: int, folder: Path, packages: Path) -> Iterator[Bridge]:
    """peers/node_bridge.mjs, with `ws` from npm.

    Raises:
        Missing: no node, no npm, or npm's registry is out of reach.
    """
    if not (shutil.which("node") and shutil.which("npm")):
        raise Missing("node and npm are not installed")
    home = _installed(packages / "node", [["npm", "install", "--no-audit", "--no-fund", "--silent", WS_NPM]], WS_NPM)
    script = shutil.copy(PEERS / "node_bridge.mjs", home)  # node looks for packages beside the file
    port = free_port()
    env = peer_environment(model_port, PORT=str(port))
    with running(["node", str(script)], port=port, log=folder / "server.log", cwd=folder, env=env) as pid:
        yield Bridge("Node ws, pcmu", partial(_dial_peer, port=port), pid)


@contextmanager
def fastapi(model_port: int, folder: Path, packages: Path, *, audio: str = "pcmu") -> Iterator[Bridge]:
    """peers/fastapi_bridge.py on uvicorn with the same loop as ours.

    Raises:
        Missing: the package registry is out of reach.
    """
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    home = _installed(packages / "fastapi", [[*pip, "--target", ".", *FASTAPI]], FASTAPI[0])
    port = free_port()
    command, _ = asgi_servers.uvicorn("fastapi_bridge:app", port, folder)
    env = peer_environment(model_port, PYTHONPATH=str(home), AUDIO=audio)
    with running(command, port=port, log=folder / "server.log", cwd=PEERS, env=env) as pid:
        kind = "audioop, pcm16" if audio == "pcm16" else "websockets, pcmu"
        yield Bridge(f"FastAPI + {kind}", partial(_dial_peer, port=port), pid)


@contextmanager
def pipecat(model_port: int, folder: Path, packages: Path) -> Iterator[Bridge]:
    """peers/pipecat_bridge.py on uvicorn, in an environment of its own (some 400 MB).

    Raises:
        Missing: the package registry is out of reach.
    """
    pip = ["venv/bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    steps = [[sys.executable, "-m", "venv", "venv"], [*pip, *PIPECAT]]
    python = _installed(packages / "pipecat", steps, PIPECAT[0]) / "venv" / "bin" / "python"
    port = free_port()
    command, _ = asgi_servers.uvicorn("pipecat_bridge:app", port, folder)
    env = peer_environment(model_port)
    command = [str(python), *command[1:]]
    with running(command, port=port, log=folder / "server.log", cwd=PEERS, env=env) as pid:
        yield Bridge("Pipecat, its own PCM16", partial(_dial_peer, port=port), pid)


def _installed(home: Path, steps: Sequence[Sequence[str]], what: str) -> Path:
    """The folder, in which the steps were done, now or in an earlier run."""
    done = home / "installed"
    if done.exists() and done.read_text() == what:
        return home
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    for step in steps:
        try:
            result = subprocess.run(step, cwd=home, capture_output=True, text=True, timeout=INSTALL_WITHIN)
        except subprocess.TimeoutExpired:
            raise Missing(f"{what} was not there within {INSTALL_WITHIN} s") from None
        if result.returncode:
            raise Missing(f"{what} could not be installed: {result.stderr.strip()[-200:]}")
    done.write_text(what)
    return home


@contextmanager
def model(folder: Path) -> Iterator[int]:
    """The stand-in's port."""
    port = free_port()
    command = [sys.executable, "-m", "calls.model", "--port", str(port)]
    with running(command, port=port, log=folder / "model.log", cwd=BENCH):
        yield port


BRIDGES: dict[str, Context] = {
    "ours": ours,
    "ours-pcm16": partial(ours, audio="pcm16"),
    "node": node,
    "fastapi": fastapi,
    "fastapi-pcm16": partial(fastapi, audio="pcm16"),
    "pipecat": pipecat,
}
