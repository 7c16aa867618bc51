"""OpenTelemetry: one tracer, and the ids by which spans, log lines and errors of one request are found together.

Without OTEL_EXPORTER_OTLP_ENDPOINT no span is recorded; the ids are there all the same. Spans hold ids, counts and
outcomes. What an exception says is never in one: it may quote somebody's name or number.
"""

import os
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.conf import settings
from opentelemetry import trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    NoOpTracer,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
)
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

SERVICE = "callsphere"
TRACEPARENT = "traceparent"
Attributes = Mapping[str, str | int | float | bool | Sequence[str]]
_propagator = TraceContextTextMapPropagator()
_tracer: trace.Tracer | None = None


def tracer() -> trace.Tracer:
    """Sends to the collector at OTEL_EXPORTER_OTLP_ENDPOINT, in batches, from a thread of its own."""
    global _tracer
    if _tracer is None:
        _tracer = provider().get_tracer(SERVICE) if settings.OTEL_EXPORTER_OTLP_ENDPOINT else NoOpTracer()
    return _tracer


def provider(endpoint: str | None = None) -> "TracerProvider":
    """The SDK reads the address, the sampler (OTEL_TRACES_SAMPLER) and all else of OTEL_* by itself.

    Args:
        endpoint: the full address of another collector.
    """
    # They take 250 ms to import, and most processes have no collector.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    name = os.environ.get("OTEL_SERVICE_NAME", SERVICE)
    made = TracerProvider(resource=Resource.create({"service.name": name}))
    made.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    return made


@contextmanager
def exporting(made: "TracerProvider") -> Iterator[None]:
    """Spans that begin meanwhile go to this provider, in every thread; at the end it has sent all. None has a parent of
    before, which was not recorded."""
    global _tracer
    before, _tracer = _tracer, made.get_tracer(SERVICE)
    attach(Context())
    try:
        yield
    finally:
        _tracer = before
        made.shutdown()


@contextmanager
def span(name: str, attributes: Attributes | None = None, *, kind: SpanKind = SpanKind.INTERNAL) -> Iterator[Span]:
    """A span around what happens in the block, in which it is the current one. Not for generators that yield inside."""
    opened = tracer().start_span(name, kind=kind, attributes=attributes)
    # Where nothing is recorded it is the one that is current: a context of its own would weigh 400 bytes.
    token = None if opened is trace.get_current_span() else attach(trace.set_span_in_context(opened))
    try:
        yield opened
    except Exception as error:
        fail(opened, type(error).__name__)
        raise
    finally:
        if token is not None:
            detach(token)
        opened.end()


def root(
    name: str, attributes: Attributes | None = None, *, kind: SpanKind, context: Context | None = None, caller: str = ""
) -> Span:
    """A span that begins a trace, or goes on with that of `context`; it has ids even where nothing is recorded.

    Args:
        caller: a `traceparent` that somebody else claims: linked, and never asked whether to record.
    """
    parent = trace.get_current_span(context).get_span_context() if context else trace.INVALID_SPAN_CONTEXT
    if isinstance(tracer(), NoOpTracer):
        trace_id = parent.trace_id if parent.is_valid else random.getrandbits(128) or 1  # no secret
        ids = SpanContext(trace_id, random.getrandbits(64) or 1, is_remote=False, trace_flags=TraceFlags(0))
        return NonRecordingSpan(ids)
    claimed = trace.get_current_span(remote(caller)).get_span_context() if caller else trace.INVALID_SPAN_CONTEXT
    links = [Link(claimed)] if claimed.is_valid else None
    return tracer().start_span(name, context=context or Context(), kind=kind, attributes=attributes, links=links)


def remote(traceparent: str) -> Context:
    """The context of another process's span; an empty one for what is no `traceparent`."""
    return _propagator.extract({TRACEPARENT: traceparent}, Context())


def enter(opened: Span) -> None:
    """Makes it the current span of this task (or thread) and of all that it begins from now on."""
    attach(trace.set_span_in_context(opened))


def leave(opened: Span) -> None:
    """Ends it. Its ids stay current, for a stream's log lines; what it held is let go."""
    opened.end()
    if not isinstance(opened, NonRecordingSpan):
        attach(trace.set_span_in_context(NonRecordingSpan(opened.get_span_context())))


def fail(opened: Span, kind: str) -> None:
    """`kind` is a code or the name of an exception's type."""
    opened.set_attribute("error.type", kind)
    opened.set_status(Status(StatusCode.ERROR))


def traceparent() -> str:
    """Of the current span, for whom we call; "" where there is none."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get(TRACEPARENT, "")


def ids() -> tuple[str, str] | None:
    """(trace id, span id) of the current span, in hexadecimal."""
    found = trace.get_current_span().get_span_context()
    return (trace.format_trace_id(found.trace_id), trace.format_span_id(found.span_id)) if found.is_valid else None
