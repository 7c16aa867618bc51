"""Where the product opens connections: every place is known, and says who chooses the address."""

import ast
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.once
ROOT = Path(__file__).resolve().parents[2]
GUARDED = "a business chooses it: every address of the name is checked, and connected to; no redirects"
OPERATOR = "the operator's settings"
OWN = "a process of our own, on this machine"
KNOWN = {
    "apps/agents/model.py": OPERATOR,
    "apps/agents/transport.py": OPERATOR,
    "apps/api/webhooks/sender.py": GUARDED,
    "apps/common/redis.py": OPERATOR,
    "apps/common/pipe.py": OPERATOR,
    "apps/edge/doctor.py": "whoever runs the command",
    "apps/edge/target.py": "whoever runs the command",
    "apps/plans/payments/account.py": OWN,
    "apps/plans/payments/catalogue.py": OPERATOR,
    "apps/plans/payments/gateway.py": OPERATOR,
    "apps/plans/simulated/hooks.py": "the simulated provider's own book",
    "apps/plans/simulated/till.py": "the simulated provider's own book",
    "apps/sandbox/launcher.py": OWN,
    "apps/telephony/calls.py": OPERATOR,
    "apps/telephony/checkup.py": "whoever runs the command",
    "apps/telephony/simulated/exchange.py": "the simulated carrier's own book",
    "apps/telephony/simulated/media.py": "the simulated carrier's own book",
    "apps/voice/realtime/socket.py": OPERATOR,
}
"""A new place belongs here with its reason; where somebody else chooses the address, it goes through the sender."""
COMMANDS = ("apps/operations/",)
"""Commands of the operator, on their own machines."""
OPENERS = {
    "aiohttp": {"ClientSession", "request", "TCPConnector", "UnixConnector"},
    "httpx2": {"Client", "AsyncClient", "get", "post", "request", "stream"},
    "asyncio": {"open_connection", "open_unix_connection"},
    "socket": {"create_connection"},
    "redis": {"Redis", "from_url"},
    "stripe": {"StripeClient"},
    "websockets": {"connect"},
}
MODULES = {"urllib.request", "requests", "http.client", "ftplib", "urllib3", "paramiko"}
HARMLESS = {"apps/agents/transport.py": {"urllib.request"}}
"""Reads the environment's proxies with it."""


def sources() -> list[Path]:
    return [path for app in ("apps", "callsphere") for path in sorted((ROOT / app).rglob("*.py"))]


def opens(tree: ast.AST) -> bool:
    """Whether the module makes one of the things that connect."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else getattr(node.value, "attr", "")
            if node.attr in OPENERS.get(owner, ()):
                return True
            if owner == "loop" and node.attr in ("create_connection", "create_unix_connection"):
                return True
        if isinstance(node, ast.ImportFrom) and node.module:
            names = {alias.name for alias in node.names}
            if names & OPENERS.get(node.module.partition(".")[0], set()):
                return True
    return False


def imports(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module}
    return found & MODULES


def test_every_way_out_is_known() -> None:
    found, odd = set(), {}
    for path in sources():
        name, tree = str(path.relative_to(ROOT)), ast.parse(path.read_text())
        if opens(tree):
            found.add(name)
        if more := imports(tree) - HARMLESS.get(name, set()):
            odd[name] = more
    assert odd == {}, "these clients check no address: use the sender, or a client that is listed"
    others = {name for name in found - set(KNOWN) if not name.startswith(COMMANDS)}
    assert others == set(), "say who chooses the address that is connected to"


def test_the_check_sees() -> None:
    assert opens(ast.parse("import aiohttp\nasync def f(u):\n    async with aiohttp.ClientSession() as s: ..."))
    assert opens(ast.parse("from websockets.asyncio.client import connect"))
    assert not opens(ast.parse("from aiohttp import web"))
    assert imports(ast.parse("import urllib.request"))


def test_nobody_turns_the_check_of_certificates_off() -> None:
    loose = re.compile(r"verify\s*=\s*False|ssl\s*=\s*False|CERT_NONE|check_hostname\s*=\s*False|_create_unverified")
    found = {str(path.relative_to(ROOT)) for path in sources() if loose.search(path.read_text())}
    assert found <= {"apps/edge/target.py"}, "the doctor's, when whoever runs it says so"
