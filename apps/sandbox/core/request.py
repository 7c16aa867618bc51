"""A chat completion request, checked the way the provider checks it."""

from dataclasses import dataclass
from typing import Any

from .schema import Tool, read_tool

ROLES = ("system", "developer", "user", "assistant", "tool")


class BadRequest(Exception):
    """The request cannot be answered: `message` says why, `param` names the part at fault."""

    def __init__(self, message: str, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message, self.param, self.code = message, param, code


@dataclass(frozen=True)
class ChatRequest:
    model: str
    messages: tuple[dict[str, Any], ...]
    tools: tuple[Tool, ...] = ()
    tool_choice: str = "auto"
    parallel: bool = True
    stream: bool = False
    include_usage: bool = False
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()


def read_request(body: Any) -> ChatRequest:
    """Check a decoded body. `tool_choice` becomes "auto", "none", "required" or the name of a tool."""
    if not isinstance(body, dict):
        raise BadRequest("We could not parse the JSON body of your request: an object is expected.")
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise BadRequest("You must provide a model parameter.", "model")
    if body.get("n") not in (None, 1):
        raise BadRequest("Only one choice per request is supported here: 'n' must be 1.", "n")
    stream = _flag(body, "stream", False)
    options = body.get("stream_options")
    if options is not None and (not isinstance(options, dict) or not stream):
        raise BadRequest("'stream_options' is only allowed when 'stream' is true.", "stream_options")
    tools = _tools(body.get("tools"))
    return ChatRequest(
        model,
        _messages(body.get("messages")),
        tools,
        _tool_choice(body.get("tool_choice"), tools),
        _flag(body, "parallel_tool_calls", True),
        stream,
        bool((options or {}).get("include_usage")),
        _max_tokens(body),
        _stop(body.get("stop")),
    )


def _flag(body: dict[str, Any], name: str, default: bool) -> bool:
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise BadRequest(f"Invalid type for '{name}': expected a boolean.", name, "invalid_type")
    return value


def _max_tokens(body: dict[str, Any]) -> int | None:
    for name in ("max_completion_tokens", "max_tokens"):
        value = body.get(name)
        if value is None:
            continue
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise BadRequest(f"Invalid value for '{name}': expected an integer of at least 1.", name)
        return value
    return None


def _stop(value: Any) -> tuple[str, ...]:
    stops = [value] if isinstance(value, str) else value or []
    if not isinstance(stops, list) or not all(isinstance(s, str) for s in stops) or len(stops) > 4:
        raise BadRequest("Invalid type for 'stop': expected a string or up to 4 strings.", "stop")
    return tuple(s for s in stops if s)


def _messages(value: Any) -> tuple[dict[str, Any], ...]:
    if not isinstance(value, list):
        raise BadRequest("Invalid type for 'messages': expected an array of objects.", "messages", "invalid_type")
    if not value:
        raise BadRequest("Invalid 'messages': empty array. Expected at least one message.", "messages", "empty_array")
    open_calls: set[str] = set()
    for n, message in enumerate(value):
        where = f"messages[{n}]"
        if not isinstance(message, dict):
            raise BadRequest(f"Invalid type for '{where}': expected an object.", where, "invalid_type")
        role = message.get("role")
        if role not in ROLES:
            listed = ", ".join(f"'{r}'" for r in ROLES)
            raise BadRequest(
                f"Invalid value: {role!r}. Supported values are: {listed}.", f"{where}.role", "invalid_value"
            )
        if role != "tool" and open_calls:
            raise BadRequest(_UNANSWERED + ", ".join(sorted(open_calls)), f"{where}.role")
        if role == "assistant":
            open_calls = _calls(message.get("tool_calls"), where)
        if role == "tool":
            call = message.get("tool_call_id")
            if call not in open_calls:
                raise BadRequest(_ORPHAN, f"{where}.role" if isinstance(call, str) else f"{where}.tool_call_id")
            open_calls.discard(call)
        _content(message, role, where)
    if open_calls:
        raise BadRequest(_UNANSWERED + ", ".join(sorted(open_calls)), f"messages[{len(value) - 1}].role")
    return tuple(value)


_UNANSWERED = (
    "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
    "'tool_call_id'. The following tool_call_ids did not have response messages: "
)
_ORPHAN = "Invalid parameter: messages with role 'tool' must respond to a preceding message with 'tool_calls'."


def _content(message: dict[str, Any], role: str, where: str) -> None:
    content = message.get("content")
    if role == "assistant" and content is None and (message.get("tool_calls") or message.get("refusal")):
        return
    if isinstance(content, list) and all(isinstance(p, dict) and isinstance(p.get("type"), str) for p in content):
        return
    if not isinstance(content, str):
        what = "null" if content is None else type(content).__name__
        message_ = f"Invalid value for 'content': expected a string, got {what}."
        raise BadRequest(message_, f"{where}.content", "invalid_type")


def _calls(value: Any, where: str) -> set[str]:
    if value is None:
        return set()
    if not isinstance(value, list) or not value:
        raise BadRequest("Invalid 'tool_calls': expected a non-empty array.", f"{where}.tool_calls")
    found = set()
    for n, call in enumerate(value):
        at = f"{where}.tool_calls[{n}]"
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(function, dict) or not isinstance(call.get("id"), str):
            raise BadRequest(
                f"Missing required parameter: '{at}.id' or '{at}.function'.", at, "missing_required_parameter"
            )
        for key in ("name", "arguments"):
            if not isinstance(function.get(key), str):
                at = f"{at}.function.{key}"
                raise BadRequest(f"Invalid type for '{at}': expected a string.", at, "invalid_type")
        found.add(call["id"])
    return found


def _tools(value: Any) -> tuple[Tool, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not value:
        raise BadRequest("Invalid 'tools': expected a non-empty array.", "tools")
    if len(value) > 128:
        raise BadRequest(f"Invalid 'tools': array too long, at most 128 but got {len(value)}.", "tools")
    found = []
    for n, entry in enumerate(value):
        where = f"tools[{n}]"
        if not isinstance(entry, dict) or entry.get("type") != "function":
            raise BadRequest(
                f"Invalid value for '{where}.type': expected 'function'.", f"{where}.type", "invalid_value"
            )
        function = entry.get("function")
        name = function.get("name") if isinstance(function, dict) else None
        if not isinstance(function, dict) or not isinstance(name, str) or not _is_name(name):
            at = f"{where}.function.name"
            raise BadRequest(f"Invalid '{at}': expected letters, digits, '_' and '-', at most 64.", at, "invalid_value")
        if not isinstance(function.get("parameters") or {}, dict):
            at = f"{where}.function.parameters"
            raise BadRequest(
                f"Invalid schema for function '{name}': expected an object.",
                at,
                "invalid_function_parameters",
            )
        found.append(read_tool(function))
    return tuple(found)


def _is_name(name: str) -> bool:
    return 0 < len(name) <= 64 and name.isascii() and name.replace("_", "a").replace("-", "a").isalnum()


def _tool_choice(value: Any, tools: tuple[Tool, ...]) -> str:
    if value is None:
        return "auto"
    if not tools:
        raise BadRequest("'tool_choice' is only allowed when 'tools' are specified.", "tool_choice")
    if value in ("auto", "none", "required"):
        return str(value)
    name = (value.get("function") or {}).get("name") if isinstance(value, dict) else None
    if not any(t.name == name for t in tools):
        raise BadRequest(f"Tool choice {name or value!r} not found in 'tools' parameter.", "tool_choice")
    return str(name)
