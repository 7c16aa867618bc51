"""Frames: what the splitter and the general parser make of a stream together is what the general parser makes of it."""

import random

from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol, Side

from apps.common.frames import BINARY, TEXT, UNREAD, Splitter, frame

LIMIT = 70_000
MESSAGES = st.lists(
    st.tuples(
        st.sampled_from(["text", "binary", "fragments", "ping", "pong"]),
        st.one_of(st.binary(max_size=130), st.integers(65_530, 65_540).map(bytes)),
    ),
    max_size=8,
)


def frames_of(kind: str, body: bytes, *, mask: bool) -> bytes:
    """As websockets writes them."""

    def written(opcode: Opcode, data: bytes, fin: bool = True) -> bytes:
        return Frame(opcode, data, fin).serialize(mask=mask)

    if kind == "fragments":
        half = len(body) // 2
        ping = written(Opcode.PING, b"between")
        return written(Opcode.BINARY, body[:half], False) + ping + written(Opcode.CONT, body[half:])
    opcode = {"text": Opcode.TEXT, "binary": Opcode.BINARY, "ping": Opcode.PING, "pong": Opcode.PONG}[kind]
    return written(opcode, body[:100] if kind in ("ping", "pong") else body)


def cut(stream: bytes, seed: int) -> list[bytes]:
    """The stream in pieces, as a network delivers it."""
    chance = random.Random(seed)
    pieces, at = [], 0
    while at < len(stream):
        size = chance.choice((1, 2, 3, 7, 100, 40_000, len(stream)))
        pieces.append(stream[at : at + size])
        at += size
    return pieces


def heard(protocol: Protocol) -> list[tuple[Opcode, bytes, bool]]:
    frames = [event for event in protocol.events_received() if isinstance(event, Frame)]
    return [(event.opcode, bytes(event.data), event.fin) for event in frames]


@given(
    MESSAGES, st.integers(0, 1_000), st.booleans(), st.sampled_from([b"", b"\x81", b"\xf1\x80abcd", b"\x83\x80abcd"])
)
def test_together_they_read_what_the_general_parser_reads(
    messages: list[tuple[str, bytes]], seed: int, masked: bool, rubbish: bytes
) -> None:
    stream = b"".join(frames_of(kind, body, mask=masked) for kind, body in messages) + rubbish
    side = Side.SERVER if masked else Side.CLIENT
    alone, helped = Protocol(side, max_size=LIMIT), Protocol(side, max_size=LIMIT)
    splitter = Splitter(masked=masked, limit=LIMIT)
    expected: list[tuple[Opcode, bytes, bool]] = []
    seen: list[tuple[Opcode, bytes, bool]] = []
    for piece in cut(stream, seed):
        alone.receive_data(piece)
        expected += heard(alone)
        for opcode, payload in splitter.feed(piece):
            if opcode == UNREAD:
                helped.receive_data(payload)
                seen += heard(helped)
            else:
                seen.append((Opcode(opcode), payload, True))
    assert seen == expected
    if rubbish != b"\x81":  # a frame that has not come whole is kept by the one and by the other
        assert type(helped.parser_exc) is type(alone.parser_exc)


def test_the_short_way_is_taken() -> None:
    splitter = Splitter(masked=True, limit=LIMIT)
    hello = frame(TEXT, b"hello", mask=b"abcd")
    assert splitter.feed(hello[:3]) == []
    assert splitter.feed(hello[3:] + frame(BINARY, bytes(300), mask=b"wxyz")) == [
        (TEXT, b"hello"),
        (BINARY, bytes(300)),
    ]


def test_what_is_too_long_is_for_the_general_parser_before_it_has_come() -> None:
    splitter = Splitter(masked=True, limit=LIMIT)
    begun = frame(BINARY, bytes(LIMIT + 1), mask=b"abcd")[:20]
    assert splitter.feed(begun) == [(UNREAD, begun)]
    assert splitter.feed(b"more") == [(UNREAD, b"more")]


@given(st.one_of(st.binary(max_size=130), st.integers(65_530, 65_540).map(bytes)), st.sampled_from([b"", b"mask"]))
def test_a_frame_is_written_as_the_general_writer_writes_it(payload: bytes, mask: bytes) -> None:
    protocol = Protocol(Side.CLIENT if mask else Side.SERVER, max_size=LIMIT)
    reader = Protocol(Side.SERVER if mask else Side.CLIENT, max_size=LIMIT)
    reader.receive_data(frame(BINARY, payload, mask=mask))
    assert heard(reader) == [(Opcode.BINARY, payload, True)]
    protocol.send_binary(payload)
    assert len(b"".join(protocol.data_to_send())) == len(frame(BINARY, payload, mask=mask))
