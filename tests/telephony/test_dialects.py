"""What carriers sign and what they are told, against what they themselves write."""

import json
from xml.etree.ElementTree import fromstring

import pytest
from django.test import RequestFactory

from apps.telephony.dialects import OTHERS, PLIVO, TELNYX, VONAGE, Dialect
from apps.telephony.dialects.dialect import Stream, Told, e164
from apps.telephony.dialects.plivo import signature
from apps.telephony.signatures import BadSignature
from apps.telephony.twiml import Fallback

STREAM = Stream("wss://host.example/ws/voice/x/", "token", "https://host.example/voice/x/after")
TOLD = Told("call-1", "+12125550100", "+12125550199", "ringing")
AWKWARD = 'Smith & "Sons" <Ltd>'


@pytest.mark.parametrize(
    ("url", "fields", "known"),
    [
        (
            "https://host.example/voice/plivo/incoming",
            {"To": ["12125550100"], "CallUUID": ["c-1"], "From": ["12125550199"]},
            "k01RWXXJqztXtuphdamuWYZ99OiaziPlL7GypxVQEi4=",
        ),
        (
            "https://host.example/voice/plivo/incoming?b=2&a=1",
            {"To": ["12125550100"], "CallUUID": ["c-1"]},
            "GorLeQTFu0IRdloKu4mIVTIkHVyyWZ9cy7JhSiEiu5g=",
        ),
        ("wss://host.example/ws/voice/plivo/", {}, "E6AIatO7HIuDyUtC6iaTjGs4wGQ+6nPFvD3KZpzVO1U="),
    ],
)
def test_plivos_signature_is_its_sdks(url: str, fields: dict[str, list[str]], known: str) -> None:
    assert signature("a token", url=url, nonce="n-7", fields=fields) == known


@pytest.mark.parametrize("dialect", OTHERS, ids=lambda dialect: dialect.name)
def test_words_cannot_break_out_of_the_document(dialect: Dialect) -> None:
    document = dialect.say(AWKWARD)
    if dialect is VONAGE:
        assert json.loads(document)[0]["text"] == AWKWARD
    else:
        assert fromstring(document)[0].text == AWKWARD


@pytest.mark.parametrize("dialect", OTHERS, ids=lambda dialect: dialect.name)
def test_the_ladder(dialect: Dialect) -> None:
    document = dialect.apologize(Fallback("Sorry.", human="+12125550177", language="en-GB"))
    assert document.index("Sorry.") < document.index("12125550177")
    assert "en-GB" in document
    assert "Sorry." in dialect.apologize(Fallback("Sorry."))


def test_what_plivo_and_vonage_are_told_of_the_stream() -> None:
    stream, redirect = fromstring(PLIVO.connect(STREAM, told=TOLD, fallback=Fallback("")))
    assert (stream.text, stream.attrib["contentType"]) == (STREAM.url, "audio/x-mulaw;rate=8000")
    assert redirect.text == STREAM.then
    (action,) = json.loads(VONAGE.connect(STREAM, told=TOLD, fallback=Fallback("")))
    assert action["eventUrl"] == [STREAM.then]
    assert action["endpoint"][0]["uri"] == f"{STREAM.url}?token=token"
    assert action["endpoint"][0]["headers"]["uuid"] == "call-1"


def test_vonage_tells_of_much_that_is_no_end() -> None:
    assert not any(VONAGE.is_over(status) for status in ("started", "ringing", "answered", "completed", ""))
    assert VONAGE.is_over("disconnected")


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"[" * 50_000, b'{"uuid":7,"headers":[1]}'])
def test_a_body_that_is_none_tells_nothing(body: bytes) -> None:
    told = VONAGE.told(RequestFactory().post("/", body, content_type="application/json"))
    assert (told.called, told.caller, told.status) == ("", "", "")


def test_numbers_are_written_with_a_plus() -> None:
    assert [e164(number) for number in ("12125550100", "+12125550100", "", "anonymous", "sip:me@example")] == [
        "+12125550100",
        "+12125550100",
        "",
        "anonymous",
        "sip:me@example",
    ]


@pytest.mark.parametrize("key", ["", "not base64!", "c2hvcnQ="])
def test_a_key_that_is_none_lets_nobody_in(key: str, settings: object) -> None:
    settings.TELNYX_PUBLIC_KEY = key  # type: ignore[attr-defined]
    request = RequestFactory().post("/", {}, headers={"telnyx-signature-ed25519": "AA==", "telnyx-timestamp": "1"})
    with pytest.raises(BadSignature):
        TELNYX.check_request(request)
