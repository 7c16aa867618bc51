"""Where the code says that every tenant is in scope, with the reason it gives. For the reader; nothing is tried."""

import ast
from pathlib import Path
from typing import Final

from django.conf import settings

from apps.operations.isolation.findings import Section

EXPLAINED: Final = (
    "The one way out of a scope is `all_tenants(reason=…)`. These are all places of the product's code that take it, "
    "each with its reason, for you to judge; and none may go without one."
)
NAME: Final = "all_tenants"


def examine() -> Section:
    section = Section("Places where every tenant is in scope", EXPLAINED)
    base = Path(settings.BASE_DIR)
    for path in sorted([*(base / "apps").rglob("*.py"), *(base / "callsphere").rglob("*.py")]):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == NAME:
                line = section.line(f"{path.relative_to(base)}:{node.lineno}", note=_reason(node))
                line.expect(bool(line.note), "says why", "gives no reason")
    return section


def _reason(node: ast.Call) -> str:
    given = next((keyword.value for keyword in node.keywords if keyword.arg == "reason"), None)
    if isinstance(given, ast.Constant):
        return str(given.value)
    return ast.unparse(given) if given is not None else ""
