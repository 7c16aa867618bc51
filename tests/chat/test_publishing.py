"""Publishing under load: each answer is of one version from its first step to its last, and the transcript says which.

The provider here is a real HTTP server that says which version's prompt, model and tools it was sent.
"""

import asyncio
import json
import re
import threading
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web

from apps.agents import model, releases
from apps.agents.models import Agent
from apps.conversations import turns
from apps.conversations.models import Conversation, Turn
from apps.tenants.models import WidgetKey
from apps.tenants.scope import tenant_scope
from tests.chat.client import Visitor
from tests.chat.test_runs import eventually
from tests.chat.test_takeover import Lost

VERSIONS = 12
VISITORS = 4
_MARK = re.compile(r"edition-(\d+)")


class Provider:
    """Asks for one tool, then answers; both times it says which edition it was sent, by prompt, model and tools."""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read())
        prompt = body["messages"][0]["content"]
        mark = _MARK.search(prompt)
        said = {
            "prompt": int(mark[1]) if mark else 0,
            "model": int(body["model"].rpartition("-")[2]),
            "tools": len(body["tools"]) % 2,
        }
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await self._chunk(response, {"content": json.dumps(said) + " "})
        await asyncio.sleep(0.03)  # an answer takes a while: so that one is published in the midst of it
        reason = "stop"
        if body["messages"][-1]["role"] == "user":
            call = {"index": 0, "id": "c1", "function": {"name": "get_office_hours", "arguments": "{}"}}
            await self._chunk(response, {"tool_calls": [call]})
            reason = "tool_calls"
        await self._chunk(response, {}, reason)
        await response.write(b"data: [DONE]\n\n")
        return response

    async def _chunk(self, response: web.StreamResponse, delta: dict[str, Any], reason: str | None = None) -> None:
        chunk = {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}
        await response.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")


@pytest.fixture
def provider(settings: Any) -> Iterator[None]:
    loop = asyncio.new_event_loop()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", Provider().answer)
    runner = web.AppRunner(app)

    async def start() -> int:
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port: int = runner.addresses[0][1]
        return port

    port = loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    settings.SANDBOX_ANSWERS = False
    settings.OPENAI_API_KEY = "sk-test"
    settings.OPENAI_BASE_URL = f"http://127.0.0.1:{port}/v1"
    model._clients.clear()  # the server's loop has one, to the stand-in
    yield
    model._clients.clear()
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)


def publish_edition(widget: WidgetKey, number: int) -> None:
    """Everything of a version says its number: prompt, model and, by their count, the tools."""
    with tenant_scope(widget.tenant_id):
        draft = releases.draft_of(agent=Agent.objects.get(is_front=True))
        assert draft.number == number
        draft.instructions = f"You are edition-{number}."
        draft.model = f"model-{number}"
        draft.tools = ["get_office_hours", "get_services"][: 1 + number % 2]
        draft.hands_over_to = []
        draft.human_on = []  # or there were one tool more
        draft.save()
        releases.publish(version=draft, actor="system")


def test_no_answer_is_of_two_versions(server: str, widget: WidgetKey, provider: None) -> None:
    publish_edition(widget, 2)
    over = threading.Event()
    failures: list[BaseException] = []
    answered = [0] * VISITORS

    def chat(position: int) -> None:
        try:
            visitor = Visitor(server, widget.key)
            while not over.is_set():
                assert visitor.ask("When are you open?").check().done["reason"] == "stop"
                answered[position] += 1
                visitor.conversation = visitor.token = None  # else the limit of one visitor's messages
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=chat, args=[position]) for position in range(VISITORS)]
    for thread in threads:
        thread.start()
    for number in range(3, VERSIONS + 1):
        before = sum(answered)
        publish_edition(widget, number)
        eventually(lambda before=before: sum(answered) >= before + 2 or bool(failures), 30)  # type: ignore[misc]
    over.set()
    for thread in threads:
        thread.join(30)
    assert not failures
    with tenant_scope(widget.tenant_id):
        steps = list(Turn.objects.filter(role="agent").values_list("run", "text", "agent_version"))
    runs = defaultdict(list)
    for run, text, version in steps:
        runs[run].append(version)
        said = json.loads(text)
        assert said == {"prompt": version, "model": version, "tools": (1 + version % 2) % 2}
    assert all(len(versions) == 2 and len(set(versions)) == 1 for versions in runs.values()), runs
    assert len({version for versions in runs.values() for version in versions}) > VERSIONS // 2


def test_a_run_that_another_process_takes_up_ends_with_the_version_it_began_with(
    server: str, widget: WidgetKey, provider: None
) -> None:
    publish_edition(widget, 2)
    visitor = Visitor(server, widget.key)
    visitor.ask("When are you open?")
    lost = Lost(visitor, widget).asked().opened()
    with tenant_scope(widget.tenant_id):
        conversation = Conversation.objects.get(pk=visitor.conversation)
        call = turns.AskedCall("1.0", "get_office_hours", "{}")
        turns.add_agent_turn(
            conversation=conversation, text="", run=lost.id, agent=conversation.agent, agent_version=2, ended="",
            now=conversation.last_at, step=1, calls=[call],
        )  # fmt: skip
    publish_edition(widget, 3)
    lost.abandoned()
    with tenant_scope(widget.tenant_id):
        eventually(lambda: Turn.objects.filter(run=lost.id, ended="stop").exists(), 20)
        last = Turn.objects.get(run=lost.id, ended="stop")
    assert (last.agent_version, json.loads(last.text)["prompt"]) == (2, 2)
    visitor.ask("And now?")
    with tenant_scope(widget.tenant_id):
        assert Turn.objects.filter(conversation_id=visitor.conversation).latest("number").agent_version == 3
