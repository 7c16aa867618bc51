"""From what was observed at a deployment to verdicts: one line for each check. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from apps.edge.core.arrivals import Arrival
from apps.edge.core.probe import HEARTBEAT, Probe
from apps.edge.core.proxies import Problem

MAX_HELD = 0.5
"""Seconds that an event may lag behind the fastest one: a lost packet costs 0.2 to 0.3, a buffer all of them."""
MAX_ABORT = 2.0
"""Seconds within which the server must have seen that the client left."""
MAX_SILENCE = HEARTBEAT + 5
"""Seconds without a byte on a stream that sends one each HEARTBEAT."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`problem` is None when all is well."""

    check: str
    measured: str
    problem: Problem | None = None

    @property
    def ok(self) -> bool:
        return self.problem is None


@dataclass(frozen=True, slots=True)
class Streamed:
    """A probe's stream as the client had it. `ended` in seconds since the request; `broken` says how, if it was cut."""

    probe: Probe
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    arrivals: tuple[Arrival, ...] = ()
    ended: float = 0.0
    broken: str = ""

    @property
    def compressed(self) -> bool:
        return self.headers.get("content-encoding", "identity") not in ("", "identity")

    @property
    def events(self) -> list[Arrival]:
        return [arrival for arrival in self.arrivals if arrival.number is not None]

    @property
    def complete(self) -> bool:
        return [event.number for event in self.events] == list(range(1, self.probe.events + 1))


@dataclass(frozen=True, slots=True)
class Echoed:
    """A WebSocket as the client had it. `status` of the handshake (101 when it was upgraded), `close` is the code."""

    status: int = 0
    sent: int = 0
    echoed: int = 0
    close: int | None = None
    broken: str = ""


def headers(seen: Streamed) -> Verdict:
    """Status, type, and nothing that a cache or a compressor did."""
    check = "headers"
    if unread := _unread(check, seen):
        return unread
    kind = seen.headers.get("content-type", "")
    if not kind.startswith("text/event-stream"):
        return Verdict(check, f"Content-Type: {kind or 'none'} instead of text/event-stream", Problem.REWRITTEN)
    if "no-transform" not in (cache := seen.headers.get("cache-control", "")):
        return Verdict(check, f"Cache-Control: {cache or 'none'}, without no-transform", Problem.REWRITTEN)
    return Verdict(check, "text/event-stream, no-transform, not compressed")


def _unread(check: str, seen: Streamed) -> Verdict | None:
    """What keeps any check from reading the events."""
    if seen.status != 200:
        return Verdict(check, seen.broken or f"status {seen.status} instead of 200", Problem.REFUSED)
    if seen.compressed:
        return Verdict(check, f"Content-Encoding: {seen.headers['content-encoding']}", Problem.COMPRESSED)
    return None


def first_token(seen: Streamed) -> Verdict:
    """Was each event here when it was made? The two clocks need not agree: what counts is how transit times differ."""
    check = "first token"
    if unread := _unread(check, seen):
        return unread
    events = seen.events
    if not seen.complete:
        how = seen.broken or f"the stream ended after {seen.ended:.1f} s"
        problem = Problem.BUFFERED if not events else Problem.CUT
        return Verdict(check, f"{len(events)} of {seen.probe.events} events arrived; {how}", problem)
    transits = [event.at - event.made for event in events]
    fastest = min(transits)
    held = max(transits) - fastest
    early = events[-1].made + fastest - events[0].at
    measured = f"here {early:.1f} s before the last of {len(events)} was made; events held back by {held * 1000:.0f} ms"
    return Verdict(check, measured, Problem.BUFFERED if held > MAX_HELD else None)


def idle(seen: Streamed) -> Verdict:
    """Does a quiet stream live, and do its keep-alives come through?"""
    check = "idle stream"
    if unread := _unread(check, seen):
        return unread
    seconds = seen.probe.interval
    if not seen.complete:
        problem = Problem.CUT if seen.arrivals else Problem.BUFFERED
        return Verdict(check, f"{seen.broken or 'ended'} after {seen.ended:.1f} s of {seconds:g}", problem)
    silence = max((later.at - earlier.at for earlier, later in pairwise(seen.arrivals)), default=0.0)
    measured = f"lived through {seconds:g} s; longest silence {silence:.1f} s"
    return Verdict(check, measured, Problem.BUFFERED if silence > MAX_SILENCE else None)


def abort(state: str, *, after: float) -> Verdict:
    """Did the server learn that the client left? `state` is what it said of the stream `after` seconds."""
    check = "abort"
    if state != "aborted" or after > MAX_ABORT:
        measured = f"{after:.1f} s after the client left the server has it as {state}"
        return Verdict(check, f"{measured}; {MAX_ABORT:g} s are allowed", Problem.ABORT_HIDDEN)
    return Verdict(check, f"seen by the server after {after:.2f} s")


def websocket(seen: Echoed) -> Verdict:
    """Upgrade, echo, and a close from the server's side."""
    check = "WebSocket"
    if seen.status != 101:
        return Verdict(check, seen.broken or f"no upgrade: status {seen.status} instead of 101", Problem.NO_UPGRADE)
    if seen.echoed < seen.sent or seen.close != 1000:
        how = seen.broken or f"close code {seen.close} instead of 1000"
        return Verdict(check, f"{seen.echoed} of {seen.sent} frames came back; {how}", Problem.CUT)
    return Verdict(check, f"upgraded, {seen.echoed} frames came back, closed with 1000")


def idle_websocket(seen: Echoed, *, seconds: float) -> Verdict:
    """Does a quiet WebSocket live?"""
    verdict = websocket(seen)
    return Verdict(
        "idle WebSocket", verdict.measured if not verdict.ok else f"lived through {seconds:g} s", verdict.problem
    )
