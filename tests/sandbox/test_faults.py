"""Faults on request, seen by the provider's client."""

import json
from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI

from .dialogue import load_tools

TOOLS = load_tools("repair")
HELLO: Any = [{"role": "user", "content": "Hello"}]
STATUS: Any = [{"role": "user", "content": "how far is my repair BR-1024?"}]


async def stream(client: AsyncOpenAI, model: str, **wanted: Any) -> AsyncIterator[Any]:
    async with await client.chat.completions.create(
        **{"model": model, "messages": HELLO, "stream": True, **wanted}
    ) as chunks:
        async for chunk in chunks:
            yield chunk


async def call(client: AsyncOpenAI, model: str, messages: Any = STATUS) -> tuple[str, str]:
    answer = await client.chat.completions.create(model=model, messages=messages, tools=TOOLS)  # type: ignore[arg-type]
    function = answer.choices[0].message.tool_calls[0].function  # type: ignore[index, union-attr]
    return function.name, function.arguments


async def test_rate_limit_says_when_to_come_back(client: AsyncOpenAI) -> None:
    with pytest.raises(openai.RateLimitError) as refusal:
        await client.chat.completions.create(model="sandbox+429=7", messages=HELLO)
    assert refusal.value.response.headers["retry-after"] == "7"
    assert refusal.value.code == "rate_limit_exceeded"


async def test_server_errors(client: AsyncOpenAI) -> None:
    for status in (500, 503):
        with pytest.raises(openai.InternalServerError) as refusal:
            await client.chat.completions.create(model=f"sandbox+{status}", messages=HELLO)
        assert refusal.value.status_code == status


async def test_a_fault_of_the_first_attempt_is_gone_at_the_second(client: AsyncOpenAI) -> None:
    messages: Any = [{"role": "user", "content": "Hello, this conversation is tried twice"}]
    patient = client.with_options(max_retries=1)
    answer = await patient.chat.completions.create(model="sandbox+500*1", messages=messages)
    assert answer.choices[0].message.content


async def test_the_connection_breaks_in_the_middle(client: AsyncOpenAI) -> None:
    chunks = stream(client, "sandbox+cut=4")
    seen = [await anext(chunks) for _ in range(4)]
    assert seen[-1].choices[0].finish_reason is None
    with pytest.raises(openai.APIConnectionError):
        await anext(chunks)
    with pytest.raises(openai.APIConnectionError):
        await client.chat.completions.create(model="sandbox+cut", messages=HELLO)


async def test_the_header_asks_for_faults_too(client: AsyncOpenAI) -> None:
    with pytest.raises(openai.InternalServerError):
        await client.chat.completions.create(model="sandbox", messages=HELLO, extra_headers={"X-Sandbox-Fault": "500"})


async def test_endless_text_goes_on_past_every_limit(client: AsyncOpenAI) -> None:
    seen = 0
    async for _ in stream(client, "sandbox+endless", max_tokens=5):
        seen += 1
        if seen == 500:
            break
    assert seen == 500


async def test_arguments_that_are_not_json(client: AsyncOpenAI) -> None:
    _, arguments = await call(client, "sandbox+badjson")
    with pytest.raises(ValueError):
        json.loads(arguments)


async def test_a_tool_that_was_not_offered(client: AsyncOpenAI) -> None:
    name, _ = await call(client, "sandbox+unknowntool")
    assert name not in {t["function"]["name"] for t in TOOLS}


async def test_arguments_of_wrong_types(client: AsyncOpenAI) -> None:
    name, arguments = await call(client, "sandbox+wrongtypes")
    assert name == "get_repair_status"
    assert not isinstance(json.loads(arguments)["booking_reference"], str)


async def test_invented_ids(client: AsyncOpenAI) -> None:
    name, arguments = await call(client, "sandbox+inventedids")
    assert name == "book_repair"
    assert json.loads(arguments)["owner_id"] == "999999"


async def test_the_same_call_for_ever(client: AsyncOpenAI) -> None:
    messages: list[Any] = list(STATUS)
    seen = set()
    for n in range(5):
        name, arguments = await call(client, "sandbox+loop", messages)
        seen.add((name, arguments))
        function = {"name": name, "arguments": arguments}
        messages.append(
            {"role": "assistant", "tool_calls": [{"id": f"c{n}", "type": "function", "function": function}]}
        )
        messages.append({"role": "tool", "tool_call_id": f"c{n}", "content": '{"ok": true, "say": "Done."}'})
    assert len(seen) == 1


async def test_slow_answers_come_late(client: AsyncOpenAI) -> None:
    hurried = client.with_options(timeout=0.2)
    with pytest.raises(openai.APITimeoutError):
        await hurried.chat.completions.create(model="sandbox+slow=30", messages=HELLO)


async def test_an_unknown_fault_is_named(client: AsyncOpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="explode"):
        await client.chat.completions.create(model="sandbox+explode", messages=HELLO)
