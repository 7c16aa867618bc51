"""The wire: the provider's client cannot tell the difference."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, DefaultAsyncHttpxClient

from .dialogue import NOW, load_tools

TOOLS = load_tools("repair")
HELLO: Any = [{"role": "user", "content": "Hello"}]
ASK: Any = [
    {"role": "system", "content": NOW},
    {"role": "user", "content": "When are you open and what do repairs cost?"},
]


async def complete(client: AsyncOpenAI, **wanted: Any) -> Any:
    return await client.chat.completions.create(**{"model": "gpt-any", "messages": HELLO, **wanted})


async def streamed(client: AsyncOpenAI, **wanted: Any) -> list[Any]:
    async with await complete(client, stream=True, **wanted) as stream:
        return [chunk async for chunk in stream]


async def test_whole_answer(client: AsyncOpenAI) -> None:
    answer = await complete(client)
    assert answer.model == "gpt-any"
    assert answer.object == "chat.completion"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.choices[0].message.role == "assistant"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 0


async def test_streamed_answer_is_the_whole_answer_word_by_word(client: AsyncOpenAI) -> None:
    whole = await complete(client)
    chunks = await streamed(client, stream_options={"include_usage": True})
    pieces = [c.choices[0].delta.content for c in chunks if c.choices and c.choices[0].delta.content]
    assert "".join(pieces) == whole.choices[0].message.content
    assert len(pieces) > 5
    assert len({c.id for c in chunks}) == 1
    assert {c.object for c in chunks} == {"chat.completion.chunk"}
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage.total_tokens == whole.usage.total_tokens
    assert all(c.usage is None for c in chunks[:-1])


async def test_no_usage_unless_asked_for(client: AsyncOpenAI) -> None:
    chunks = await streamed(client)
    assert all(c.usage is None for c in chunks)
    assert all(c.choices for c in chunks)


async def test_tool_calls_stream_as_deltas_and_may_be_parallel(client: AsyncOpenAI) -> None:
    chunks = await streamed(client, messages=ASK, tools=TOOLS)
    deltas = [d for c in chunks for d in c.choices[0].delta.tool_calls or ()]
    starts = [d for d in deltas if d.id]
    assert [d.index for d in starts] == [0, 1]
    assert {d.function.name for d in starts} == {"get_opening_hours", "list_repairs"}
    assert len({d.id for d in starts}) == 2
    for index in (0, 1):
        text = "".join(d.function.arguments for d in deltas if d.index == index)
        assert json.loads(text) == {}
    assert chunks[-1].choices[0].finish_reason == "tool_calls"


async def test_long_arguments_come_in_pieces(client: AsyncOpenAI) -> None:
    messages: Any = [{"role": "user", "content": "I want to buy a new bike with mudguards and a basket"}]
    chunks = await streamed(client, messages=messages, tools=TOOLS)
    pieces = [d.function.arguments for c in chunks for d in c.choices[0].delta.tool_calls or () if not d.id]
    assert len(pieces) > 3
    assert "mudguards" in json.loads("".join(pieces))["intent"]


async def test_parallel_calls_can_be_forbidden(client: AsyncOpenAI) -> None:
    answer = await complete(client, messages=ASK, tools=TOOLS, parallel_tool_calls=False)
    assert len(answer.choices[0].message.tool_calls) == 1


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("none", None),
        ("required", "find_owner"),
        ({"type": "function", "function": {"name": "book_repair"}}, "book_repair"),
    ],
)
async def test_tool_choice_is_obeyed(client: AsyncOpenAI, choice: Any, expected: str | None) -> None:
    answer = await complete(client, tools=TOOLS, tool_choice=choice)
    calls = answer.choices[0].message.tool_calls
    assert (calls[0].function.name if calls else None) == expected
    if expected == "book_repair":
        assert set(json.loads(calls[0].function.arguments)) == {"owner_id", "repair_id", "date", "time", "brand"}


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
async def test_token_limit(client: AsyncOpenAI, name: str) -> None:
    answer = await complete(client, **{name: 2})
    assert answer.choices[0].message.content == "Hello! How"
    assert answer.choices[0].finish_reason == "length"


async def test_stop_strings(client: AsyncOpenAI) -> None:
    answer = await complete(client, stop=["help"])
    assert answer.choices[0].message.content == "Hello! How can I "
    assert answer.choices[0].finish_reason == "stop"


async def test_the_same_request_gets_the_same_answer(client: AsyncOpenAI) -> None:
    first, second = [await complete(client, messages=ASK, tools=TOOLS) for _ in range(2)]
    assert [c.function for c in first.choices[0].message.tool_calls] == [
        c.function for c in second.choices[0].message.tool_calls
    ]
    assert first.id != second.id


async def test_content_may_come_in_parts(client: AsyncOpenAI) -> None:
    parts: Any = [
        {"role": "user", "content": [{"type": "text", "text": "When are you"}, {"type": "text", "text": "open?"}]}
    ]
    answer = await complete(client, messages=parts, tools=TOOLS)
    assert answer.choices[0].message.tool_calls[0].function.name == "get_opening_hours"


CALL = {"id": "call_1", "type": "function", "function": {"name": "list_repairs", "arguments": "{}"}}


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": "hello"}, "messages"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages[0].content"),
        ({"messages": [*HELLO, {"role": "assistant", "tool_calls": [CALL]}]}, "messages[1].role"),
        ({"messages": [*HELLO, {"role": "assistant", "tool_calls": [CALL]}, *HELLO]}, "messages[2].role"),
        ({"messages": [*HELLO, {"role": "tool", "tool_call_id": "call_9", "content": "x"}]}, "messages[1].role"),
        ({"messages": [*HELLO, {"role": "assistant", "tool_calls": [{"id": "a"}]}]}, "messages[1].tool_calls[0]"),
        ({"tools": []}, "tools"),
        ({"tools": [{"type": "retrieval"}]}, "tools[0].type"),
        ({"tools": [{"type": "function", "function": {"name": "not a name"}}]}, "tools[0].function.name"),
        ({"tool_choice": "auto"}, "tool_choice"),
        ({"tools": TOOLS, "tool_choice": {"type": "function", "function": {"name": "other"}}}, "tool_choice"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": "many"}, "max_tokens"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"stop": 5}, "stop"),
        ({"n": 2}, "n"),
        ({"model": ""}, "model"),
        ({"extra_body": {"stream": "yes"}}, "stream"),
    ],
)
async def test_a_malformed_request_is_refused_by_the_name_of_its_part(
    client: AsyncOpenAI, change: dict[str, Any], param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as refusal:
        await complete(client, **change)
    assert refusal.value.param == param
    assert refusal.value.type == "invalid_request_error"
    assert refusal.value.response.headers["x-callsphere-sandbox"] == "1"


async def test_bodies_and_addresses_that_are_none(sandbox_url: str) -> None:
    async with DefaultAsyncHttpxClient() as http:
        broken = await http.post(f"{sandbox_url}/chat/completions", content=b'{"model": ')
        listed = await http.post(f"{sandbox_url}/chat/completions", content=b"[]")
        unknown = await http.post(f"{sandbox_url}/completions", json={})
        method = await http.get(f"{sandbox_url}/chat/completions")
        huge = await http.post(f"{sandbox_url}/chat/completions", content=b"x" * (8 * 1024 * 1024 + 1))
    assert [r.status_code for r in (broken, listed, unknown, method, huge)] == [400, 400, 404, 405, 413]
    for answer in (broken, listed, unknown, method, huge):
        assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


async def test_models(client: AsyncOpenAI) -> None:
    assert [m.id async for m in client.models.list()] == ["sandbox"]
    assert (await client.models.retrieve("gpt-any")).id == "gpt-any"


async def test_a_long_wait_shows_each_word_as_it_comes() -> None:
    """With a pace, words leave one at a time: the app sends each before it sleeps for the next."""
    from apps.sandbox.server import build_app

    sent: list[bytes] = []

    body = json.dumps({"model": "m", "messages": HELLO, "stream": True}).encode()
    requests: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    requests.put_nowait({"type": "http.request", "body": body})

    async def send(message: Any) -> None:
        sent.append(message.get("body", b""))

    scope = {"type": "http", "method": "POST", "path": "/v1/chat/completions", "headers": []}
    await build_app(pace=1000)(scope, requests.get, send)
    assert sum(body.startswith(b"data: ") for body in sent) > 8
    assert all(body.count(b"data: ") <= 1 for body in sent)


def test_no_word_of_any_industry_is_in_the_code() -> None:
    words = re.compile(
        r"patient|doctor|clinic|medic|health|dental|salon|stylist|haircut|real.?estate|listing|tenant|renter|suburb|"
        r"plumb|hvac|helpdesk|printer|phishing|bicycle|mortgage|insurance",
        re.I,
    )
    root = Path(__file__).parents[2] / "apps" / "sandbox"
    found = {f"{p.name}: {m[0]}" for p in root.rglob("*.py") for m in words.finditer(p.read_text())}
    assert found == set()
