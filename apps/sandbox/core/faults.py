"""Faults on request, so that callers can be tested against a provider that misbehaves.

A specification names one or more faults, joined by "+" or ",": each is `name`, `name=value`, or either
followed by `*n` to apply to the first n attempts of the same request only (a retry then gets an honest answer).

    slow=0.5        seconds before each piece (default 0.5)
    429=1           rate limited; the value is the Retry-After in seconds (default 1)
    500, 503, …     any other status from 400 to 599 as an error body
    cut=3           the connection breaks after that many events (default 3), without an end mark
    badjson         tool arguments that are not JSON
    unknowntool     a call of a tool that was not offered
    endless         text that never ends, whatever the token limit
    loop            the same tool call again and again, whatever it returned
    wrongtypes      tool arguments of the wrong types
    inventedids     tool calls with made-up ids, without looking anything up

In a Realtime session a request is a connection, so that `*n` applies to the first n connections with the same model's
name; `slow` is the wait before each response (default 2), `cut` counts events of responses (default 5), and there are

    late=0.5        seconds before each piece of audio
    burst           all audio at once, as fast as the socket takes it
    reorder         the last piece of audio comes after response.done, also of a cancelled response
    silent          asked for a response, it never answers
    notruncate      truncating always fails, as if the item were shorter
    expire=10       the session ends after so many seconds, as it does after an hour (close code 1001)
    quota           the connection is accepted, then ended for want of quota
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from .brain import Reply
from .completion import Output
from .schema import Argument, Kind, Tool

NAMES = frozenset(
    {"slow", "cut", "badjson", "unknowntool", "endless", "loop", "wrongtypes", "inventedids"}
    | {"late", "burst", "reorder", "silent", "notruncate", "expire", "quota"}
)
_PART = re.compile(r"(?P<name>[a-z]+|[45]\d\d)(?:=(?P<value>\d+(?:\.\d+)?))?(?:\*(?P<times>\d+))?$")
ENDLESS = "and then there is one more thing to say about it, "


_BLANKS: dict[Kind, Any] = {
    Kind.DATE: "2030-01-01",
    Kind.PAST_DATE: "1990-01-01",
    Kind.TIME: "09:00",
    Kind.NUMBER: 1,
    Kind.DURATION: 30,
    Kind.FLAG: True,
    Kind.PHONE: "+15550100",
    Kind.EMAIL: "someone@example.com",
    Kind.ID: "999999",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault; `times` limits it to the first attempts of a request."""

    name: str
    value: float | None = None
    times: int | None = None


class UnknownFault(ValueError):
    """The specification names a fault that does not exist."""


def read_faults(specification: str) -> tuple[Fault, ...]:
    """Read "slow=0.1+cut=5*1". Raises UnknownFault."""
    found = []
    for part in re.split(r"[+,]\s*", specification.strip().lower()):
        match = _PART.match(part)
        if not match or not (match["name"] in NAMES or match["name"].isdigit()):
            raise UnknownFault(part)
        value = float(match["value"]) if match["value"] else None
        found.append(Fault(match["name"], value, int(match["times"]) if match["times"] else None))
    return tuple(found)


def faults_of(model: str, header: str) -> tuple[Fault, ...]:
    """Faults named after the first "+" of the model's name, and in the header."""
    named = [spec for spec in (model.partition("+")[2], header) if spec]
    return read_faults("+".join(named)) if named else ()


def spoil_reply(reply: Reply, faults: frozenset[str], tools: Sequence[Tool]) -> Reply:
    """Replace an honest reply by the call that a broken or hostile model would make."""
    if "unknowntool" in faults:
        return Reply(calls=(("no_such_tool", {"value": "anything"}),))
    if not tools:
        return reply
    if "loop" in faults:
        return Reply(calls=((tools[0].name, {a.name: blank(a) for a in tools[0].required}),))
    meant = next((t for t in tools if reply.calls and t.name == reply.calls[0][0]), None)
    target = meant or next((t for t in tools if not t.reads), tools[0])
    if "inventedids" in faults:
        target = next((t for t in (target, *tools) if any(a.kind is Kind.ID for a in t.arguments)), target)
        wanted = [a for a in target.arguments if a.required or a.kind is Kind.ID]
        return Reply(calls=((target.name, {a.name: blank(a) for a in wanted}),))
    if "wrongtypes" in faults:
        return Reply(calls=((target.name, {a.name: {"wrong": ["type", 7]} for a in target.arguments}),))
    return reply


def blank(argument: Argument) -> Any:
    """A value of the right type that comes from nowhere."""
    value = argument.options[0][0] if argument.options else _BLANKS.get(argument.kind, "unknown")
    return [value] if argument.many else value


def spoil_output(output: Output, faults: frozenset[str]) -> Output:
    """Break the JSON of the calls."""
    if "badjson" not in faults:
        return output
    calls = tuple(replace(c, arguments=c.arguments[:-1] + ',"') for c in output.calls)
    return replace(output, calls=calls)


def attempt_key(model: str, header: str, messages: Any) -> str:
    """What makes two requests attempts of the same one."""
    return f"{model}\n{header}\n{hash(json.dumps(messages, sort_keys=True))}"
