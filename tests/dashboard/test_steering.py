"""A call on the floor, steered from elsewhere: the server holds it, the commands come from another event loop.

A simulated phone company at one end, the stand-in model at the other, real sockets and a real Redis between them.
"""

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
from asgiref.sync import sync_to_async
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError

from apps.chat import demo
from apps.conversations.models import Call, Turn
from apps.dashboard import commands
from apps.dashboard.viewers import Viewer
from apps.sandbox import launcher
from apps.sandbox.core.tonespeech import speak
from apps.telephony import numbers
from apps.telephony.account import configured
from apps.telephony.simulated.exchange import Exchange
from apps.tenants.models import Membership, Tenant
from apps.tenants.scope import tenant_scope
from apps.verticals.sales.models import ReceivedCall
from apps.voice import supervision
from apps.voice.core.audio.g711 import MU_LAW
from apps.voice.core.formats import PCM16
from tests.dashboard.floor import command, viewer_of
from tests.dashboard.test_commands import refused

pytestmark = pytest.mark.timeout(240)
NUMBER, CALLER = "+12125550123", "+12125550199"
QUESTION = "What does the Starter plan cost?"
QUIET = b"\xff" * 160
SILENT = 60
"""Of samples that are not the code of silence, in a frame of 160 in which somebody is heard."""


class Phone:
    """Somebody who rings, says what they are given, and remembers when something was heard."""

    def __init__(self) -> None:
        self.saying = b""
        self.now = 0
        self.heard_at = -1_000
        self.frames: list[tuple[int, bytes]] = []

    def __call__(self, at_ms: int, heard: bytes) -> bytes:
        self.now = at_ms
        if len(heard) - heard.count(b"\xff") > SILENT:
            self.heard_at = at_ms
            self.frames.append((at_ms, heard))
        frame, self.saying = self.saying[:160], self.saying[160:]
        return frame.ljust(160, b"\xff") if frame else QUIET

    def say(self, text: str) -> None:
        self.saying = MU_LAW.encode(speak(text, 8_000))

    async def hears(self, *, within: float = 30.0) -> None:
        """Something, from now on."""
        since = self.now
        await until(lambda: self.heard_at > since, within=within)

    async def hears_nothing(self, *, seconds: float) -> None:
        """For so long, in the call's own time."""
        since = self.now
        await until(lambda: self.now >= since + seconds * 1_000)
        assert self.heard_at <= since, [at - since for at, _ in self.frames if at > since][:5]


async def until(is_so: Callable[[], bool], *, within: float = 40.0) -> None:
    async with asyncio.timeout(within):
        while True:
            if is_so():
                return
            await asyncio.sleep(0.02)


async def eventually(read: Callable[[], Any], *, within: float = 40.0) -> Any:
    """What a query finds, as soon as it finds something."""
    async with asyncio.timeout(within):
        while True:
            if found := await sync_to_async(read)():
                return found
            await asyncio.sleep(0.05)


class Talk:
    """The call and those who steer it."""

    def __init__(self, tenant: Tenant, phone: Phone, server: str) -> None:
        self.tenant, self.phone, self.server = tenant, phone, server
        self.id = self.call_id = ""
        with tenant_scope(tenant.pk):
            people = {row.role: row.user for row in Membership.objects.select_related("user")}
        self.owner, self.manager = (viewer_of(people[role], tenant, role) for role in ("owner", "manager"))

    def _scoped(self, read: Callable[[], Any]) -> Callable[[], Any]:
        def scoped() -> Any:
            with tenant_scope(self.tenant.pk):
                return read()

        return scoped

    async def begin(self) -> None:
        """Until somebody is on the line, and has begun to speak."""
        talking = await eventually(self._scoped(lambda: ReceivedCall.objects.filter(state="talking").first()))
        self.id, self.call_id = talking.pk, talking.call_id
        await until(lambda: self.phone.heard_at > 0)

    async def record(self) -> Call:
        found: Call = await sync_to_async(self._scoped(lambda: Call.objects.get(pk=self.call_id)))()
        return found

    async def over(self) -> None:
        await eventually(self._scoped(lambda: Call.objects.filter(pk=self.call_id, status="ended").first()))

    async def turn(self, role: str, *, within: float = 40.0, **wanted: Any) -> Turn:
        wanted |= {"conversation__call": self.call_id, "role": role}
        turn: Turn = await eventually(self._scoped(lambda: Turn.objects.filter(**wanted).first()), within=within)
        return turn

    async def asks(self, text: str) -> Turn:
        """The caller says it, again if need be: on a busy machine a piece of it may be lost on its way."""
        for _ in range(6):
            self.phone.say(text)
            try:
                return await self.turn("visitor", within=8.0, text=text)
            except TimeoutError:
                continue
        raise AssertionError("The model has not understood.")

    async def do(self, viewer: Viewer, name: str, version: int | None = None, **args: Any) -> dict[str, Any]:
        return await commands.perform(viewer=viewer, command=command(name, self.id, version, **args))

    @asynccontextmanager
    async def sound(self, ticket: str, *, origin: str = "") -> AsyncIterator[ClientConnection]:
        address = f"{self.server.replace('http', 'ws', 1)}/ws/dashboard/audio/?ticket={ticket}"
        # Without a bound, for who does not read would not see the other side's close, either.
        opening = connect(address, compression=None, max_queue=None, origin=origin or self.server)  # type: ignore[arg-type]
        async with opening as socket:
            yield socket


def tone(ms: int) -> bytes:
    """PCM16 24 kHz: a voice of 440 Hz."""
    wave = 8_000 * np.sin(2 * np.pi * 440 * np.arange(ms * 24) / 24_000)
    return wave.astype("<i2").tobytes()


async def speaks(socket: ClientConnection, ms: int) -> None:
    audio, frame = tone(ms), PCM16.frame_bytes
    for start in range(0, len(audio), frame):
        await socket.send(audio[start : start + frame])
        await asyncio.sleep(0.02)


async def loudest(socket: ClientConnection, *, seconds: float) -> int:
    """Of what is heard for so long."""
    most = 0
    try:
        async with asyncio.timeout(seconds):
            async for frame in socket:
                if isinstance(frame, bytes):
                    assert len(frame) == PCM16.bytes_per_ms * 60
                    most = max(most, int(np.abs(np.frombuffer(frame, "<i2").astype(int)).max()))
    except TimeoutError:
        pass
    return most


@pytest.fixture
def summit(transactional_db: None) -> Tenant:
    """The demo's sales floor, which has a number."""
    [loaded] = [each for each in demo.load(now=dt.datetime.now(dt.UTC)) if each.vertical.slug == "sales"]
    with tenant_scope(loaded.tenant.pk):
        numbers.assign(number=NUMBER)
    return loaded.tenant


@pytest.fixture
async def talk(server: str, settings: Any, summit: Tenant) -> AsyncIterator[Talk]:
    await asyncio.to_thread(launcher._process().ensure, timeout=90.0)
    phone = Phone()
    talk = await sync_to_async(Talk)(summit, phone, server)
    async with Exchange(configured()) as exchange:
        settings.TWILIO_API_BASE = exchange.url
        exchange.call(
            from_=CALLER,
            to=NUMBER,
            url=f"{server}/voice/twilio/incoming",
            caller=phone,
            status_callback=f"{server}/voice/twilio/status",
        )
        await talk.begin()
        yield talk
        await talk.do(talk.owner, "call.end")
        await talk.over()


async def test_a_takeover_from_its_first_moment_to_the_hand_back(talk: Talk) -> None:
    phone, owner = talk.phone, talk.owner
    taken = await talk.do(owner, "call.takeover", 0)
    assert taken["ok"], taken
    await asyncio.sleep(0.5)  # what is on its way to the ear
    await phone.hears_nothing(seconds=2)
    async with talk.sound(taken["audio"]) as line:
        hearing = asyncio.create_task(loudest(line, seconds=4))
        turn = await talk.asks(QUESTION)
        assert await hearing > 1_000  # the caller
        before = phone.heard_at
        await phone.hears_nothing(seconds=2)  # the model knows the question, and keeps it to itself
        assert phone.heard_at == before
        speaking = asyncio.create_task(speaks(line, 1_000))
        await phone.hears(within=5)
        await speaking
        assert (await talk.do(owner, "call.takeover", text="This is Dana."))["ok"]
        assert (await talk.turn("supervisor")).text == "This is Dana."
        assert refused(await talk.do(talk.manager, "call.takeover", 1), "busy")
        await until(lambda: phone.now - phone.heard_at > 1_000)
        back = await talk.do(owner, "call.return", summary="They are told 19 dollars. Ask for their name.")
        assert back["ok"], back
        await phone.hears(within=20)
        ended = [json.loads(frame) async for frame in line if isinstance(frame, str)]
        assert ended == [{"type": "ended", "reason": "returned"}]
        assert line.close_code == 1000
    assert (await talk.turn("agent", number__gt=turn.number)).text


async def test_listening_in_and_barging_in(talk: Talk) -> None:
    listened = await talk.do(talk.manager, "call.listen")
    async with talk.sound(listened["audio"]) as ear:
        hearing = asyncio.create_task(loudest(ear, seconds=2))
        await talk.asks(QUESTION)
        assert await hearing > 1_000  # the caller
        await until(lambda: not talk.phone.saying)
        await talk.phone.hears()
        assert await loudest(ear, seconds=2) > 1_000  # the agent
        await until(lambda: talk.phone.now - talk.phone.heard_at > 1_000)
        barged = await talk.do(talk.owner, "call.barge", 0)
        async with talk.sound(barged["audio"]) as line:
            both = loudest(ear, seconds=2.5), loudest(line, seconds=2.5)
            _, theirs, ours = await asyncio.gather(speaks(line, 1_500), *both)
            assert theirs > 4_000  # others hear who speaks
            assert ours < 1_000  # who speaks does not hear themselves
            assert talk.phone.now - talk.phone.heard_at < 2_000
        whispered = await talk.do(talk.manager, "call.whisper", text="Offer ten percent.")
        assert whispered["ok"]
        turn = await talk.turn("supervisor")
        assert (turn.text, turn.unheard) == ("", "Offer ten percent.")


async def test_whoever_is_gone_has_handed_back(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "GRACE", 3.0)  # a page gives a sign each second
    taken = await talk.do(talk.owner, "call.takeover", 0)
    async with talk.sound(taken["audio"]):
        await asyncio.sleep(4.5)  # silent, and there
        assert (await talk.record()).supervision == "takeover"
    await talk.phone.hears(within=20)
    async with asyncio.timeout(30):  # the agent speaks at once, and the record follows
        while (record := await talk.record()).supervision:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert record.version == 2


async def test_who_may_not_hear_a_call(talk: Talk) -> None:
    ack = await talk.do(talk.manager, "call.listen")
    for ticket, origin in (("nothing", ""), (ack["audio"], "https://evil.example")):
        async with talk.sound(ticket, origin=origin) as socket:
            await socket.wait_closed()
        assert socket.close_code == 1008
    async with talk.sound(ack["audio"]) as socket:
        assert await loudest(socket, seconds=0.5) >= 0

        def remove() -> None:
            with tenant_scope(talk.tenant.pk):
                Membership.objects.filter(user=talk.manager.user_id).delete()

        await sync_to_async(remove)()
        async with asyncio.timeout(5):
            with pytest.raises(ConnectionClosedError):
                await loudest(socket, seconds=5)
    assert socket.close_code == 4403
    async with talk.sound(ack["audio"]) as socket:  # once only
        await socket.wait_closed()
    assert socket.close_code == 1008


async def test_a_call_is_ended_with_a_word(talk: Talk) -> None:
    listened = await talk.do(talk.manager, "call.listen")
    async with talk.sound(listened["audio"]) as ear:
        assert (await talk.do(talk.owner, "call.end", 0))["ok"]
        ended = [json.loads(frame) async for frame in ear if isinstance(frame, str)]
    assert ended == [{"type": "ended", "reason": "ended"}]
    await talk.over()
    record = await talk.record()
    assert (record.ended, record.supervision) == ("supervisor", "")
    assert refused(await talk.do(talk.manager, "call.listen"), "not_talking")
