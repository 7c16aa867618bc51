"""Members of a team at their inbox, and visitors who follow what is told beside their runs: over real HTTP."""

import threading
import uuid
from collections.abc import Callable
from typing import Any

import httpx2 as httpx

from tests.chat.client import Event, Visitor, parse
from tests.dashboard.viewers import Page


class Member:
    """Somebody of the team, logged in."""

    def __init__(self, server: str, email: str) -> None:
        self.http = Page(server, email).http

    def get(self, path: str, **query: Any) -> Any:
        answer = self.http.get(f"/api/inbox/{path}", params=query)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        return answer.json()

    def try_to(self, verb: str, conversation: str, **body: Any) -> httpx.Response:
        return self.post(f"conversations/{conversation}/{verb}", **body)

    def act(self, verb: str, conversation: str, **body: Any) -> Any:
        answer = self.try_to(verb, conversation, **body)
        assert answer.status_code == 200, (verb, answer.status_code, answer.text)
        return answer.json()

    def say(self, conversation: str, text: str, message_id: str = "") -> Any:
        return self.act("say", conversation, text=text, message_id=message_id or uuid.uuid4().hex)

    def post(self, path: str, **body: Any) -> httpx.Response:
        headers = {"X-CSRFToken": self.http.cookies.get("csrftoken") or ""}
        return self.http.post(f"/api/inbox/{path}", json=body, headers=headers)


class Listener:
    """A visitor's page that follows what is told beside the runs, in a thread of its own."""

    def __init__(self, visitor: Visitor, *, after: int = 0) -> None:
        self.events: list[Event] = []
        self._changed = threading.Condition()
        self._http = httpx.Client(base_url=str(visitor.http.base_url), timeout=60)
        path = f"/api/chat/conversations/{visitor.conversation}/stream?after={after}"
        self._thread = threading.Thread(target=self._read, args=(path, visitor.headers()), daemon=True)
        self._thread.start()

    def _read(self, path: str, headers: dict[str, str]) -> None:
        try:
            with self._http.stream("GET", path, headers=headers) as response:
                for event in parse(response.iter_lines()):
                    with self._changed:
                        self.events.append(event)
                        self._changed.notify_all()
        except (httpx.HTTPError, OSError, RuntimeError):  # closed by the test
            return

    def wait_for(self, condition: Callable[["Listener"], Any], seconds: float = 15) -> Any:
        """What the condition gives, once it is true."""
        with self._changed:
            assert self._changed.wait_for(lambda: condition(self), seconds), self.told
            return condition(self)

    def stands(self, state: str) -> Any:
        """Waits until the last that was said of the conversation's state is this."""
        return self.wait_for(lambda told: [s for s in told.named("state")[-1:] if s["state"] == state])[0]

    def named(self, name: str) -> list[dict[str, Any]]:
        return [event.data for event in self.events if event.name == name]

    @property
    def told(self) -> list[tuple[str, dict[str, Any]]]:
        return [(event.name, event.data) for event in self.events]

    def close(self) -> None:
        self._http.close()
        self._thread.join(5)
