"""A call's spans and metrics: what happened, when, and no word of what was said."""

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from prometheus_client import REGISTRY

from apps.voice.core.actions import (
    ClearPlayback,
    ConnectModel,
    CountUsage,
    EndCall,
    PlayAudio,
    StoreTurn,
)
from apps.voice.core.events import (
    CarrierStarted,
    ModelFailed,
    ModelLost,
    ModelReady,
    Persona,
    ResponseEnded,
    ResponseStarted,
    SpeechStarted,
    SpeechStopped,
    ToolFinished,
)
from apps.voice.telemetry import Telemetry

AVA = Persona("triage", "Ava", 3, "Be kind to Maria.", "marin", "Hello!")


def number(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    yield exporter
    exporter.shutdown()


@pytest.fixture
def telemetry(exporter: InMemorySpanExporter) -> Telemetry:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return Telemetry(
        call="voc_1",
        conversation="conv_1",
        channel="phone",
        model="gpt-realtime-2.1",
        persona=AVA,
        tracer=provider.get_tracer("test"),
    )


def talk(telemetry: Telemetry) -> None:
    telemetry.saw(CarrierStarted("MZ", "CA"), 10.0)
    telemetry.did(ConnectModel(AVA), 10.0)
    telemetry.saw(ModelReady(), 10.4)
    telemetry.did(PlayAudio(b"\xff" * 160), 10.9)
    telemetry.saw(SpeechStarted("u"), 12.0)
    telemetry.did(ClearPlayback(1), 12.0)
    telemetry.saw(SpeechStopped("u"), 14.5)
    telemetry.saw(ToolFinished("c1", True, {"say": "Maria"}), 15.0)
    telemetry.saw(ToolFinished("c2", False, {}), 15.1)
    telemetry.did(PlayAudio(b"\xff" * 160), 15.25)
    telemetry.did(CountUsage({"input_tokens": 100, "output_tokens": 20}), 15.3)
    telemetry.did(StoreTurn("visitor", "I am Maria"), 15.4)


def by_name(exporter: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {span.name: span for span in exporter.get_finished_spans()}


def test_the_spans_of_a_call(telemetry: Telemetry, exporter: InMemorySpanExporter) -> None:
    talk(telemetry)
    telemetry.did(EndCall("goodbye"), 20.0)
    spans = by_name(exporter)
    assert set(spans) == {
        "invoke_agent Ava",
        "first audio",
        "chat gpt-realtime-2.1",
    }
    call = spans["invoke_agent Ava"]
    assert call.attributes is not None
    assert call.context is not None
    assert call.attributes["gen_ai.operation.name"] == "invoke_agent"
    assert call.attributes["gen_ai.conversation.id"] == "conv_1"
    assert call.attributes["gen_ai.usage.input_tokens"] == 100
    assert call.attributes["callsphere.ended"] == "goodbye"
    for name, span in spans.items():
        if span is not call:
            assert span.parent is not None, name
            assert span.parent.span_id == call.context.span_id
    assert call.attributes["callsphere.interruptions"] == 1
    assert call.attributes["callsphere.first_audio_ms"] == 900
    assert [event.name for event in call.events] == ["interrupted"]
    assert "Maria" not in "".join(span.to_json() for span in spans.values())


def test_a_lost_model_is_an_error_and_the_next_session_another_span(
    telemetry: Telemetry, exporter: InMemorySpanExporter
) -> None:
    faults = number("callsphere_model_faults_total", code="closed_1006")
    telemetry.saw(CarrierStarted("MZ", "CA"), 1.0)
    telemetry.did(ConnectModel(AVA), 1.0)
    telemetry.saw(ModelLost("closed_1006"), 2.0)
    telemetry.did(ConnectModel(AVA), 2.0)
    telemetry.saw(ModelFailed("rate_limit_exceeded", "slow down"), 2.5)
    telemetry.saw(ModelLost("session_expired", expired=True), 3.0)
    telemetry.close()
    sessions = [span for span in exporter.get_finished_spans() if span.name.startswith("chat ")]
    assert [span.status.status_code for span in sessions] == [StatusCode.ERROR, StatusCode.UNSET]
    assert sessions[0].attributes is not None
    assert sessions[0].attributes["error.type"] == "closed_1006"
    assert number("callsphere_model_faults_total", code="closed_1006") == faults + 1
    assert number("callsphere_model_faults_total", code="rate_limit_exceeded") >= 1


def test_the_metrics_of_a_call(exporter: InMemorySpanExporter, telemetry: Telemetry) -> None:
    def now() -> dict[str, float]:
        return {
            "under way": number("callsphere_calls_under_way", channel="phone"),
            "ended": number("callsphere_calls_ended_total", channel="phone", reason="limit"),
            "setups": number("callsphere_call_setup_seconds_count"),
            "setup": number("callsphere_call_setup_seconds_sum"),
            "responses": number("callsphere_call_response_seconds_count"),
            "response": number("callsphere_call_response_seconds_sum"),
            "interruptions": number("callsphere_call_interruptions_total"),
            "failed tools": number("callsphere_call_tools_total", ok="no"),
        }

    before = now()
    talk(telemetry)
    telemetry.did(EndCall("limit"), 20.0)
    telemetry.close()  # once more says nothing
    change = {name: round(value - before[name], 6) for name, value in now().items()}
    assert change == {
        "under way": -1,
        "ended": 1,
        "setups": 1,
        "setup": 0.9,
        "responses": 1,
        "response": 0.75,
        "interruptions": 1,
        "failed tools": 1,
    }


def test_a_gap_is_silence_within_an_answer(telemetry: Telemetry) -> None:
    def gaps() -> tuple[float, float]:
        name = "callsphere_call_audio_gap_seconds"
        return number(f"{name}_count"), round(number(f"{name}_sum"), 6)

    count, total = gaps()
    telemetry.did(PlayAudio(b"\xff" * 8_000), 1.0)  # a filler: nobody speaks
    telemetry.did(PlayAudio(b"\xff" * 8_000), 3.0)
    telemetry.saw(ResponseStarted("r1"), 10.0)
    telemetry.did(PlayAudio(b"\xff" * 8_000), 10.2)  # played until 11.2
    telemetry.did(PlayAudio(b"\xff" * 4_000), 10.3)  # until 11.7
    assert gaps() == (count, total)
    telemetry.did(PlayAudio(b"\xff" * 8_000), 12.0)
    telemetry.saw(ResponseEnded("r1", "completed"), 12.1)
    telemetry.saw(ResponseStarted("r2"), 20.0)
    telemetry.did(PlayAudio(b"\xff" * 160), 20.5)
    assert gaps() == (count + 1, round(total + 0.3, 6))
    telemetry.close()


def test_the_record_says_when_each_answer_was_waited_for(telemetry: Telemetry) -> None:
    talk(telemetry)
    assert telemetry.readings() == {"answers_at": [[4.5, 750]], "caller_spoke_s": 2.5}
    telemetry.close()
