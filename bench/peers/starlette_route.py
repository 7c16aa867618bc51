"""The peer most people would write in Python: Starlette and the openai package's typed stream."""

import json
from collections.abc import AsyncIterator

from openai import AsyncOpenAI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

client = AsyncOpenAI()


async def chat(request: Request) -> StreamingResponse:
    body = await request.json()
    stream = await client.chat.completions.create(
        model="gpt-5.4-mini", messages=[{"role": "user", "content": body["message"]}], stream=True
    )

    async def events() -> AsyncIterator[str]:
        async for chunk in stream:
            if chunk.choices and chunk.choices[0].delta.content:
                yield f"data: {json.dumps({'tok': chunk.choices[0].delta.content})}\n\n"
        yield "data: [DONE]\n\n"

    return StreamingResponse(events(), media_type="text/event-stream")


app = Starlette(routes=[Route("/chat", chat, methods=["POST"])])
