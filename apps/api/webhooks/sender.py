"""The one way out: a POST to an endpoint's address, which must be one that we may send to.

Its host is looked up once, every address is checked, and the connection goes to what was checked: a name that answers
otherwise the second time gains nothing. Redirects are not followed, so they lead nowhere either.
"""

import asyncio
import socket
import time
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from django.conf import settings
from opentelemetry.trace import SpanKind
from yarl import URL

from apps.api.core.addresses import is_allowed, is_reachable
from apps.common import metrics, telemetry

TIMEOUT = aiohttp.ClientTimeout(total=10, sock_connect=5)
HEAD = 500
"""Bytes of an answer that are read; the rest is left."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt: `status` of the answer, or None and `error`."""

    status: int | None
    duration_ms: int
    error: str = ""
    head: str = ""

    @property
    def is_delivered(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class _Refused(OSError):
    """An address that nothing is sent to."""


class _Resolver(AbstractResolver):
    """The system's, minus the addresses that nothing is sent to; aiohttp connects to exactly what it says."""

    def __init__(self, *, plain: bool) -> None:
        self._plain = plain

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family)
        addresses = list(dict.fromkeys((str(place[0]), kind) for kind, _, _, _, place in found))
        for address, _ in addresses:
            check(address, plain=self._plain)  # one bad address spoils the name
        return [
            ResolveResult(hostname=host, host=address, port=port, family=kind, proto=0, flags=socket.AI_NUMERICHOST)
            for address, kind in addresses
        ]

    async def close(self) -> None:
        return None


def check(address: str, *, plain: bool) -> None:
    """Raises an OSError unless we may send to the address; in plain HTTP only to the operator's own networks."""
    allowed = settings.WEBHOOK_NETWORKS
    if plain and not is_allowed(address, allowed=allowed):
        raise _Refused("Plain HTTP is not sent over the internet.")
    if not is_reachable(address, allowed=allowed):
        raise _Refused("The address is not of the public internet.")


async def send(*, url: str, body: bytes, headers: dict[str, str]) -> Outcome:
    """One attempt, within TIMEOUT. Whatever goes wrong is an outcome. Our trace goes along as `traceparent`."""
    with telemetry.span("webhook", {"http.request.method": "POST"}, kind=SpanKind.CLIENT) as span:
        known = {telemetry.TRACEPARENT: told} if (told := telemetry.traceparent()) else {}
        outcome = await _send(url=url, body=body, headers={**headers, **known})
        result = f"{outcome.status // 100}xx" if outcome.status is not None else "none"
        metrics.WEBHOOKS.labels(result).observe(outcome.duration_ms / 1_000)
        if outcome.status is not None:
            span.set_attribute("http.response.status_code", outcome.status)
        if not outcome.is_delivered:
            telemetry.fail(span, result)
    return outcome


async def _send(*, url: str, body: bytes, headers: dict[str, str]) -> Outcome:
    began = time.monotonic()
    try:
        status, head = await _post(url, body, headers)
    except _Refused as error:
        return Outcome(None, _since(began), error=str(error))
    except TimeoutError:
        return Outcome(None, _since(began), error=f"No answer within {TIMEOUT.total:g} seconds.")
    except aiohttp.ClientConnectorError as error:
        inner: Any = error.os_error
        told = str(inner) if isinstance(inner, _Refused) else "The connection could not be made."
        return Outcome(None, _since(began), error=told)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return Outcome(None, _since(began), error=f"The connection broke ({type(error).__name__}).")
    if 300 <= status < 400:
        return Outcome(status, _since(began), error="Redirects are not followed.", head=head)
    return Outcome(status, _since(began), head=head)


async def _post(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
    target = URL(url)  # as aiohttp reads it, or the two could mean different hosts
    plain, host = target.scheme == "http", target.host or ""
    if ":" in host or host.replace(".", "").isdigit():
        check(host, plain=plain)  # aiohttp asks no resolver for a number
    connector = aiohttp.TCPConnector(resolver=_Resolver(plain=plain), use_dns_cache=False, force_close=True)
    async with (
        aiohttp.ClientSession(connector=connector, timeout=TIMEOUT, trust_env=False) as session,
        session.post(target, data=body, headers=headers, allow_redirects=False) as response,
    ):
        head = await response.content.read(HEAD)
        return response.status, head.decode("utf-8", "replace").replace("\0", "")


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1_000)
