"""Calls through Telnyx, Plivo and Vonage, over real sockets that speak their protocols; and attacks on them."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from apps.agents import releases
from apps.agents.model import base_url
from apps.agents.models import Agent
from apps.agents.registry import verticals
from apps.conversations.models import Call
from apps.plans.subscriptions import start_trial
from apps.telephony import numbers
from apps.telephony.simulated.line import SILENCE, Leave
from apps.tenants.models import Tenant
from apps.tenants.scope import all_tenants, in_tenant, tenant_scope
from apps.voice import answering, sockets
from apps.voice.tickets import Ticket, mint
from tests.conftest import make_tenant
from tests.voice import lines
from tests.voice.callers import Script, browser_call, ended
from tests.voice.lines import WIRES, Opening, Plivo, Post, Telnyx, Vonage, Wire, ask, dial, talk

NUMBER, CALLER, ELSEWHERE, OFFICE = "+12125550123", "+12125550199", "+12125550150", "+12125550177"


@pytest.fixture(autouse=True)
def accounts(settings: Any) -> None:
    settings.TELNYX_PUBLIC_KEY = lines.TELNYX_PUBLIC_KEY
    settings.PLIVO_AUTH_TOKEN = lines.PLIVO_AUTH_TOKEN
    settings.VONAGE_SIGNATURE_SECRET = lines.VONAGE_SIGNATURE_SECRET


@pytest.fixture
def office(transactional_db: None) -> Tenant:
    """A business with agents, and nothing to tell: most of a demo's time to load is its calendar."""
    tenant = make_tenant("riverside", "Riverside Clinic")
    with tenant_scope(tenant.pk):
        start_trial(now=datetime.now(UTC))
        releases.install(vertical=verticals()["healthcare"])
        Tenant.objects.filter(pk=tenant.pk).update(phone=OFFICE)
    tenant.phone = OFFICE
    return tenant


@pytest.fixture(params=WIRES, ids=lambda make: make.name)
def wire(request: pytest.FixtureRequest) -> Wire:
    made: Wire = request.param()
    return made


async def give(tenant: Tenant, wire: Wire, number: str = NUMBER) -> None:
    await in_tenant(tenant.pk, lambda: numbers.assign(number=number, carrier=wire.name))


async def called(server: str, wire: Wire, *, number: str = NUMBER, call: str = lines.CALL) -> Opening:
    post = wire.post(f"{server}{wire.incoming}", call=call, called=number, caller=CALLER)
    answer = await ask(server, wire.incoming, post)
    assert answer.status_code == 200
    return wire.opening(answer.text)


def path_of(url: str) -> str:
    return "/" + url.split("/", 3)[3]


async def asked_after(server: str, wire: Wire, opening: Opening) -> str:
    """What the carrier is told when the stream is over."""
    answer = await ask(server, path_of(opening.after), wire.over(opening.after, called=NUMBER, caller=CALLER))
    assert answer.status_code == 200
    return answer.text


def calls_begun() -> int:
    with all_tenants(reason="the suite counts what an attack brought about"):
        return Call.objects.count()


async def test_a_caller_is_answered(server: str, clinic: Tenant, wire: Wire) -> None:
    await give(clinic, wire)
    await asyncio.to_thread(base_url)  # the model is up before the caller hears the notes of waiting for it
    opening = await called(server, wire)
    async with asyncio.timeout(60):
        code = await talk(wire, opening, Script("What are your opening hours?"))
    record, turns, tools = await ended(clinic)
    assert code == 1000
    assert tools == ["get_office_hours"]
    assert [turn.role for turn in turns] == ["agent", "visitor", "agent"]
    assert turns[1].text == "What are your opening hours?"
    assert turns[0].unheard == turns[2].unheard == ""  # its marks came back
    assert (record.carrier, record.carrier_call) == (wire.name, lines.CALL)
    assert (record.caller, record.number) == (CALLER, NUMBER)


async def test_what_comes_after_the_stream(
    server: str, office: Tenant, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call that ended well is hung up. One that broke, or never began, gets an apology and the business's phone."""
    await give(office, wire)
    opening = await called(server, wire)
    lost = await asked_after(server, wire, opening)
    assert answering.TO_A_PERSON in lost
    assert office.phone.removeprefix("+") in lost
    async with asyncio.timeout(30):
        with suppress(ConnectionClosed):
            await talk(wire, opening, lambda at_ms, heard: SILENCE if at_ms < 500 else Leave(), stops=False)
    await ended(office)
    assert answering.TO_A_PERSON in await asked_after(server, wire, opening)  # carrier_lost

    def end_well() -> None:
        Call.objects.update(ended="goodbye")

    await in_tenant(office.pk, end_well)
    done = await asked_after(server, wire, opening)
    assert answering.TO_A_PERSON not in done
    assert office.phone.removeprefix("+") not in done


async def test_the_carriers_word_that_a_call_is_over_ends_it(server: str, office: Tenant, wire: Wire) -> None:
    await give(office, wire)
    opening = await called(server, wire)
    async with dial(opening) as socket:
        await socket.send(wire.start(opening.token))
        await asyncio.wait_for(socket.recv(), 60)
        path = f"/voice/{wire.name}/status"
        post = wire.post(f"{server}{path}", called=NUMBER, caller=CALLER, status="completed")
        assert (await ask(server, path, post)).status_code == 204
        async with asyncio.timeout(20):
            with suppress(ConnectionClosed):
                while True:
                    await socket.recv()
    call, _, _ = await ended(office)
    assert call.ended == "caller_left"


async def test_refusals_are_told_in_the_carriers_own_words(
    server: str, office: Tenant, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = wire.post(f"{server}{wire.incoming}", called=NUMBER, caller=CALLER)
    assert answering.NOT_IN_SERVICE in (await ask(server, wire.incoming, post)).text
    await give(office, wire)
    await in_tenant(office.pk, lambda: Agent.objects.update(is_active=False))
    assert answering.TO_A_PERSON in (await ask(server, wire.incoming, post)).text
    monkeypatch.setattr(answering, "is_full", lambda: True)
    busy = await ask(server, wire.incoming, post)
    assert answering.BUSY in busy.text
    assert office.phone.removeprefix("+") not in busy.text
    assert busy.headers["content-type"].startswith("application/json" if wire.name == "vonage" else "text/xml")


# Attacks


def forged(make: Callable[[], Wire], url: str) -> dict[str, Post]:
    """Requests that this carrier did not send."""
    about: dict[str, Any] = {"called": NUMBER, "caller": CALLER}
    wire = make()
    good, other = wire.post(url, **about), wire.post(url, called=ELSEWHERE, caller=CALLER)
    attacks = {
        "unsigned": Post(good.body, {"Content-Type": good.headers["Content-Type"]}),
        "another body's": Post(other.body, good.headers),
        "another carrier's": Post(good.body, (Plivo() if make is not Plivo else Telnyx()).post(url, **about).headers),
    }
    if make is Telnyx:
        attacks["another key's"] = Telnyx().post(url, **about, key=Ed25519PrivateKey.generate())
        attacks["replayed later"] = Telnyx().post(url, **about, age=400)
        attacks["from the future"] = Telnyx().post(url, **about, age=-400)
        attacks["for another time"] = Post(good.body, {**good.headers, "telnyx-timestamp": "1"})
        attacks["at no time"] = Post(good.body, {**good.headers, "telnyx-timestamp": "soon"})
        attacks["no signature"] = Post(good.body, {**good.headers, "telnyx-signature-ed25519": "%%%"})
    elif make is Plivo:
        attacks["another token's"] = Plivo().post(url, **about, token="another account's")
        attacks["for another address"] = Plivo().post(f"{url}/", **about)
        attacks["for another nonce"] = Post(good.body, {**good.headers, "X-Plivo-Signature-V3-Nonce": "n-9"})
        attacks["without a nonce"] = Post(good.body, {**good.headers, "X-Plivo-Signature-V3-Nonce": ""})
    else:
        attacks["another secret's"] = Vonage().post(url, **about, secret="another account's secret at vonage")
        attacks["unsigned, it says"] = Vonage().post(url, **about, algorithm="none")
        attacks["replayed later"] = Vonage().post(url, **about, age=400)
        attacks["no token"] = Post(good.body, {**good.headers, "Authorization": "Bearer x.y.z"})
        attacks["for nothing"] = Vonage().post(url, **about, of=b"")
    return attacks


@pytest.mark.parametrize("make", WIRES, ids=lambda make: make.name)
async def test_what_the_carrier_did_not_sign_is_refused(
    server: str, office: Tenant, make: Callable[[], Wire], settings: Any
) -> None:
    wire = make()
    await give(office, wire)
    await called(server, wire)  # or the refusals would prove nothing
    for path in (wire.incoming, f"/voice/{wire.name}/after", f"/voice/{wire.name}/status"):
        answers = {what: await ask(server, path, post) for what, post in forged(make, f"{server}{path}").items()}
        assert {what: answer.status_code for what, answer in answers.items()} == dict.fromkeys(answers, 403)
    settings.TELNYX_PUBLIC_KEY = settings.PLIVO_AUTH_TOKEN = settings.VONAGE_SIGNATURE_SECRET = ""
    for path in (wire.incoming, f"/voice/{wire.name}/after", f"/voice/{wire.name}/status"):
        post = wire.post(f"{server}{path}", called=NUMBER, caller=CALLER)
        assert (await ask(server, path, post)).status_code == 403


async def refused(url: str, headers: dict[str, str]) -> int:
    with pytest.raises(InvalidStatus) as error:
        async with connect(url, additional_headers=headers):
            pass
    return error.value.response.status_code


async def closed_with(socket: Any) -> int | None:
    async with asyncio.timeout(60):
        with suppress(ConnectionClosed):
            while True:
                await socket.recv()
    code: int | None = socket.close_code
    return code


async def test_a_socket_without_an_account_is_never_opened(
    server: str, office: Tenant, wire: Wire, settings: Any
) -> None:
    await give(office, wire)
    opening = await called(server, wire)
    settings.TELNYX_PUBLIC_KEY = settings.PLIVO_AUTH_TOKEN = settings.VONAGE_SIGNATURE_SECRET = ""
    assert await refused(opening.url, opening.headers) == 403


async def test_a_socket_opens_by_the_carriers_signature_or_by_a_token(server: str, office: Tenant, wire: Wire) -> None:
    await give(office, wire)
    opening = await called(server, wire)
    bare = opening.url.partition("?")[0]
    forgeries = [f"{bare}?token={token}" for token in ("", "forged", "x" * 65, "*", "../calls")]
    for url in (bare, *forgeries):
        headers = dict.fromkeys(opening.headers, "Zm9yZ2Vk")
        assert await refused(url, headers) == 403
    assert await sync_to_async(calls_begun)() == 0


async def test_a_token_begins_one_call_at_its_own_carrier(server: str, office: Tenant, wire: Wire) -> None:
    await give(office, wire)
    opening = await called(server, wire)
    async with browser_call(server, opening.token) as other:
        assert await other.closed() == 1008  # and it is used up
    opening = await called(server, wire, call="call-2")
    async with dial(opening) as socket:
        await socket.send(wire.start(opening.token, call="call-2"))
        await asyncio.wait_for(socket.recv(), 60)
        if wire.name == "plivo":  # signed, so that the socket opens; the token is asked for in it
            async with dial(opening) as again:
                await again.send(wire.start(opening.token, call="call-2"))
                assert await closed_with(again) == 1008
        else:
            assert await refused(opening.url, opening.headers) == 403
        await socket.send(wire.audio(SILENCE, 1))
        await asyncio.wait_for(socket.recv(), 60)  # the call that was there goes on
    assert await sync_to_async(calls_begun)() == 1


async def test_a_token_of_another_carrier_begins_no_call(server: str, office: Tenant, wire: Wire) -> None:
    foreign = await mint(Ticket(office.pk).of("twilio", "CA1"))
    await give(office, wire)
    opening = await called(server, wire)
    if wire.name == "plivo":
        async with dial(opening) as socket:
            await socket.send(wire.start(foreign))
            assert await closed_with(socket) == 1008
    else:
        assert await refused(opening.url.replace(opening.token, foreign), opening.headers) == 403
    assert await sync_to_async(calls_begun)() == 0


async def test_a_carrier_speaks_for_its_own_numbers_alone(server: str, office: Tenant, wire: Wire) -> None:
    """Another tenant's number, at another carrier: it is not in service here, before a call and after it."""
    other = await sync_to_async(make_tenant)("elsewhere", "Elsewhere")
    await in_tenant(other.pk, lambda: numbers.assign(number=ELSEWHERE))  # Twilio's
    await give(office, wire)
    post = wire.post(f"{server}{wire.incoming}", called=ELSEWHERE, caller=CALLER)
    assert answering.NOT_IN_SERVICE in (await ask(server, wire.incoming, post)).text
    path = f"/voice/{wire.name}/after"
    foreign = await ask(server, path, wire.over(f"{server}{path}", called=ELSEWHERE, caller=CALLER))
    assert answering.TO_A_PERSON not in foreign.text
    assert (await called(server, wire)).token


async def test_frames_that_are_none_end_their_own_call(server: str, office: Tenant, wire: Wire) -> None:
    await give(office, wire)
    silence = wire.audio(SILENCE, 1)
    bad: list[tuple[str | bytes, int]] = [("{", 1008), ("[1,2]", 1008), ("[" * 30_000, 1008), ('"' * 40_000, 1009)]
    if isinstance(silence, bytes):
        bad += [(silence + b"\0", 1008), (silence * 60, 1009), ('{"event":"websocket:dtmf","digit":"<b>"}', 1008)]
    else:
        bad += [
            (silence.encode(), 1003),
            (silence.replace('"inbound"', "7"), 1008),
            (silence.replace("-1", "-2"), 1008),
        ]
    for number, (frame, code) in enumerate(bad):
        opening = await called(server, wire, call=f"call-{number}")
        async with dial(opening) as socket:
            await socket.send(wire.start(opening.token, call=f"call-{number}"))
            await asyncio.wait_for(socket.recv(), 60)
            await socket.send(frame)
            assert await closed_with(socket) == code, frame[:80]
        opening = await called(server, wire, call=f"early-{number}")
        async with dial(opening) as socket:
            await socket.send(frame)
            assert await closed_with(socket) == code, frame[:80]
    assert not sockets._waiting
    assert await sync_to_async(calls_begun)() == len(bad)
