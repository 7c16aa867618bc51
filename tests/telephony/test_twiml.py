"""The documents we answer with."""

from xml.etree import ElementTree

import pytest

from apps.telephony import twiml
from apps.telephony.twiml import Fallback

pytestmark = pytest.mark.once


def tags(document: str) -> list[str]:
    return [verb.tag for verb in ElementTree.fromstring(document)]


def test_a_stream_with_its_token_and_the_whole_ladder() -> None:
    fallback = Fallback("Sorry, one moment.", human="+12125550177", after_dial="https://h/a", voicemail="https://h/v")
    document = twiml.connect_stream(url="wss://h/ws/", parameters={"token": 't"<1'}, fallback=fallback)
    root = ElementTree.fromstring(document)
    assert [verb.tag for verb in root] == ["Connect", "Say", "Dial"]
    stream = root.find("Connect/Stream")
    assert stream is not None
    assert stream.attrib == {"url": "wss://h/ws/"}
    assert [parameter.attrib for parameter in stream] == [{"name": "token", "value": 't"<1'}]
    dial = root.find("Dial")
    assert dial is not None
    assert dial.attrib == {"timeout": "20", "action": "https://h/a", "method": "POST"}
    assert dial.findtext("Number") == "+12125550177"


def test_without_a_person_there_is_the_voicemail() -> None:
    document = twiml.connect_stream(url="wss://h/", parameters={}, fallback=Fallback("Sorry.", voicemail="https://h/v"))
    assert tags(document) == ["Connect", "Say", "Say", "Record", "Hangup"]
    assert tags(twiml.apologize(Fallback("Sorry."))) == ["Say", "Hangup"]


def test_a_person_without_an_address_for_what_comes_after_is_the_end() -> None:
    root = ElementTree.fromstring(twiml.apologize(Fallback("Sorry.", human="+12125550177", voicemail="https://h/v")))
    assert [verb.tag for verb in root] == ["Say", "Dial", "Hangup"]
    assert "action" not in root[1].attrib


def test_what_a_stream_may_not_have() -> None:
    with pytest.raises(ValueError, match="query"):
        twiml.connect_stream(url="wss://h/?token=1", parameters={}, fallback=Fallback(""))
    with pytest.raises(ValueError, match="500"):
        twiml.connect_stream(url="wss://h/", parameters={"token": "x" * 496}, fallback=Fallback(""))
    assert twiml.connect_stream(url="wss://h/", parameters={"token": "x" * 495}, fallback=Fallback(""))


@pytest.mark.parametrize(
    ("status", "verbs"),
    [
        ("completed", ["Hangup"]),
        ("no-answer", ["Say", "Record", "Hangup"]),
        ("busy", ["Say", "Record", "Hangup"]),
        ("failed", ["Say", "Record", "Hangup"]),
    ],
)
def test_after_a_person(status: str, verbs: list[str]) -> None:
    assert tags(twiml.after_human(status=status, fallback=Fallback("", voicemail="https://h/v"))) == verbs


def test_a_transfer_shows_the_number_that_it_should() -> None:
    fallback = Fallback("", human="+12125550177", after_dial="https://h/a")
    dial = ElementTree.fromstring(twiml.transfer(fallback=fallback, caller_id="+12125550100")).find("Dial")
    assert dial is not None
    assert dial.get("callerId") == "+12125550100"


def test_the_small_ones() -> None:
    assert tags(twiml.reject()) == ["Reject"]
    assert tags(twiml.say("Goodbye.")) == ["Say", "Hangup"]
    assert tags(twiml.hang_up()) == ["Hangup"]
    assert tags(twiml.message()) == []
    assert ElementTree.fromstring(twiml.message("a < b")).findtext("Message") == "a < b"
    keys = ElementTree.fromstring(twiml.gather(words="Press 1.", action="/g", digits=3)).find("Gather")
    assert keys is not None
    assert (keys.get("numDigits"), keys.get("input"), keys.get("actionOnEmptyResult")) == ("3", "dtmf", "true")
