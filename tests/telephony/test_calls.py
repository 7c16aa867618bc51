"""Our gateway, and Twilio's own client, against the simulated carrier's REST interface."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from aiohttp import web
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from apps.telephony import calls, twiml
from apps.telephony.account import Account
from apps.telephony.calls import Gateway, Outbound
from apps.telephony.simulated.exchange import Exchange
from apps.telephony.simulated.line import SILENCE, Leave, Person
from tests.telephony.conftest import CALLER, OURS, Product, Socket

pytestmark = pytest.mark.once


@pytest.fixture
async def gateway(exchange: Exchange, account: Account) -> AsyncIterator[Gateway]:
    gateway = Gateway(replace(account, api_base=exchange.url))
    yield gateway
    await gateway.aclose()


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "PAUSE", 0.01)


def outbound(product: Product, to: str = CALLER) -> Outbound:
    return Outbound(
        to,
        OURS,
        f"{product.url}/incoming",
        status_callback=f"{product.url}/status",
        answering_machine=f"{product.url}/amd",
    )


class TestOutboundCalls:
    async def test_it_is_followed_to_its_end(self, gateway: Gateway, exchange: Exchange, product: Product) -> None:
        product.answers["/incoming"] = lambda _: twiml.say("Hello, this is Riverside Clinic calling.")
        product.answers["/amd"] = lambda _: ""
        exchange.people[CALLER] = Person(answered_by="machine_start")
        sid = await gateway.start_call(outbound(product))
        call = exchange.calls[sid]
        assert await asyncio.wait_for(call.over(), 10) == "completed"
        statuses = product.posted("/status")
        assert [fields["CallStatus"] for fields in statuses] == ["queued", "ringing", "in-progress", "completed"]
        assert [fields["SequenceNumber"] for fields in statuses] == ["0", "1", "2", "3"]
        (webhook,) = product.posted("/incoming")
        assert (webhook["Direction"], webhook["From"], webhook["To"]) == ("outbound-api", OURS, CALLER)
        (verdict,) = product.posted("/amd")
        assert (verdict["CallSid"], verdict["AnsweredBy"]) == (sid, "machine_start")

    async def test_nobody_answers(self, gateway: Gateway, exchange: Exchange, product: Product) -> None:
        exchange.people[CALLER] = Person(None)
        sid = await gateway.start_call(outbound(product))
        assert await asyncio.wait_for(exchange.calls[sid].over(), 10) == "no-answer"
        assert product.posted("/incoming") == []

    async def test_a_number_that_is_none(self, gateway: Gateway, product: Product) -> None:
        with pytest.raises(calls.CarrierRefused) as refused:
            await gateway.start_call(outbound(product, to="911"))
        assert refused.value.details == {"carrier_code": 21211}
        assert "911" not in str(refused.value)

    async def test_hanging_up_while_it_rings(self, gateway: Gateway, exchange: Exchange, product: Product) -> None:
        exchange.speed = 0.5
        rings = asyncio.Event()

        def status(fields: Mapping[str, str]) -> str:
            if fields["CallStatus"] == "ringing":
                rings.set()
            return ""

        product.answers["/status"] = status
        sid = await gateway.start_call(outbound(product))
        await asyncio.wait_for(rings.wait(), 10)
        await gateway.hang_up(sid)
        assert await asyncio.wait_for(exchange.calls[sid].over(), 10) == "canceled"


class TestLiveCalls:
    @pytest.fixture
    async def live(self, exchange: Exchange, product: Product) -> Any:
        url = product.url.replace("http", "ws") + "/ws/"
        fallback = twiml.Fallback("Sorry.")
        product.answers["/incoming"] = lambda _: twiml.connect_stream(url=url, parameters={}, fallback=fallback)
        joined = asyncio.Event()

        async def talk(socket: Socket) -> None:
            async for _ in socket.events():
                joined.set()

        product.talk = talk
        call = exchange.call(
            from_=CALLER,
            to=OURS,
            url=f"{product.url}/incoming",
            caller=lambda at, _: SILENCE if at < 60_000 else Leave(),
        )
        await asyncio.wait_for(joined.wait(), 10)
        return call

    async def test_hanging_up_runs_no_ladder(self, gateway: Gateway, product: Product, live: Any) -> None:
        await gateway.hang_up(live.sid)
        assert await asyncio.wait_for(live.over(), 10) == "completed"
        assert (live.log, live.said) == (["Connect"], [])
        await gateway.hang_up(live.sid)  # again: it is over, and that is fine

    async def test_another_document_ends_the_stream(self, gateway: Gateway, product: Product, live: Any) -> None:
        await gateway.redirect(live.sid, twiml=twiml.say("A colleague takes over."))
        await asyncio.wait_for(live.over(), 10)
        assert (live.log, live.said) == (["Connect", "Say", "Hangup"], ["A colleague takes over."])
        with pytest.raises(calls.CallOver):
            await gateway.redirect(live.sid, twiml=twiml.hang_up())

    async def test_no_such_call(self, gateway: Gateway) -> None:
        with pytest.raises(calls.CallOver):
            await gateway.redirect("../Messages", twiml=twiml.hang_up())


class TestMessages:
    async def test_out(self, gateway: Gateway, exchange: Exchange) -> None:
        sid = await gateway.send_message(to=CALLER, from_=OURS, body="See you at 10.")
        (message,) = exchange.messages
        assert (message["sid"], message["to"], message["body"]) == (sid, CALLER, "See you at 10.")

    async def test_in(self, exchange: Exchange, product: Product) -> None:
        product.answers["/sms"] = lambda fields: twiml.message(f"You wrote {fields['Body']}")
        answer = await exchange.text(from_=CALLER, to=OURS, body="hi", url=f"{product.url}/sms")
        assert answer is not None
        assert "<Message>You wrote hi</Message>" in answer


class TestTrouble:
    async def test_a_wrong_login(self, exchange: Exchange, account: Account, product: Product) -> None:
        gateway = Gateway(replace(account, token="guessed", api_base=exchange.url))
        with pytest.raises(calls.CarrierLoginRefused):
            await gateway.start_call(outbound(product))
        await gateway.aclose()
        assert exchange.calls == {}

    async def test_no_carrier(self, account: Account) -> None:
        with pytest.raises(calls.CarrierNotConfigured):
            await Gateway(replace(account, api_base="")).hang_up("CA1")

    async def test_nobody_listens(self, account: Account, unused_tcp_port: int) -> None:
        gateway = Gateway(replace(account, api_base=f"http://127.0.0.1:{unused_tcp_port}"))
        with pytest.raises(calls.CarrierUnavailable) as error:
            await gateway.hang_up("CA1")
        assert error.value.retryable
        await gateway.aclose()

    @pytest.mark.parametrize(
        ("status", "attempts_of_a_start", "attempts_of_a_hang_up"), [(500, 1, 3), (503, 1, 3), (429, 3, 3)]
    )
    async def test_only_what_may_be_repeated_is(
        self, account: Account, product: Product, status: int, attempts_of_a_start: int, attempts_of_a_hang_up: int
    ) -> None:
        asked: list[str] = []

        async def refuse(request: web.Request) -> web.Response:
            asked.append(request.path.rpartition("/")[2])
            return web.Response(status=status, text="<html>busy</html>")

        app = web.Application()
        app.router.add_post("/{path:.*}", refuse)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        gateway = Gateway(replace(account, api_base=f"http://127.0.0.1:{runner.addresses[0][1]}"))
        with pytest.raises(calls.CarrierUnavailable):
            await gateway.start_call(outbound(product))
        with pytest.raises(calls.CarrierUnavailable):
            await gateway.hang_up("CA1")
        await gateway.aclose()
        await runner.cleanup()
        assert asked == ["Calls.json"] * attempts_of_a_start + ["CA1.json"] * attempts_of_a_hang_up


class _Here(TwilioHttpClient):
    """Twilio's client, led to the simulated carrier."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self._address = urlsplit(address)

    def request(self, method: str, url: str, **rest: Any) -> Any:
        there = urlsplit(url)._replace(scheme=self._address.scheme, netloc=self._address.netloc)
        return super().request(method, urlunsplit(there), **rest)


async def test_twilios_own_client_takes_it_for_twilio(exchange: Exchange, account: Account, product: Product) -> None:
    product.answers["/incoming"] = lambda _: "<Response><Pause length='36000'/></Response>"
    client = Client(account.sid, account.token, http_client=_Here(exchange.url))

    def use() -> None:
        call = client.calls.create(to=CALLER, from_=OURS, url=f"{product.url}/incoming")
        assert (call.status, call.direction, call.to) == ("queued", "outbound-api", CALLER)
        assert call.date_created is not None
        while client.calls(call.sid).fetch().status != "in-progress":
            pass
        assert client.calls(call.sid).update(twiml="<Response><Pause length='36000'/></Response>").sid == call.sid
        client.calls(call.sid).update(status="completed")
        while client.calls(call.sid).fetch().status != "completed":
            pass
        with pytest.raises(TwilioRestException) as over:
            client.calls(call.sid).update(status="completed")
        assert over.value.code == 21220
        with pytest.raises(TwilioRestException) as missing:
            client.calls("CA0").fetch()
        assert (missing.value.status, missing.value.code) == (404, 20404)
        assert client.messages.create(to=CALLER, from_=OURS, body="hi").status == "queued"
        with pytest.raises(TwilioRestException) as nothing:
            client.messages.create(to=CALLER, from_=OURS, body="")
        assert nothing.value.code == 21602

    await asyncio.wait_for(asyncio.to_thread(use), 30)
