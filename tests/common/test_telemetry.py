"""Traces: whose they are, what a caller may claim of them, and what an error says of itself in one."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx2 as httpx
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

from apps.common import telemetry

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRACE = CALLER.split("-")[1]


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with telemetry.exporting(provider):
        yield exporter


def finished(spans: InMemorySpanExporter, name: str) -> ReadableSpan:
    [found] = [span for span in spans.get_finished_spans() if span.name == name]
    return found


def trace_of(span: ReadableSpan) -> str:
    assert span.context is not None
    return trace.format_trace_id(span.context.trace_id)


def test_a_stranger_s_trace_is_linked_and_does_not_decide(server: str, spans: InMemorySpanExporter) -> None:
    answer = httpx.get(f"{server}/api/chat/conversations/conv_1", headers={"traceparent": CALLER})
    span = finished(spans, "GET api/chat/conversations/<str:conversation_id>")
    assert trace_of(span) != TRACE
    assert [trace.format_trace_id(link.context.trace_id) for link in span.links] == [TRACE]
    assert span.parent is None
    error = answer.json()["error"]
    assert error["trace_id"] == trace_of(span)
    assert span.attributes is not None
    assert span.attributes["callsphere.request_id"] == error["request_id"]
    assert (span.attributes["http.response.status_code"], span.attributes["http.route"]) == (
        401,
        "api/chat/conversations/<str:conversation_id>",
    )


def test_a_trusted_edge_s_trace_goes_on(server: str, spans: InMemorySpanExporter, settings: Any) -> None:
    settings.TRUST_TRACEPARENT = True
    answer = httpx.get(f"{server}/api/chat/conversations/conv_1", headers={"traceparent": CALLER})
    assert answer.json()["error"]["trace_id"] == TRACE
    span = finished(spans, "GET api/chat/conversations/<str:conversation_id>")
    assert span.parent is not None
    assert trace.format_span_id(span.parent.span_id) == CALLER.split("-")[2]


@pytest.mark.parametrize("given", ["", "00-nonsense", "00-" + "0" * 32 + "-" + "0" * 16 + "-01", "x" * 5_000])
def test_what_is_no_traceparent_is_nothing(server: str, settings: Any, given: str) -> None:
    """Without a collector, too, every error and the pages have a trace."""
    settings.TRUST_TRACEPARENT = True
    answers = [
        httpx.get(f"{server}{path}", headers={"traceparent": given})
        for path in ("/api/chat/runs/run_1/stream", "/api/x")
    ]
    ids = [answer.json()["error"]["trace_id"] for answer in answers]
    assert all(len(each) == 32 and int(each, 16) for each in ids)
    assert len(set(ids)) == 2


def test_probes_are_no_traces(server: str, spans: InMemorySpanExporter) -> None:
    for path in ("/healthz", "/readyz", "/metrics"):
        httpx.get(server + path, headers={"traceparent": CALLER})
    assert spans.get_finished_spans() == ()


def test_an_error_is_told_by_its_type_alone(spans: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="Maria"), telemetry.span("work"):
        raise ValueError("Maria")
    span = finished(spans, "work")
    assert dict(span.attributes or {}) == {"error.type": "ValueError"}
    assert not span.events
    assert "Maria" not in span.to_json()


def test_who_leaves_is_no_error(spans: InMemorySpanExporter) -> None:
    with pytest.raises(asyncio.CancelledError), telemetry.span("work"):
        raise asyncio.CancelledError
    assert finished(spans, "work").status.is_unset


def test_the_ratio_keeps_whole_traces() -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider(sampler=ParentBased(TraceIdRatioBased(0.5)))
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with telemetry.exporting(provider):
        for _ in range(60):
            root = telemetry.root("root", kind=trace.SpanKind.SERVER, caller=CALLER)
            telemetry.enter(root)
            with telemetry.span("inner"):
                assert telemetry.traceparent()
            telemetry.leave(root)
    kept = exporter.get_finished_spans()
    assert 0 < len(kept) < 120  # by chance all or none: once in 2**59
    roots = {trace_of(span) for span in kept if span.name == "root"}
    assert roots == {trace_of(span) for span in kept if span.name == "inner"}


def test_without_a_collector_nothing_is_recorded_and_the_ids_go_along() -> None:
    root = telemetry.root("root", kind=trace.SpanKind.SERVER)
    assert not root.is_recording()
    telemetry.enter(root)
    with telemetry.span("inner", {"a": 1}) as inner:
        assert not inner.is_recording()
        assert inner.get_span_context().trace_id == root.get_span_context().trace_id
        assert telemetry.traceparent().endswith("-00")
    telemetry.leave(root)
    ids = telemetry.ids()
    assert ids is not None
    assert ids[0] == trace.format_trace_id(root.get_span_context().trace_id)
