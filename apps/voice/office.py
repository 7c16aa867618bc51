"""The product's side of a call: its record, its turns, its tools. It works beside the audio, never in its path."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import msgspec
from django.utils import timezone

from apps.agents import brain
from apps.agents.live import live_agent
from apps.agents.models import TurnEnd
from apps.agents.tools.people import request_human
from apps.common.ids import new_id
from apps.conversations import calls, turns
from apps.conversations.models import Call, Turn
from apps.desk import desk as desks
from apps.desk.desk import Asked, Desk, prepare
from apps.plans import allowance, costs, usage
from apps.tenants.scope import in_tenant
from apps.voice.clerk import clerk_of
from apps.voice.core.actions import CountUsage, EndCall, RunTool, StoreTurn
from apps.voice.core.events import Persona, ToolFinished
from apps.voice.core.listening import Listening

logger = logging.getLogger(__name__)

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


@dataclass(frozen=True, slots=True)
class Request:
    """A call that shall begin. `agent` is a slug, "" = the front agent; numbers are E.164, "" = unknown."""

    tenant_id: str
    agent: str
    channel: Literal["phone", "browser"]
    carrier: str
    carrier_call: str = ""
    caller: str = ""
    number: str = ""
    direction: str = Call.Direction.INBOUND
    visitor: str = ""


async def begin(request: Request) -> "Office":
    """The office of a new call, which is on record from now on.

    Raises:
        NotAllowed: the tenant's agents may not answer; the message is the owner's closing message.
        NoAgent: nobody to answer.
        CallKnown: this carrier's call has begun before.
    """
    call, desk = await in_tenant(request.tenant_id, _begin, request)
    return Office(call, desk)


def _begin(request: Request) -> tuple[Call, Desk]:
    now = timezone.now()
    allowance.check(now=now)
    agent = live_agent(slug=request.agent)
    call = calls.begin(
        agent=agent.slug,
        channel=request.channel,
        carrier=request.carrier,
        carrier_call=request.carrier_call,
        caller=request.caller,
        number=request.number,
        direction=request.direction,
        visitor=request.visitor or new_id("vis"),
        now=now,
    )
    return call, prepare(call.conversation, agent, timezone.now, messages=[])


def persona_of(desk: Desk) -> Persona:
    """What the realtime model is told of the agent at the desk."""
    # The Realtime API takes a function's fields flat, Chat Completions one level down.
    tools = [{"type": "function", **tool["function"]} for tool in _decode(brain.tool_schemas(desk.agent))]
    return Persona(
        slug=desk.agent.slug,
        name=desk.agent.name,
        version=desk.agent.version,
        instructions=desk.prompt,
        voice=desk.agent.voice,
        greeting=desk.agent.greeting,
        tools=_encode(tools),
        labels=desk.labels,
        listening=Listening(semantic=desk.agent.turn_end == TurnEnd.MEANING, silence_ms=desk.agent.silence_ms),
    )


class Office:
    """What is to be written is written in order; tools run one at a time, for each may change who speaks."""

    def __init__(self, call: Call, desk: Desk) -> None:
        self.call = call
        self.desk = desk
        self.usage: Counter[str] = Counter()
        self._spoke = False
        self._tools = asyncio.Lock()
        self._clerk = clerk_of(call.tenant_id)
        self._calls: set[asyncio.Task[None]] = set()

    def perform(self, action: RunTool | StoreTurn | CountUsage, answer: Callable[[ToolFinished], None]) -> None:
        """Does it some time soon; a tool's result goes to `answer`, once."""
        match action:
            case StoreTurn():
                self._spoke = self._spoke or action.role == "agent"
                self._clerk.put(self.call.pk, partial(self._store, action, timezone.now()))
            case CountUsage(counted):
                self.usage.update(counted)
            case RunTool():
                task = asyncio.create_task(self._run(action, answer), name=f"tool {action.call}")
                self._calls.add(task)
                task.add_done_callback(self._calls.discard)

    async def close(self, ended: EndCall, *, timings: dict[str, float]) -> None:
        """Puts the end on record, after all that was said. A tool that still runs is let finish: its effect counts."""
        if self._calls:
            await asyncio.wait(self._calls)
        await self._clerk.write(self.call.pk, partial(self._end, ended.reason, timings))

    def _store(self, action: StoreTurn, now: Any) -> None:
        is_agent = action.role == "agent"
        turns.add_spoken_turn(
            conversation=self.call.conversation,
            run=self.call.pk,
            role=Turn.Role(action.role),
            text=action.text,
            unheard=action.unheard,
            agent=action.agent if is_agent else "",
            agent_version=action.agent_version if is_agent else None,
            ended="interrupted" if action.interrupted else "stop" if is_agent else "",
            now=now,
        )

    def _end(self, reason: str, timings: dict[str, float]) -> None:
        now = timezone.now()
        # Whoever ended it on record before us: what it took is known here alone.
        calls.end(call_id=self.call.pk, reason=reason, now=now, usage=self.usage, timings=timings)
        to_machine = Call.objects.filter(pk=self.call.pk, ended=Call.MACHINE).exists()
        if self._spoke and not to_machine:  # nobody was talked to
            conversation = self.call.conversation
            usage.count_answer(
                conversation_id=conversation.pk,
                input_tokens=self.usage["input_tokens"],
                output_tokens=self.usage["output_tokens"],
                now=now,
                who=usage.Who(self.desk.agent.slug, conversation.widget_key, conversation.visitor),
                call_seconds=round((now - self.call.started_at).total_seconds()),
                cost=costs.of_call(usage=self.usage, speech_seconds=timings.get("caller_spoke_s", 0.0)),
            )

    async def _run(self, action: RunTool, answer: Callable[[ToolFinished], None]) -> None:
        try:
            async with self._tools:
                before = self.desk.agent.slug
                asked = Asked(action.call, action.name, action.arguments)
                self.desk, outcome = await desks.call(self.desk, asked, run=self.call.pk, turn_id=None)
            handoff = persona_of(self.desk) if self.desk.agent.slug != before else None
            transfers = action.name == request_human.name and bool(outcome.result.get("data", {}).get("transfer"))
            answer(ToolFinished(action.call, outcome.status == "done", outcome.result, handoff, transfers))
        except Exception:
            # The model waits for an answer to every call; without one it would fall silent.
            logger.exception("A call of a tool failed", extra={"call": self.call.pk})
            say = "Sorry, something went wrong on our side just now."
            error = {"code": "tool_failed", "message": say}
            answer(ToolFinished(action.call, False, {"ok": False, "say": say, "error": error}))
