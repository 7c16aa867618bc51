"""The stand-in on a real socket, and the real client of the provider."""

import socket
import threading
from collections.abc import AsyncIterator, Iterator

import pytest
import uvicorn
from openai import AsyncOpenAI

from apps.sandbox.server import build_app


@pytest.fixture(scope="session")
def sandbox_url() -> Iterator[str]:
    """The base address of a served stand-in without pauses."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(build_app(pace=0), lifespan="off", log_level="critical"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    server.should_exit = True
    server.force_exit = True
    thread.join(timeout=10)


@pytest.fixture
async def client(sandbox_url: str) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=sandbox_url, api_key="any-key", max_retries=0) as made:
        yield made
