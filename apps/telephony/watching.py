"""What a request to the carrier tells of itself: its span and its part of the metrics. No number, no text, no id."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from opentelemetry.trace import SpanKind

from apps.common import metrics, telemetry
from apps.common.errors import AppError


@contextmanager
def asking(method: str, path: str, *, base: str) -> Iterator[None]:
    """Around a request with its repetitions. Of its path only the kind of thing is told, such as `Calls`."""
    operation = f"{method} {path.partition('/')[0].removesuffix('.json')}"
    attributes = {
        "http.request.method": method,
        "server.address": urlsplit(base).hostname or "",
        "callsphere.carrier.operation": operation,
    }
    began, outcome = time.perf_counter(), "left"
    with telemetry.span(f"carrier {operation}", attributes, kind=SpanKind.CLIENT) as span:
        try:
            yield
            outcome = "ok"
        except AppError as error:
            outcome = error.code
            span.set_attribute("callsphere.carrier.code", int(error.details.get("carrier_code") or 0))
            raise
        finally:
            metrics.CARRIER.labels(operation, outcome).observe(time.perf_counter() - began)
