"""OpenTelemetry: one tracer. Without OTEL_EXPORTER_OTLP_ENDPOINT its spans cost next to nothing and go nowhere."""

from functools import cache

from django.conf import settings
from opentelemetry import trace

SERVICE = "callsphere"


@cache
def tracer() -> trace.Tracer:
    """Sends to the collector at OTEL_EXPORTER_OTLP_ENDPOINT, in batches, from a thread of its own."""
    if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        # The SDK reads the address, and all else of OTEL_*, by itself.
        provider = TracerProvider(resource=Resource.create({"service.name": SERVICE}))
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        trace.set_tracer_provider(provider)
    return trace.get_tracer(SERVICE)
