"""/metrics: this process for Prometheus. For this machine, or for who knows the token."""

import asyncio

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from redis.exceptions import RedisError

from apps.common import exposition, metrics
from apps.common.api import api_view
from apps.common.errors import AppError
from apps.common.redis import pipe
from apps.live.hub import hub
from apps.voice.admission import lag

PATIENCE = 1.0
"""Seconds that Redis has for its PING."""


class NotForYou(AppError):
    """Only the operator's monitoring may read this."""

    code = "forbidden"
    status = 403


@api_view("GET", "HEAD")
async def exposed(request: HttpRequest) -> HttpResponseBase:
    """The process's metrics, in Prometheus' text format."""
    if not exposition.may_read(request.headers, peer=request.META.get("REMOTE_ADDR") or ""):
        raise NotForYou("These are the operator's metrics.")
    metrics.LAG.set(lag().seconds)
    metrics.READER.set(hub().silence)
    metrics.REDIS.set(await _ping())
    return HttpResponse(exposition.text(), content_type=exposition.CONTENT_TYPE)


async def _ping() -> float:
    """Seconds; -1.0 without an answer."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        async with asyncio.timeout(PATIENCE):
            await pipe().ping()
    except (RedisError, OSError, TimeoutError):
        return -1.0
    return loop.time() - began
