"""Is the process alive; can it serve?"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase

from apps.common import drain
from apps.common.api import api_view
from apps.common.database import in_thread
from apps.common.redis import pipe

PATIENCE = 3.0
"""Seconds for each part to answer."""


@api_view("GET", "HEAD")
async def healthz(request: HttpRequest) -> HttpResponseBase:
    """The process answers. Touches nothing else, so a sick database does not get it restarted."""
    return JsonResponse({"status": "ok"})


@api_view("GET", "HEAD")
async def readyz(request: HttpRequest) -> HttpResponseBase:
    """Database, migrations and Redis, each with what is wrong; 503 until all are well."""
    parts = {
        "database": await _checked(lambda: in_thread(_migrations)),
        "redis": await _checked(lambda: pipe().ping()),
    }
    if drain.leaving():
        parts["process"] = "draining"
    ready = all(state == "ok" for state in parts.values())
    return JsonResponse({"status": "ready" if ready else "not ready", **parts}, status=200 if ready else 503)


async def _checked(check: Callable[[], Awaitable[Any]]) -> str:
    try:
        async with asyncio.timeout(PATIENCE):
            problem = await check()
    except Exception as error:
        return type(error).__name__
    return problem if isinstance(problem, str) else "ok"


def _migrations() -> str | None:
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"{len(missing)} migrations to apply" if missing else None
