"""Handing out a process's metrics: who may have them, what is read at that moment, and a small server for a worker."""

import logging
import secrets
import threading
from collections.abc import Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from apps.common import database

logger = logging.getLogger(__name__)

CONTENT_TYPE = CONTENT_TYPE_LATEST
_FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")


def may_read(headers: Mapping[str, str], *, peer: str) -> bool:
    """With METRICS_TOKEN whoever sends it; without one this machine, but nobody whom a proxy on it passes on."""
    if settings.METRICS_TOKEN:
        given = (headers.get("Authorization") or "").encode()
        return secrets.compare_digest(given, f"Bearer {settings.METRICS_TOKEN}".encode())
    if any(headers.get(name) for name in _FORWARDED):
        return False
    try:
        return ip_address(peer).is_loopback
    except ValueError:  # a unix socket has a proxy in front
        return False


def text() -> bytes:
    """The process's metrics, in Prometheus' text format."""
    return generate_latest()


class _Pools(Collector):
    """The way to the database, as it is when somebody looks. SQLite has no pool: its threads are what is waited for."""

    def collect(self) -> Iterable[Metric]:
        pool = _pool()
        stats = pool.get_stats() if pool is not None else {}
        size, free = stats.get("pool_size", 0), stats.get("pool_available", 0)
        for name, told, value in (
            ("connections_in_use", "Connections of the pool to PostgreSQL in use.", size - free),
            ("connections_waited_for", "Who waits for one.", stats.get("requests_waiting", 0)),
            ("connections_most", "Of how many the pool may be.", stats.get("pool_max", 0)),
            ("calls_waiting", "Calls from streams to the database for which no thread is free.", database.waiting()),
        ):
            yield GaugeMetricFamily(f"callsphere_database_{name}", told, value)


def _pool():  # type: ignore[no-untyped-def]  # psycopg's, where it is there and open
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.vendor != "postgresql" or "pool" not in connection.settings_dict.get("OPTIONS", {}):
        return None
    return type(connection)._connection_pools.get(connection.alias)  # type: ignore[attr-defined]


REGISTRY.register(_Pools())


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path != "/metrics":
            self._answer(404, b"", "text/plain")
        elif not may_read(dict(self.headers.items()), peer=str(self.client_address[0])):
            self._answer(403, b"These are the operator's metrics.\n", "text/plain")
        else:
            self._answer(200, text(), CONTENT_TYPE)

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        return


def serve(address: str) -> ThreadingHTTPServer:
    """Tells the metrics at `host:port` from threads of its own: for a process that serves nothing else.

    Raises:
        OSError: the address is taken.
    """
    host, _, port = address.rpartition(":")
    server = ThreadingHTTPServer((host.strip("[]"), int(port)), _Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    logger.info("Metrics are told", extra={"port": server.server_port})
    return server
