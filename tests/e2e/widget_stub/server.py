"""A stand-in for the product, for work on the widget: its pages, its static files and the chat contract.

Run ``python -m tests.e2e.widget_stub.server --port 8800`` and open http://127.0.0.1:8800/host. ``/stub/log``
lists the requests so far, ``POST /stub/gate`` lets held runs go on.
"""

import argparse
import asyncio
import itertools
import json
import logging
import uuid
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.e2e.widget_stub import pages
from tests.e2e.widget_stub.scenes import steps

CLOSING = "Riverside Clinic is not taking chats right now. Please call +1 555 0100."


@dataclass
class Run:
    run: str
    conversation: str
    text: str
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    disturbances: dict[int, str] = field(default_factory=dict)  # seq after which it happens → cut or silence
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
            "token": "tok_visitor",
            "agent": {"name": "Ava"},
        }
        await self.add("run", start)
        failed = False
        script = steps(self.text)
        for (kind, *rest), (following, *_) in itertools.zip_longest(script, script[1:], fillvalue=("end",)):
            if following in ("cut", "silence"):  # noted before a reader can get past it
                self.disturbances[len(self.events) + 1] = following
            if kind == "gate":
                await stub.gate.wait()
            elif kind not in ("cut", "silence"):
                await self.add(kind, rest[0])
                failed = failed or kind == "error"
                await asyncio.sleep(pace)
            if self.stopped:
                break
        reason = "stopped" if self.stopped else "error" if failed else "stop"
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
        self.tasks: set[asyncio.Task[None]] = set()
        self.ids = itertools.count(1)

    # the chat contract

    async def session(self, request: web.Request) -> web.Response:
        await self.note(request)
        return web.json_response(
            {
                "token": f"tok_{next(self.ids)}",
                "conversation": None,
                "greeting": pages.GREETING,
                "agent": {"name": "Ava"},
            }
        )

    async def post(self, request: web.Request) -> web.StreamResponse:
        body = await self.note(request)
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

    async def conversation(self, request: web.Request) -> web.Response:
        await self.note(request)
        runs = [run for run in self.runs.values() if run.conversation == request.match_info["id"]]
        if not runs:
            return problem(404, "not_found", "There is no such conversation.")
        turns: list[dict[str, Any]] = []
        for run in runs:
            at = "2026-11-22T13:05:00Z"
            turns.append({"id": f"{run.run}u", "role": "user", "text": run.text, "created_at": at})
            if run.as_text():
                turn = {
                    "id": f"{run.run}a",
                    "role": "agent",
                    "text": run.as_text(),
                    "agent": "Ava",
                    "created_at": at,
                }
                turns.append(turn | {"tools": []})
        active = None if runs[-1].over else {"run": runs[-1].run, "after": len(runs[-1].events)}
        return web.json_response(
            {
                "conversation": runs[0].conversation,
                "agent": {"name": "Ava"},
                "turns": turns,
                "active_run": active,
            }
        )

    # behavior

    def first_time(self, what: str) -> bool:
        new = what not in self.refused
        self.refused.add(what)
        return new

    def refuse(self, text: str, message_id: str, request: web.Request) -> web.Response | None:
        if text.startswith("/402"):
            return problem(402, "trial_over", CLOSING)
        if text.startswith("/429") and self.first_time(message_id):
            return problem(429, "too_many", "That was a lot of messages.", {"Retry-After": "2"})
        if text.startswith("/422"):
            return problem(422, "invalid", "The message is too long.")
        if text.startswith("/lost-post") and self.first_time(message_id):
            drop(request)
        return None

    async def stream(self, request: web.Request, run: Run, after: int) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
        await response.prepare(request)
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
                return response
            disturbance = run.disturbances.get(seq)
            if disturbance and self.first_time(f"{run.run}:{seq}"):
                if disturbance == "silence":
                    await asyncio.sleep(3600)
                drop(request)
                return response

    # the tests' side

    async def note(self, request: web.Request) -> dict[str, Any]:
        body = await request.json() if request.can_read_body else {}
        self.log.append(
            {
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

    async def open_gate(self, request: web.Request) -> web.Response:
        self.gate.set()
        return web.json_response({})

    async def begin(self, request: web.Request) -> web.Response:
        """A new test: gates closed, nothing remembered."""
        self.gate.set()  # lets the last test's runs end
        await asyncio.sleep(0)
        self.gate = asyncio.Event()
        self.log.clear()
        return web.json_response({})


def problem(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response({"error": {"code": code, "message": message}}, status=status, headers=headers)


def drop(request: web.Request) -> None:
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
            web.post("/stub/gate", stub.open_gate),
            web.post("/stub/begin", stub.begin),
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
