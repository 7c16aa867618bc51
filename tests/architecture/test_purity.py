"""Cores are pure: no await, no clock, no chance, no input or output, no Django; of ours only other pure modules."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ROOT / "apps"
CORES = sorted([*APPS.glob("**/core/**/*.py"), *(APPS / "common" / name for name in ("sse.py", "frames.py"))])

ALLOWED = {
    "__future__", "bisect", "calendar", "collections", "dataclasses", "datetime", "decimal", "difflib", "enum",
    "fractions", "functools", "heapq", "itertools", "json", "math", "operator", "re", "string", "types", "typing",
    "unicodedata", "zoneinfo", "rapidfuzz", "snowballstemmer", "array", "base64", "binascii", "msgspec", "numpy",
    "struct", "zlib", "websockets", "hashlib", "hmac", "ipaddress",
}  # fmt: skip
IMPURE_CALLS = {"open", "print", "input", "exec", "eval", "__import__"}
CLOCKS = {"now", "utcnow", "today", "time", "monotonic", "perf_counter"}
CLOCK_OWNERS = {"datetime", "date", "dt", "time", "timezone"}


def impurities(source: str) -> list[str]:
    """What makes a module impure, one line each. Other cores may be imported; the layers say which."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Await | ast.AsyncFunctionDef | ast.AsyncFor | ast.AsyncWith):
            found.append(f"line {node.lineno}: async")
        elif isinstance(node, ast.Import):
            found += [f"imports {a.name}" for a in node.names if a.name.split(".")[0] not in ALLOWED]
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            own = node.level > 0 or (module.startswith("apps.") and ".core" in module)
            if not own and module.split(".")[0] not in ALLOWED:
                found.append(f"imports {module}")
        elif isinstance(node, ast.Call):
            function = node.func
            if isinstance(function, ast.Name) and function.id in IMPURE_CALLS:
                found.append(f"line {node.lineno}: {function.id}()")
            if isinstance(function, ast.Attribute) and function.attr in CLOCKS:
                owner = function.value
                name = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
                if name == "time" or (name in CLOCK_OWNERS and function.attr != "time"):  # dt.time(9) is no clock
                    found.append(f"line {node.lineno}: {name}.{function.attr}()")
    return found


@pytest.mark.once
@pytest.mark.parametrize("path", CORES, ids=lambda path: str(path.relative_to(ROOT)))
def test_cores_are_pure(path: Path) -> None:
    assert impurities(path.read_text()) == []


@pytest.mark.once
@pytest.mark.parametrize(
    "source",
    [
        "import django",
        "from apps.tenants import models",
        "import asyncio",
        "async def f(): pass",
        "import datetime as dt\ndt.datetime.now()",
        "from datetime import date\ndate.today()",
        "import time\ntime.time()",
        "open('x')",
        "import random",
    ],
)
def test_the_check_sees(source: str) -> None:
    assert impurities(source)


@pytest.mark.once
def test_the_cores_are_found() -> None:
    assert APPS / "chat" / "core" / "turn.py" in CORES
    assert len(CORES) > 5
