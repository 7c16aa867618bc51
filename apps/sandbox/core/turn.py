"""From a checked request to what is sent: the brain's reply, under `tool_choice`, limits and faults."""

import json
from datetime import datetime

from .brain import Reply, answer
from .completion import Output, WireCall, limit
from .faults import blank, spoil_output, spoil_reply
from .request import ChatRequest
from .schema import Tool


def respond(request: ChatRequest, now: datetime, ident: str, faults: frozenset[str] = frozenset()) -> Output:
    """The output for `request`. `ident` seeds the ids of tool calls."""
    tools = [] if request.tool_choice == "none" else list(request.tools)
    reply = _chosen(request, answer(request.messages, tools, now))
    if tools:
        reply = spoil_reply(reply, faults, tools)
    calls = reply.calls if request.parallel else reply.calls[:1]
    wire = tuple(
        WireCall(f"call_{ident}{n:02d}", name, json.dumps(arguments)) for n, (name, arguments) in enumerate(calls)
    )
    output = Output(reply.text, wire, "tool_calls" if wire else "stop")
    return spoil_output(limit(output, request), faults)


def _chosen(request: ChatRequest, reply: Reply) -> Reply:
    """Make the reply obey a `tool_choice` that demands a call."""
    if request.tool_choice in ("auto", "none"):
        return reply
    if request.tool_choice == "required":
        return reply if reply.calls else _forced(request.tools[0])
    called = [call for call in reply.calls if call[0] == request.tool_choice]
    if called:
        return Reply(calls=tuple(called))
    return _forced(next(t for t in request.tools if t.name == request.tool_choice))


def _forced(tool: Tool) -> Reply:
    return Reply(calls=((tool.name, {a.name: blank(a) for a in tool.required}),))
