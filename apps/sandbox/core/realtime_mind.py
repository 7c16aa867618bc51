"""What the stand-in says in a Realtime session: as in chat, word for word, where it understood the caller."""

import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from .completion import Output
from .realtime_items import Conversation
from .request import ChatRequest
from .schema import read_tool
from .turn import respond

NOT_UNDERSTOOD = (
    "This is the sandbox: it has no speech recognition, and understands only typed text and its own scripted callers."
)
STILL_THERE = "Are you still there?"
_EXACTLY = re.compile(r'\bexactly\b[^"]*(?=")', re.I)


def think(
    *,
    model: str,
    conversation: Conversation,
    instructions: str,
    tools: Sequence[dict[str, Any]],
    tool_choice: str,
    max_tokens: int | None,
    today: datetime,
    ident: str,
    faults: frozenset[str],
) -> Output:
    """The next thing to say or to call. Instructions that end in "exactly" and a JSON string are obeyed literally."""
    if (words := _dictated(instructions)) is not None:
        return Output(words)
    last = conversation.last
    if last is not None and last.role == "user" and last.text is None:
        return Output(STILL_THERE if not last.audio_ms else NOT_UNDERSTOOD)
    request = ChatRequest(
        model,
        conversation.messages(instructions),
        tuple(read_tool(tool) for tool in tools),
        tool_choice,
        parallel=False,
        max_tokens=max_tokens,
    )
    return respond(request, today, ident, faults)


def _dictated(instructions: str) -> str | None:
    for found in _EXACTLY.finditer(instructions):
        try:
            words, end = json.JSONDecoder().raw_decode(instructions, found.end())
        except ValueError:
            continue
        if not instructions[end:].strip():
            return str(words)
    return None
