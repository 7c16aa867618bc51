"""Plays a whole dialogue with the stand-in through the provider's client, running the tools of a fake business."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from openai import AsyncOpenAI

NOW = "Now: 2026-11-22T13:05 (Sunday), time zone America/New_York."
FIXTURES = Path(__file__).parent / "fixtures"

Business = Callable[[str, dict[str, Any]], dict[str, Any]]


def load_tools(name: str) -> list[dict[str, Any]]:
    tools: list[dict[str, Any]] = json.loads((FIXTURES / f"{name}_tools.json").read_text())
    return tools


def ok(say: str, **data: Any) -> dict[str, Any]:
    return {"ok": True, "say": say, "data": data}


def refused(say: str, code: str, **more: Any) -> dict[str, Any]:
    return {"ok": False, "say": say, "error": {"code": code, "message": say, **more}}


class Dialogue:
    """One conversation. `calls` lists every tool call so far as (name, arguments)."""

    def __init__(
        self, client: AsyncOpenAI, tools: list[dict[str, Any]], business: Business, *, system: str = ""
    ) -> None:
        self._client, self._tools, self._business = client, tools, business
        self.messages: list[Any] = [{"role": "system", "content": f"You are the receptionist.\n{NOW}\n{system}"}]
        self.calls: list[tuple[str, dict[str, Any]]] = []

    async def say(self, text: str) -> str:
        """Say something; answer the calls that follow; the words that the assistant ends with."""
        self.messages.append({"role": "user", "content": text})
        for _ in range(10):
            stream = self._client.chat.completions.stream(
                model="sandbox",
                messages=self.messages,
                tools=self._tools,  # type: ignore[arg-type]
            )
            async with stream as events:
                message = (await events.get_final_completion()).choices[0].message
            if not message.tool_calls:
                self.messages.append({"role": "assistant", "content": message.content})
                return message.content or ""
            self.messages.append(message.model_dump(exclude_none=True, exclude={"parsed", "annotations"}))
            for call in message.tool_calls:
                arguments = json.loads(call.function.arguments)
                self.calls.append((call.function.name, arguments))
                content = json.dumps(self._business(call.function.name, arguments))
                self.messages.append({"role": "tool", "tool_call_id": call.id, "content": content})
        raise AssertionError(f"it never stops calling tools: {self.calls[-3:]}")

    @property
    def called(self) -> list[str]:
        return [name for name, _ in self.calls]

    def arguments(self, tool: str) -> dict[str, Any]:
        """The arguments of the last call of `tool`."""
        return next(arguments for name, arguments in reversed(self.calls) if name == tool)
