"""Attacks on the media sockets: each is refused with the right code, and the calls of others go on."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import httpx2 as httpx
import pytest
from asgiref.sync import sync_to_async
from twilio.request_validator import RequestValidator
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from apps.conversations.models import Call
from apps.telephony.account import configured
from apps.tenants.models import Tenant
from apps.tenants.scope import all_tenants, tenant_scope
from apps.voice import sockets, tickets
from apps.voice.tickets import Ticket
from tests.conftest import make_tenant
from tests.voice.callers import browser_call, ended, ticket_of

STREAM = "MZ" + "1" * 32
QUIET = base64.b64encode(b"\xff" * 160).decode()


def address(server: str) -> str:
    return f"{server.replace('http', 'ws', 1)}/ws/voice/twilio/"


@asynccontextmanager
async def media_socket(server: str) -> AsyncIterator[ClientConnection]:
    """As Twilio opens it. What nobody reads is queued without end: it would hold up the closing for 10 s."""
    url = address(server)
    headers = {"X-Twilio-Signature": RequestValidator(configured().token).compute_signature(url, {})}
    async with connect(url, additional_headers=headers, compression=None, max_queue=None) as socket:
        yield socket


def start(token: str, *, stream: str = STREAM, call: str = "CA1") -> str:
    body = {
        "streamSid": stream,
        "callSid": call,
        "customParameters": {"token": token},
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
    }
    return json.dumps({"event": "start", "sequenceNumber": "1", "streamSid": stream, "start": body})


def media(payload: str = QUIET, *, stream: str = STREAM, at: str = "20") -> str:
    body = {"track": "inbound", "chunk": "1", "timestamp": at, "payload": payload}
    return json.dumps({"event": "media", "sequenceNumber": "2", "streamSid": stream, "media": body})


async def close_code(socket: ClientConnection, *, within: float = 60.0) -> int | None:
    """Of the server; what it says before is dropped."""
    async with asyncio.timeout(within):
        with suppress(ConnectionClosed):
            while True:
                await socket.recv()
    return socket.close_code


async def phone_ticket(tenant: Tenant) -> str:
    return await tickets.mint(Ticket(tenant.pk))


def calls_begun() -> int:
    with all_tenants(reason="the suite counts what an attack brought about"):
        return Call.objects.count()


@pytest.mark.parametrize("signature", [None, "", "Zm9yZ2Vk", "\u00e4\u00f6"])
async def test_a_media_socket_that_is_not_signed_is_never_opened(server: str, signature: str | None) -> None:
    headers = {} if signature is None else {"X-Twilio-Signature": signature}
    with pytest.raises(InvalidStatus) as refused:
        async with connect(address(server), additional_headers=headers):
            pass
    assert refused.value.response.status_code == 403


async def test_a_signature_for_another_address_opens_nothing(server: str) -> None:
    validator = RequestValidator(configured().token)
    for url in (f"{server}/ws/voice/twilio/", address(server).replace("127.0.0.1", "evil.example"), address(server)):
        query = "?x=1" if url == address(server) else ""
        with pytest.raises(InvalidStatus):
            async with connect(
                f"{address(server)}{query}",
                additional_headers={"X-Twilio-Signature": validator.compute_signature(url, {})},
            ):
                pass


async def test_a_forged_token_begins_no_call(server: str, clinic: Tenant) -> None:
    for token in ("", "forged", "x" * 65, "\u0000", "*", "../calls"):
        async with media_socket(server) as socket:
            await socket.send(start(token))
            assert await close_code(socket) == 1008
    assert await sync_to_async(calls_begun)() == 0


async def test_a_token_begins_one_call(server: str, clinic: Tenant) -> None:
    token = await phone_ticket(clinic)
    async with media_socket(server) as socket:
        await socket.send(start(token))
        await asyncio.wait_for(socket.recv(), 60)
        async with media_socket(server) as other:
            await other.send(start(token, stream="MZ2", call="CA2"))
            assert await close_code(other) == 1008
        await socket.send(media())
        await asyncio.wait_for(socket.recv(), 60)
    assert await sync_to_async(calls_begun)() == 1


async def test_a_call_that_is_known_is_not_begun_again(server: str, clinic: Tenant) -> None:
    async with media_socket(server) as socket:
        await socket.send(start(await phone_ticket(clinic)))
        await asyncio.wait_for(socket.recv(), 60)
        async with media_socket(server) as other:
            await other.send(start(await phone_ticket(clinic), stream="MZ2"))
            assert await close_code(other) == 1008
    assert await sync_to_async(calls_begun)() == 1


async def test_an_expired_ticket_opens_nothing(server: str, clinic: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tickets, "LIFETIME", 1)
    ticket = await ticket_of(server, clinic.slug)
    await asyncio.sleep(1.1)  # Redis has a clock of its own
    async with browser_call(server, ticket) as caller:
        assert await caller.closed() == 1008
    assert not caller.told


async def test_a_ticket_calls_its_own_tenant_whatever_the_address_says(server: str, clinic: Tenant) -> None:
    other = await sync_to_async(make_tenant)("elsewhere", "Elsewhere")
    ticket = await ticket_of(server, clinic.slug)
    async with browser_call(server, f"{ticket}&tenant={other.slug}&agent=anybody") as caller:
        await caller.until("ready")
        await caller.end()
    call, _, _ = await ended(clinic)
    assert call.tenant_id == clinic.pk

    def foreign() -> int:
        with tenant_scope(other.pk):
            return Call.objects.count()

    assert await sync_to_async(foreign)() == 0


async def test_a_ticket_of_a_tenant_that_nobody_answers_for_is_refused(server: str, clinic: Tenant) -> None:
    bare = await sync_to_async(make_tenant)("bare", "Bare")
    async with browser_call(server, await phone_ticket(bare)) as caller:
        assert await caller.closed() == 1008
    assert [frame["type"] for frame in caller.told] == ["notice"]


BAD: list[tuple[str | bytes, int]] = [
    ("{", 1008),
    ("[1,2]", 1008),
    ('{"event":"media"}', 1008),
    ('{"event":"media","streamSid":1,"media":{}}', 1008),
    (media("not base64!!"), 1008),
    (media(at="-5"), 1008),
    (media(at="soon"), 1008),
    ('{"event":"dtmf","streamSid":"' + STREAM + '","dtmf":{"digit":"<script>"}}', 1008),
    ("[" * 30_000, 1008),
    (media("A" * 40_000), 1009),
    (media().encode(), 1003),
    (b"\xff" * 160, 1003),
]
OF_ANOTHER_STREAM: list[tuple[str | bytes, int]] = [
    (media(stream="MZ" + "9" * 32), 1008),
    (start("again", stream="MZ" + "9" * 32), 1008),
]


async def test_a_bad_frame_ends_its_own_call(server: str, clinic: Tenant) -> None:
    async with media_socket(server) as victim:
        await victim.send(start(await phone_ticket(clinic), stream="MZ2", call="CA0"))
        for number, (frame, code) in enumerate(BAD + OF_ANOTHER_STREAM, 1):
            async with media_socket(server) as socket:
                await socket.send(start(await phone_ticket(clinic), call=f"CA{number}"))
                await asyncio.wait_for(socket.recv(), 60)
                await socket.send(frame)
                assert await close_code(socket) == code, frame[:80]
            await victim.send(media(stream="MZ2", at=str(number * 20)))
        await asyncio.wait_for(victim.recv(), 60)
        await victim.send('{"event":"stop","streamSid":"MZ2"}')
        assert await close_code(victim) == 1000
    assert await sync_to_async(calls_begun)() == 1 + len(BAD + OF_ANOTHER_STREAM)


async def test_a_bad_frame_before_the_start_is_refused(server: str) -> None:
    for frame, code in [*BAD, (media(), 1008)]:
        async with media_socket(server) as socket:
            await socket.send(frame)
            assert await close_code(socket) == code, frame[:80]


async def test_events_that_nobody_knows_are_passed_over(server: str, clinic: Tenant) -> None:
    async with media_socket(server) as socket:
        await socket.send('{"event":"surprise","streamSid":"MZ9"}')
        await socket.send(start(await phone_ticket(clinic)))
        await asyncio.wait_for(socket.recv(), 60)
        await socket.send('{"event":"surprise","anything":{"deep":[1,2,3]}}')
        await socket.send('{"event":"mark","streamSid":"' + STREAM + '","mark":{"name":"g9:never"}}')
        await socket.send(media())
        await asyncio.wait_for(socket.recv(), 60)


MISBEHAVIOR: list[tuple[str | bytes, int]] = [
    ("{", 1008),
    ('{"type":"surprise"}', 1008),
    ('{"type":"text","text":7}', 1008),
    (json.dumps({"type": "text", "text": "x" * 4_001}), 1008),
    (json.dumps({"type": "text", "text": "x" * 40_000}), 1009),
    (b"\0" * 961, 1008),
    (b"\0" * 48_000, 1009),
]


async def test_a_page_that_misbehaves_loses_its_call(server: str, clinic: Tenant) -> None:
    for frame, code in MISBEHAVIOR:
        async with browser_call(server, await phone_ticket(clinic)) as caller:
            await caller.until("ready")
            await caller.socket.send(frame)
            assert await caller.closed() == code, frame[:80]
        assert caller.all("ended", reason="carrier_lost")


async def test_a_start_that_never_comes_is_not_waited_for(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "START_WITHIN", 0.5)
    async with media_socket(server) as socket:
        await socket.send('{"event":"connected","protocol":"Call","version":"1.0.0"}')
        assert await close_code(socket) == 1000
    assert not sockets._waiting


async def test_fifty_sockets_of_one_address_leave_room_for_others(server: str, clinic: Tenant) -> None:
    token = await phone_ticket(clinic)
    async with AsyncExitStack() as stack:
        call = await stack.enter_async_context(media_socket(server))
        await call.send(start(token))
        await asyncio.wait_for(call.recv(), 60)
        for _ in range(sockets.MOST_WAITING):
            await stack.enter_async_context(media_socket(server))
        for _ in range(50 - sockets.MOST_WAITING):
            with pytest.raises(InvalidStatus, match="403"):
                async with media_socket(server):
                    pass
        await call.send(media())  # the call that was there goes on
        await asyncio.wait_for(call.recv(), 60)


async def test_fifty_calls_of_one_page_are_too_many(
    server: str, clinic: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "MOST_TALKING", 2)
    async with AsyncExitStack() as stack:
        for _ in range(2):
            caller = await stack.enter_async_context(browser_call(server, await phone_ticket(clinic)))
            await caller.until("ready")
        for _ in range(48):
            async with browser_call(server, await phone_ticket(clinic)) as other:
                assert await other.closed() == 1008
            assert not other.told
        await caller.type("What are your opening hours?")
        await caller.until("tool", name="get_office_hours", status="done")


async def test_tickets_for_nothing_are_counted(server: str, clinic: Tenant, settings: Any) -> None:
    settings.TRUSTED_PROXIES = 1
    headers = {"X-Forwarded-For": "203.0.113.9"}
    async with httpx.AsyncClient(headers=headers) as client:
        codes = [
            (await client.post(f"{server}/api/voice/tickets", json={"tenant": clinic.slug})).status_code
            for _ in range(tickets.CALLS_PER_HOUR + 2)
        ]
    assert codes == [200] * tickets.CALLS_PER_HOUR + [429] * 2
