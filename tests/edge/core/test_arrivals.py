import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.common import sse
from apps.edge.core.arrivals import Arrival, Reader

pytestmark = pytest.mark.once


@given(st.lists(st.none() | st.floats(0, 100), max_size=10), st.data())
def test_any_cut_of_the_bytes_yields_the_same(stream: list[float | None], data: st.DataObject) -> None:
    """Each item is a keep-alive or an event's time."""
    whole = b"".join(
        sse.KEEP_ALIVE if made is None else sse.encode(json.dumps({"n": number, "made": made}), id=str(number))
        for number, made in enumerate(stream)
    )
    reader = Reader()
    position = 0
    while position < len(whole):
        size = data.draw(st.integers(1, 40))
        reader.feed(whole[position : position + size], 7.0)
        position += size
    expected = [Arrival(7.0) if made is None else Arrival(7.0, n, made) for n, made in enumerate(stream)]
    assert reader.arrivals == expected


def test_an_arrival_has_the_time_of_its_last_byte() -> None:
    reader = Reader()
    reader.feed(b'data: {"n": 1, "made": 0.5}\n', 1.0)
    assert reader.arrivals == []
    reader.feed(b"\n", 2.0)
    assert reader.arrivals == [Arrival(2.0, 1, 0.5)]


@given(st.binary(max_size=200))
def test_what_is_no_event_yields_none(junk: bytes) -> None:
    reader = Reader()
    reader.feed(b"<html>" + junk.replace(b"\n\n", b"") + b"\n\n", 1.0)
    reader.feed(b'data: {"n": "x"}\n\ndata: []\n\ndata: {\n\n', 1.0)
    assert reader.arrivals == []
