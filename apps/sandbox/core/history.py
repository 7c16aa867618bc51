"""The messages of a request as a list of plain events."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .schema import JSON
from .spelling import spell_out


@dataclass(frozen=True, slots=True)
class Heard:
    """Something the visitor said."""

    text: str


@dataclass(frozen=True, slots=True)
class Spoke:
    """Something the assistant said before."""

    text: str


@dataclass(frozen=True)
class Result:
    """An answered tool call. `field` names the argument that an error is about, if it says so."""

    call: str
    tool: str
    arguments: dict[str, Any]
    ok: bool
    say: str
    data: Any = None
    code: str = ""
    field: str = ""


Event = Heard | Spoke | Result


def read_events(messages: Iterable[JSON]) -> list[Event]:
    """Messages in the wire format as events, without system text and what is said while a result is awaited."""
    calls: dict[str, tuple[str, dict[str, Any]]] = {}
    awaited: set[str] = set()
    events: list[Event] = []
    for message in messages:
        role, text = message["role"], flat_text(message.get("content"))
        if role == "user":
            events.append(Heard(spell_out(text)))
            awaited.clear()
        elif role == "assistant":
            if text and not awaited:
                events.append(Spoke(text))
            for call in message.get("tool_calls") or ():
                function = call.get("function") or {}
                awaited.add(call.get("id", ""))
                calls[call.get("id", "")] = (function.get("name", ""), _arguments(function.get("arguments")))
        elif role == "tool":
            awaited.discard(message.get("tool_call_id", ""))
            name, arguments = calls.get(message.get("tool_call_id", ""), ("", {}))
            events.append(_result(message.get("tool_call_id", ""), name, arguments, text))
    return events


def flat_text(content: Any) -> str:
    """The text of a message whose content is a string or a list of parts."""
    if isinstance(content, list):
        return " ".join(str(p.get("text", "")) for p in content if isinstance(p, dict) and p.get("type") == "text")
    return str(content or "").strip()


def system_text(messages: Iterable[JSON]) -> str:
    return "\n".join(flat_text(m.get("content")) for m in messages if m["role"] in ("system", "developer"))


def _arguments(raw: Any) -> dict[str, Any]:
    try:
        value = json.loads(raw or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _result(call: str, name: str, arguments: dict[str, Any], text: str) -> Result:
    try:
        body = json.loads(text)
    except ValueError:
        return Result(call, name, arguments, True, text)
    if not isinstance(body, dict):
        return Result(call, name, arguments, True, "", body)
    error = body.get("error") or {}
    if isinstance(error, str):
        error = {"message": error}
    ok = bool(body.get("ok", not error))
    say = str(body.get("say") or error.get("message") or "")
    # A tool that does not speak the say/data convention puts its values at the top.
    data = body["data"] if "data" in body else {k: v for k, v in body.items() if k not in ("ok", "say", "error")}
    return Result(call, name, arguments, ok, say, data, str(error.get("code", "")), str(error.get("field") or ""))
