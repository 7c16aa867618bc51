"""A stand-in for the product, for work on the widget: its pages, its static files and the chat contract.

Run ``python -m tests.e2e.widget_stub.server --port 8800`` and open http://127.0.0.1:8800/host. ``/stub/log``
lists the requests so far, ``/stub/streams`` counts open streams, ``POST /stub/gate`` lets held runs go on.
"""

import argparse
import asyncio
import itertools
import json
import logging
import uuid
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, NoReturn

from aiohttp import web

from tests.e2e.widget_stub import pages
from tests.e2e.widget_stub.scenes import DISTURBANCES, RETRY_MS, steps

CLOSING = "Riverside Clinic is not taking chats right now. Please call +1 555 0100."


@dataclass
class Run:
    run: str
    conversation: str
    text: str
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    disturbances: dict[int, str] = field(default_factory=dict)  # seq after which it happens → what
    stopped: bool = False
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def over(self) -> bool:
        return bool(self.events) and self.events[-1][0] == "done"

    async def add(self, name: str, data: dict[str, Any]) -> None:
        async with self.changed:
            self.events.append((name, data))
            self.changed.notify_all()

    async def generate(self, stub: "Stub", pace: float) -> None:
        """Write the scene into the log, whoever reads it or not."""
        start = {
            "run": self.run,
            "conversation": self.conversation,
            "token": stub.new_token(),
            "agent": {"name": "Ava"},
        }
        await self.add("run", start)
        reason = "stop"
        script = steps(self.text)
        for (kind, *rest), (following, *_) in itertools.zip_longest(script, script[1:], fillvalue=("",)):
            if following in DISTURBANCES:  # noted before a reader can get past it
                self.disturbances[len(self.events) + 1] = following
            if kind == "gate":
                await stub.gate.wait()
            elif kind == "end":
                reason = rest[0]
            elif kind not in DISTURBANCES:
                await self.add(kind, rest[0])
                reason = "error" if kind == "error" else reason
                await asyncio.sleep(pace)
            if self.stopped:
                reason = "stopped"
                break
        await self.add("done", {"reason": reason, "usage": {}})

    def as_text(self) -> str:
        return "".join(data["tok"] for name, data in self.events if name == "message")


class Stub:
    def __init__(self, *, pace: float) -> None:
        self.pace = pace
        self.gate = asyncio.Event()
        self.runs: dict[str, Run] = {}
        self.by_message: dict[str, Run] = {}
        self.refused: set[str] = set()
        self.log: list[dict[str, Any]] = []
        self.tokens: set[str] = set()  # that still count
        self.tasks: set[asyncio.Task[None]] = set()
        self.connections: list[asyncio.Transport] = []  # of streams, open or not
        self.most_open = 0
        self.ids = itertools.count(1)

    # the chat contract

    async def session(self, request: web.Request) -> web.Response:
        await self.note(request)
        known = request.headers.get("Authorization") and self.runs  # an old token still tells who it was
        return web.json_response(
            {
                "token": self.new_token(),
                "conversation": list(self.runs.values())[-1].conversation if known else None,
                "greeting": pages.GREETING,
                "agent": {"name": "Ava"},
            }
        )

    async def post(self, request: web.Request) -> web.StreamResponse:
        body = await self.note(request)
        if refusal := self.stale(request):
            return refusal
        text, message_id = body["message"], body["message_id"]
        if refusal := self.refuse(text, message_id, request):
            return refusal
        run = self.by_message.get(message_id)
        if run is None:
            run = Run(f"r{next(self.ids)}", body.get("conversation") or f"c{uuid.uuid4().hex[:8]}", text)
            self.runs[run.run] = self.by_message[message_id] = run
            task = asyncio.create_task(run.generate(self, self.pace))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        if text.startswith("/lost-answer") and self.first_time(message_id):
            drop(request)  # taken in, but the visitor cannot know
        return await self.stream(request, run, 0)

    async def resume(self, request: web.Request) -> web.StreamResponse:
        await self.note(request)
        if refusal := self.stale(request):
            return refusal
        run = self.runs.get(request.match_info["run"])
        if run is None:
            return problem(404, "not_found", "There is no such answer.")
        after = int(request.headers.get("Last-Event-ID", ":0").rpartition(":")[2])
        if run.over and after >= len(run.events):
            return web.Response(status=204)
        if run.text.startswith("/cut"):
            after = max(0, after - 3)  # told once more what was told already: nobody may see it twice
        return await self.stream(request, run, after)

    async def stop(self, request: web.Request) -> web.Response:
        await self.note(request)
        run = self.runs[request.match_info["run"]]
        run.stopped = True
        self.gate.set()
        return web.json_response({})

    async def conversation(self, request: web.Request) -> web.StreamResponse:
        await self.note(request)
        if refusal := self.stale(request):
            return refusal
        runs = [run for run in self.runs.values() if run.conversation == request.match_info["id"]]
        if not runs:
            return problem(404, "not_found", "There is no such conversation.")
        turns: list[dict[str, Any]] = []
        for run in runs:
            turn = {"run": run.run, "created_at": "2026-11-22T13:05:00Z", "tools": []}
            turns.append(turn | {"id": f"{run.run}u", "role": "user", "text": run.text})
            if run.over:  # until then what it says is in its stream
                turns.append(turn | {"id": f"{run.run}a", "role": "agent", "text": run.as_text(), "agent": "Ava"})
        active = None if runs[-1].over else {"run": runs[-1].run, "after": 0}
        return web.json_response(
            {
                "conversation": runs[0].conversation,
                "agent": {"name": "Ava"},
                "turns": turns,
                "active_run": active,
            }
        )

    # behavior

    def new_token(self) -> str:
        token = f"tok_{next(self.ids)}"
        self.tokens.add(token)
        return token

    def stale(self, request: web.Request) -> web.Response | None:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return None if token in self.tokens else problem(401, "bad_token", "This token is not valid any more.")

    def open_streams(self) -> int:
        return sum(not connection.is_closing() for connection in self.connections)

    def first_time(self, what: str) -> bool:
        new = what not in self.refused
        self.refused.add(what)
        return new

    def refuse(self, text: str, message_id: str, request: web.Request) -> web.Response | None:
        if text.startswith("/402"):
            return problem(402, "trial_over", CLOSING)
        if text.startswith("/429") and self.first_time(message_id):
            words = "That was a lot of messages. Please try again in 2 seconds."
            return problem(429, "too_many_messages", words, {"Retry-After": "2"})
        if text.startswith("/spent"):
            words = "More people are writing to us than we can answer. Please try again in 2 hours."
            return problem(429, "token_budget_spent", words, {"Retry-After": "4000"})
        if text.startswith("/422"):
            return problem(422, "invalid", "The message is too long.")
        if text.startswith("/lost-post") and self.first_time(message_id):
            drop(request)
        return None

    async def stream(self, request: web.Request, run: Run, after: int) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
        await response.prepare(request)
        assert request.transport is not None
        self.connections.append(request.transport)
        self.most_open = max(self.most_open, self.open_streams())
        try:
            await self.tell(request, response, run, after)
        finally:
            self.connections.remove(request.transport)
        return response

    async def tell(self, request: web.Request, response: web.StreamResponse, run: Run, after: int) -> None:
        """The run from a position, until it is over or something disturbs it."""
        await response.write(b": hello\n\n")
        seq = after
        while True:
            async with run.changed:
                await run.changed.wait_for(lambda at=seq: len(run.events) > at)  # type: ignore[misc]
            name, data = run.events[seq]
            seq += 1
            kind = "" if name == "message" else f"event: {name}\n"
            await response.write(f"{kind}id: {run.run}:{seq}\ndata: {json.dumps(data)}\n\n".encode())
            if name == "done":
                return
            disturbance = run.disturbances.get(seq)
            if disturbance and self.first_time(f"{run.run}:{seq}"):
                if disturbance == "silence":
                    await asyncio.sleep(3600)
                if disturbance == "drain":
                    await response.write(f"retry: {RETRY_MS}\n\n".encode())
                    return
                drop(request)

    # the tests' side

    async def note(self, request: web.Request) -> dict[str, Any]:
        body = await request.json() if request.can_read_body else {}
        self.log.append(
            {
                "at": monotonic(),
                "method": request.method,
                "path": request.path,
                "body": body,
                "last_event_id": request.headers.get("Last-Event-ID"),
                "authorization": request.headers.get("Authorization"),
                "widget_key": request.headers.get("X-Widget-Key"),
            }
        )
        return body

    async def show_log(self, request: web.Request) -> web.Response:
        return web.json_response(self.log)

    async def streams(self, request: web.Request) -> web.Response:
        return web.json_response({"open": self.open_streams(), "most": self.most_open})

    async def expire(self, request: web.Request) -> web.Response:
        """A long night: no token counts any more."""
        self.tokens.clear()
        return web.json_response({})

    async def open_gate(self, request: web.Request) -> web.Response:
        self.gate.set()
        return web.json_response({})

    async def begin(self, request: web.Request) -> web.Response:
        """A new test: gates closed, nothing remembered."""
        self.gate.set()  # lets the last test's runs end
        await asyncio.sleep(0)
        self.gate = asyncio.Event()
        self.log.clear()
        self.most_open = 0
        return web.json_response({})


def problem(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response({"error": {"code": code, "message": message}}, status=status, headers=headers)


def drop(request: web.Request) -> NoReturn:
    """Break the connection without an end, as a dead network does."""
    if request.transport is not None:
        request.transport.abort()
    raise ConnectionResetError


def application(stub: Stub) -> web.Application:
    app = web.Application()
    app.add_routes(
        [
            web.post("/api/chat/sessions", stub.session),
            web.post("/api/chat/stream", stub.post),
            web.get("/api/chat/runs/{run}/stream", stub.resume),
            web.post("/api/chat/runs/{run}/stop", stub.stop),
            web.get("/api/chat/conversations/{id}", stub.conversation),
            web.get("/stub/log", stub.show_log),
            web.get("/stub/streams", stub.streams),
            web.post("/stub/gate", stub.open_gate),
            web.post("/stub/begin", stub.begin),
            web.post("/stub/expire", stub.expire),
            *pages.ROUTES,
        ]
    )
    return app


async def serve(port: int, pace: float) -> None:
    """Serve on two ports: the product, and next to it the site of a customer, which is another origin."""
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    stub = Stub(pace=pace)
    runner = web.AppRunner(application(stub), access_log=None)
    await runner.setup()
    ports = []
    for wanted in (port, port + 1 if port else 0):
        site = web.TCPSite(runner, "127.0.0.1", wanted, shutdown_timeout=0.1)
        await site.start()
        ports.append(runner.addresses[-1][1])
    pages.ORIGINS[:] = [f"http://127.0.0.1:{each}" for each in ports]
    print(json.dumps({"product": pages.ORIGINS[0], "customer": pages.ORIGINS[1]}), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8800)
    parser.add_argument("--pace", type=float, default=0.03, help="seconds between tokens")
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.port, arguments.pace))
