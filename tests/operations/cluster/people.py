"""Who uses the cluster while it is restarted: visitors who chat, a manager of the floor, somebody on the phone."""

import asyncio
import threading
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from time import sleep

import httpx2 as httpx
from websockets.exceptions import ConnectionClosed, InvalidStatus

from apps.chat.demo import PASSWORD
from apps.sandbox.core.tonespeech import speak
from apps.telephony.simulated.line import Leave
from apps.voice.core.audio.g711 import MU_LAW
from tests.chat.client import Answer, Visitor, parse
from tests.dashboard.viewers import Page, Watcher, watching
from tests.voice.callers import QUIET

QUESTION = "What are your opening hours?"
AGAIN = 0.2
"""Seconds until a client tries again; a server that leaves asks for about that."""


@dataclass
class Chatter:
    """Asks one question after the other until told to stop; comes back by Last-Event-ID where a stream ends early."""

    url: str
    key: str = "wk_demo_healthcare"
    stop: threading.Event = field(default_factory=threading.Event)
    asked: list[str] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    turns: list[tuple[str, str]] = field(default_factory=list)
    """Role and text, as the transcripts of all its conversations have them."""
    comebacks: int = 0
    """How often a stream was taken up again."""
    refusals: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.visitor = Visitor(self.url, self.key)

    def run(self) -> None:
        while not self.stop.is_set():
            self._chat()

    def _chat(self) -> None:
        """One visitor, who asks no more often than visitors may."""
        self.visitor = Visitor(self.url, self.key)
        before = len(self.answers)
        while not self.stop.is_set() and len(self.answers) < before + 4:
            self.answers.append(self.ask().check())
        if self.visitor.conversation:
            path = f"/api/chat/conversations/{self.visitor.conversation}"
            shown = self.visitor.http.get(path, headers=self._headers()).json()
            self.turns += [(turn["role"], turn["text"]) for turn in shown["turns"]]

    def _headers(self) -> dict[str, str]:
        return self.visitor.headers()

    def ask(self) -> Answer:
        message_id = str(uuid.uuid4())
        self.asked.append(message_id)
        body = {"message": QUESTION, "message_id": message_id}
        if self.visitor.conversation:
            body["conversation"] = self.visitor.conversation
        answer = Answer()
        while not answer.events:  # the same message again joins the same run
            self._read("POST", "/api/chat/stream", answer, json=body)
        run = answer.run["run"]
        while answer.events[-1].name != "done":
            self.comebacks += 1
            self._read("GET", f"/api/chat/runs/{run}/stream", answer, last=answer.events[-1].id)
        return answer

    def _read(self, method: str, path: str, answer: Answer, *, last: str = "", json: object = None) -> None:
        headers = self._headers() | ({"Last-Event-ID": last} if last else {})
        try:
            with self.visitor.http.stream(method, path, json=json, headers=headers) as response:
                if response.status_code != 200:
                    self.refusals.append(f"{method} {path.rpartition('/')[2]} {response.status_code}")
                    assert response.status_code in (502, 503), response.read()
                for event in parse(response.iter_lines()) if response.status_code == 200 else ():
                    answer.events.append(event)
                    if event.name == "run":
                        self.visitor.token, self.visitor.conversation = event.data["token"], event.data["conversation"]
                    if event.name == "done":
                        return
        except httpx.TransportError as error:
            self.refusals.append(f"{method} {path.rpartition('/')[2]} {type(error).__name__}")
        sleep(AGAIN)


@dataclass
class Manager:
    """Watches the sales floor, and comes back with their position when a socket is closed."""

    url: str
    sockets: list[Watcher] = field(default_factory=list)
    codes: list[int | None] = field(default_factory=list)
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        self.page = await asyncio.to_thread(Page, self.url, "manager@summit-sales.example", PASSWORD)
        while not self.stop.is_set():
            with suppress(AssertionError, InvalidStatus, ConnectionClosed, httpx.TransportError, OSError):
                async with watching(self.url, await self.page.ticket(), after=self.last) as watcher:
                    self.sockets.append(watcher)
                    ended = asyncio.create_task(watcher.socket.wait_closed())
                    stopped = asyncio.create_task(self.stop.wait())
                    await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
                    for task in (ended, stopped):
                        task.cancel()
                    self.codes.append(watcher.socket.close_code)
            await asyncio.sleep(AGAIN)

    @property
    def last(self) -> Watcher | None:
        """The last one that knew the floor."""
        return next((one for one in reversed(self.sockets) if one.state is not None), None)


class PatientCaller:
    """Asks again and again, whenever nobody speaks (the silent are hung up on), until told to leave."""

    def __init__(self) -> None:
        self.leaves = False
        self._audio = b""
        self._silent_since = 0

    def __call__(self, at_ms: int, heard: bytes) -> bytes | Leave:
        if self.leaves:
            return Leave()
        if self._audio or heard.count(b"\xff") < 80:
            self._silent_since = at_ms
        elif at_ms - self._silent_since > 4_000:
            self._audio = MU_LAW.encode(speak(QUESTION, 8_000))
        frame, self._audio = self._audio[:160], self._audio[160:]
        return frame.ljust(160, b"\xff") if frame else QUIET
