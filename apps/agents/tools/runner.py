"""The one tool runner, for every channel: allow-list, schema, tenant scope, one effect per call, timeout, record.

The tool's effect and the record of its result are one transaction. So a call that has no recorded result had no effect
and may run again, and one that has is answered from the record.
"""

import asyncio
import logging
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any, Protocol

from django.db import transaction

from apps.agents.tools.definition import Tool, ToolContext, ToolRefused, ToolResult
from apps.common import metrics, telemetry
from apps.common.database import in_thread
from apps.tenants.scope import in_tenant, tenant_scope

logger = logging.getLogger(__name__)

MAX_ARGUMENTS = 8_192
"""Characters of a call's arguments."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the model is told: `{"ok", "say", "data"? | "error"?}`."""

    status: str
    """done, refused or failed."""
    result: dict[str, Any]


class CallGivenUp(Exception):
    """The call was recorded as failed while the tool still worked: its effect must not stay."""


class Journal(Protocol):
    """The record of one call; called in the tenant's scope, in a thread."""

    def recorded(self) -> tuple[str, dict[str, Any]] | None:
        """Begins the record; or gives its (status, result), when this call has one already."""

    def finish(self, status: str, result: dict[str, Any], *, duration_ms: int) -> bool:
        """Records the outcome unless there is one already; whether it did."""


async def run_tool(
    *, tools: dict[str, Tool], name: str, arguments: str, context: ToolContext, journal: Journal
) -> Outcome:
    """Runs one call that a model asked for. Never raises for what the model or the tool did wrong."""
    known = name if name in tools else "unknown"  # a model may ask for anything
    attributes = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": known, "gen_ai.tool.type": "function"}
    with telemetry.span(f"execute_tool {known}", attributes) as span:
        begun = monotonic()
        outcome = await _run(tools, name, arguments, context, journal)
        metrics.TOOLS_RUN.labels(known, outcome.status).observe(monotonic() - begun)
        if outcome.status != "done":
            span.set_attribute("callsphere.outcome", outcome.status)
        if outcome.status == "failed":
            telemetry.fail(span, "tool_failed")
    return outcome


async def _run(tools: dict[str, Tool], name: str, arguments: str, context: ToolContext, journal: Journal) -> Outcome:
    begun = monotonic()

    def elapsed() -> int:
        return int((monotonic() - begun) * 1000)

    recorded = await in_tenant(context.tenant_id, journal.recorded)
    if recorded is not None:
        return Outcome(*recorded)
    try:
        tool, values = _admit(tools, name, arguments)
        if tool.prepare is not None:
            context = replace(context, prepared=await tool.prepare(context, **values))
        work = asyncio.ensure_future(in_thread(_perform, tool, values, context, journal, elapsed))
        return await asyncio.wait_for(asyncio.shield(work), tool.timeout)
    except ToolRefused as refusal:
        outcome = refused(refusal)
    except TimeoutError:
        # It goes on in its thread; its transaction will find the record made below, and roll back.
        work.add_done_callback(lambda task: task.cancelled() or task.exception())
        logger.warning("A tool took too long", extra={"tool": name})
        outcome = failed("timeout", "That is taking longer than it should. Let me try another way.")
    except Exception:
        logger.exception("A tool failed", extra={"tool": name})
        outcome = failed("tool_failed", "Sorry, something went wrong on our side just now.")
    if not await in_tenant(context.tenant_id, journal.finish, outcome.status, outcome.result, duration_ms=elapsed()):
        recorded = await in_tenant(context.tenant_id, journal.recorded)  # the tool was just in time after all
        return Outcome(*recorded) if recorded else outcome
    return outcome


def _admit(tools: dict[str, Tool], name: str, arguments: str) -> tuple[Tool, dict[str, Any]]:
    if (tool := tools.get(name)) is None:
        raise ToolRefused("unknown_tool", "I cannot do that here.", data={"problem": f"There is no tool {name[:64]}."})
    if len(arguments) > MAX_ARGUMENTS:
        raise ToolRefused("invalid_arguments", "That was too much at once.", data={"problem": "arguments too long"})
    return tool, tool.read(arguments)


def _perform(tool: Tool, values: dict[str, Any], context: ToolContext, journal: Journal, elapsed: Any) -> Outcome:
    undoes = context.is_check and tool.writes
    with tenant_scope(context.tenant_id), transaction.atomic():
        result = _undone(tool, values, context) if undoes else tool.function(context, **values)
        outcome = Outcome("done", {"ok": True, "say": result.say, "data": result.data})
        if not journal.finish(outcome.status, outcome.result, duration_ms=elapsed()):
            raise CallGivenUp
        return outcome


def _undone(tool: Tool, values: dict[str, Any], context: ToolContext) -> ToolResult:
    """What the tool would have done, and said: worked out on the rows as they are, which are so again afterwards."""
    with transaction.atomic():
        result = tool.function(context, **values)
        transaction.set_rollback(True)
    return result


def refused(refusal: ToolRefused) -> Outcome:
    """The outcome of a refusal: the model gets the code, the argument's name and the facts that help."""
    error: dict[str, Any] = {"code": refusal.code, "message": refusal.data.get("problem", refusal.say)}
    if refusal.field:
        error["field"] = refusal.field
    result = {"ok": False, "say": refusal.say, "error": error}
    if data := {name: value for name, value in refusal.data.items() if name != "problem"}:
        result["data"] = data
    return Outcome("refused", result)


def failed(code: str, say: str) -> Outcome:
    return Outcome("failed", {"ok": False, "say": say, "error": {"code": code, "message": say}})
