"""What a run tells of itself: its span and its part of the process's metrics. No word of what was said."""

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from opentelemetry.trace import Span

from apps.common import metrics, telemetry

if TYPE_CHECKING:
    from apps.chat.runs import Run


async def watched(run: "Run", generating: Coroutine[Any, Any, None], *, taken_over: bool) -> None:
    """Generates an answer, in its own task."""
    began = run.clock()
    if taken_over:
        metrics.TAKEN_OVER.inc()
    attributes: telemetry.Attributes = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.conversation.id": run.record.conversation_id,
        "gen_ai.output.type": "text",
        "callsphere.tenant": run.record.tenant_id,
        "callsphere.run": run.record.run_id,
        "callsphere.taken_over": taken_over,
    }
    with metrics.RUNS.track_inprogress(), telemetry.span("invoke_agent", attributes) as span:
        try:
            await generating
        finally:
            _tell(run, span, run.clock() - began)


def _tell(run: "Run", span: Span, seconds: float) -> None:
    reason = (
        "lost"
        if run.lost
        else "withdrawn"
        if run.gone
        else run.turn.ended or ("told" if run.turn.phase == "over" else "broken")
    )
    metrics.RUNS_ENDED.labels(reason).inc()
    span.set_attribute("callsphere.ended", reason)
    if run.desk is not None:
        agent = run.desk.agent
        span.update_name(f"invoke_agent {agent.slug}")
        span.set_attribute("gen_ai.agent.id", agent.slug)
        span.set_attribute("gen_ai.agent.version", str(agent.version))
    span.set_attribute("gen_ai.usage.input_tokens", run.turn.input_tokens)
    span.set_attribute("gen_ai.usage.output_tokens", run.turn.output_tokens)
    if reason in {"error", "broken", "lost"}:
        telemetry.fail(span, reason)
    if run.lost:
        return
    metrics.RUN_SECONDS.observe(seconds)
    metrics.RUN_EVENTS.observe(run.turn.published)
    if (waited := run.turn.first_word_ms) is not None:
        metrics.FIRST_WORD.observe(waited / 1_000)
        span.set_attribute("callsphere.first_word_ms", waited)
