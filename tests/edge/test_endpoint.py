"""The server's side of a diagnosis: closed to strangers, bounded, and honest about what became of a stream."""

import asyncio
import json
from collections.abc import Callable
from time import monotonic, sleep

import aiohttp
import httpx2 as httpx
import pytest
import time_machine
from django.core import signing

from apps.edge import sightings, tickets
from apps.edge.core.probe import Probe
from tests.chat.client import parse

pytestmark = pytest.mark.once

FORGED = (
    "",
    "nonsense",
    signing.dumps(["probe_1", 2, 0.0], salt="callsphere.visitor"),
    signing.dumps(["probe_1", 2, 0.0], salt="callsphere.edge", key="another key"),
    signing.dumps(["probe_1", 100_000, 0.0], salt="callsphere.edge"),
    signing.dumps(["probe_1", 2, 1e9], salt="callsphere.edge"),
    signing.dumps("probe_1", salt="callsphere.edge"),
)


def stale() -> str:
    with time_machine.travel(-tickets.LIFETIME - 5, tick=False):
        return tickets.mint(Probe("probe_1", 2, 0.0))


def state(server: str, ticket: str) -> str:
    answer = httpx.get(f"{server}/healthz/stream/state", params={"ticket": ticket})
    assert answer.status_code == 200
    return str(answer.json()["state"])


def until(condition: Callable[[], bool]) -> None:
    deadline = monotonic() + 30
    while not condition():
        assert monotonic() < deadline
        sleep(0.01)


@pytest.mark.parametrize("path", ["/healthz/stream", "/healthz/stream/state"])
def test_strangers_find_nothing(server: str, path: str) -> None:
    for ticket in (*FORGED, stale()):
        answer = httpx.get(f"{server}{path}", params={"ticket": ticket})
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found"), ticket
    assert httpx.get(f"{server}{path}").status_code == 404


async def test_strangers_get_no_socket(server: str) -> None:
    good = tickets.mint(Probe("probe_1", 2, 0.0))
    async with aiohttp.ClientSession() as session:
        for path in (*(f"/ws/healthz/?ticket={ticket}" for ticket in (*FORGED, stale())), f"/ws/other/?ticket={good}"):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await session.ws_connect(f"{server}{path}")
            assert refused.value.status == 403


def test_events_are_numbered_and_say_when_they_were_made(server: str) -> None:
    ticket = tickets.mint(Probe("probe_whole", 3, 0.05))
    assert state(server, ticket) == "unknown"
    with httpx.stream("GET", f"{server}/healthz/stream", params={"ticket": ticket}) as response:
        assert response.headers["cache-control"] == "no-cache, no-transform"
        events = list(parse(response.iter_lines()))
    assert [event.data["n"] for event in events] == [1, 2, 3]
    made = [event.data["made"] for event in events]
    assert 0 <= made[0] < made[1] < made[2]
    assert made[2] - made[0] == pytest.approx(0.1, abs=0.09)
    assert state(server, ticket) == "completed"


def test_an_abort_is_seen(server: str) -> None:
    ticket = tickets.mint(Probe("probe_aborted", 100, 0.1))
    with httpx.stream("GET", f"{server}/healthz/stream", params={"ticket": ticket}) as response:
        chunks = response.iter_raw()
        next(chunks)
        assert state(server, ticket) == "open"
    until(lambda: state(server, ticket) == "aborted")


def test_an_abort_of_a_quiet_stream_is_seen(server: str) -> None:
    ticket = tickets.mint(Probe("probe_quiet", 2, 100.0))
    with httpx.stream("GET", f"{server}/healthz/stream", params={"ticket": ticket}) as response:
        next(response.iter_raw())
    until(lambda: state(server, ticket) == "aborted")


async def test_a_client_that_leaves_before_the_first_byte_is_seen(server: str) -> None:
    """Behind a compressing proxy it has the headers while we still note that the stream is open."""
    noted: list[str] = []

    async def record(probe_id: str, state: str) -> None:
        noted.append(state)
        if state == "open":
            await asyncio.sleep(60)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("apps.edge.sightings.record", record)
        ticket = tickets.mint(Probe("probe_early", 2, 100.0))
        async with aiohttp.ClientSession() as session, session.get(f"{server}/healthz/stream?ticket={ticket}"):
            pass
        async with asyncio.timeout(30):
            while noted != ["open", "aborted"]:  # noqa: ASYNC110  # it happens in the server's thread
                await asyncio.sleep(0.01)


async def test_a_late_note_does_not_reopen_a_stream() -> None:
    await sightings.record("probe_late", "aborted")
    await sightings.record("probe_late", "open")
    assert await sightings.state_of("probe_late") == "aborted"


async def test_a_socket_echoes_its_bounds_and_closes(server: str) -> None:
    ticket = tickets.mint(Probe("probe_socket", 2, 0.0))
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{server}/ws/healthz/?ticket={ticket}") as socket,
    ):
        await socket.send_str("first")
        assert (await socket.receive_str()) == "first"
        await socket.send_str("x" * 5000)
        assert len(await socket.receive_str()) == 1024
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
        assert socket.close_code == 1000


async def test_a_socket_that_nobody_uses_is_closed(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.edge.sockets.GRACE", 0.05)
    ticket = tickets.mint(Probe("probe_unused", 2, 0.0))
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{server}/ws/healthz/?ticket={ticket}") as socket,
    ):
        assert (await socket.receive(timeout=5)).type is aiohttp.WSMsgType.CLOSE


def test_a_ticket_is_its_probe() -> None:
    probe = Probe("probe_1", 20, 0.25)
    assert tickets.read(tickets.mint(probe)) == probe
    assert json.dumps(tickets.mint(probe)).isascii()
