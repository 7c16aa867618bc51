"""The provider is asked once for an answer that succeeds, and as the package would where it does not."""

import asyncio
from collections.abc import AsyncIterator
from time import monotonic
from typing import Any

import msgspec
import pytest
from aiohttp import web

from apps.agents import model
from apps.agents.model import ModelRefused, ModelUnavailable, StepEnd, TextDelta


class Provider:
    """Answers with these statuses, then with 200; keeps what it was asked."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.asked: list[tuple[dict[str, str], Any]] = []
        self.pieces = [b'data: {"choices":[{"delta":{"content":"He"}}]}\n\n', b'data: {"choices":[{"delta":{"con']
        self.pieces += [b'tent":"llo"},"finish_reason":"stop"}]}\n\nda', b"ta: [DONE]\n\n"]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.asked.append((headers, msgspec.json.decode(await request.read())))
        if self.statuses:
            return web.Response(status=self.statuses.pop(0), headers={"Retry-After": "0.1"}, text="{}")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for piece in self.pieces:
            await response.write(piece)
            await asyncio.sleep(0)
        await response.write_eof()
        return response


@pytest.fixture
async def provider(settings: Any) -> AsyncIterator[Provider]:
    made, app = Provider(), web.Application()
    app.router.add_post("/v1/chat/completions", made.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    settings.SANDBOX_ANSWERS = False
    settings.OPENAI_API_KEY = "sk-test"
    settings.OPENAI_BASE_URL = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield made
    finally:
        await model.close()
        await runner.cleanup()


async def said(text: str) -> str:
    events: list[model.ModelEvent] = []
    messages = [{"role": "user", "content": text}]
    async for batch in model.stream(model="m", messages=messages, tools=model.NO_TOOLS, max_tokens=9):
        events += batch
    assert isinstance(events[-1], StepEnd)
    return "".join(event.text for event in events if isinstance(event, TextDelta))


async def test_the_second_request_is_the_first_one_with_its_own_content(provider: Provider) -> None:
    assert await said("one") == await said("two, which is longer") == "Hello"
    (first, _), (second, content) = provider.asked
    assert content["messages"] == [{"role": "user", "content": "two, which is longer"}]
    assert second["authorization"] == "Bearer sk-test"
    assert {**first, "content-length": ""} == {**second, "content-length": ""}


async def test_what_does_not_succeed_counts_as_the_package_s_own_first_try(provider: Provider) -> None:
    await said("one")
    provider.statuses = [429]
    began = monotonic()
    assert await said("two") == "Hello"
    assert monotonic() - began >= 0.1, "it waits as long as the provider asks"
    assert len(provider.asked) == 3


async def test_it_gives_up_after_as_many_tries_as_ever(provider: Provider) -> None:
    await said("one")
    provider.statuses = [503, 503]
    with pytest.raises(ModelUnavailable):
        await said("two")
    assert len(provider.asked) == 3


async def test_what_is_refused_is_not_asked_again(provider: Provider) -> None:
    await said("one")
    provider.statuses = [400]
    with pytest.raises(ModelRefused):
        await said("two")
    assert len(provider.asked) == 2


async def test_a_body_larger_than_may_be_held_arrives_whole(provider: Provider) -> None:
    chunk = b'data: {"choices":[{"delta":{"content":"%b"}}]}\n\n' % (b"x" * 60_000)
    provider.pieces = [chunk] * 60 + [b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n']
    assert await said("one") == "x" * 60_000 * 60
