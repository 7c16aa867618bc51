"""The simulated carrier's calls: our documents carried out, our media socket spoken to."""

import asyncio

import pytest
from twilio.request_validator import RequestValidator

from apps.telephony import twiml
from apps.telephony.account import Account
from apps.telephony.simulated.exchange import Exchange
from apps.telephony.simulated.line import SILENCE, Caller, Faults, Leave, Person, Press, silent
from apps.voice.core.actions import ClearPlayback, PlaceMark, PlayAudio
from apps.voice.core.events import AudioHeard, CarrierStarted, CarrierStopped, DigitPressed, MarkPlayed
from tests.telephony.conftest import CALLER, HUMAN, OURS, Product, Socket

pytestmark = pytest.mark.once

TONE = b"\x10" * 160


def leaving(after_ms: int, first: Caller = silent) -> Caller:
    return lambda at_ms, heard: Leave() if at_ms >= after_ms else first(at_ms, heard)


def stream(product: Product, *, apology: str = "Sorry.", human: str = "", voicemail: str = "") -> None:
    """The product answers calls with its socket, and the ladder behind it."""
    fallback = twiml.Fallback(apology, human=human, after_dial="/after", voicemail=voicemail)
    url = product.url.replace("http", "ws") + "/ws/"
    product.answers["/incoming"] = lambda _: twiml.connect_stream(
        url=url, parameters={"token": "t1"}, fallback=fallback
    )


async def call(exchange: Exchange, product: Product, caller: Caller, faults: Faults | None = None):
    made = exchange.call(
        from_=CALLER,
        to=OURS,
        url=f"{product.url}/incoming",
        caller=caller,
        faults=faults or Faults(),
        status_callback=f"{product.url}/status",
    )
    await asyncio.wait_for(made.over(), 20)
    return made


async def test_a_call_that_the_caller_ends(exchange: Exchange, product: Product) -> None:
    stream(product)

    def caller(at_ms: int, heard: bytes) -> bytes | Press | Leave:
        return Leave() if at_ms >= 400 else Press("5") if at_ms == 200 else TONE

    made = await call(exchange, product, caller)
    assert product.socket is not None
    first, *middle, last = product.socket.heard
    assert isinstance(first, CarrierStarted)
    assert (first.call, first.parameters) == (made.sid, {"token": "t1"})
    assert last == CarrierStopped("stop")
    assert DigitPressed("5") in middle
    audio = [event for event in middle if isinstance(event, AudioHeard)]
    assert [event.audio for event in audio] == [SILENCE if at == 10 else TONE for at in range(20)]
    assert [event.at_ms for event in audio] == list(range(20, 420, 20))
    assert (made.log, made.errors) == (["Connect"], [])
    (status,) = product.posted("/status")
    assert (status["CallStatus"], status["CallSid"], status["CallDuration"]) == ("completed", made.sid, "0")


async def test_everything_it_sends_is_signed(exchange: Exchange, product: Product, account: Account) -> None:
    stream(product)
    await call(exchange, product, leaving(100))
    assert len(product.signatures) == 3  # the webhook, the socket, the status
    for url, fields, signature in product.signatures:
        assert RequestValidator(account.token).validate(url, fields, signature)


async def test_marks_come_back_when_what_is_before_them_was_played(exchange: Exchange, product: Product) -> None:
    stream(product)
    heard: list[bytes] = []
    echoed_at: dict[str, int] = {}

    async def talk(socket: Socket) -> None:
        async for event in socket.events():
            if isinstance(event, CarrierStarted):
                await socket.do(PlayAudio(TONE * 10), PlaceMark("ten"), PlayAudio(TONE * 5), PlaceMark("fifteen"))
            if isinstance(event, MarkPlayed):
                echoed_at[event.name] = len(heard)
            if "fifteen" in echoed_at:
                return

    def caller(at_ms: int, sound: bytes) -> bytes:
        heard.append(sound)
        return SILENCE

    product.talk = talk
    made = await call(exchange, product, caller)
    assert [sound for sound in heard if sound != SILENCE] == [TONE] * 15
    first = heard.index(TONE)
    assert heard[first : first + 15] == [TONE] * 15  # without a gap
    assert echoed_at["ten"] >= first + 10
    assert echoed_at["fifteen"] >= first + 15
    assert made.errors == []


async def test_clear_silences_and_echoes_what_it_dropped(exchange: Exchange, product: Product) -> None:
    stream(product)
    heard: list[bytes] = []

    async def talk(socket: Socket) -> None:
        async for event in socket.events():
            if isinstance(event, CarrierStarted):
                await socket.do(PlayAudio(TONE * 500), PlaceMark("dropped"))
            if isinstance(event, AudioHeard) and event.at_ms == 200:
                await socket.do(ClearPlayback(1), PlaceMark("after"))
            if event == MarkPlayed("after"):
                return

    def caller(at_ms: int, sound: bytes) -> bytes:
        heard.append(sound)
        return SILENCE

    product.talk = talk
    await call(exchange, product, caller)
    assert product.socket is not None
    marks = [event.name for event in product.socket.heard if isinstance(event, MarkPlayed)]
    assert marks == ["dropped", "after"]
    assert 0 < heard.count(TONE) < 200
    assert heard[-1] == SILENCE


async def test_when_our_side_closes_the_ladder_runs(exchange: Exchange, product: Product) -> None:
    async def talk(socket: Socket) -> None:
        return

    product.talk = talk
    stream(product, human=HUMAN, voicemail="/voicemail")
    ladder = twiml.Fallback("", voicemail="/voicemail")
    product.answers["/after"] = lambda fields: twiml.after_human(status=fields["DialCallStatus"], fallback=ladder)
    product.answers["/voicemail"] = lambda _: twiml.hang_up()

    def caller(at_ms: int, heard: bytes) -> bytes | Leave:
        return Leave() if at_ms > 40_000 else TONE

    exchange.people[HUMAN] = Person(None)
    exchange.speed = 400
    made = await call(exchange, product, caller)
    assert made.log == ["Connect", "Say", "Dial", "Say", "Record"]
    assert (made.dialed, made.said[0]) == ([HUMAN], "Sorry.")
    (recording,) = product.posted("/voicemail")
    assert recording["Digits"] == "hangup"
    assert TONE * 10 in made.recordings[0]


async def test_a_person_who_answered_is_the_end_of_the_ladder(exchange: Exchange, product: Product) -> None:
    product.answers["/incoming"] = lambda _: twiml.transfer(
        fallback=twiml.Fallback("", human=HUMAN, after_dial="/after", voicemail="/voicemail"), words="One moment."
    )
    product.answers["/after"] = lambda fields: twiml.after_human(
        status=fields["DialCallStatus"], fallback=twiml.Fallback("", voicemail="/voicemail")
    )
    exchange.people[HUMAN] = Person()
    made = await call(exchange, product, silent)
    assert made.log == ["Say", "Dial", "Hangup"]
    assert made.status == "completed"


@pytest.mark.parametrize(("pressed", "digits"), [("42", "42"), ("4#", "4"), ("", "")])
async def test_digits_are_gathered(exchange: Exchange, product: Product, pressed: str, digits: str) -> None:
    product.answers["/incoming"] = lambda _: twiml.gather(words="Keys?", action="/gather?a=1", digits=2, seconds=1)
    product.answers["/gather"] = lambda _: twiml.say("Thank you.")
    keys = dict(zip((100, 300), pressed, strict=False))
    made = await call(exchange, product, lambda at_ms, _: Press(keys[at_ms]) if at_ms in keys else SILENCE)
    (fields,) = product.posted("/gather")
    assert fields["Digits"] == digits
    assert made.said == ["Keys?", "Thank you."]


async def test_a_rejected_call_is_never_answered(exchange: Exchange, product: Product) -> None:
    product.answers["/incoming"] = lambda _: twiml.reject("busy")
    made = await call(exchange, product, silent)
    assert made.status == "busy"
    assert product.posted("/status")[0]["CallStatus"] == "busy"


@pytest.mark.parametrize(
    ("answer", "error"),
    [(None, 11200), ("<Response>", 12100), ("<Other/>", 12100), ("<Response><Dance/></Response>", 12200)],
)
async def test_a_document_that_is_none(exchange: Exchange, product: Product, answer: str | None, error: int) -> None:
    if answer is not None:
        product.answers["/incoming"] = lambda _: answer
    made = await call(exchange, product, silent)
    assert (made.status, made.errors) == ("failed", [error])


@pytest.mark.parametrize("url", ["wss://127.0.0.1/ws/?token=1", "https://127.0.0.1/ws/", "ws://127.0.0.1:1/ws/"])
async def test_a_stream_that_cannot_be(exchange: Exchange, product: Product, url: str) -> None:
    product.answers["/incoming"] = lambda _: (
        f'<Response><Connect><Stream url="{url}"/></Connect><Say>Sorry.</Say></Response>'
    )
    made = await call(exchange, product, silent)
    assert (made.log, made.errors) == (["Connect", "Say"], [31920])


async def test_what_we_may_not_send_is_noted(exchange: Exchange, product: Product) -> None:
    async def talk(socket: Socket) -> None:
        async for event in socket.events():
            if isinstance(event, CarrierStarted):
                await socket.web.send_json({"event": "hangup", "streamSid": event.stream})
                await socket.web.send_str('{"event":"clear"}')
                await socket.do(PlaceMark("end"))
            if event == MarkPlayed("end"):
                return

    stream(product)
    product.talk = talk
    made = await call(exchange, product, silent)
    assert made.errors == [31924, 31924]


class TestFaults:
    async def test_a_second_start(self, exchange: Exchange, product: Product) -> None:
        stream(product)
        await call(exchange, product, leaving(100), Faults(duplicate_start=True))
        assert product.socket is not None
        assert sum(isinstance(event, CarrierStarted) for event in product.socket.heard) == 1
        assert product.socket.heard[-1] == CarrierStopped("stop")

    async def test_no_stop(self, exchange: Exchange, product: Product) -> None:
        stream(product)
        await call(exchange, product, leaving(100), Faults(no_stop=True))
        assert product.socket is not None
        assert isinstance(product.socket.heard[-1], AudioHeard)
        assert product.socket.web.close_code == 1000

    async def test_a_broken_socket(self, exchange: Exchange, product: Product) -> None:
        stream(product)
        made = await call(exchange, product, silent, Faults(drop_after_ms=100))
        assert product.socket is not None
        assert isinstance(product.socket.heard[-1], AudioHeard)
        assert product.socket.web.close_code == 1006
        assert made.log == ["Connect", "Say", "Hangup"]

    async def test_late_marks(self, exchange: Exchange, product: Product) -> None:
        async def talk(socket: Socket) -> None:
            async for event in socket.events():
                if isinstance(event, CarrierStarted):
                    await socket.do(PlaceMark("m"))
                if isinstance(event, MarkPlayed):
                    return

        stream(product)
        product.talk = talk
        await call(exchange, product, silent, Faults(late_marks_ms=300))
        assert product.socket is not None
        assert max(event.at_ms for event in product.socket.heard if isinstance(event, AudioHeard)) >= 300

    async def test_jitter_delays_and_loses_nothing(self, exchange: Exchange, product: Product) -> None:
        stream(product)
        await call(exchange, product, leaving(2000), Faults(jitter_ms=100, seed=7))
        assert product.socket is not None
        times = [event.at_ms for event in product.socket.heard if isinstance(event, AudioHeard)]
        assert times == list(range(20, 20 * len(times) + 20, 20))
        assert len(times) >= 95  # the rest was still on its way
