"""What the far end hears of what it was sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.telephony.simulated.line import FRAME_BYTES, SILENCE
from apps.telephony.simulated.playback import MAX_BYTES, Playback

pytestmark = pytest.mark.once

items = st.lists(st.binary(max_size=500) | st.text(min_size=1, max_size=3), max_size=20)


@given(items)
def test_all_is_played_once_and_in_order_and_marks_after_what_is_before_them(sent: list[bytes | str]) -> None:
    playback, due, total = Playback(), [], 0
    for item in sent:
        if isinstance(item, str):
            playback.mark(item)
            due.append((item, total))
        else:
            assert playback.add(item)
            total += len(item)
    heard, echoed = b"", []
    for _ in range(total // FRAME_BYTES + 2):
        frame, marks = playback.play()
        assert len(frame) == FRAME_BYTES
        heard += frame
        echoed += [(name, len(heard)) for name in marks]
    audio = b"".join(item for item in sent if isinstance(item, bytes))
    assert heard[:total] == audio
    assert set(heard[total:]) <= {0xFF}
    assert [name for name, _ in echoed] == [name for name, _ in due]
    for (_, at), (_, end) in zip(echoed, due, strict=True):
        assert end <= at <= end + 2 * FRAME_BYTES


@given(items, st.integers(0, 5))
def test_clear_leaves_nothing_and_loses_no_mark(sent: list[bytes | str], turns: int) -> None:
    playback = Playback()
    for item in sent:
        if isinstance(item, str):
            playback.mark(item)
        else:
            playback.add(item)
    echoed = [name for _ in range(turns) for name in playback.play()[1]]
    assert echoed + playback.clear() == [item for item in sent if isinstance(item, str)]
    assert playback.buffered == 0
    assert playback.play() == (SILENCE, [])


def test_ten_minutes_and_no_more() -> None:
    playback = Playback()
    assert playback.add(bytes(MAX_BYTES))
    assert not playback.add(b"x")
    playback.play()
    assert playback.add(b"x")
