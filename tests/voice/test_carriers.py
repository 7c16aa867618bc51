"""The carriers' codecs: the frames of their documentation in and out, and whatever else may come."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.voice.core.actions import (
    Action,
    ClearPlayback,
    DropInput,
    EndCall,
    HangUp,
    PlaceMark,
    PlayAudio,
    Show,
)
from apps.voice.core.carriers.browser import MAX_AUDIO, MAX_TEXT, Browser
from apps.voice.core.carriers.carrier import MAX_FRAME, BadFrame, Carrier
from apps.voice.core.carriers.plivo import Plivo
from apps.voice.core.carriers.telnyx import Telnyx
from apps.voice.core.carriers.twilio import Twilio
from apps.voice.core.carriers.vonage import Vonage
from apps.voice.core.events import (
    AudioHeard,
    CarrierStarted,
    CarrierStopped,
    DigitPressed,
    MarkPlayed,
    MuteChanged,
    TextTyped,
)
from apps.voice.core.formats import L16, PCM16, PCMA, PCMU

pytestmark = pytest.mark.once

AUDIO = bytes(range(160))
PAYLOAD = base64.b64encode(AUDIO).decode()

TWILIO_START = (
    '{"event":"start","sequenceNumber":"1","streamSid":"MZ1","start":{"streamSid":"MZ1","accountSid":"AC1",'
    '"callSid":"CA1","tracks":["inbound"],"customParameters":{"token":"t1"},'
    '"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1}}}'
)
TELNYX_START = (
    '{"event":"start","sequence_number":"1","stream_id":"S1","start":{"user_id":"u","call_control_id":"v2:c",'
    '"call_session_id":"s","from":"+13122010094","to":"+13122123456","custom_parameters":{"token":"t1"},'
    '"media_format":{"encoding":"PCMU","sample_rate":8000,"channels":1}}}'
)
PLIVO_START = (
    '{"sequenceNumber":0,"event":"start","start":{"callId":"c1","streamId":"p1","accountId":"a","tracks":["inbound"],'
    '"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000}},"extra_headers":"{\\"X-PH-token\\":\\"t1\\"}"}'
)
VONAGE_START = '{"event":"websocket:connected","content-type":"audio/l16;rate=16000","uuid":"u1","token":"t1","n":3}'

STARTS: list[tuple[Callable[[], Carrier], str]] = [
    (Twilio, TWILIO_START),
    (Telnyx, TELNYX_START),
    (Plivo, PLIVO_START),
    (Vonage, VONAGE_START),
]
started = pytest.mark.parametrize(("make", "start"), STARTS, ids=["twilio", "telnyx", "plivo", "vonage"])


def begun(make: Callable[[], Carrier], start: str) -> Carrier:
    carrier = make()
    carrier.read(start)
    return carrier


def twilio(event: str, **fields: Any) -> str:
    return json.dumps({"event": event, "sequenceNumber": "3", "streamSid": "MZ1", **fields})


def twilio_media(**media: Any) -> str:
    return twilio("media", media={"track": "inbound", "chunk": "1", "timestamp": "5", "payload": PAYLOAD, **media})


class TestTwilio:
    def test_a_call(self) -> None:
        carrier = Twilio()
        assert carrier.format is PCMU
        assert carrier.read('{"event":"connected","protocol":"Call","version":"1.0.0"}') == []
        assert carrier.read(TWILIO_START) == [CarrierStarted("MZ1", "CA1", {"token": "t1"})]
        assert carrier.read(twilio_media()) == [AudioHeard(AUDIO, 5)]
        digit = twilio("dtmf", dtmf={"track": "inbound_track", "digit": "1"})
        assert carrier.read(digit) == [DigitPressed("1")]
        assert carrier.read(twilio("mark", mark={"name": "g0:1"})) == [MarkPlayed("g0:1")]
        stop = twilio("stop", stop={"accountSid": "AC1", "callSid": "CA1"})
        assert carrier.read(stop) == [CarrierStopped("stop")]
        assert carrier.read(stop) == carrier.read(twilio_media()) == []

    def test_what_it_sends(self) -> None:
        carrier = begun(Twilio, TWILIO_START)
        (frame,) = carrier.write(PlayAudio(AUDIO))
        assert json.loads(frame) == {"event": "media", "streamSid": "MZ1", "media": {"payload": PAYLOAD}}
        (frame,) = carrier.write(PlaceMark('g1:"2'))
        assert json.loads(frame) == {"event": "mark", "streamSid": "MZ1", "mark": {"name": 'g1:"2'}}
        (frame,) = carrier.write(ClearPlayback(2))
        assert json.loads(frame) == {"event": "clear", "streamSid": "MZ1"}

    def test_a_stream_sid_cannot_break_out_of_its_string(self) -> None:
        carrier = begun(Twilio, TWILIO_START.replace("MZ1", 'M\\"Z'))
        (frame,) = carrier.write(PlayAudio(b"\xff"))
        assert json.loads(frame)["streamSid"] == 'M"Z'

    def test_the_same_start_again_changes_nothing_and_another_one_is_refused(self) -> None:
        carrier = begun(Twilio, TWILIO_START)
        assert carrier.read(TWILIO_START) == []
        with pytest.raises(BadFrame, match="unknown stream"):
            carrier.read(TWILIO_START.replace("MZ1", "MZ2"))
        assert carrier.read(twilio_media()) == [AudioHeard(AUDIO, 5)]

    def test_the_other_side_of_the_call_is_not_heard(self) -> None:
        assert begun(Twilio, TWILIO_START).read(twilio_media(track="outbound")) == []

    @pytest.mark.parametrize(
        "frame",
        [
            twilio_media(payload="no base64!"),
            twilio_media(payload=5),
            twilio_media().replace("MZ1", ""),
            twilio_media(timestamp="soon"),
            twilio_media(timestamp="-1"),
            twilio_media(timestamp="9" * 5000),
            twilio("media"),
            twilio("dtmf", dtmf={"digit": "12"}),
            twilio("mark", mark={}),
            '{"event":5}',
            "[]",
            "{",
            "[" * 20_000,
            '{"event":"media","x":' + "[" * 20_000,
            "\ud800",
            "",
        ],
        ids=str,
    )
    def test_malformed(self, frame: str) -> None:
        with pytest.raises(BadFrame, match="malformed"):
            begun(Twilio, TWILIO_START).read(frame)

    @pytest.mark.parametrize("frame", [b"\xff\xfe", twilio_media().encode()])
    def test_binary(self, frame: bytes) -> None:
        with pytest.raises(BadFrame, match="binary"):
            begun(Twilio, TWILIO_START).read(frame)

    def test_another_encoding_is_refused_at_the_start(self) -> None:
        with pytest.raises(BadFrame):
            Twilio().read(TWILIO_START.replace("x-mulaw", "x-alaw"))


class TestTelnyx:
    def media(self, chunk: int) -> str:
        media = {"track": "inbound", "chunk": str(chunk), "timestamp": str(chunk * 20), "payload": PAYLOAD}
        return json.dumps({"event": "media", "stream_id": "S1", "media": media})

    def test_a_call(self) -> None:
        carrier = Telnyx()
        assert carrier.read('{"event":"connected","version":"1.0.0"}') == []
        assert carrier.read(TELNYX_START) == [CarrierStarted("S1", "v2:c", {"token": "t1"})]
        assert carrier.read(self.media(1)) == [AudioHeard(AUDIO, 20)]
        assert carrier.read('{"event":"dtmf","stream_id":"S1","dtmf":{"digit":"#"}}') == [DigitPressed("#")]
        assert carrier.read('{"event":"mark","stream_id":"S1","mark":{"name":"m"}}') == [MarkPlayed("m")]
        assert carrier.read('{"event":"error","stream_id":"S1","payload":{"code":100002}}') == []
        assert carrier.read('{"event":"stop","stream_id":"S1","stop":{}}') == [CarrierStopped("stop")]

    def test_what_it_sends(self) -> None:
        carrier = begun(Telnyx, TELNYX_START)
        frames = [*carrier.write(PlayAudio(AUDIO)), *carrier.write(PlaceMark("m")), *carrier.write(ClearPlayback(1))]
        assert [json.loads(frame) for frame in frames] == [
            {"event": "media", "media": {"payload": PAYLOAD}},
            {"event": "mark", "mark": {"name": "m"}},
            {"event": "clear"},
        ]

    @given(st.permutations(range(1, 4)))
    def test_frames_are_put_in_order(self, first: list[int]) -> None:
        carrier = begun(Telnyx, TELNYX_START)
        order = [0, *first, 4, 5]
        heard = [event for chunk in order for event in carrier.read(self.media(chunk))]
        assert [event.at_ms for event in heard if isinstance(event, AudioHeard)] == [0, 20, 40, 60, 80, 100]

    def test_a_lost_frame_holds_the_others_back_for_60_ms_only(self) -> None:
        carrier = begun(Telnyx, TELNYX_START)
        heard = [len(carrier.read(self.media(chunk))) for chunk in (1, 3, 4, 5, 6, 2, 7)]
        assert heard == [1, 0, 0, 0, 4, 0, 1]

    def test_a_law(self) -> None:
        start = TELNYX_START.replace("PCMU", "PCMA")
        assert len(Telnyx(PCMA).read(start)) == 1
        with pytest.raises(BadFrame, match="unexpected format"):
            Telnyx().read(start)


class TestPlivo:
    def test_a_call(self) -> None:
        carrier = Plivo()
        assert carrier.read(PLIVO_START) == [CarrierStarted("p1", "c1", {"token": "t1"})]
        media = {"track": "inbound", "timestamp": "1700000000000", "chunk": 1, "payload": PAYLOAD}
        frame = {"sequenceNumber": 1, "streamId": "p1", "event": "media", "media": media, "extra_headers": "{}"}
        assert carrier.read(json.dumps(frame)) == [AudioHeard(AUDIO, 1_700_000_000_000)]
        assert carrier.read('{"event":"playedStream","name":"m"}') == [MarkPlayed("m")]
        assert carrier.read('{"event":"clearedAudio","streamId":"p1"}') == []
        assert carrier.read('{"event":"dtmf","streamId":"p1","dtmf":{"track":"inbound","digit":"9"}}') == [
            DigitPressed("9")
        ]
        assert carrier.read('{"event":"stop","streamId":"p1"}') == [CarrierStopped("stop")]

    def test_what_it_sends(self) -> None:
        carrier = begun(Plivo, PLIVO_START)
        frames = [*carrier.write(PlayAudio(AUDIO)), *carrier.write(PlaceMark("m")), *carrier.write(ClearPlayback(1))]
        assert [json.loads(frame) for frame in frames] == [
            {"event": "playAudio", "media": {"contentType": "audio/x-mulaw", "sampleRate": 8000, "payload": PAYLOAD}},
            {"event": "checkpoint", "streamId": "p1", "name": "m"},
            {"event": "clearAudio", "streamId": "p1"},
        ]

    def test_parameters_as_a_plain_list(self) -> None:
        start = json.loads(PLIVO_START) | {"extra_headers": "token=t1,stray, X-PH-b=x=y"}
        (event,) = Plivo().read(json.dumps(start))
        assert event == CarrierStarted("p1", "c1", {"token": "t1", "b": "x=y"})


class TestVonage:
    def test_a_call(self) -> None:
        carrier = Vonage()
        assert carrier.format is L16
        assert carrier.read(VONAGE_START) == [CarrierStarted("u1", "u1", {"uuid": "u1", "token": "t1"})]
        assert carrier.read(VONAGE_START) == []
        assert carrier.read(bytes(640)) == [AudioHeard(bytes(640))]
        assert carrier.read('{"event":"websocket:dtmf","digit":"5","duration":260}') == [DigitPressed("5")]
        assert carrier.read('{"event":"websocket:notify","payload":{"name":"m"}}') == [MarkPlayed("m")]
        assert carrier.read('{"event":"websocket:cleared"}') == []

    def test_what_it_sends(self) -> None:
        carrier = begun(Vonage, VONAGE_START)
        assert carrier.write(PlayAudio(bytes(1280))) == [bytes(640), bytes(640)]
        frames = [*carrier.write(PlaceMark("m")), *carrier.write(ClearPlayback(1))]
        assert [json.loads(frame) for frame in frames] == [
            {"action": "notify", "payload": {"name": "m"}},
            {"action": "clear"},
        ]

    def test_another_rate_is_refused(self) -> None:
        with pytest.raises(BadFrame, match="unexpected format"):
            Vonage().read(VONAGE_START.replace("16000", "8000"))

    def test_half_a_sample_is_refused(self) -> None:
        with pytest.raises(BadFrame, match="malformed"):
            begun(Vonage, VONAGE_START).read(bytes(639))


class TestBrowser:
    def test_what_the_page_sends(self) -> None:
        carrier = Browser()
        assert carrier.format is PCM16
        assert carrier.read(bytes(960)) == [AudioHeard(bytes(960))]
        assert carrier.read('{"type":"played","mark":"g0:1"}') == [MarkPlayed("g0:1")]
        assert carrier.read('{"type":"text","text":" hello "}') == [TextTyped("hello")]
        assert carrier.read('{"type":"text","text":"  "}') == []
        assert carrier.read('{"type":"mute","muted":true}') == [MuteChanged(True)]
        assert carrier.read('{"type":"end"}') == [CarrierStopped("hangup")]

    def test_what_it_gets(self) -> None:
        carrier = Browser()
        assert carrier.write(PlayAudio(bytes(960))) == [bytes(960)]
        actions: list[Action] = [
            PlaceMark("g0:1"),
            ClearPlayback(3),
            Show("transcript", {"who": "agent", "text": "Hi", "final": False, "id": "i1", "type": "x"}),
            EndCall("goodbye"),
        ]
        assert [json.loads(frame) for action in actions for frame in carrier.write(action)] == [
            {"type": "mark", "name": "g0:1"},
            {"type": "clear", "generation": 3},
            {"type": "transcript", "who": "agent", "text": "Hi", "final": False, "id": "i1"},
            {"type": "ended", "reason": "goodbye"},
        ]
        assert carrier.write(HangUp()) == carrier.write(DropInput()) == []
        assert json.loads(carrier.ready(limit_s=60)) == {"type": "ready", "limit_s": 60}

    @pytest.mark.parametrize(
        "frame",
        [
            bytes(961),
            bytes(MAX_AUDIO + 2),
            "x" * (MAX_FRAME + 1),
            json.dumps({"type": "text", "text": "x" * (MAX_TEXT + 1)}),
            '{"type":"mute","muted":"yes"}',
            '{"type":"dance"}',
            "null",
        ],
        ids=["odd", "long audio", "oversized", "long text", "muted", "unknown", "null"],
    )
    def test_what_is_refused(self, frame: str | bytes) -> None:
        with pytest.raises(BadFrame):
            Browser().read(frame)


@started
def test_nothing_is_sent_before_the_start(make: Callable[[], Carrier], start: str) -> None:
    carrier = make()
    actions: list[Action] = [PlayAudio(AUDIO), PlaceMark("m"), ClearPlayback(1)]
    assert [carrier.write(action) for action in actions] == [[], [], []]
    carrier.read(start)
    assert all(carrier.write(action) for action in actions)


@started
def test_what_a_carrier_has_no_message_for(make: Callable[[], Carrier], start: str) -> None:
    carrier = begun(make, start)
    for action in (HangUp(), Show("state", {}), EndCall("goodbye"), DropInput()):
        assert carrier.write(action) == []


@started
def test_events_that_nobody_knows_are_ignored(make: Callable[[], Carrier], start: str) -> None:
    assert begun(make, start).read('{"event":"brand_new","x":[1,2]}') == []


@started
def test_oversized_frames_are_refused_unread(make: Callable[[], Carrier], start: str) -> None:
    with pytest.raises(BadFrame, match="oversized"):
        begun(make, start).read(start + " " * MAX_FRAME)


@pytest.mark.parametrize(
    ("make", "frame"),
    [
        (Twilio, twilio_media()),
        (Telnyx, '{"event":"stop","stream_id":"S1"}'),
        (Plivo, '{"event":"playedStream","name":"m"}'),
        (Vonage, bytes(640)),
        (Vonage, '{"event":"websocket:dtmf","digit":"5"}'),
    ],
)
def test_a_stream_that_has_not_started_is_unknown(make: Callable[[], Carrier], frame: str | bytes) -> None:
    with pytest.raises(BadFrame, match="unknown stream"):
        make().read(frame)


@pytest.mark.parametrize(
    ("make", "start", "frame"),
    [
        (Twilio, TWILIO_START, twilio_media().replace("MZ1", "MZ2")),
        (Telnyx, TELNYX_START, '{"event":"stop","stream_id":"S2"}'),
        (Plivo, PLIVO_START, '{"event":"stop","streamId":"p2"}'),
        (Plivo, PLIVO_START, PLIVO_START.replace("p1", "p2")),
    ],
)
def test_another_stream_is_unknown(make: Callable[[], Carrier], start: str, frame: str) -> None:
    with pytest.raises(BadFrame, match="unknown stream"):
        begun(make, start).read(frame)


EVENTS = ["start", "media", "dtmf", "mark", "stop", "connected", "playedStream", "websocket:connected", "text", "mute"]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = ["streamSid", "stream_id", "streamId", "start", "media", "mark", "dtmf", "payload", "content-type", "mark"]
frames = st.one_of(
    st.binary(max_size=64),
    st.text(max_size=64),
    st.dictionaries(st.sampled_from(KEYS), json_values, max_size=5).flatmap(
        lambda fields: st.sampled_from(EVENTS).map(lambda event: json.dumps({"event": event, "type": event} | fields))
    ),
)


@pytest.mark.parametrize(
    ("make", "start"), [*STARTS, (Browser, "")], ids=["twilio", "telnyx", "plivo", "vonage", "browser"]
)
@given(frame=frames, cut=st.integers(0, 400), junk=st.text(max_size=3))
def test_whatever_comes_is_read_or_refused(
    make: Callable[[], Carrier], start: str, frame: str | bytes, cut: int, junk: str
) -> None:
    carrier = make()
    for message in (frame, start[:cut] + junk + start[cut:], start, frame, start[cut:].encode()):
        try:
            events = carrier.read(message)
        except BadFrame:
            continue
        assert isinstance(events, list)


@given(st.binary(max_size=2000))
def test_audio_comes_back_as_it_went(audio: bytes) -> None:
    carrier = begun(Twilio, TWILIO_START)
    (frame,) = carrier.write(PlayAudio(audio))
    echoed = json.loads(frame)
    echoed["media"] |= {"timestamp": "7", "track": "inbound"}
    assert carrier.read(json.dumps(echoed)) == [AudioHeard(audio, 7)]
