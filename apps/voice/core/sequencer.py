"""Who may make the model speak, and when: one response at a time. Pure.

free → requested → active → free. The model's server starts responses by itself, too, when the caller stops speaking:
that one is expected like one of ours, and asked for if it does not come.
"""

from collections import deque
from dataclasses import dataclass
from typing import Literal

from apps.voice.core.actions import CreateResponse

Kind = Literal["greeting", "answer", "holding", "prompt", "warning", "introduce", "resume", "goodbye"]
TRIES = 3
KNOWN_AFTER = 0.3
"""Seconds from a tool's answer until a response that the server starts by itself surely knows of it."""


@dataclass(slots=True)
class Request:
    kind: Kind
    action: CreateResponse
    wanted_at: float
    """Not to be asked for before."""
    tries: int = 0


class Sequencer:
    """Times are seconds, monotonic."""

    def __init__(self, respond_within: float) -> None:
        self.state: Literal["free", "requested", "active"] = "free"
        self.response = ""
        """The active one, if it is known."""
        self.exhausted = False
        """A response was asked for as often as allowed, and none came."""
        self.since = 0.0
        self.muted = False
        """Nothing may be said, whatever is wanted: a supervisor has the call."""
        self._within = respond_within
        self._request: Request | None = None
        self._expected = False
        self._queue: deque[Request] = deque()
        self._ended: set[str] = set()

    @property
    def quiet(self) -> bool:
        """Nothing is asked for, active or wanted."""
        return self.state == "free" and not self._queue

    @property
    def kind(self) -> Kind | None:
        """Of what is asked for or active; None for a response the server started."""
        return self._request.kind if self._request else None

    def has_ended(self, response: str) -> bool:
        return response in self._ended

    def want(self, kind: Kind, action: CreateResponse, now: float) -> None:
        """Asks for a response as soon as it may be; of one kind, one is enough."""
        if self.muted or any(request.kind == kind for request in self._queue):
            return
        self._queue.append(Request(kind, action, now))

    def forget(self, *kinds: Kind) -> None:
        """What need not be said any more."""
        self._queue = deque(request for request in self._queue if request.kind not in kinds)

    def drop_all(self) -> None:
        self._queue.clear()

    def mute(self, now: float) -> None:
        """From here on nothing is asked for. A response that was, and starts yet, is the session's to cancel."""
        self.muted = True
        self._queue.clear()
        if self.state == "requested":
            self._enter("free", now, None)

    def unmute(self) -> None:
        self.muted = False

    def expect(self, now: float) -> None:
        """The server will start a response by itself."""
        if self.state == "free" and not self.muted:
            self._enter("requested", now, Request("answer", CreateResponse(), now))
            self._expected = True

    def next(self, now: float) -> CreateResponse | None:
        """What to ask for now."""
        if self.muted or self.state != "free" or not self._queue or self._queue[0].wanted_at > now:
            return None
        request = self._queue.popleft()
        self._enter("requested", now, request)
        return request.action

    def again(self, now: float) -> CreateResponse | None:
        """What to ask for once more, because it did not start in time."""
        if self.state != "requested" or now - self.since < self._within or self._request is None:
            return None
        if not self._expected:
            self._request.tries += 1
        if self._request.tries >= TRIES:
            self.exhausted = True
            return None
        request = self._request
        self._enter("requested", now, request)
        return request.action

    def started(self, response: str, now: float) -> bool:
        """A response is active. True if it was us who asked for it, as far as can be known."""
        if response in self._ended:
            return False
        ours = self.state == "requested" and not self._expected
        if not ours:
            self._queue = deque(r for r in self._queue if r.kind != "answer" or now - r.wanted_at < KNOWN_AFTER)
        self._enter("active", now, self._request if self.state == "requested" else None)
        self.response = response
        return ours

    def touched(self, now: float) -> None:
        """Something of the active response came."""
        if self.state == "active":
            self.since = now

    def stalled(self, now: float, after: float) -> bool:
        """The active response is dead."""
        return self.state == "active" and now - self.since >= after

    def ended(self, response: str, now: float, *, failed: bool) -> bool:
        """False if it was known already. A failed one is asked for again, a little later."""
        if response in self._ended:
            return False
        self._ended.add(response)
        if self.state == "active" and self.response not in ("", response):
            return True
        request = self._request or Request("answer", CreateResponse(), now)
        self._enter("free", now, None)
        if failed:
            tries = request.tries + 1
            if tries >= TRIES:
                self.exhausted = True
            elif not self.muted:
                self._queue.appendleft(Request(request.kind, request.action, now + 0.5 * tries, tries))
        return True

    def refused(self, now: float) -> None:
        """Another response is active: ours comes after it."""
        request = self._request
        if request is None:
            return
        if not self._expected and not request.tries and not self.muted:  # asked twice, the other one may well be ours
            self._queue.appendleft(request)
        self._enter("active", now, None, response=self.response)

    def reset(self) -> None:
        """The model's session is gone, and all of its responses."""
        self.exhausted = False
        self._queue.clear()
        self._ended.clear()
        self._enter("free", 0.0, None)

    def _enter(
        self, state: Literal["free", "requested", "active"], now: float, request: Request | None, response: str = ""
    ) -> None:
        self.state, self.since, self._request, self.response = state, now, request, response
        self._expected = False
