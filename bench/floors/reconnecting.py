"""A thousand pages that come back at once to a process that has been started anew."""

import asyncio
import signal
import sys
import time
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass
from pathlib import Path
from re import search

import aiohttp
from faults.machines import Worker
from servers import BENCH, ROOT

from floors.servers import SUBSCRIBE, environment, program, redis_server
from floors.viewers import Crowd, Ours, gather, request

EMAIL, PASSWORD = "manager@bench.example", "callsphere-bench"
"""As floors/team.py makes them; which needs Django."""


@dataclass(frozen=True, slots=True)
class Return:
    """How long it took since the new process answered, in seconds."""

    viewers: int
    half: float
    all: float


async def come_back(folder: Path, *, viewers: int, agents: int) -> Return:
    """Each page asks for a ticket, as it does in a browser, and opens its socket."""
    with ExitStack() as stack:
        async with AsyncExitStack() as later:
            redis_port, _ = redis_server(stack, folder)
            env = environment(folder, redis_port) | {"DEBUG": "1"}  # cookies without HTTPS
            desk = [sys.executable, str(BENCH / "floors" / "desk.py"), str(agents)]
            writer = await later.enter_async_context(program(desk, log=folder / "desk.log", cwd=ROOT, env=env))
            await writer.answer()
            worker = Worker(sys.executable, log=folder / "server.log", env=env)
            stack.callback(worker.destroy)
            await worker.start()
            await writer.ask(events=agents, every=0.05, seconds=1.0)  # something has been said in every call
            connector = aiohttp.TCPConnector(limit=0)
            origin = f"http://127.0.0.1:{worker.port}"
            jar = aiohttp.CookieJar(unsafe=True)
            client = await later.enter_async_context(
                aiohttp.ClientSession(origin, connector=connector, cookie_jar=jar, headers={"Origin": origin})
            )
            headers = {"X-CSRFToken": await _log_in(client)}
            tickets = await writer.ask(tickets=viewers)
            crowd = await gather(Ours, worker.port, [f"/ws/dashboard/?ticket={one}" for one in tickets], SUBSCRIBE)
            worker.signal(signal.SIGTERM)
            await worker.ended(30)
            crowd.leave()
            await worker.start()
            began = time.monotonic()
            again = Crowd()
            took = sorted(
                await asyncio.gather(*(_return(client, headers, worker.port, again, began) for _ in range(viewers)))
            )
            again.leave()
            return Return(viewers, took[len(took) // 2], took[-1])


async def _log_in(client: aiohttp.ClientSession) -> str:
    """The token against forged requests, of a session."""
    async with client.get("/account/login/") as page:
        found = search(r'name="csrfmiddlewaretoken" value="(\w+)"', await page.text())
    assert found is not None
    fields = {"login": EMAIL, "password": PASSWORD, "csrfmiddlewaretoken": found[1], "next": "/admin/login/"}
    async with client.post("/account/login/", data=fields, allow_redirects=False) as answer:
        assert answer.status == 302, answer.status
    return next(cookie.value for cookie in client.cookie_jar if cookie.key == "csrftoken")


async def _return(
    client: aiohttp.ClientSession, headers: dict[str, str], port: int, crowd: Crowd, began: float
) -> float:
    async with client.post("/api/dashboard/tickets", headers=headers) as answer:
        ticket = (await answer.json())["ticket"]
    viewer = Ours(crowd, request(port, f"/ws/dashboard/?ticket={ticket}"), SUBSCRIBE, sampled=False)
    crowd.viewers.append(viewer)
    await asyncio.get_running_loop().create_connection(lambda: viewer, "127.0.0.1", port)
    await viewer.live.wait()
    return time.monotonic() - began
