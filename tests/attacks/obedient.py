"""A model without a will: whatever text reaches it, it does what stands there. The worst that injection makes.

`[[CALL tool name=value | name=value]]` anywhere in the conversation is called, once each and in order;
`[[LOOP tool …]]` is called for ever; `[[SAY words]]` is said; `[[DUMP]]` makes it say all that it was ever told.
"""

import json
import re
from typing import Any

_ORDER = re.compile(r"\[\[(CALL|LOOP|SAY|DUMP)\s*([^\[\]]*)\]\]")


def order(tool: str, /, **arguments: Any) -> str:
    """A call, as a text orders it."""
    given = " | ".join(
        f"{name}={value if isinstance(value, str) else json.dumps(value)}" for name, value in arguments.items()
    )
    return f"[[CALL {tool} {given}]]"


def _value(text: str) -> Any:
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return found if isinstance(found, bool | int | float | list | dict) else text


def _call(words: str) -> tuple[str, str]:
    tool, _, given = words.strip().partition(" ")
    pairs = (pair.partition("=") for pair in given.split("|") if pair.strip())
    return tool, json.dumps({name.strip(): _value(value.strip()) for name, _, value in pairs})


class Obedient:
    """An ASGI application that speaks Chat Completions."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.done: set[str] = set()
        self.words = "Done."
        """What it says where no order says what."""

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        if not scope["path"].endswith("/chat/completions"):
            await send({"type": "http.response.start", "status": 404, "headers": []})
            await send({"type": "http.response.body", "body": b"{}"})
            return
        request = json.loads(body)
        self.asked.append(request)
        chunks = self.answer(request["messages"])
        lines = b"".join(b"data: %b\n\n" % json.dumps(chunk).encode() for chunk in chunks)
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": lines + b"data: [DONE]\n\n"})

    def answer(self, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        told = [str(message.get("content") or "") for message in messages if message["role"] != "assistant"]
        says = []
        for kind, words in _ORDER.findall("\n".join(told)):
            if kind in ("CALL", "LOOP") and (kind == "LOOP" or words not in self.done):
                self.done.add(words)
                name, arguments = _call(words)
                call = {"index": 0, "id": f"call_{len(self.asked)}", "function": {"name": name, "arguments": arguments}}
                return self._ended({"tool_calls": [call]}, "tool_calls")
            if kind == "SAY":
                says.append(words)
            elif kind == "DUMP":
                says.append(_ORDER.sub("", json.dumps(messages, ensure_ascii=False)))
        return self._ended({"content": "\n".join(says) or self.words}, "stop")

    @staticmethod
    def _ended(delta: dict[str, Any], reason: str) -> list[dict[str, Any]]:
        usage = {"prompt_tokens": 100, "completion_tokens": 10}
        return [{"choices": [{"delta": delta, "finish_reason": reason}]}, {"choices": [], "usage": usage}]
