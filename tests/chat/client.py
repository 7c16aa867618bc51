"""A chat client over real HTTP: what a widget, or curl, sees."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2 as httpx


@dataclass
class Event:
    id: str
    name: str
    data: dict[str, Any]

    @property
    def seq(self) -> int:
        return int(self.id.rpartition(":")[2])


@dataclass
class Answer:
    """A whole stream, read to its end."""

    events: list[Event] = field(default_factory=list)
    complete: bool = False

    @property
    def text(self) -> str:
        text, marks = "", {}
        for event in self.events:
            marks[event.seq] = len(text)
            if event.name == "message":
                text += event.data["tok"]
            elif event.name == "reset":
                text = text[: marks.get(event.data["after"] + 1, 0)]
        return text

    def named(self, name: str) -> list[dict[str, Any]]:
        return [event.data for event in self.events if event.name == name]

    @property
    def run(self) -> dict[str, Any]:
        return self.named("run")[0]

    @property
    def done(self) -> dict[str, Any]:
        [done] = self.named("done")
        return done

    def check(self, *, after: int = 0) -> "Answer":
        """The contract of every stream: gap-free ids, `run` first, exactly one terminal event, last."""
        assert [event.seq for event in self.events] == list(range(after + 1, after + 1 + len(self.events)))
        if after == 0:
            assert self.events[0].name == "run"
        assert self.events[-1].name == "done"
        assert len(self.named("done")) == 1
        return self


def parse(lines: Iterator[str]) -> Iterator[Event]:
    """Server-sent events per WHATWG HTML §9.2, written for the tests alone."""
    name, event_id = "message", ""
    data: list[str] = []
    for line in lines:
        if not line:
            if data:
                yield Event(event_id, name, json.loads("\n".join(data)))
            name, data = "message", []
        elif not line.startswith(":"):
            field_name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if field_name == "event":
                name = value
            elif field_name == "data":
                data.append(value)
            elif field_name == "id":
                event_id = value


class Visitor:
    """Somebody who chats through a widget."""

    def __init__(self, server: str, key: str) -> None:
        self.http = httpx.Client(base_url=server, timeout=60)
        self.key = key
        self.token: str | None = None
        self.conversation: str | None = None

    def headers(self) -> dict[str, str]:
        bearer = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return {"X-Widget-Key": self.key, **bearer}

    def ask(self, text: str, *, message_id: str | None = None, stop_after: int | None = None) -> Answer:
        """Sends a message and reads the stream (or its first `stop_after` events)."""
        body = {"message": text, "message_id": message_id or str(uuid.uuid4())}
        if self.conversation:
            body["conversation"] = self.conversation
        with self.http.stream("POST", "/api/chat/stream", json=body, headers=self.headers()) as response:
            return self._read(response, stop_after)

    def resume(self, run: str, *, after: int = 0) -> Answer | None:
        headers = {**self.headers(), "Last-Event-ID": f"{run}:{after}"}
        with self.http.stream("GET", f"/api/chat/runs/{run}/stream", headers=headers) as response:
            return None if response.status_code == 204 else self._read(response, None)

    def resume_status(self, run: str) -> int:
        """The status of an attempt to resume that finds no stream."""
        return self.http.get(f"/api/chat/runs/{run}/stream", headers=self.headers()).status_code

    def _read(self, response: httpx.Response, stop_after: int | None) -> Answer:
        if response.status_code != 200:
            response.read()
            raise AssertionError(f"{response.status_code}: {response.text}")
        assert response.headers["content-type"].startswith("text/event-stream")
        answer = Answer()
        for event in parse(response.iter_lines()):
            answer.events.append(event)
            if event.name == "run":
                self.token, self.conversation = event.data["token"], event.data["conversation"]
            if len(answer.events) == stop_after:
                return answer
        answer.complete = True
        return answer
