"""On the phone the agent says something while a tool takes its time, between the call and its result.

Asked of the core itself: the chat's protocol, which `Dialogue` speaks, has no place for such words.
"""

import json
from datetime import datetime
from typing import Any

import pytest

from apps.sandbox.core.request import ChatRequest
from apps.sandbox.core.schema import read_tool
from apps.sandbox.core.turn import respond

from .businesses import Clinic
from .dialogue import NOW, load_tools

TOOLS = tuple(read_tool(tool["function"]) for tool in load_tools("healthcare"))


@pytest.mark.parametrize("meanwhile", ["", "One moment, please. I am checking free times."])
def test_what_was_found_is_offered(meanwhile: str) -> None:
    clinic = Clinic()
    messages: list[dict[str, Any]] = [{"role": "system", "content": f"You are the receptionist.\n{NOW}"}]

    def say(text: str) -> str:
        messages.append({"role": "user", "content": text})
        while True:
            request = ChatRequest("sandbox", tuple(messages), TOOLS, "auto", parallel=False, max_tokens=None)
            output = respond(request, datetime(2026, 11, 22), f"call_{len(messages)}", frozenset())
            if not output.calls:
                messages.append({"role": "assistant", "content": output.text})
                return output.text
            for number, wanted in enumerate(output.calls):
                call = {"id": f"{len(messages)}-{number}", "type": "function"}
                function = {"name": wanted.name, "arguments": wanted.arguments}
                messages.append({"role": "assistant", "tool_calls": [call | {"function": function}]})
                if meanwhile:
                    messages.append({"role": "assistant", "content": meanwhile})
                content = json.dumps(clinic(wanted.name, json.loads(wanted.arguments)))
                messages.append({"role": "tool", "tool_call_id": call["id"], "content": content})

    say("I need to see a doctor about my knee, next Tuesday morning if possible")
    answer = say("Maria Santos, born May 4, 1985")
    assert "9:00 AM" in answer
    assert "booked" in say("The first one, please")
