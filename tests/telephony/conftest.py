"""A simulated carrier, and a product for it to call: webhooks and a media socket that do what a test says."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import pytest
from aiohttp import WSMsgType, web

from apps.telephony.account import Account
from apps.telephony.simulated.exchange import Exchange
from apps.voice.core.actions import Action
from apps.voice.core.carriers.twilio import Twilio
from apps.voice.core.events import CarrierEvent

SPEED = 20.0
CALLER, OURS, HUMAN = "+12125550123", "+12125550100", "+12125550177"

Answer = Callable[[Mapping[str, str]], str]
Talk = Callable[["Socket"], Awaitable[None]]


@dataclass
class Socket:
    """Our end of a media stream, read and written through the codec."""

    web: web.WebSocketResponse
    carrier: Twilio = field(default_factory=Twilio)
    heard: list[CarrierEvent] = field(default_factory=list)

    async def events(self) -> AsyncIterator[CarrierEvent]:
        async for message in self.web:
            if message.type is WSMsgType.TEXT:
                for event in self.carrier.read(message.data):
                    self.heard.append(event)
                    yield event

    async def do(self, *actions: Action) -> None:
        for action in actions:
            for frame in self.carrier.write(action):
                assert isinstance(frame, str)
                await self.web.send_str(frame)


class Product:
    """`answers` are its webhooks by path, `got` what they were sent, `talk` is its side of a stream."""

    def __init__(self) -> None:
        self.url = ""
        self.answers: dict[str, Answer] = {}
        self.got: list[tuple[str, dict[str, str]]] = []
        self.signatures: list[tuple[str, dict[str, str], str]] = []
        self.talk: Talk = listen
        self.socket: Socket | None = None

    def posted(self, path: str) -> list[dict[str, str]]:
        return [fields for where, fields in self.got if where == path]

    async def webhook(self, request: web.Request) -> web.Response:
        fields = {name: str(value) for name, value in (await request.post()).items()}
        self.got.append((request.path, fields))
        self.signatures.append((str(request.url), fields, request.headers["X-Twilio-Signature"]))
        answer = self.answers.get(request.path)
        if answer is None:
            return web.Response(status=404)
        return web.Response(text=answer(fields), content_type="text/xml")

    async def media(self, request: web.Request) -> web.WebSocketResponse:
        url = str(request.url).replace("http", "ws", 1)
        self.signatures.append((url, {}, request.headers["X-Twilio-Signature"]))
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.socket = Socket(socket)
        await self.talk(self.socket)
        await socket.close()
        return socket


async def listen(socket: Socket) -> None:
    async for _ in socket.events():
        pass


@pytest.fixture
def account() -> Account:
    return Account("AC" + "0" * 32, "the account's token")


@pytest.fixture
async def exchange(account: Account) -> AsyncIterator[Exchange]:
    async with Exchange(account, speed=SPEED) as exchange:
        yield exchange


@pytest.fixture
async def product() -> AsyncIterator[Product]:
    product = Product()
    app = web.Application()
    app.router.add_get("/ws/", product.media)
    app.router.add_post("/{path:.*}", product.webhook)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    product.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield product
    await runner.cleanup()
