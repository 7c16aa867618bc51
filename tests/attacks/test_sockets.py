"""Sockets opened from somebody else's page, or with what was meant for another: none opens, and no ticket is wasted.

Browsers send cookies with a WebSocket of any page, so a cookie opens none here (cross-site WebSocket hijacking). The
carriers' sockets are in tests/voice/test_attacks.py and test_carrier_calls.py.
"""

import asyncio
import json
from contextlib import suppress
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from apps.chat import tokens
from apps.conversations.models import Call
from apps.dashboard import tickets as floor_tickets
from apps.dashboard.tickets import Ticket as FloorTicket
from apps.edge import tickets as edge_tickets
from apps.edge.core.probe import Probe
from apps.tenants.models import Tenant, User
from apps.tenants.scope import all_tenants
from apps.voice import tickets as voice_tickets
from apps.voice.tickets import Ticket as VoiceTicket

pytestmark = [pytest.mark.timeout(240), pytest.mark.django_db(transaction=True)]

FLOOR, AUDIO, VOICE = "/ws/dashboard/", "/ws/dashboard/audio/", "/ws/voice/browser/"
REFUSED = 1008


async def tried(server: str, path: str, *, origin: str | None, ticket: str = "", cookie: str = "") -> int | None:
    """The code that the server closes with; None when it lets somebody in."""
    headers = {"Cookie": cookie} if cookie else {}
    if origin is not None:
        headers["Origin"] = origin
    address = f"{server.replace('http', 'ws', 1)}{path}" + (f"?ticket={ticket}" if ticket else "")
    try:
        async with connect(address, additional_headers=headers, compression=None) as socket:
            return await _closed(socket)
    except InvalidStatus as refusal:
        status = refusal.response.status_code
        return REFUSED if status == 403 else status


async def _closed(socket: ClientConnection) -> int | None:
    async with asyncio.timeout(60):
        with suppress(ConnectionClosed):
            await socket.send('{"type":"subscribe"}')
            async for message in socket:
                if isinstance(message, bytes) or json.loads(message)["type"] in ("hello", "ready"):
                    return None
    return socket.close_code


def session_of(user: User) -> str:
    client = Client()
    client.force_login(user)
    return f"sessionid={client.cookies['sessionid'].value}"


@pytest.fixture
def cookie(alice: User) -> str:
    return session_of(alice)


def seat(user: User, tenant: Tenant, **more: Any) -> FloorTicket:
    return FloorTicket(tenant.pk, str(user.pk), "Alice", "owner", **more)


def strangers(server: str) -> list[str | None]:
    """Origins that are not the server's own, the near misses above all."""
    host = server.partition("://")[2]
    name, _, port = host.partition(":")
    return [
        *("https://evil.example", "null", "", None, "file://", f"http://{host}.evil.example", f"http://evil.{host}"),
        *(f"http://{name}", f"http://{name}:{int(port) + 1}", f"http://{host}@evil.example", f"http://evil.example/{host}"),
        *(f"http://{host}:80", f"evil://{name}", "http://", f"http://{name}\\@evil.example:{port}", "chrome-extension://x"),
    ]  # fmt: skip


@pytest.mark.parametrize("path", [FLOOR, AUDIO])
async def test_another_sites_page_opens_nothing_and_wastes_no_ticket(
    server: str, clinic: Tenant, alice: User, cookie: str, path: str
) -> None:
    purpose = "floor" if path == FLOOR else "audio"
    ticket = await floor_tickets.mint(seat(alice, clinic, purpose=purpose))
    for origin in strangers(server):
        assert await tried(server, path, origin=origin, ticket=ticket, cookie=cookie) == REFUSED, origin
    assert await floor_tickets.redeem(ticket, purpose=purpose), "it is still good, for the page that it was made for"


async def test_a_cookie_alone_opens_nothing(server: str, alice: User, cookie: str) -> None:
    for path in (
        FLOOR,
        AUDIO,
        VOICE,
        "/ws/voice/twilio/",
        "/ws/voice/telnyx/",
        "/ws/voice/plivo/",
        "/ws/voice/vonage/",
    ):
        for origin in (server, "https://evil.example", None):
            assert await tried(server, path, origin=origin, cookie=cookie) == REFUSED, (path, origin)
    assert await sync_to_async(calls)() == 0


async def test_a_ticket_opens_what_it_was_made_for(server: str, clinic: Tenant, alice: User) -> None:
    """Of another kind it opens nothing: nor do a visitor's token, the operator's ticket and a session's key."""

    async def made() -> dict[str, str]:
        return {
            FLOOR: await floor_tickets.mint(seat(alice, clinic)),
            AUDIO: await floor_tickets.mint(seat(alice, clinic, purpose="audio", call="call_x", mode="listen")),
            VOICE: await voice_tickets.mint(VoiceTicket(clinic.pk, carrier="twilio", call="CA1")),
            "visitor": tokens.new_visitor(tenant_id=clinic.pk, widget_key="wk").token(),
            "operator": edge_tickets.mint(Probe("p", 2, 1.0)),
            "session": (await sync_to_async(session_of)(alice)).partition("=")[2],
        }

    for path in (FLOOR, AUDIO, VOICE):
        for kind, ticket in (await made()).items():
            if kind != path or path == VOICE:  # that one is a phone call's
                assert await tried(server, path, origin=server, ticket=ticket) == REFUSED, (path, kind)
    assert await tried(server, FLOOR, origin=server, ticket=(await made())[FLOOR]) is None, (
        "or this would prove nothing"
    )
    assert await sync_to_async(calls)() == 0


async def test_of_many_who_bring_one_ticket_one_gets_in(server: str, clinic: Tenant, alice: User) -> None:
    ticket = await floor_tickets.mint(seat(alice, clinic))
    found = await asyncio.gather(*(tried(server, FLOOR, origin=server, ticket=ticket) for _ in range(20)))
    assert sorted(found, key=str) == [REFUSED] * 19 + [None]
    assert await tried(server, FLOOR, origin=server, ticket=ticket) == REFUSED


async def test_an_old_ticket_opens_nothing(
    server: str, clinic: Tenant, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(floor_tickets, "LIFETIME", 1)
    ticket = await floor_tickets.mint(seat(alice, clinic))
    await asyncio.sleep(1.2)  # the time itself is what is tried
    assert await tried(server, FLOOR, origin=server, ticket=ticket) == REFUSED


async def test_a_ticket_shows_its_own_business_alone(
    server: str, clinic: Tenant, other_tenant: Tenant, alice: User
) -> None:
    """Whoever made one for a business that its holder does not belong to sees nothing: each look asks again."""
    ticket = await floor_tickets.mint(seat(alice, other_tenant))
    address = f"{server.replace('http', 'ws', 1)}{FLOOR}?ticket={ticket}&tenant={clinic.pk}"
    told: list[dict[str, Any]] = []
    async with connect(address, additional_headers={"Origin": server}, compression=None) as socket:
        async with asyncio.timeout(60):
            with suppress(ConnectionClosed):
                await socket.send('{"type":"subscribe"}')
                async for message in socket:
                    told.append(json.loads(message))
    assert socket.close_code == 4403
    assert clinic.pk not in str(told)


def calls() -> int:
    with all_tenants(reason="the suite counts what an attack brought about"):
        return int(Call.objects.count())
