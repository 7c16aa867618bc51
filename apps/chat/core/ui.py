"""A run in the words of the AI SDK: logged events → chunks of the "UI message stream", version 1. Pure.

Read against `ai` 7.0 (`process-ui-message-stream.ts`): a chunk of an unknown type, a delta without its start or a tool
output without its input breaks the client's chat, so the mapping never sends one, whatever the log says.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.chat.core.turn import PARAGRAPH

Chunk = dict[str, Any]

FINISH_REASONS = {"stop": "stop", "length": "length", "error": "error"}
"""The client's word for the reason of our `done`; what it has no word for (`stopped`, `handoff`) is `other`."""


@dataclass
class UIMessage:
    """One run, told as one assistant message with this id: every telling of the same log is the same chunks."""

    id: str
    finished: bool = False
    _started: bool = False
    _in_step: bool = False
    _texts: int = 0
    _in_text: bool = False
    _step: list[tuple[int, Chunk]] = field(default_factory=list)
    """What the client holds of the current step, with the number of the event it came from."""
    _calls: dict[str, bool] = field(default_factory=dict)
    """Tool calls told so far; True once their output is."""

    def handle(self, number: int, name: str, data: Mapping[str, Any]) -> list[Chunk]:
        """The chunks that tell event `number` of the log; `name` is empty for text.

        An event this dialect has no word for gives none; so does everything after `done`.
        """
        if self.finished:
            return []
        match name:
            case "run" if not self._started:
                self._started = True
                return [{"type": "start", "messageId": self.id}]
            case "":
                return self._text(number, data["tok"])
            case "tool":
                return self._tool(number, data)
            case "handoff":
                return self._keep(number, {"type": "data-handoff", "data": {"from": data["from"], "to": data["to"]}})
            case "reset":
                return self._reset(data["after"])
            case "error":
                return [*self._end_text(), {"type": "error", "errorText": data["message"]}]
            case "done":
                self.finished = True
                reason = FINISH_REASONS.get(data["reason"], "other")
                return [*self._end_step(), {"type": "finish", "finishReason": reason}]
            case _:
                return []

    def _text(self, number: int, text: str) -> list[Chunk]:
        chunks: list[Chunk] = []
        if not self._in_text:
            text = text.removeprefix(PARAGRAPH)
            if not text:
                return []
            if any(chunk["type"] != "text-delta" for _, chunk in self._step):
                chunks += self._end_step()  # words after a tool's work are the model's next step
            self._texts += 1
            self._in_text = True
            chunks += [*self._begin_step(), {"type": "text-start", "id": str(self._texts)}]
        delta = {"type": "text-delta", "id": str(self._texts), "delta": text}
        self._step.append((number, delta))
        return [*chunks, delta]

    def _tool(self, number: int, data: Mapping[str, Any]) -> list[Chunk]:
        call = f"{self.id}:{data['call']}"
        chunks: list[Chunk] = []
        if call not in self._calls:
            self._calls[call] = False
            asked: Chunk = {"type": "tool-input-available", "toolCallId": call, "toolName": data["name"]}
            asked["input"] = data.get("input") or {}
            if data.get("label"):
                asked["title"] = data["label"]
            chunks += self._keep(number, asked)
        if data["status"] == "started" or self._calls[call]:
            return chunks
        self._calls[call] = True
        output = data.get("output") or {}
        if data["status"] == "done":
            told = {"type": "tool-output-available", "toolCallId": call, "output": output}
        else:
            reason = output.get("say") or "That did not work."
            told = {"type": "tool-output-error", "toolCallId": call, "errorText": reason}
        return [*chunks, *self._keep(number, told)]

    def _reset(self, after: int) -> list[Chunk]:
        """`reset-step` empties the client's current step; what of it still holds is told again."""
        held, self._step = self._step, []
        kept = [(number, chunk) for number, chunk in held if chunk["type"] != "text-delta" or number <= after]
        if len(kept) == len(held):
            self._step = held
            return []
        self._in_text = False
        chunks: list[Chunk] = [{"type": "reset-step"}]
        for number, chunk in kept:
            chunks += self._text(number, chunk["delta"]) if chunk["type"] == "text-delta" else self._keep(number, chunk)
        return chunks

    def _keep(self, number: int, chunk: Chunk) -> list[Chunk]:
        """A chunk of the current step that is no text; it ends the text before it."""
        chunks = [*self._end_text(), *self._begin_step(), chunk]
        self._step.append((number, chunk))
        return chunks

    def _begin_step(self) -> list[Chunk]:
        if self._in_step:
            return []
        self._in_step = True
        return [{"type": "start-step"}]

    def _end_step(self) -> list[Chunk]:
        chunks = self._end_text()
        if self._in_step:
            self._in_step = False
            self._step = []
            chunks.append({"type": "finish-step"})
        return chunks

    def _end_text(self) -> list[Chunk]:
        if not self._in_text:
            return []
        self._in_text = False
        return [{"type": "text-end", "id": str(self._texts)}]
