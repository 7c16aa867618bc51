"""Who reads all that leaves for the operator: an OpenTelemetry collector on a real socket, and every log line."""

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from apps.common import telemetry
from apps.common.logs import JsonFormatter


class Collector(ThreadingHTTPServer):
    """Takes OTLP over HTTP, as protobuf."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.spans: list[Span] = []
        self.resources = ""

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1/traces"

    def named(self, beginning: str) -> list[Span]:
        return [span for span in self.spans if span.name.startswith(beginning)]

    @property
    def text(self) -> str:
        """All of it: names, attributes, events, links, states."""
        return "\n".join([self.resources, *map(str, self.spans)])


class _Handler(BaseHTTPRequestHandler):
    server: Any

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        request = ExportTraceServiceRequest.FromString(body)
        for resource in request.resource_spans:
            self.server.resources += str(resource.resource)
            for scope in resource.scope_spans:
                self.server.spans += scope.spans
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        return


@contextmanager
def collecting() -> Iterator[Collector]:
    """Every span that begins meanwhile; all are there at the end."""
    collector = Collector()
    thread = threading.Thread(target=collector.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        with telemetry.exporting(telemetry.provider(collector.endpoint)):
            yield collector
    finally:
        collector.shutdown()
        collector.server_close()
        thread.join(10)


class Log(logging.Handler):
    """What the process would write to standard error: of ours DEBUG, of others what their levels let through."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(JsonFormatter())
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))

    @property
    def entries(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]


@contextmanager
def logged() -> Iterator[Log]:
    log = Log()
    ours = [logging.getLogger(name) for name in ("apps", "callsphere")]
    before = [logger.level for logger in ours]
    logging.getLogger().addHandler(log)
    for logger in ours:
        logger.setLevel(logging.DEBUG)
    try:
        yield log
    finally:
        logging.getLogger().removeHandler(log)
        for logger, level in zip(ours, before, strict=True):
            logger.setLevel(level)


def dotted(span: Span) -> dict[str, Any]:
    """A span's attributes."""
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value") or "string_value") for pair in span.attributes}
